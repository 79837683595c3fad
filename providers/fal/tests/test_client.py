"""The calls: what is sent where, with which headers, and what becomes of each answer."""

import json

import pytest

from providers.base import Busy, CloudGenerationResponse, Key, OutcomeUnknown, Pending, Rejected
from providers.fal.job import Job, read_job
from providers.fal.tests.stage import ADDRESS, BASE, CANARY, DONE, ID, KEY, QUEUED, SCHNELL, Network, png, result, wish

JOB = Job(ID, SCHNELL, f"{BASE}/status", BASE, f"{BASE}/cancel", {"image": 1, "megapixel": 1})


@pytest.fixture(autouse=True)
def own_addresses(monkeypatch):
    monkeypatch.delenv("FAL_QUEUE_BASE_URL", raising=False)
    monkeypatch.delenv("FAL_API_BASE_URL", raising=False)


def test_a_wish_goes_into_the_queue_without_second_tries():
    network = Network(QUEUED)
    step = network.vendor.start(wish(), KEY)
    (request,) = network.requests
    assert (request.method, str(request.url)) == ("POST", f"https://queue.fal.run/{SCHNELL}")
    headers = request.headers
    assert headers["authorization"] == f"Key {CANARY}"
    assert (headers["x-fal-no-retry"], headers["x-app-fal-disable-fallback"]) == ("1", "1")
    assert json.loads(headers["x-fal-object-lifecycle-preference"]) == {"expiration_duration_seconds": 86_400}
    assert headers["x-fal-request-timeout"] == "600.0"
    assert (step.request_id, read_job(step.remote_id)) == (ID, JOB)
    assert len(step.remote_id) < 2000


def test_a_result_is_asked_for_and_its_picture_fetched_without_the_key():
    network = Network(DONE, (200, result(), {"x-fal-billable-units": "1"}))
    response = network.vendor.check(JOB.remote_id, KEY)
    assert isinstance(response, CloudGenerationResponse)
    assert [str(request.url) for request in network.requests] == [f"{BASE}/status", BASE]
    assert network.fetched == [ADDRESS]
    assert response.usage["billable_units"] == "1"
    assert network.vendor.billed(response, None) == {"image": 1, "megapixel": 1}


@pytest.mark.parametrize("status", ["IN_QUEUE", "IN_PROGRESS", "SOMETHING_NEW"])
def test_what_is_not_done_is_asked_for_again(status):
    network = Network((202, {"status": status}))
    assert isinstance(network.vendor.check(JOB.remote_id, KEY), Pending)


def test_a_withheld_picture_is_not_fetched():
    images = [{"url": "https://v3.fal.media/black.png"}, {"url": ADDRESS}]
    network = Network(DONE, result(images=images, has_nsfw_concepts=[True, False]))
    network.vendor.check(JOB.remote_id, KEY)
    assert network.fetched == [ADDRESS]


def test_a_picture_inside_the_result_is_read():
    encoded = "data:image/png;base64,iVBORw0KGgo="
    network = Network(DONE, result(images=[{"url": encoded}]))
    with pytest.raises(Rejected) as raised:
        network.vendor.check(JOB.remote_id, KEY)
    assert (raised.value.code, network.fetched) == ("invalid_output", [])


def test_one_lost_picture_leaves_the_others():
    lost = f"{ADDRESS}?lost"
    images = [{"url": address} for address in (ADDRESS, lost, ADDRESS)]
    gone = OutcomeUnknown("Its address no longer answers.")
    network = Network(QUEUED, DONE, result(3, images=images), files={ADDRESS: png(), lost: gone})
    response = network.vendor.check(network.vendor.start(wish(num_images=3), KEY).remote_id, KEY)
    assert (len(response.images), response.metadata["unreadable_files"]) == (2, 1)
    assert network.vendor.billed(response, network.vendor.model(SCHNELL))["image"] == 3
    network.files[ADDRESS] = gone
    with pytest.raises(OutcomeUnknown):
        network.vendor.check(network.vendor.start(wish(num_images=3), KEY).remote_id, KEY)


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://elsewhere.example/fal-ai/flux/requests/1",
        "http://queue.fal.run/fal-ai/flux/requests/1",
        "https://queue.fal.run.elsewhere.example/1",
        "https://queue.fal.run@elsewhere.example/1",
        "https://queue.fal.run:8443/1",
        "https://queue.fal.run/../1",
        "",
    ],
)
def test_the_key_goes_to_the_queue_alone(elsewhere):
    named = {"status_url": elsewhere, "response_url": elsewhere, "cancel_url": elsewhere}
    network = Network({**QUEUED, **named}, DONE, result())
    step = network.vendor.start(wish(), KEY)
    network.vendor.check(step.remote_id, KEY)
    network.vendor.cancel(step.remote_id, KEY)
    assert [str(request.url) for request in network.requests[1:]] == [f"{BASE}/status", BASE, f"{BASE}/cancel"]


def test_the_backup_host_is_the_vendors_too():
    address = f"https://queue.falrun.com/fal-ai/flux/requests/{ID}"
    network = Network({**QUEUED, "status_url": f"{address}/status", "response_url": address}, DONE, result())
    network.vendor.check(network.vendor.start(wish(), KEY).remote_id, KEY)
    assert [str(request.url) for request in network.requests[1:]] == [f"{address}/status", address]


def test_a_gateways_key_is_not_for_fal(monkeypatch):
    monkeypatch.setenv("FAL_QUEUE_BASE_URL", "https://gateway.example/fal/")
    network = Network(QUEUED, DONE, result())
    network.vendor.check(network.vendor.start(wish(), KEY).remote_id, KEY)
    assert {request.url.host for request in network.requests} == {"gateway.example"}
    assert str(network.requests[1].url) == f"https://gateway.example/fal/fal-ai/flux/requests/{ID}/status"


def test_a_very_long_address_is_built_again():
    network = Network({**QUEUED, "status_url": f"{BASE}/{'x' * 2000}"})
    assert len(network.vendor.start(wish(), KEY).remote_id) < 2000


@pytest.mark.parametrize("status", [200, 202, 204, 400, 404])
def test_cancelling_is_a_put_and_may_come_too_late(status):
    network = Network((status, {"status": "ALREADY_COMPLETED"}))
    network.vendor.cancel(JOB.remote_id, KEY)
    assert (network.requests[0].method, str(network.requests[0].url)) == ("PUT", f"{BASE}/cancel")


def test_a_cancelling_that_fails_is_told():
    with pytest.raises(Busy):
        Network((503, {})).vendor.cancel(JOB.remote_id, KEY)


@pytest.mark.parametrize("remote_id", ["", "764c", "{}", '{"id": "../account"}', '{"id": 3}', "[1]"])
def test_a_job_that_is_not_ours_is_not_asked_for(remote_id):
    network = Network({})
    with pytest.raises(OutcomeUnknown):
        network.vendor.check(remote_id, KEY)
    assert network.requests == []


@pytest.mark.parametrize("secret", ["", "  ", "a key", "schlüssel", "line\nbreak"])
def test_a_key_that_cannot_travel_is_refused_before_anything_is_sent(secret):
    network = Network(QUEUED)
    with pytest.raises(Rejected) as raised:
        network.vendor.start(wish(), Key({"FAL_KEY": secret}))
    assert (raised.value.code, network.requests) == ("no_key" if not secret.strip() else "key_invalid", [])


@pytest.mark.parametrize(
    ("answer", "words"),
    [((200, {"username": "fox", "credits": {}}), "account fox"), ((403, {"error": {}}), "may not read the account")],
)
def test_the_key_is_checked_for_free(answer, words):
    network = Network(answer)
    assert words in network.vendor.validate_credentials(KEY)
    assert str(network.requests[0].url) == "https://api.fal.ai/v1/account/billing?expand=credits"


@pytest.mark.parametrize(
    ("answer", "code"),
    [((401, {"error": {"message": "no"}}), "key_invalid"), ((200, b"<html>"), "capability"), ((404, {}), "capability")],
)
def test_a_wrong_key_or_address_is_told(answer, code):
    with pytest.raises(Rejected) as raised:
        Network(answer).vendor.validate_credentials(KEY)
    assert raised.value.code == code


def test_a_check_that_fails_may_be_repeated():
    with pytest.raises(Busy):
        Network((503, "down")).vendor.validate_credentials(KEY)


def test_a_picture_that_cannot_be_fetched_now_is_fetched_later():
    network = Network(DONE, result(), files={ADDRESS: Busy("provider_5xx", "Not now.")})
    with pytest.raises(Busy):
        network.vendor.check(JOB.remote_id, KEY)
    again = Network(DONE, result(), files={ADDRESS: png()})
    assert again.vendor.check(JOB.remote_id, KEY).images == [png()]
