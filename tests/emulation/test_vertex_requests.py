"""Vertex AI's emulated side over raw HTTP: access tokens, addresses, descriptions, mounts that two vendors share."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import google.auth.crypt
import google.auth.jwt
import httpx
import pytest
from django.core.exceptions import ImproperlyConfigured

from providers.emulation.contract import Call, Mount, Reply, VendorEmulator
from providers.emulation.exchange import Exchange
from providers.emulation.installed import base_addresses, check_mounts
from providers.emulation.server import RunningServer
from providers.gemini.emulator import application as gemini
from providers.imagen.emulator import application as imagen
from tests import google_accounts
from tests.emulation.calls import FLASH_2_5, amounts, body, pictures

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
CLAIMS = {
    "iss": google_accounts.EMAIL,
    "scope": "https://www.googleapis.com/auth/cloud-platform",
    "aud": "https://oauth2.googleapis.com/token",
    "iat": 1_800_000_000,
    "exp": 1_800_003_600,
}
USER = {"client_id": "id", "client_secret": "secret", "refresh_token": "1//token", "grant_type": "refresh_token"}
GOOD = {"Authorization": "Bearer ya29.test-token"}


@pytest.fixture
def vertex_ai(emulator: RunningServer) -> str:
    return emulator.environment["VERTEX_BASE_URL"]


def assertion(**changes: Any) -> str:
    signer = google.auth.crypt.RSASigner.from_string(google_accounts.private_key(), "key-1")
    return google.auth.jwt.encode(signer, {**CLAIMS, **changes}).decode()


def exchange(vertex_ai: str, form: Mapping[str, str]) -> httpx.Response:
    return httpx.post(f"{vertex_ai}/token", data=dict(form))


def generate(
    vertex_ai: str, headers: Mapping[str, str] = GOOD, *, version: str = "v1", project: str = "studio-1",
    location: str = "us-central1", request: Any = None,
) -> httpx.Response:  # fmt: skip
    place = f"projects/{project}/locations/{location}/publishers/google/models/{FLASH_2_5}"
    url = f"{vertex_ai}/{version}/{place}:generateContent"
    return httpx.post(url, json=request or body(), headers=dict(headers))


# ACCESS TOKENS


@pytest.mark.parametrize("grant", ["assertion", "refresh token"])
def test_a_token_is_given_that_opens_the_models(vertex_ai: str, grant: str) -> None:
    form = {"grant_type": JWT_GRANT, "assertion": assertion()} if grant == "assertion" else USER
    given = exchange(vertex_ai, form).json()
    assert (given["token_type"], given["expires_in"]) == ("Bearer", 3599)
    assert generate(vertex_ai, {"Authorization": f"Bearer {given['access_token']}"}).status_code == 200


@pytest.mark.parametrize(
    "form",
    [
        {}, {"grant_type": "password"}, {"grant_type": JWT_GRANT}, {"grant_type": JWT_GRANT, "assertion": "a.b"},
        {"grant_type": JWT_GRANT, "assertion": "a.b.c"}, {"grant_type": JWT_GRANT, "assertion": "bnVsbA.bnVsbA.c"},
        {**USER, "client_secret": ""}, {**USER, "refresh_token": "1//invalid"},
    ],
)  # fmt: skip
def test_a_form_that_is_none_gets_no_token(vertex_ai: str, form: Mapping[str, str]) -> None:
    answer = exchange(vertex_ai, form)
    assert answer.status_code == 400
    assert answer.json()["error"] in ("invalid_grant", "unsupported_grant_type")


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "invalid@studio-1.iam.gserviceaccount.com"}, {"iss": None}, {"aud": "http://127.0.0.1/token"},
        {"scope": "https://www.googleapis.com/auth/devstorage"}, {"exp": CLAIMS["iat"]}, {"iat": "now"},
        {"exp": 1_800_000_000 + 7200},
    ],
)  # fmt: skip
def test_claims_that_google_refuses_get_no_token(vertex_ai: str, claims: dict[str, Any]) -> None:
    answer = exchange(vertex_ai, {"grant_type": JWT_GRANT, "assertion": assertion(**claims)})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "CREDENTIALS_MISSING"), ({"x-goog-api-key": "test-key"}, "CREDENTIALS_MISSING"),
        ({"Authorization": "Basic dGVzdA=="}, "CREDENTIALS_MISSING"),
        ({"Authorization": "Bearer"}, "CREDENTIALS_MISSING"),
        ({"Authorization": "Bearer ya29.invalid"}, "ACCESS_TOKEN_EXPIRED"),
    ],
)  # fmt: skip
def test_only_a_bearer_token_opens_vertex(
    emulator: RunningServer, vertex_ai: str, headers: Mapping[str, str], reason: str
) -> None:
    answer = generate(vertex_ai, headers)
    assert answer.status_code == 401
    assert answer.json()["error"]["details"][0]["reason"] == reason
    assert amounts(emulator) == []


def test_a_project_without_the_role_is_denied(vertex_ai: str) -> None:
    answer = generate(vertex_ai, project="forbidden-1")
    assert answer.status_code == 403
    assert "Permission 'aiplatform.endpoints.predict' denied" in answer.json()["error"]["message"]


# ADDRESSES AND BODIES


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
@pytest.mark.parametrize("location", ["global", "us-central1", "eu"])
def test_gemini_answers_in_every_version_and_region(
    emulator: RunningServer, vertex_ai: str, version: str, location: str
) -> None:
    answer = generate(vertex_ai, version=version, location=location)
    assert len(pictures(answer)) == 1
    assert answer.json()["usageMetadata"]["trafficType"] == "ON_DEMAND"
    assert not {"modelStatus", "serviceTier"} & {*answer.json(), *answer.json()["usageMetadata"]}
    assert amounts(emulator) == ["0.039000"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/projects/studio-1/locations/global/publishers/google/models/x:generateContent"),
        ("POST", "/v1/models/gemini-2.5-flash-image:generateContent"), ("GET", "/token"), ("GET", "/"),
        ("POST", "/v2/projects/studio-1/locations/global/publishers/google/models/x:generateContent"),
    ],
)  # fmt: skip
def test_other_addresses_are_not_found(vertex_ai: str, method: str, path: str) -> None:
    assert httpx.request(method, f"{vertex_ai}{path}", headers=GOOD).status_code == 404


@pytest.mark.parametrize("model", [FLASH_2_5, "imagen-4.0-ultra-generate-001"])
def test_models_are_described_for_nothing(emulator: RunningServer, vertex_ai: str, model: str) -> None:
    answer = httpx.get(f"{vertex_ai}/v1/publishers/google/models/{model}", headers=GOOD)
    assert answer.json()["name"] == f"publishers/google/models/{model}"
    assert amounts(emulator) == []


@pytest.mark.parametrize("model", ["gemini-1", "imagen-3.0-generate-002"])
def test_models_that_are_gone_are_not_described(vertex_ai: str, model: str) -> None:
    answer = httpx.get(f"{vertex_ai}/v1beta1/publishers/google/models/{model}", headers=GOOD)
    assert (answer.status_code, answer.json()["error"]["status"]) == (404, "NOT_FOUND")


def test_a_role_is_required_on_vertex_alone(vertex_ai: str, google: httpx.Client) -> None:
    request = body()
    del request["contents"][0]["role"]
    assert "valid role" in generate(vertex_ai, request=request).json()["error"]["message"]
    assert google.post(f"/v1beta/models/{FLASH_2_5}:generateContent", json=request).status_code == 200


@pytest.mark.parametrize(
    "config",
    [
        {"personGeneration": "ALLOW_ADULT"}, {"prominentPeople": "BLOCK_PROMINENT_PEOPLE"},
        {"imageOutputOptions": {"mimeType": "image/jpeg", "compressionQuality": 60}},
    ],
)  # fmt: skip
def test_vertex_takes_settings_that_the_gemini_api_does_not_know(
    vertex_ai: str, google: httpx.Client, config: dict[str, Any]
) -> None:
    request = body(imageConfig=config)
    assert generate(vertex_ai, request=request).status_code == 200
    refused = google.post(f"/v1beta/models/{FLASH_2_5}:generateContent", json=request)
    assert "Cannot find field" in refused.json()["error"]["message"]


@pytest.mark.parametrize(
    "config",
    [
        {"personGeneration": "EVERYBODY"}, {"imageOutputOptions": {"mimeType": "image/webp"}},
        {"imageOutputOptions": {"compressionQuality": 101}},
    ],
)  # fmt: skip
def test_values_that_vertex_lacks_are_refused(vertex_ai: str, config: dict[str, Any]) -> None:
    assert generate(vertex_ai, request=body(imageConfig=config)).status_code == 400


# SHARED MOUNTS


def part(name: str, *, mount: str = "shared", variable: str = "SHARED_BASE_URL", takes: str | None = None) -> Any:
    return VendorEmulator(
        id=name,
        mounts=(Mount(name=mount, variable=variable),),
        answer=lambda call: Reply(body=name.encode()),
        failure=lambda call, status: Reply(status=status),
        does_work=lambda call: True,
        takes=None if takes is None else lambda call: call.path.startswith(takes),
    )


def answered(parts: tuple[VendorEmulator, ...], path: str) -> bytes:
    delivery = Exchange(parts).carry_out(Call(method="GET", mount="shared", path=path))
    assert delivery.reply is not None
    return delivery.reply.body


def test_a_call_to_a_shared_mount_goes_to_the_part_that_takes_it_and_else_to_the_one_that_takes_all() -> None:
    for parts in ((part("whole"), part("own", takes="/own")), (part("own", takes="/own"), part("whole"))):
        check_mounts(parts)
        assert [answered(parts, path) for path in ("/own/1", "/other")] == [b"own", b"whole"]


def test_a_part_that_is_alone_answers_everything() -> None:
    assert answered((part("own", takes="/own"),), "/other") == b"own"


@pytest.mark.parametrize(
    "parts",
    [
        (part("one"), part("two")),
        (part("one"), part("two", variable="OTHER_BASE_URL", takes="/own")),
    ],
    ids=["both want all", "two addresses"],
)
def test_parts_that_cannot_share_a_mount_are_refused(parts: tuple[VendorEmulator, ...]) -> None:
    with pytest.raises(ImproperlyConfigured, match="share the mount shared"):
        check_mounts(parts)


def test_the_two_vendors_of_google_have_the_same_addresses() -> None:
    names = {"GOOGLE_GEMINI_BASE_URL": "x/google", "VERTEX_BASE_URL": "x/vertex"}
    assert base_addresses((gemini, imagen), "x") == names
    assert base_addresses((replace(gemini, mounts=()), imagen), "x") == names
