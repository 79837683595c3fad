"""Vertex AI's addresses, the choice between key and project, and access tokens with each kind of account."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import google.auth.credentials
import httpx
import pytest

from providers import vertex
from providers.base import Busy, Key, KeyForm, Rejected
from providers.emulation.server import RunningServer
from providers.google.services import vertex_ai
from providers.http import Door
from tests import google_accounts

API_KEY = KeyForm(name="api_key", required=("GOOGLE_API_KEY",))
GOOGLE_TOKEN = "https://oauth2.googleapis.com/token"
CANARY = "ya29.canary-token-0123456789"


def key(**values: str) -> Key:
    names = {"project": vertex.PROJECT, "region": vertex.REGION, "credentials": vertex.CREDENTIALS}
    given = {"project": google_accounts.PROJECT, **values}
    return Key({names[name]: value for name, value in given.items()}, form="vertex", public=vertex.VERTEX_FORM.public)


def account_text(**changes: Any) -> str:
    return json.dumps(google_accounts.service_account("", token_uri=GOOGLE_TOKEN, **changes))


class SignIn:
    """Google's token address on a network of its own: answers one token after the other, and keeps what was asked."""

    def __init__(self, *answers: httpx.Response) -> None:
        self.asked: list[httpx.Request] = []
        self.answers = list(answers)
        self.tokens = vertex.Tokens(httpx.MockTransport(self._receive))

    def _receive(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if self.answers:
            return self.answers.pop(0)
        token = f"{CANARY}-{len(self.asked)}"
        return httpx.Response(200, json={"access_token": token, "expires_in": 3599, "token_type": "Bearer"})


# ADDRESSES


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("", "aiplatform.googleapis.com"),
        ("global", "aiplatform.googleapis.com"),
        ("us-central1", "us-central1-aiplatform.googleapis.com"),
        ("europe-west4", "europe-west4-aiplatform.googleapis.com"),
        ("us", "aiplatform.us.rep.googleapis.com"),
        ("eu", "aiplatform.eu.rep.googleapis.com"),
    ],
)
def test_each_region_has_its_host_and_its_place_in_the_path(
    monkeypatch: pytest.MonkeyPatch, region: str, host: str
) -> None:
    monkeypatch.delenv("VERTEX_BASE_URL")
    url = vertex.model_url(key(region=region), "imagen-4.0-generate-001", "predict")
    path = f"projects/studio-1/locations/{region or 'global'}/publishers/google/models/imagen-4.0-generate-001:predict"
    assert url == f"https://{host}/v1/{path}"


def test_another_address_takes_every_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERTEX_BASE_URL", "http://127.0.0.1:9191/vertex/")
    assert vertex.model_url(key(region="us"), "m", "predict").startswith("http://127.0.0.1:9191/vertex/v1/projects/")


@pytest.mark.parametrize("region", ["evil.example/", "us-central1.evil.example", "a@b", "US", "us central1", "-x", "#"])
def test_a_region_that_is_none_never_becomes_an_address(region: str) -> None:
    with pytest.raises(Rejected, match="GOOGLE_CLOUD_REGION is no region") as rejected:
        vertex.model_url(key(region=region), "m", "predict")
    assert rejected.value.code == "key_invalid"


@pytest.mark.parametrize("project", ["../other", "a/b", "A B", "studio?x", ""])
def test_a_project_that_is_none_never_becomes_an_address(project: str) -> None:
    with pytest.raises(Rejected, match="GOOGLE_CLOUD_PROJECT is no project id"):
        vertex.model_url(key(project=project), "m", "predict")


@pytest.mark.parametrize("project", ["studio-1", "example.org:studio-1", "123456789012"])
def test_every_form_of_a_project_name_is_taken(project: str) -> None:
    assert f"/projects/{project}/" in vertex.model_url(key(project=project), "m", "predict")


# KEY OR PROJECT


@pytest.mark.parametrize(
    ("switch", "project", "decides", "first"),
    [
        ("", "", True, "api_key"), ("", "studio-1", True, "vertex"), ("", "studio-1", False, "api_key"),
        ("true", "studio-1", False, "vertex"), ("1", "", False, "vertex"), ("True", "studio-1", False, "vertex"),
        ("false", "studio-1", True, "api_key"), ("0", "studio-1", True, "api_key"),
    ],
)  # fmt: skip
def test_the_switch_of_googles_sdks_decides_and_without_it_the_vendors_rule(
    monkeypatch: pytest.MonkeyPatch, switch: str, project: str, decides: bool, first: str
) -> None:
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", switch)
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", project)
    forms = vertex.ordered_forms(API_KEY, project_decides=decides)
    assert [form.name for form in forms] == [first, "api_key" if first == "vertex" else "vertex"]


def test_the_credentials_are_a_secret_because_they_may_be_the_key_file_itself() -> None:
    assert vertex.VERTEX_FORM.public == ("GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_REGION", "GOOGLE_GENAI_USE_VERTEXAI")
    text = account_text()
    assert key(credentials=text).redact(f"It holds {text}.") == "It holds [key]."


# TOKENS


def test_a_service_account_exchanges_a_signed_assertion() -> None:
    sign_in = SignIn()
    prepared = sign_in.tokens.prepared(key(credentials=account_text()))
    assert prepared == {"token": f"{CANARY}-1", "user_project": ""}
    (asked,) = sign_in.asked
    form = parse_qs(asked.content.decode())
    assert (asked.method, str(asked.url)) == ("POST", GOOGLE_TOKEN)
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    assert form["assertion"][0].count(".") == 2


def test_a_token_is_fetched_once_and_used_until_it_ends() -> None:
    sign_in, credentials = SignIn(), key(credentials=account_text())
    assert {sign_in.tokens.prepared(credentials)["token"] for _ in range(5)} == {f"{CANARY}-1"}
    (account,) = sign_in.tokens._accounts.values()
    account.credentials.expiry = datetime.now(UTC).replace(tzinfo=None) + timedelta(minutes=3)
    assert sign_in.tokens.prepared(credentials)["token"] == f"{CANARY}-2"


def test_many_calls_at_once_fetch_one_token() -> None:
    sign_in, credentials = SignIn(), key(credentials=account_text())
    seen: list[str] = []
    threads = [
        threading.Thread(target=lambda: seen.append(sign_in.tokens.prepared(credentials)["token"])) for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [f"{CANARY}-1"] * 12


def test_each_account_has_a_token_of_its_own() -> None:
    sign_in = SignIn()
    tokens = [sign_in.tokens.prepared(key(credentials=account_text(client_id=str(n))))["token"] for n in range(3)]
    assert len(set(tokens)) == 3


def test_only_so_many_accounts_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vertex, "MOST_ACCOUNTS", 2)
    sign_in = SignIn()
    for number in (0, 1, 2, 2, 1, 0):
        sign_in.tokens.prepared(key(credentials=account_text(client_id=str(number))))
    assert len(sign_in.asked) == 4


def test_a_token_that_google_no_longer_takes_is_given_up() -> None:
    sign_in, credentials = SignIn(), key(credentials=account_text())
    sign_in.tokens.prepared(credentials)
    sign_in.tokens.forget(credentials)
    assert sign_in.tokens.prepared(credentials)["token"] == f"{CANARY}-2"


def test_the_variable_may_name_a_file_and_a_new_file_counts_at_once(tmp_path: Path) -> None:
    sign_in = SignIn()
    for number in (1, 2):
        account = google_accounts.service_account("", token_uri=GOOGLE_TOKEN, client_id=str(number))
        path = google_accounts.write_key_file(tmp_path, account)
        assert sign_in.tokens.prepared(key(credentials=path))["token"] == f"{CANARY}-{number}"


def test_a_signed_in_person_pays_from_the_named_project() -> None:
    sign_in = SignIn()
    user = google_accounts.signed_in_user("", token_uri=GOOGLE_TOKEN)
    prepared = sign_in.tokens.prepared(key(credentials=json.dumps(user)))
    assert prepared == {"token": f"{CANARY}-1", "user_project": "studio-1"}
    assert vertex.headers(key(), prepared, 300) == {
        "Authorization": f"Bearer {CANARY}-1", "X-Server-Timeout": "300", "x-goog-user-project": "studio-1",
    }  # fmt: skip
    other = json.dumps({**user, "quota_project_id": "payer-2"})
    assert sign_in.tokens.prepared(key(credentials=other))["user_project"] == "payer-2"


@pytest.mark.parametrize("kind", ["service account", "signed-in person"])
def test_without_a_key_file_the_machines_own_sign_in_is_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    make: Callable[..., dict[str, Any]]
    make = google_accounts.service_account if kind == "service account" else google_accounts.signed_in_user
    account = make("", token_uri=GOOGLE_TOKEN, quota_project_id="payer-2")
    google_accounts.write_key_file(tmp_path, account, "application_default_credentials.json")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    sign_in = SignIn()
    assert sign_in.tokens.prepared(key())["token"] == f"{CANARY}-1"
    assert str(sign_in.asked[0].url) == GOOGLE_TOKEN


def test_a_machine_without_any_sign_in_is_told_how_to_get_one() -> None:
    sign_in = SignIn()
    with pytest.raises(Rejected, match="No Google Cloud credentials found") as rejected:
        sign_in.tokens.prepared(key())
    assert rejected.value.code == "no_key"
    assert "gcloud auth application-default login" in rejected.value.remedy
    assert sign_in.asked == []


def test_a_workload_identity_file_goes_to_googles_library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "subject").write_text("subject-token")
    account = {
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": "https://sts.googleapis.com/v1/token",
        "credential_source": {"file": str(tmp_path / "subject")},
    }
    path = google_accounts.write_key_file(tmp_path, account)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", path)
    sign_in = SignIn()
    assert sign_in.tokens.prepared(key(credentials=path))["token"] == f"{CANARY}-1"
    assert str(sign_in.asked[0].url) == "https://sts.googleapis.com/v1/token"


# WHAT CAN GO WRONG


@pytest.mark.parametrize(
    "text",
    [
        "{", "{}", '{"type": "service_account"}', '{"type": "authorized_user"}', '{"type": "external_account"}',
        '{"type": ["service_account"]}', account_text(private_key="-----BEGIN canary-private-key"),
    ],
)  # fmt: skip
def test_a_key_file_that_is_none_is_told_without_a_word_of_it(text: str) -> None:
    sign_in = SignIn()
    with pytest.raises(Rejected, match="API credentials are invalid: the key file") as rejected:
        sign_in.tokens.prepared(key(credentials=text))
    assert rejected.value.code == "key_invalid"
    assert "canary" not in f"{rejected.value} {rejected.value.remedy} {rejected.value.__cause__}"
    assert sign_in.asked == []


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe", b"[]", b"GOOGLE"])
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "account.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Rejected) as rejected:
        SignIn().tokens.prepared(key(credentials=str(path)))
    assert rejected.value.code in ("key_invalid", "no_key")


def test_a_refused_account_is_told_in_googles_words_without_a_secret() -> None:
    words = f"Invalid JWT Signature. {CANARY} eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodWIifQ.c2ln"
    sign_in = SignIn(httpx.Response(400, json={"error": "invalid_grant", "error_description": words}))
    with pytest.raises(Rejected, match="refuses the account: “invalid_grant: Invalid JWT Signature.") as rejected:
        sign_in.tokens.prepared(key(credentials=account_text()))
    assert rejected.value.code == "key_invalid"
    assert "clock" in rejected.value.remedy
    assert CANARY not in str(rejected.value)
    assert "eyJ" not in str(rejected.value)


@pytest.mark.parametrize("body", [b"<html>", b"{}", b"[]", b'{"access_token": ""}', b'{"access_token": null}'])
def test_an_odd_answer_of_the_sign_in_is_no_token(body: bytes) -> None:
    with pytest.raises((Rejected, Busy)):
        SignIn(httpx.Response(200, content=body)).tokens.prepared(key(credentials=account_text()))


def test_a_sign_in_that_cannot_be_reached_may_be_asked_again() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(Busy, match="Google's sign-in could not be reached") as busy:
        vertex.Tokens(httpx.MockTransport(refuse)).prepared(key(credentials=account_text()))
    assert busy.value.code == "connect_failed_not_sent"


def test_a_key_file_cannot_send_the_hub_to_an_address_inside_its_network() -> None:
    account = json.dumps(google_accounts.service_account("http://127.0.0.1:1"))
    with pytest.raises(Rejected, match="not a public address") as rejected:
        vertex.Tokens().prepared(key(credentials=account))
    assert "HUB_LISTED_ADDRESSES" in rejected.value.remedy


def test_the_library_is_never_asked_for_more_than_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """`before_request` would look up a "regional access boundary" at Google, unasked."""

    def unwanted(*_: Any, **__: Any) -> None:
        raise AssertionError("asked")

    monkeypatch.setattr(google.auth.credentials.Credentials, "before_request", unwanted)
    sign_in = SignIn()
    sign_in.tokens.prepared(key(credentials=account_text()))
    assert [request.url.host for request in sign_in.asked] == ["oauth2.googleapis.com"]


# THE FREE CHECK


def check(emulator: RunningServer, model: str = "gemini-3-pro-image", **changes: Any) -> str:
    account = json.dumps(google_accounts.service_account(emulator.url, **changes))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VERTEX_BASE_URL", emulator.environment["VERTEX_BASE_URL"])
        credentials = key(region="europe-west4", credentials=account)
        door = Door("Imagen API")
        with door.client:
            return vertex.check_access(door, vertex_ai("Imagen API"), credentials, vertex.TOKENS, model)


def test_the_check_fetches_a_token_and_reads_a_model_for_nothing(vendors: RunningServer) -> None:
    sentence = check(vendors)
    assert sentence.startswith("API credentials are valid")
    assert "(project studio-1, region europe-west4)" in sentence
    assert "does not prove that you can generate" in sentence
    assert vendors.exchange.invoice.as_json()["calls"] == []


def test_a_model_that_google_has_no_more_does_not_make_the_credentials_wrong(vendors: RunningServer) -> None:
    sentence = check(vendors, "imagen-3.0-generate-002")
    assert "does not know imagen-3.0-generate-002 any more" in sentence


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [(401, Rejected, "key_invalid"), (403, Rejected, "permission_region"), (500, Busy, "provider_5xx"),
     (200, Rejected, "capability"), (302, Rejected, "capability")],
)  # fmt: skip
def test_a_check_that_fails_says_so_and_costs_nothing(status: int, kind: type[Exception], code: str) -> None:
    tokens = SignIn(httpx.Response(200, json={"access_token": CANARY, "expires_in": 3599})).tokens
    words = {"error": {"code": status, "message": f"No. {CANARY}"}} if status >= 400 else {}
    door = Door("Imagen API", transport=httpx.MockTransport(lambda _: httpx.Response(status, json=words)))
    with pytest.raises(kind) as failed:
        vertex.check_access(door, vertex_ai("Imagen API"), key(credentials=account_text()), tokens, "m")
    assert failed.value.code == code
    assert CANARY not in str(failed.value)
