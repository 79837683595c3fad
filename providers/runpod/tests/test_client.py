"""What goes over the wire, and what comes back through the whole vendor."""

import httpx
import pytest

from providers.base import Busy, CloudGenerationResponse, Key, OutcomeUnknown, Pending, Rejected, ReportedCost
from providers.http import transmission
from providers.runpod.client import MOST_BYTES_RUN, MOST_BYTES_RUNSYNC, RunPod
from providers.runpod.job import Job, read_job
from providers.runpod.tests.stage import (
    ADDRESS,
    CANARY,
    DEV,
    EDIT,
    KEY,
    VENDOR,
    Network,
    encoded,
    entry,
    fitted,
    job,
    own,
    png,
    reference,
    wish,
)

QUEUED = {"id": "j1", "status": "IN_QUEUE"}
REMOTE = Job(DEV, "j1", {"image": 1}, True).remote_id


@pytest.fixture(autouse=True)
def _no_other_address(monkeypatch):
    monkeypatch.delenv("RUNPOD_BASE_URL", raising=False)


def test_a_job_is_made_by_run_and_asked_for_by_status():
    network = Network(QUEUED, job("IN_PROGRESS"), job(output={"image_url": ADDRESS, "cost": 0.02097152}))
    pending = network.vendor.start(fitted(seed=7), KEY)
    assert isinstance(pending, Pending)
    assert isinstance(network.vendor.check(pending.remote_id, KEY), Pending)
    response = network.vendor.check(pending.remote_id, KEY)
    assert (response.images, response.pictures[0].seed) == ([png()], 7)
    assert VENDOR.billed(response, entry()) == ReportedCost("0.02097152", "USD")
    calls = [(request.method, str(request.url)) for request in network.requests]
    base = f"https://api.runpod.ai/v2/{DEV}"
    assert calls == [("POST", f"{base}/run"), ("GET", f"{base}/status/j1"), ("GET", f"{base}/status/j1")]
    assert network.sent() == {"input": {"prompt": "A red fox", "width": 1024, "height": 1024, "seed": 7}}
    assert network.requests[0].headers["authorization"] == f"Bearer {CANARY}"


@pytest.mark.parametrize("status", ["IN_QUEUE", "IN_PROGRESS", "RUNNING", "A STATE OF TOMORROW", ""])
def test_every_other_state_is_waited_for(status):
    assert isinstance(Network({"id": "j1", "status": status}).vendor.start(wish(), KEY), Pending)


def test_a_job_too_large_for_run_goes_to_runsync_and_may_be_done_at_once():
    large = reference(data=b"\0" * (MOST_BYTES_RUN * 3 // 4))
    network = Network(job())
    response = network.vendor.start(wish(EDIT, input_images=(large,)), KEY)
    assert isinstance(response, CloudGenerationResponse)
    assert str(network.requests[0].url) == f"https://api.runpod.ai/v2/{EDIT}/runsync?wait=60000"
    network = Network(job("IN_PROGRESS"))
    assert isinstance(network.vendor.start(wish(EDIT, input_images=(large,)), KEY), Pending)


def test_what_is_too_large_for_both_is_not_sent():
    network = Network({})
    huge = reference(data=b"\0" * (MOST_BYTES_RUNSYNC * 3 // 4))
    with pytest.raises(Rejected, match="at most 20,000,000"):
        network.vendor.start(wish(EDIT, input_images=(huge,)), KEY)
    assert network.requests == []


@pytest.mark.parametrize("error", [Busy("provider_5xx", "not now"), OutcomeUnknown("gone")])
def test_a_result_that_cannot_be_fetched_yet_never_loses_the_job(error):
    network = Network(job(), files={ADDRESS: error})
    pending = network.vendor.start(wish(), KEY)
    assert isinstance(pending, Pending)
    with pytest.raises(type(error)):
        network.vendor.check(pending.remote_id, KEY)


def test_an_own_endpoint_gives_its_pictures_as_base64():
    output = {"images": [{"filename": "a.png", "type": "base64", "data": encoded(png())}] * 2}
    network = Network(QUEUED, job(output=output))
    pending = network.vendor.start(fitted(own(), num_images=2), KEY)
    response = network.vendor.check(pending.remote_id, KEY)
    assert (response.images, network.vendor.billed(response, own())) == ([png(), png()], {"image": 2})
    assert network.sent()["policy"] == {"ttl": 1_200_000}
    assert encoded(png()) not in repr(response.provider_response) or len(encoded(png())) < 1000


def test_a_workflow_without_a_wished_seed_gets_a_fresh_one_that_is_told():
    network = Network(QUEUED, job(output={"images": [{"type": "base64", "data": encoded(png())}]}))
    prepared = network.vendor.prepare(fitted(own()), KEY)
    pending = network.vendor.start(prepared, KEY)
    seed = network.sent()["input"]["workflow"]["3"]["inputs"]["seed"]
    assert network.vendor.check(pending.remote_id, KEY).pictures[0].seed == seed == prepared.prepared["seed"]
    assert network.vendor.prepare(fitted(own()), KEY).prepared["seed"] != seed


def test_a_wished_seed_and_a_public_endpoint_need_no_preparing():
    for request in (fitted(own(), seed=7), fitted()):
        assert VENDOR.prepare(request, KEY) is request


def test_a_kept_answer_is_read_again_without_preparing_and_tells_no_seed_of_its_own(tmp_path):
    network = Network(QUEUED, job(output={"images": [{"type": "base64", "data": encoded(png())}]}))
    with transmission(tmp_path / "a"):
        network.vendor.start(network.vendor.prepare(fitted(own()), KEY), KEY)
    with transmission(tmp_path / "a", replay=True):
        pending = network.vendor.start(fitted(own()), KEY)
    assert len(network.requests) == 1
    assert read_job(pending.remote_id).seed is None


def test_a_remote_id_is_short_and_holds_no_key():
    pending = Network(QUEUED).vendor.start(fitted(seed=2**31 - 1), KEY)
    assert len(pending.remote_id) < 300
    assert CANARY not in pending.remote_id
    stored = read_job(pending.remote_id)
    assert stored == Job(DEV, "j1", {"image": 1, "pixel": 1048576}, True, 2**31 - 1)


def test_cancelling_posts_to_the_job():
    network = Network({"id": "j1", "status": "CANCELLED"})
    network.vendor.cancel(REMOTE, KEY)
    assert (network.requests[0].method, network.requests[0].url.path) == ("POST", f"/v2/{DEV}/cancel/j1")
    with pytest.raises(Busy):
        Network((500, {})).vendor.cancel(REMOTE, KEY)


@pytest.mark.parametrize("document", [{"endpoints": [{"id": "a"}]}, [{"id": "a"}]])
def test_the_key_check_lists_endpoints_of_the_other_host(document):
    network = Network(document)
    assert "1 endpoint(s)" in network.vendor.validate_credentials(KEY)
    assert str(network.requests[0].url) == "https://api.runpod.io/v2/serverless"


def test_one_base_address_stands_for_both_hosts(monkeypatch):
    monkeypatch.setenv("RUNPOD_BASE_URL", "http://127.0.0.1:9191/runpod/")
    network = Network({"endpoints": []}, QUEUED)
    network.vendor.validate_credentials(KEY)
    network.vendor.start(wish(), KEY)
    assert [str(request.url) for request in network.requests] == [
        "http://127.0.0.1:9191/runpod/management/v2/serverless", f"http://127.0.0.1:9191/runpod/v2/{DEV}/run",
    ]  # fmt: skip


def test_a_key_that_may_not_see_the_account_is_valid_with_limits():
    assert "with limits" in Network((403, {})).vendor.validate_credentials(KEY)


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        ((401, {}), Rejected, "key_invalid"),
        ((429, {}), Busy, "rate_minute"),
        ((500, {}), Busy, "provider_5xx"),
        ((404, "<html>"), Rejected, "capability"),
        ((200, "<html>"), Rejected, "capability"),
        ((200, {}), Rejected, "capability"),
    ],
)
def test_the_key_check_never_says_that_something_may_have_cost(answer, kind, code):
    with pytest.raises(kind) as raised:
        Network(answer).vendor.validate_credentials(KEY)
    assert raised.value.code == code


@pytest.mark.parametrize(
    ("secret", "code"),
    [("", "no_key"), ("  ", "no_key"), ("rpa_a b", "key_invalid"), ("rpa_ü", "key_invalid")],
)
def test_a_key_that_is_none_is_never_sent(secret, code):
    network = Network({})
    with pytest.raises(Rejected) as raised:
        network.vendor.start(wish(), Key({"RUNPOD_API_KEY": secret}))
    assert (raised.value.code, network.requests) == (code, [])


@pytest.mark.parametrize(
    ("second", "name"),
    [({"name": "image-generator"}, "image-generator"), ((403, {}), "comfy0base64"), ((200, "<html>"), "comfy0base64")],
)
def test_an_own_endpoint_is_described_by_being_there(second, name):
    network = Network({"jobs": {}, "workers": {}}, second)
    found = network.vendor.describe("comfy0base64", KEY)
    assert (found.id, found.name, found.prices) == ("comfy0base64", name, ())
    assert "{{prompt}}" in found.description
    assert network.requests[0].url.path == "/v2/comfy0base64/health"


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [((404, {}), Rejected, "no endpoint"), ((401, {}), Rejected, "invalid"), ((500, {}), Busy, "cannot answer")],
)
def test_an_endpoint_that_cannot_be_found_says_why(answer, kind, words):
    with pytest.raises(kind, match=words):
        Network(answer).vendor.describe("comfy0base64", KEY)


@pytest.mark.parametrize("model_id", ["", "a/b", "../x", "a b", "-a", "ü"])
def test_what_is_no_endpoint_id_is_not_asked_for(model_id):
    network = Network({})
    with pytest.raises(Rejected, match="no endpoint of RunPod"):
        network.vendor.describe(model_id, KEY)
    assert network.requests == []


def test_a_time_out_after_sending_leaves_the_outcome_unknown():
    def lose(request):
        raise httpx.ReadTimeout("late")

    with pytest.raises(OutcomeUnknown):
        RunPod(httpx.MockTransport(lose)).start(wish(), KEY)


def test_the_canary_key_is_nowhere_but_in_the_header():
    network = Network(job(workerId=CANARY, output={"image_url": ADDRESS, "errors": [CANARY], "cost": 0.02}))
    response = network.vendor.start(wish(), KEY)
    assert CANARY not in repr(response) + repr(response.provider_response) + repr(response.metadata)
    assert CANARY not in str(network.requests[0].url) + network.requests[0].content.decode()


def test_pictures_beside_an_error_are_kept_and_their_cost_booked():
    output = {"image_url": ADDRESS, "cost": 0.02, "error": "one of two withheld"}
    response = Network(job(output=output)).vendor.check(REMOTE, KEY)
    assert (response.images, VENDOR.billed(response, entry())) == ([png()], ReportedCost("0.02", "USD"))
    assert response.metadata["warnings"] == ["one of two withheld"]


def test_one_result_that_is_gone_loses_no_other():
    other = ADDRESS.replace("output", "other")
    network = Network(job(output={"images": [ADDRESS, other]}), files={ADDRESS: OutcomeUnknown("gone"), other: png()})
    response = network.vendor.check(Job("comfy0base64", "j1", {"image": 2}).remote_id, KEY)
    assert (response.images, VENDOR.billed(response, own())) == ([png()], {"image": 2})
