"""What goes over the wire on both services, every documented error, and that no secret is ever told."""

import json

import httpx
import pytest

from providers.base import Busy, Key, OutcomeUnknown, Rejected
from providers.google.gemini_api import DEFAULT_BASE_URL
from providers.http import transmission
from providers.imagen.client import Imagen
from providers.imagen.tests.answers import (
    CANARY,
    FAST,
    KEY,
    STANDARD,
    TOKEN,
    ULTRA,
    WATERMARK_OFF,
    answer,
    drawn,
    entry,
    error_body,
    picture,
    wish,
)
from providers.imagen.tests.documented import ERRORS
from tests import google_accounts

CLASSES = {"rejected": Rejected, "busy": Busy, "unknown": OutcomeUnknown}
ACCOUNT = json.dumps(google_accounts.service_account("", token_uri="https://oauth2.googleapis.com/token"))
PLACE = "https://us-central1-aiplatform.googleapis.com/v1/projects/studio-1/locations/us-central1/publishers/google"
VERTEX_KEY = Key(
    {
        "GOOGLE_CLOUD_PROJECT": "studio-1",
        "GOOGLE_CLOUD_REGION": "us-central1",
        "GOOGLE_APPLICATION_CREDENTIALS": ACCOUNT,
    },
    form="vertex",
    public=("GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_REGION"),
)
KEYS = {"by key": KEY, "through Vertex AI": VERTEX_KEY}


@pytest.fixture(autouse=True)
def _googles_own_addresses(monkeypatch):
    monkeypatch.delenv("GOOGLE_GEMINI_BASE_URL", raising=False)
    monkeypatch.delenv("VERTEX_BASE_URL", raising=False)


@pytest.fixture(params=KEYS)
def key(request):
    return KEYS[request.param]


class Google:
    """A vendor whose network is here: hands out tokens, answers each other request alike and keeps what it was sent."""

    def __init__(self, status=200, document=None, **reply):
        self.requests = []
        self.sign_ins = 0
        self.reply = {"status_code": status, **({"json": document} if document is not None else {}), **reply}
        self.vendor = Imagen(httpx.MockTransport(self._receive))

    def _receive(self, request):
        if request.url.host == "oauth2.googleapis.com":
            self.sign_ins += 1
            return httpx.Response(200, json={"access_token": f"{TOKEN}-{self.sign_ins}", "expires_in": 3599})
        self.requests.append(request)
        return httpx.Response(**self.reply)

    def make(self, key, model_id=STANDARD, **changes):
        """As the hub does: prepare, then start."""
        prepared = self.vendor.prepare(wish(model_id, **changes), key)
        return self.vendor.start(prepared, key)


def test_by_key_a_wish_is_one_post_to_predict():
    google = Google(document=answer(drawn()))
    assert google.make(KEY, ULTRA, aspect_ratio="16:9", resolution="2K").images == [picture()]
    (request,) = google.requests
    assert (request.method, str(request.url)) == ("POST", f"{DEFAULT_BASE_URL}/v1beta/models/{ULTRA}:predict")
    assert json.loads(request.content) == {
        "instances": [{"prompt": "A red fox in snow"}],
        "parameters": {"sampleCount": 1, "includeRaiReason": True, "aspectRatio": "16:9", "sampleImageSize": "2K"},
    }
    assert request.headers["x-goog-api-key"] == CANARY
    assert "authorization" not in request.headers
    assert google.sign_ins == 0


def test_through_vertex_a_wish_is_one_post_with_a_token_that_was_fetched_before():
    google = Google(document=answer(drawn()))
    prepared = google.vendor.prepare(wish(seed=7, options=WATERMARK_OFF), VERTEX_KEY)
    assert (google.sign_ins, google.requests) == (1, [])
    google.vendor.start(prepared, VERTEX_KEY)
    (request,) = google.requests
    assert str(request.url) == f"{PLACE}/models/{STANDARD}:predict"
    assert request.headers["authorization"] == f"Bearer {TOKEN}-1"
    assert request.headers["x-server-timeout"] == "300"
    assert "x-goog-api-key" not in request.headers
    parameters = json.loads(request.content)["parameters"]
    assert (parameters["seed"], parameters["addWatermark"], parameters["enhancePrompt"]) == (7, False, False)


def test_what_the_gemini_api_lacks_is_refused_while_preparing_and_nothing_is_sent():
    google = Google(document=answer(drawn()))
    with pytest.raises(Rejected, match="has enhance_prompt through Vertex AI only") as rejected:
        google.make(KEY, enhance_prompt=True)
    assert rejected.value.code == "capability"
    assert google.requests == []


def test_a_token_serves_many_calls_and_a_refused_one_is_given_up():
    google = Google(document=answer(drawn()))
    for _ in range(3):
        google.make(VERTEX_KEY)
    assert google.sign_ins == 1
    google.reply = {"status_code": 401, "json": error_body(401, "UNAUTHENTICATED", "Expired.")}
    with pytest.raises(Rejected, match="API credentials are invalid"):
        google.make(VERTEX_KEY)
    google.reply = {"status_code": 200, "json": answer(drawn())}
    google.make(VERTEX_KEY)
    assert google.sign_ins == 2


@pytest.mark.parametrize("row", ERRORS, ids=[row.name for row in ERRORS])
def test_every_documented_error_has_its_class_code_and_bill(key, row):
    if row.name == "bad key":
        key = KEY  # Vertex AI takes none.
    body = {"content": row.body.encode()} if isinstance(row.body, str) else {"json": row.body}
    with pytest.raises(CLASSES[row.ends]) as raised:
        Google(row.status, **body).make(key)
    assert type(raised.value) is CLASSES[row.ends]
    assert (raised.value.code, raised.value.billed) == (row.code, {})
    if row.status != 200:
        assert raised.value.message.startswith(f"Imagen API error (HTTP {row.status}): ")


@pytest.mark.parametrize(
    ("model_id", "successor"),
    [(STANDARD, "gemini-nano-banana-2.1"), (ULTRA, "gemini-3-pro-image"), (FAST, "gemini-3.1-flash-lite-image")],
)
def test_not_found_names_the_successor(key, model_id, successor):
    with pytest.raises(Rejected, match=f"Its successor is {successor}") as rejected:
        Google(404, error_body(404, "NOT_FOUND", "not found")).make(key, model_id)
    assert (rejected.value.code, rejected.value.billed) == ("model_retired", {})
    assert rejected.value.remedy == f"Choose {successor} instead of {model_id}."


@pytest.mark.parametrize(
    ("status", "by_key", "by_account"),
    [(401, "GOOGLE_API_KEY", "GOOGLE_APPLICATION_CREDENTIALS"), (403, "Generative Language API", "aiplatform.user"),
     (429, "Google AI Studio", "GOOGLE_CLOUD_REGION=global")],
)  # fmt: skip
def test_the_remedy_is_that_of_the_service(status, by_key, by_account):
    for used, advice in ((KEY, by_key), (VERTEX_KEY, by_account)):
        with pytest.raises((Rejected, Busy)) as raised:
            Google(status, error_body(status, "ODD", "No.")).make(used)
        assert advice in raised.value.remedy


@pytest.mark.parametrize("content", [b"", b"<html>ok</html>", b'{"predictions": [', b"NaN"])
def test_a_200_that_is_not_json_is_an_unknown_outcome(key, content):
    with pytest.raises(OutcomeUnknown, match="not JSON. The picture may have been made and billed"):
        Google(content=content).make(key)


@pytest.mark.parametrize(
    ("model_id", "code", "words"),
    [
        ("imagen-3.0-generate-002", "model_retired", "Its successor is gemini-nano-banana-2.1."),
        ("imagen-9", "capability", "has no image model 'imagen-9'"),
    ],
)
def test_a_model_outside_the_catalogue_is_refused_before_anything_is_sent(model_id, code, words):
    google, request = Google(document=answer(drawn())), wish()
    object.__setattr__(request, "model", model_id)
    with pytest.raises(Rejected) as rejected:
        google.vendor.start(request, KEY)
    assert rejected.value.code == code
    assert words in rejected.value.message
    assert google.requests == []


def test_a_kept_answer_is_decoded_again_without_a_token_and_without_sending(key, tmp_path):
    google = Google(document=answer(drawn(picture(1)), drawn(picture(2))))
    request = wish(num_images=2)
    with transmission(tmp_path / "attempt-1"):
        first = google.vendor.start(google.vendor.prepare(request, key), key)
    with transmission(tmp_path / "attempt-1", replay=True):
        again = google.vendor.start(request, key)
    assert again == first
    assert len(google.requests) == 1


def test_no_secret_is_told_by_any_error_or_kept_with_any_answer(key):
    private = google_accounts.private_key().splitlines()[1][:20]
    # An access token may look like anything; only the call that it goes with can know it.
    secrets = [CANARY, private] if key is KEY else [CANARY, private, TOKEN]
    said = f"{CANARY} {TOKEN}-1 {ACCOUNT}"
    for status in (400, 401, 403, 404, 429, 500, 503):
        with pytest.raises((Rejected, Busy, OutcomeUnknown)) as raised:
            Google(status, error_body(status, "ODD", said)).make(key)
        text = f"{raised.value} {raised.value.remedy} {raised.value!r}"
        assert [secret for secret in secrets if secret in text] == []
    response = Google(document=answer(drawn(prompt=said))).make(key)
    assert [secret for secret in secrets if secret in repr(response)] == []


def test_the_free_check_of_each_service_names_what_it_saw():
    listed = Google(document={"models": []})
    assert listed.vendor.validate_credentials(KEY).startswith("API credentials are valid: Google listed its models")
    assert str(listed.requests[0].url) == f"{DEFAULT_BASE_URL}/v1beta/models?pageSize=1"
    described = Google(document={"name": f"publishers/google/models/{STANDARD}"})
    sentence = described.vendor.validate_credentials(VERTEX_KEY)
    assert "(project studio-1, region us-central1)" in sentence
    (request,) = described.requests
    url = f"https://us-central1-aiplatform.googleapis.com/v1/publishers/google/models/{STANDARD}"
    assert (request.method, str(request.url)) == ("GET", url)
    retired = Google(404, error_body(404, "NOT_FOUND", "Publisher Model not found."))
    assert retired.vendor.validate_credentials(VERTEX_KEY).startswith("API credentials are valid")


def test_a_missing_key_is_told_in_the_users_words():
    with pytest.raises(Rejected) as rejected:
        Google().vendor.start(wish(), Key({}))
    assert rejected.value.message == (
        "API key not found for google-imagen. Please set GOOGLE_API_KEY in .env file or environment variables."
    )
    assert entry().id == STANDARD
