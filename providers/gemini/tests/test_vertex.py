"""Gemini through Vertex AI: where the call goes, what only Vertex takes, and its errors in Gemini's words."""

import json

import httpx
import pytest

from providers.base import Busy, Key, OutcomeUnknown, Rejected
from providers.gemini.client import Gemini
from providers.gemini.tests.answers import CANARY, FLAT, KEY, NEWEST, drawn, error_body, error_info, picture, wish
from providers.http import transmission
from tests import google_accounts

TOKEN = "ya29.canary-token-0123456789"  # noqa: S105
ACCOUNT = json.dumps(google_accounts.service_account("", token_uri="https://oauth2.googleapis.com/token"))
PNG = {"output_mime_type": "image/png"}


def vertex_key(region="global"):
    values = {"GOOGLE_CLOUD_PROJECT": "studio-1", "GOOGLE_CLOUD_REGION": region,
              "GOOGLE_APPLICATION_CREDENTIALS": ACCOUNT}  # fmt: skip
    return Key(values, form="vertex", public=("GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_REGION"))


@pytest.fixture(autouse=True)
def _googles_own_addresses(monkeypatch):
    monkeypatch.delenv("GOOGLE_GEMINI_BASE_URL", raising=False)
    monkeypatch.delenv("VERTEX_BASE_URL", raising=False)


class Google:
    """A vendor whose network is here: hands out a token, answers other requests one answer, and keeps them."""

    def __init__(self, status=200, document=None):
        self.requests = []
        self.answer = httpx.Response(status, json=document)
        self.vendor = Gemini(httpx.MockTransport(self._receive))

    def _receive(self, request):
        if request.url.host == "oauth2.googleapis.com":
            return httpx.Response(200, json={"access_token": TOKEN, "expires_in": 3599})
        self.requests.append(request)
        return self.answer

    def make(self, model_id=FLAT, key=None, **changes):
        key = key or vertex_key()
        return self.vendor.start(self.vendor.prepare(wish(model_id, **changes), key), key)


@pytest.mark.parametrize(
    ("region", "host"),
    [("global", "aiplatform.googleapis.com"), ("europe-west4", "europe-west4-aiplatform.googleapis.com")],
)
def test_a_picture_comes_back_from_the_project_and_region(region, host):
    google = Google(document=drawn())
    assert google.make(NEWEST, vertex_key(region), options=PNG).images == [picture()]
    (request,) = google.requests
    place = f"projects/studio-1/locations/{region}/publishers/google/models/{NEWEST}:generateContent"
    assert str(request.url) == f"https://{host}/v1/{place}"
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert "x-goog-api-key" not in request.headers


def test_the_body_has_a_role_and_the_settings_of_vertex():
    google = Google(document=drawn())
    google.make(aspect_ratio="16:9", options={**PNG, "person_generation": "ALLOW_NONE"})
    sent = json.loads(google.requests[0].content)
    assert [content["role"] for content in sent["contents"]] == ["user"]
    assert sent["generationConfig"]["imageConfig"] == {
        "aspectRatio": "16:9", "imageOutputOptions": {"mimeType": "image/png"}, "personGeneration": "ALLOW_NONE",
    }  # fmt: skip


@pytest.mark.parametrize("options", [PNG, {"person_generation": "ALLOW_ALL"}])
def test_by_key_the_settings_of_vertex_are_refused_by_name_before_anything_is_sent(options):
    google = Google(document=drawn())
    with pytest.raises(Rejected, match=f"options.{next(iter(options))} through Vertex AI only") as rejected:
        google.make(key=KEY, options=options)
    assert rejected.value.code == "capability"
    assert google.requests == []
    assert google.make(key=KEY).images == [picture()]


ROWS = [
    (401, error_body(401, "UNAUTHENTICATED", "Expired.", error_info("ACCESS_TOKEN_EXPIRED")),
     Rejected, "key_invalid", "GOOGLE_APPLICATION_CREDENTIALS"),
    (403, error_body(403, "PERMISSION_DENIED", "Permission 'aiplatform.endpoints.predict' denied."),
     Rejected, "permission_region", "roles/aiplatform.user"),
    (403, error_body(403, "PERMISSION_DENIED", "It is disabled.", error_info("SERVICE_DISABLED")),
     Rejected, "permission_region", "Enable the Vertex AI API"),
    (403, error_body(403, "PERMISSION_DENIED", "This API method requires billing to be enabled."),
     Rejected, "billing_disabled", "billing account"),
    (400, error_body(400, "FAILED_PRECONDITION", "Project `1` is not allowed to use Publisher Model `x`."),
     Rejected, "permission_region", "Ask Google for access"),
    (400, error_body(400, "INVALID_ARGUMENT", "Please use a valid role: user, model."),
     Rejected, "capability", "Change what Google names"),
    (404, error_body(404, "NOT_FOUND", "Publisher Model `x` was not found."),
     Rejected, "model_retired", "GOOGLE_CLOUD_REGION=global"),
    (429, error_body(429, "RESOURCE_EXHAUSTED", "Resource exhausted. Please try again later."),
     Busy, "rate_minute", "GOOGLE_CLOUD_REGION=global"),
    (503, error_body(503, "UNAVAILABLE", "The model is overloaded."), Busy, "provider_5xx", "Wait a minute"),
    (503, error_body(503, "UNAVAILABLE", "The service is currently unavailable."),
     OutcomeUnknown, "provider_5xx", "Look at the attempt"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "kind", "code", "remedy"), ROWS)
def test_vertexs_errors_have_their_class_code_and_a_remedy_for_projects(status, body, kind, code, remedy):
    with pytest.raises(kind) as raised:
        Google(status, body).make(NEWEST)
    assert type(raised.value) is kind
    assert (raised.value.code, raised.value.billed) == (code, {})
    assert raised.value.message.startswith(f"Gemini API error (HTTP {status}): ")
    assert remedy in raised.value.remedy


def test_a_kept_answer_of_vertex_is_decoded_with_whatever_key_there_is_today(tmp_path):
    google = Google(document=drawn())
    with transmission(tmp_path / "attempt-1"):
        first = google.make(NEWEST)
    for key in (vertex_key(), KEY):
        with transmission(tmp_path / "attempt-1", replay=True):
            assert google.vendor.start(wish(NEWEST), key) == first
    assert len(google.requests) == 1


def test_no_secret_is_told():
    said = f"{TOKEN} {ACCOUNT}"
    with pytest.raises(Rejected) as raised:
        Google(403, error_body(403, "PERMISSION_DENIED", said)).make()
    assert TOKEN not in str(raised.value)
    assert "PRIVATE KEY" not in str(raised.value)
    response = Google(document=drawn(modelVersion=f"{TOKEN} {CANARY}")).make()
    assert TOKEN not in repr(response)


def test_the_free_check_describes_a_model():
    google = Google(document={"name": "publishers/google/models/gemini-3-pro-image"})
    assert "(project studio-1, region global)" in google.vendor.validate_credentials(vertex_key())
    assert [request.method for request in google.requests] == ["GET"]
