"""Which calls are made, with which key to which address, and what their answers come to."""

from dataclasses import replace
from datetime import date

import pytest

from providers.base import Busy, InputImage, Key, OutcomeUnknown, Rejected
from providers.bedrock.access import NO_KEY
from providers.bedrock.services import SERVICES
from providers.bedrock.tests.wishes import (
    CANARY,
    CORE,
    INPAINT,
    KEY,
    SIGNING_KEY,
    VENDOR,
    Network,
    drawn,
    entry,
    picture,
    wish,
)
from providers.http import transmission

RUNTIME = "https://bedrock-runtime.us-west-2.amazonaws.com"
CONTROL = "https://bedrock.us-west-2.amazonaws.com"
SUMMARIES = {"modelSummaries": [
    {"modelId": CORE, "modelLifecycle": {"status": "LEGACY", "endOfLifeTime": "2027-03-31T00:00:00Z"}},
    {"modelId": INPAINT.removeprefix("us."), "modelLifecycle": {"endOfLifeTime": "2027-06-30T00:00:00+00:00"}},
    {"modelId": "stability.sd3-5-large-v1:0", "modelLifecycle": {"status": "ACTIVE", "endOfLifeTime": "soon"}},
    {"modelId": "amazon.something-new", "modelLifecycle": {"endOfLifeTime": "2027-01-01"}},
]}  # fmt: skip


@pytest.fixture(autouse=True)
def _no_other_address(monkeypatch):
    monkeypatch.delenv("BEDROCK_BASE_URL", raising=False)


def test_a_picture_comes_back_from_one_post():
    network = Network(200, drawn(), headers={"x-amzn-RequestId": "req-7"})
    response = network.vendor.start(wish(), KEY)
    (request,) = network.requests
    assert request.method == "POST"
    assert request.url.raw_path == b"/model/stability.stable-image-core-v1%3A1/invoke"
    assert str(request.url).startswith(RUNTIME)
    assert request.headers["content-type"] == request.headers["accept"] == "application/json"
    assert request.content == b'{"prompt":"A red fox in snow"}'
    assert (response.request_id, network.vendor.billed(response, entry(CORE))) == ("req-7", {"image": 1})


def test_the_api_key_travels_stripped_in_its_header_alone():
    network = Network(200, drawn())
    network.vendor.start(wish(), Key({"AWS_BEARER_TOKEN_BEDROCK": f"  {CANARY}\n"}))
    (request,) = network.requests
    assert request.headers["authorization"] == f"Bearer {CANARY}"
    assert [name for name, value in request.headers.items() if CANARY in value] == ["authorization"]
    assert CANARY not in f"{request.url} {request.content!r}"


def test_an_access_key_signs_for_its_region_and_its_secret_stays_here():
    network = Network(200, drawn())
    network.vendor.start(wish(), SIGNING_KEY)
    (request,) = network.requests
    assert request.url.host == "bedrock-runtime.us-east-1.amazonaws.com"
    proof = request.headers["authorization"]
    assert proof.startswith("AWS4-HMAC-SHA256 Credential=AKIACANARY0123456789/")
    assert "/us-east-1/bedrock/aws4_request, SignedHeaders=accept;content-type;host;x-amz-date;" in proof
    assert request.headers["x-amz-security-token"] == SIGNING_KEY.get("AWS_SESSION_TOKEN")
    assert SIGNING_KEY.get("AWS_SECRET_ACCESS_KEY") not in str(request.headers.raw)


def test_an_api_key_goes_before_an_access_key():
    both = Key({**SIGNING_KEY.values, **KEY.values})
    network = Network(200, drawn())
    network.vendor.start(wish(), both)
    assert network.requests[0].headers["authorization"] == f"Bearer {CANARY}"


@pytest.mark.parametrize(
    ("values", "host"),
    [
        ({}, "bedrock-runtime.us-west-2.amazonaws.com"),
        ({"AWS_DEFAULT_REGION": "us-east-2"}, "bedrock-runtime.us-east-2.amazonaws.com"),
        ({"AWS_REGION": "us-gov-west-1", "AWS_DEFAULT_REGION": "us-east-2"},
         "bedrock-runtime.us-gov-west-1.amazonaws.com"),
    ],
)  # fmt: skip
def test_the_region_names_the_host(values, host):
    network = Network(200, drawn())
    network.vendor.start(wish(), Key({"AWS_BEARER_TOKEN_BEDROCK": CANARY, **values}))
    assert network.requests[0].url.host == host


@pytest.mark.parametrize(
    "region", ["evil.example/", "us-west-2.evil.example", "us-west-2#", "us-west-2@evil", "US-WEST-2", "-1", "a" * 90,
               "us-west-2\n.evil.example", "us_west_2"],
)  # fmt: skip
def test_a_region_that_is_none_never_stands_in_an_address(region):
    network = Network(200, drawn())
    key = Key({"AWS_BEARER_TOKEN_BEDROCK": CANARY, "AWS_REGION": region}, public=("AWS_REGION",))
    for call in (lambda: network.vendor.start(wish(), key), lambda: network.vendor.validate_credentials(key)):
        with pytest.raises(Rejected, match="Nothing was sent") as refused:
            call()
        assert refused.value.code == "key_invalid"
    assert network.requests == []


def test_the_address_is_read_at_each_call(monkeypatch):
    network = Network(200, drawn())
    for base in ("http://127.0.0.1:9191/bedrock/", ""):
        monkeypatch.setenv("BEDROCK_BASE_URL", base)
        network.vendor.start(wish(), KEY)
    found = [str(request.url).partition("/model/")[0] for request in network.requests]
    assert found == ["http://127.0.0.1:9191/bedrock", RUNTIME]


@pytest.mark.parametrize("values", [{}, {"AWS_BEARER_TOKEN_BEDROCK": " "}, {"AWS_ACCESS_KEY_ID": "AKIA0"}])
def test_a_missing_key_is_told_in_the_users_words_and_nothing_is_sent(values):
    network = Network(200, drawn())
    for call in (network.vendor.validate_credentials, lambda key: network.vendor.start(wish(), key)):
        with pytest.raises(Rejected) as refused:
            call(Key(values))
        assert (refused.value.code, refused.value.message) == ("no_key", NO_KEY)
    assert network.requests == []


@pytest.mark.parametrize(
    "values",
    [
        {"AWS_BEARER_TOKEN_BEDROCK": "two words"},
        {"AWS_BEARER_TOKEN_BEDROCK": "line\r\nx-evil: 1"},
        {"AWS_BEARER_TOKEN_BEDROCK": "schlüssel"},
        {"AWS_ACCESS_KEY_ID": "AKIA/20260101/us", "AWS_SECRET_ACCESS_KEY": "x"},
        {"AWS_ACCESS_KEY_ID": "AKIA0", "AWS_SECRET_ACCESS_KEY": "two words"},
        {"AWS_ACCESS_KEY_ID": "AKIA0", "AWS_SECRET_ACCESS_KEY": "x", "AWS_SESSION_TOKEN": "line\nx"},
    ],
)
def test_a_key_that_no_header_can_carry_is_invalid_and_nothing_is_sent(values):
    network = Network(200, drawn())
    with pytest.raises(Rejected) as refused:
        network.vendor.start(wish(), Key(values))
    assert refused.value.code == "key_invalid"
    assert not any(secret in f"{refused.value} {refused.value.remedy}" for secret in values.values() if len(secret) > 5)
    assert network.requests == []


@pytest.mark.parametrize("model_id", list(SERVICES))
def test_a_listed_name_without_us_is_the_same_model(model_id):
    assert entry(model_id.removeprefix("us.")).id == model_id


def test_a_body_over_25_megabytes_is_refused_before_anything_is_sent():
    network = Network(200, drawn())
    small = picture()
    big = InputImage(data=small.data + bytes(8_900_000), mime_type="image/png", width=320, height=256)
    network.vendor.start(wish(INPAINT, input_images=(big,), mask=big), KEY)
    with pytest.raises(Rejected, match="Nothing was sent"):
        network.vendor.start(replace(wish(INPAINT, input_images=(big,), mask=big), prompt="x" * 14_000_000), KEY)
    assert len(network.requests) == 1


@pytest.mark.parametrize(
    ("model_id", "day"),
    [("amazon.nova-canvas-v1:0", "2026-09-30"), ("amazon.titan-image-generator-v2:0", "2026-06-30")],
)
def test_an_ended_model_names_its_day_and_what_to_use_instead(model_id, day):
    network = Network(200, drawn())
    with pytest.raises(Rejected, match=f"on {day}. Nothing was sent") as refused:
        network.vendor.start(replace(wish(), model=model_id, entry=None), KEY)
    assert (refused.value.code, network.requests) == ("model_retired", [])
    assert CORE in refused.value.remedy
    assert all(ended.successor in SERVICES for ended in VENDOR.retired.values())
    assert all(ended.source.startswith("https://") and ended.read_on for ended in VENDOR.retired.values())


def test_a_model_that_is_not_here_is_refused_before_anything_is_sent():
    network = Network(200, drawn())
    with pytest.raises(Rejected, match="has no image model") as refused:
        network.vendor.start(replace(wish(), model="openai.gpt-9", entry=None), KEY)
    assert (refused.value.code, network.requests) == ("capability", [])


def test_a_kept_answer_is_read_again_without_sending(tmp_path):
    network = Network(200, drawn(), headers={"x-amzn-requestid": "req-7"})
    with transmission(tmp_path / "call"):
        first = network.vendor.start(wish(), SIGNING_KEY)
    with transmission(tmp_path / "call", replay=True):
        again = network.vendor.start(wish(), SIGNING_KEY)
    assert again == first
    assert len(network.requests) == 1


def test_the_wait_that_aws_names_is_kept_to():
    for headers, seconds in (({"retry-after": "3"}, 3.0), ({}, 10.0), ({"retry-after": "soon"}, 10.0)):
        with pytest.raises(Busy) as busy:
            Network(429, {"message": "slow"}, headers=headers).vendor.start(wish(), KEY)
        assert busy.value.retry_after == seconds


def test_a_permission_error_names_model_and_region_and_no_signature_is_shown():
    words = f"not authorized to perform: bedrock:InvokeModel by {SIGNING_KEY.get('AWS_SESSION_TOKEN')}"
    network = Network(403, {"message": words}, headers={"x-amzn-errortype": "AccessDeniedException"})
    with pytest.raises(Rejected) as refused:
        network.vendor.start(wish(), SIGNING_KEY)
    assert refused.value.code == "permission_region"
    assert f"{CORE} in us-east-1" in refused.value.message
    assert "canary" not in refused.value.message


def test_the_check_lists_models_at_the_regions_other_host():
    network = Network(200, SUMMARIES)
    sentence = network.vendor.validate_credentials(KEY)
    assert f"3 of the {len(SERVICES)} here" in sentence
    assert "us-west-2" in sentence
    (request,) = network.requests
    assert (request.method, str(request.url)) == ("GET", f"{CONTROL}/foundation-models?byOutputModality=IMAGE")
    assert "content-type" not in request.headers


def test_a_key_that_may_not_list_is_known_all_the_same_and_this_is_said():
    headers = {"x-amzn-errortype": "AccessDeniedException"}
    document = {"message": "User: x is not authorized to perform: bedrock:ListFoundationModels"}
    network = Network(403, document, headers=headers)
    sentence = network.vendor.validate_credentials(KEY)
    assert "may not list models" in sentence
    assert network.vendor.read_lifecycles(KEY) == {}


@pytest.mark.parametrize(
    ("status", "kind", "words", "raised", "code"),
    [
        (403, "AccessDeniedException", "Authentication failed: Please make sure your API Key is valid.", Rejected,
         "key_invalid"),
        (403, "UnrecognizedClientException", "The security token included in the request is invalid.", Rejected,
         "key_invalid"),
        (403, "", "Forbidden", Rejected, "permission_region"),
        (401, "", "no", Rejected, "key_invalid"),
        (404, "", "", Rejected, "capability"),
        (200, "", "", Rejected, "capability"),
        (429, "ThrottlingException", "slow down", Busy, "rate_minute"),
        (500, "InternalServerException", "", Busy, "provider_5xx"),
        (408, "", "", Busy, "provider_5xx"),
    ],
)  # fmt: skip
def test_the_check_of_a_key_never_ends_unknown(status, kind, words, raised, code):
    headers = {"x-amzn-errortype": f"{kind}:http://internal.amazon.com/"} if kind else {}
    with pytest.raises(raised) as error:
        Network(status, {"message": words}, headers=headers).vendor.validate_credentials(KEY)
    assert error.value.code == code
    assert not isinstance(error.value, OutcomeUnknown)


def test_the_ends_of_life_are_read_by_our_own_ids():
    lives = Network(200, SUMMARIES).vendor.read_lifecycles(KEY)
    assert {name: life.shut_down for name, life in lives.items()} == {
        CORE: date(2027, 3, 31), INPAINT: date(2027, 6, 30),
    }  # fmt: skip
    assert all(life.source.startswith("https://docs.aws.amazon.com/") and life.read_on for life in lives.values())
