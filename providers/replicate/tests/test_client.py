"""What goes over the wire, and what comes back through the whole vendor."""

import base64

import httpx
import pytest

from providers.base import Busy, CloudGenerationResponse, Key, OutcomeUnknown, Pending, Rejected
from providers.replicate.client import DEFAULT_BASE_URL, Replicate
from providers.replicate.emulator.models import COMMUNITY_VERSION, MODELS
from providers.replicate.job import Job, read_job
from providers.replicate.tests.stage import (
    ADDRESS,
    CANARY,
    FLUX_2,
    KEY,
    SCHNELL,
    VENDOR,
    Network,
    entry,
    png,
    prediction,
    reference,
    wish,
)
from providers.replicate.wire import LARGEST_DATA_URI

COMMUNITY = "emulated/community-sdxl"
REMOTE = Job("p1", {"image": 1}, True, SCHNELL).remote_id


@pytest.fixture(autouse=True)
def _no_other_address(monkeypatch):
    monkeypatch.delenv("REPLICATE_BASE_URL", raising=False)


def described(model_id):
    """The model document of the vendor."""
    model = next(model for model in MODELS if model.id == model_id)
    version = {"id": model.version, "openapi_schema": model.openapi_schema()}
    return {"description": model.description, "is_official": model.official, "latest_version": version}


def test_a_quick_picture_comes_back_from_one_post():
    network = Network((201, prediction()))
    response = network.vendor.start(wish(seed=7), KEY)
    assert isinstance(response, CloudGenerationResponse)
    assert (response.images, network.fetched) == ([png()], [ADDRESS])
    (request,) = network.requests
    assert (request.method, str(request.url)) == ("POST", f"{DEFAULT_BASE_URL}/v1/models/{SCHNELL}/predictions")
    assert network.sent() == {"input": {"prompt": "A red fox in snow", "seed": 7, "num_outputs": 1}}
    assert (request.headers["prefer"], request.headers["cancel-after"]) == ("wait=5", "900s")
    assert request.headers["authorization"] == f"Bearer {CANARY}"


def test_a_model_of_the_community_is_called_by_its_version():
    network = Network(described(COMMUNITY), (201, prediction("starting")))
    model = network.vendor.describe(COMMUNITY, KEY)
    network.vendor.start(wish(COMMUNITY, entry=model), KEY)
    assert network.requests[1].url.path == "/v1/predictions"
    assert network.sent(1)["version"] == COMMUNITY_VERSION


@pytest.mark.parametrize("status", ["starting", "processing", "a status of tomorrow"])
def test_a_slow_picture_is_asked_for_at_our_own_address(status):
    network = Network((202, prediction(status)), prediction("processing"), prediction())
    pending = network.vendor.start(wish(num_images=2), KEY)
    assert isinstance(pending, Pending)
    job = read_job(pending.remote_id)
    assert (job.id, job.units, job.official) == ("gm3qorzdhgbfurvjtvhg6dckhu", {"image": 2}, True)
    assert isinstance(network.vendor.check(pending.remote_id, KEY), Pending)
    response = network.vendor.check(pending.remote_id, KEY)
    assert isinstance(response, CloudGenerationResponse)
    # Addresses in the answer are not asked with the token.
    assert {request.url.host for request in network.requests} == {"api.replicate.com"}
    assert VENDOR.billed(response, entry()) == {"image": 1}


@pytest.mark.parametrize("error", [Busy("provider_5xx", "not now"), OutcomeUnknown("gone")])
def test_a_result_that_cannot_be_fetched_yet_never_loses_the_prediction(error):
    network = Network((201, prediction()), prediction(), files={ADDRESS: error})
    pending = network.vendor.start(wish(), KEY)
    assert isinstance(pending, Pending)
    with pytest.raises(type(error)):
        network.vendor.check(pending.remote_id, KEY)


def test_a_result_may_stand_in_the_answer_itself():
    encoded = base64.b64encode(png()).decode()
    network = Network((201, prediction(output=f"data:image/png;base64,{encoded}")))
    assert network.vendor.start(wish(), KEY).images == [png()]
    assert network.fetched == []


def test_units_of_flux_2_survive_the_wait():
    network = Network((201, prediction("starting")), prediction(output=ADDRESS))
    pending = network.vendor.start(wish(FLUX_2, input_images=(reference(),)), KEY)
    response = network.vendor.check(pending.remote_id, KEY)
    assert network.vendor.billed(response, entry(FLUX_2)) == {"image": 1, "run": 1, "megapixel": 2}


def test_a_remote_id_is_short_and_holds_no_key():
    pending = Network((201, prediction("starting"))).vendor.start(wish(num_images=4), KEY)
    assert len(pending.remote_id) < 300
    assert CANARY not in pending.remote_id


def test_small_pictures_travel_inside_the_call_and_large_ones_are_uploaded_before():
    large = reference(data=png() + b"\0" * LARGEST_DATA_URI)
    uploaded = {"id": "f1", "urls": {"get": "https://api.replicate.com/v1/files/f1"}}
    network = Network((201, uploaded))
    small_only = wish(FLUX_2, input_images=(reference(),))
    assert network.vendor.prepare(small_only, KEY) is small_only
    assert network.requests == []
    prepared = network.vendor.prepare(wish(FLUX_2, input_images=(reference(), large)), KEY)
    assert prepared.prepared["files"][0].startswith("data:image/png;base64,")
    assert prepared.prepared["files"][1] == "https://api.replicate.com/v1/files/f1"
    (request,) = network.requests
    assert request.url.path == "/v1/files"
    assert b'name="content"; filename="picture.png"' in request.content
    assert large.data in request.content


@pytest.mark.parametrize(("status", "kind"), [(401, Rejected), (413, Rejected), (500, Busy), (200, Busy)])
def test_an_upload_that_fails_ends_before_anything_costs(status, kind):
    large = reference(data=b"\0" * (LARGEST_DATA_URI + 1))
    with pytest.raises(kind):
        Network((status, {})).vendor.prepare(wish(FLUX_2, input_images=(large,)), KEY)


def test_cancelling_posts_to_the_prediction():
    network = Network(prediction("canceled"))
    network.vendor.cancel(REMOTE, KEY)
    assert (network.requests[0].method, network.requests[0].url.path) == ("POST", "/v1/predictions/p1/cancel")
    with pytest.raises(Busy):
        Network((500, {})).vendor.cancel(REMOTE, KEY)


def test_the_key_check_reads_the_account():
    network = Network({"type": "user", "username": "alice"})
    assert "alice" in network.vendor.validate_credentials(KEY)
    assert (network.requests[0].method, network.requests[0].url.path) == ("GET", "/v1/account")


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        ((401, {"detail": "Unauthenticated"}), Rejected, "key_invalid"),
        ((403, {}), Rejected, "permission_region"),
        ((429, {"detail": "Request was throttled."}), Busy, "rate_minute"),
        ((500, {}), Busy, "provider_5xx"),
        ((404, "<html>"), Rejected, "capability"),
        ((200, "<html>"), Rejected, "capability"),
        ((302, ""), Rejected, "capability"),
    ],
)
def test_the_key_check_never_says_that_something_may_have_cost(answer, kind, code):
    with pytest.raises(kind) as raised:
        Network(answer).vendor.validate_credentials(KEY)
    assert raised.value.code == code


@pytest.mark.parametrize(
    ("secret", "code"),
    [("", "no_key"), ("  ", "no_key"), ("r8_a b", "key_invalid"), ("r8_ü", "key_invalid")],
)
def test_a_key_that_is_none_is_never_sent(secret, code):
    network = Network({})
    with pytest.raises(Rejected) as raised:
        network.vendor.start(wish(), Key({"REPLICATE_API_TOKEN": secret}))
    assert (raised.value.code, network.requests) == (code, [])


@pytest.mark.parametrize("model_id", [COMMUNITY, f"{COMMUNITY}:{COMMUNITY_VERSION}"])
def test_a_model_is_described_by_its_schema(model_id):
    document = described(COMMUNITY)
    network = Network(document, document["latest_version"]) if ":" in model_id else Network(document)
    found = network.vendor.describe(model_id, KEY)
    assert (found.id, found.name, found.prices) == (model_id, "community-sdxl", ())
    assert found.capabilities.facts["version"] == COMMUNITY_VERSION
    assert found.lifecycle.source == f"https://replicate.com/{COMMUNITY}"
    last = "/versions/" + COMMUNITY_VERSION if ":" in model_id else ""
    assert network.requests[-1].url.path == f"/v1/models/{COMMUNITY}{last}"


def test_a_pinned_version_of_an_official_model_is_called_by_its_version():
    document = described(SCHNELL)
    document["latest_version"]["id"] = "a" * 64
    network = Network(document, document["latest_version"])
    found = network.vendor.describe(f"{SCHNELL}:{'a' * 64}", KEY)
    assert "official" not in found.capabilities.facts
    assert found.capabilities.facts["version"] == "a" * 64


@pytest.mark.parametrize("model_id", ["flux", "a/b/c", "../account", "a/b:latest", "a b/c", ""])
def test_what_is_no_model_id_is_not_asked_for(model_id):
    network = Network({})
    with pytest.raises(Rejected, match="owner/name"):
        network.vendor.describe(model_id, KEY)
    assert network.requests == []


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        ((404, {}), Rejected, "has no model"),
        ((401, {}), Rejected, "invalid"),
        ((500, {}), Busy, "cannot answer"),
        (described("emulated/film-maker"), Rejected, "moving pictures"),
        ({"latest_version": None}, Rejected, "no file"),
    ],
)
def test_a_model_that_cannot_be_described_says_why(answer, kind, words):
    with pytest.raises(kind, match=words):
        Network(answer).vendor.describe("some/model", KEY)


def test_a_time_out_after_sending_leaves_the_outcome_unknown():
    def lose(request):
        raise httpx.ReadTimeout("late")

    with pytest.raises(OutcomeUnknown):
        Replicate(httpx.MockTransport(lose)).start(wish(), KEY)


def test_the_canary_key_is_nowhere_but_in_the_header():
    noisy = prediction(input={"prompt": CANARY}, logs=CANARY, version=CANARY)
    network = Network((201, noisy))
    response = network.vendor.start(wish(), KEY)
    assert CANARY not in repr(response) + repr(response.provider_response) + repr(response.metadata)
    assert CANARY not in str(network.requests[0].url) + network.requests[0].content.decode()
    assert CANARY not in repr(KEY)


def test_one_result_that_is_gone_loses_no_other():
    other = ADDRESS.replace("out-0", "out-1")
    files = {ADDRESS: OutcomeUnknown("gone"), other: png()}
    network = Network(prediction(output=[ADDRESS, other]), files=files)
    response = network.vendor.check(Job("p1", {"image": 2}, True).remote_id, KEY)
    assert (response.images, VENDOR.billed(response, entry())) == ([png()], {"image": 2})
