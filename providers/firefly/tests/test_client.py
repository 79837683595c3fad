"""What goes over the wire, and what comes back through the whole vendor."""

import json

import httpx
import pytest

from providers.base import Busy, Key, OutcomeUnknown, Pending, Rejected
from providers.firefly.client import Firefly
from providers.firefly.tests.adobe import (
    BEARER,
    CANARY,
    CLIENT,
    JOB,
    KEY,
    SUBMITTED,
    Adobe,
    entry,
    fitted,
    png,
    reference,
    submit_to,
    wish,
)
from providers.http import transmission

STATUS_PATH, CANCEL_PATH = f"/api/v3/status/{JOB}", f"/api/v3/cancel/{JOB}"
UPLOAD_PATH = "/api/v2/storage/image"
TAKEN = ("POST", submit_to(), httpx.Response(202, json=SUBMITTED))


def done(*urls):
    outputs = [{"seed": place, "image": {"url": url}} for place, url in enumerate(urls)]
    return httpx.Response(200, json={"status": "succeeded", "jobId": JOB, "result": {"outputs": outputs}})


def once(first, *rest):
    """A route that answers differently each time."""
    answers = [first, *rest]
    return lambda request: answers.pop(0) if len(answers) > 1 else answers[0]


def test_a_job_is_submitted_with_token_client_id_and_model():
    adobe = Adobe(TAKEN)
    pending = adobe.start(num_images=2, seed=1)
    (submitted,) = adobe.to("generate-async")
    assert submitted.headers["authorization"] == f"Bearer {BEARER}-1"
    assert submitted.headers["x-api-key"] == CLIENT
    assert submitted.headers["x-model-version"] == "image4_standard"
    assert submitted.headers["accept"] == submitted.headers["content-type"] == "application/json"
    assert json.loads(submitted.content)["numVariations"] == 2
    assert (pending.request_id, pending.wait_seconds) == (JOB, 15.0)
    assert not {CANARY, f"{BEARER}-1"} & set(json.loads(pending.remote_id))


def test_image_5_goes_to_v4():
    adobe = Adobe(("POST", submit_to("v4"), httpx.Response(200, json=SUBMITTED)))
    assert isinstance(adobe.start("image5"), Pending)
    assert adobe.to("/v4/")[0].headers["x-model-version"] == "image5"


def test_references_are_uploaded_before_the_costly_call_and_named_in_it():
    ids = iter(("one", "two"))
    adobe = Adobe(
        ("POST", UPLOAD_PATH, lambda request: httpx.Response(200, json={"images": [{"id": next(ids)}]})), TAKEN
    )
    adobe.start(input_images=(reference(), reference("red")))
    first, second, submitted = [request for request in adobe.asked if request.url.host == "firefly.test"]
    assert (first.content, second.content) == (png(), png(colour="red"))
    assert first.headers["content-type"] == "image/png"
    assert first.headers["authorization"] == f"Bearer {BEARER}-1"
    body = json.loads(submitted.content)
    assert body["style"]["imageReference"]["source"] == {"uploadId": "one"}
    assert body["structure"]["imageReference"]["source"] == {"uploadId": "two"}
    assert adobe.tokens == 1


@pytest.mark.parametrize(
    ("answer", "ends", "code"),
    [
        (httpx.Response(422, json={"error_code": "input_media_unsafe"}), Rejected, "refused_prompt"),
        (httpx.Response(415, json={"error_code": "invalid_content_type"}), Rejected, "capability"),
        (httpx.Response(413, text="too large"), Rejected, "capability"),
        (httpx.Response(429, json={}), Busy, "rate_minute"),
        (httpx.Response(500, json={}), Busy, "provider_5xx"),
        (httpx.Response(200, json={"images": []}), Busy, "provider_5xx"),
        (httpx.Response(200, text="<html>"), Busy, "provider_5xx"),
    ],
)
def test_a_failed_upload_ends_before_anything_is_billed(answer, ends, code):
    adobe = Adobe(("POST", UPLOAD_PATH, answer), TAKEN)
    with pytest.raises(ends) as raised:
        adobe.start(input_images=(reference(),))
    assert (raised.value.code, raised.value.billed) == (code, {})
    assert adobe.to("generate-async") == []


def test_a_token_that_adobe_no_longer_takes_is_replaced_once_for_a_free_call():
    adobe = Adobe(
        TAKEN, ("GET", STATUS_PATH, once(httpx.Response(401), httpx.Response(200, json={"status": "running"})))
    )
    pending = adobe.start()
    assert isinstance(adobe.vendor.check(pending.remote_id, KEY), Pending)
    tokens = [request.headers["authorization"] for request in adobe.to("/status/")]
    assert tokens == [f"Bearer {BEARER}-1", f"Bearer {BEARER}-2"]
    adobe.vendor.check(pending.remote_id, KEY)
    assert adobe.tokens == 2


def test_a_second_refusal_of_the_token_is_told():
    adobe = Adobe(TAKEN, ("GET", STATUS_PATH, httpx.Response(401)))
    pending = adobe.start()
    with pytest.raises(Rejected) as raised:
        adobe.vendor.check(pending.remote_id, KEY)
    assert raised.value.code == "key_invalid"
    assert adobe.tokens == 2


def test_a_kept_token_that_adobe_ended_is_replaced_by_a_new_attempt():
    adobe = Adobe(("POST", submit_to(), once(httpx.Response(401), httpx.Response(202, json=SUBMITTED))))
    adobe.vendor.validate_credentials(KEY)
    with pytest.raises(Busy) as raised:
        adobe.start()
    assert (raised.value.code, len(adobe.to("generate-async"))) == ("provider_5xx", 1)
    assert "Nothing was run or billed." in raised.value.message
    adobe.start()
    assert adobe.to("generate-async")[1].headers["authorization"] == f"Bearer {BEARER}-2"


def test_a_token_of_a_moment_ago_that_is_not_taken_means_the_credentials():
    adobe = Adobe(("POST", submit_to(), httpx.Response(401)))
    with pytest.raises(Rejected) as raised:
        adobe.start()
    assert raised.value.code == "key_invalid"
    assert len(adobe.to("generate-async")) == 1


@pytest.mark.parametrize(
    "answer",
    [httpx.Response(200, text="<html>"), httpx.Response(404), httpx.Response(302, headers={"location": "/login"}),
     httpx.Response(400, json={"error": "invalid_client"})],
)  # fmt: skip
@pytest.mark.parametrize("verb", ["check", "cancel"])
def test_i20_what_ims_refuses_says_nothing_of_a_job(answer, verb):
    adobe = Adobe(TAKEN)
    remote_id = adobe.start().remote_id
    later = Adobe(("POST", "/ims/token/v3", answer))
    with pytest.raises(Busy) as raised:
        getattr(later.vendor, verb)(remote_id, KEY)
    assert "asked again" in raised.value.message
    assert "billed" not in raised.value.message


def test_the_token_does_not_go_to_a_former_address(monkeypatch):
    adobe = Adobe(TAKEN)
    remote_id = adobe.start().remote_id
    monkeypatch.setenv("FIREFLY_BASE_URL", "http://another.test")
    working = httpx.Response(200, json={"status": "running"})
    later = Adobe(("GET", f"/v3/status/{JOB}", working), ("PUT", f"/v3/cancel/{JOB}", httpx.Response(202)))
    later.vendor.check(remote_id, KEY)
    later.vendor.cancel(remote_id, KEY)
    assert [request.url.host for request in later.asked if "authorization" in request.headers] == ["another.test"] * 2


def test_a_working_job_is_asked_for_again_when_adobe_says():
    adobe = Adobe(
        TAKEN, ("GET", STATUS_PATH, httpx.Response(200, json={"status": "pending"}, headers={"retry-after": "3"}))
    )
    pending = adobe.start()
    again = adobe.vendor.check(pending.remote_id, KEY)
    assert (again.remote_id, again.wait_seconds, again.request_id) == (pending.remote_id, 3.0, JOB)


def test_uploads_submission_and_question_of_a_job_are_the_four_requests_of_a_minute():
    uploaded = httpx.Response(200, json={"images": [{"id": "one"}]})
    running = httpx.Response(200, json={"status": "running"})
    adobe = Adobe(("POST", UPLOAD_PATH, uploaded), TAKEN, ("GET", STATUS_PATH, running))
    pending = adobe.start(input_images=(reference(), reference("red")))
    again = adobe.vendor.check(pending.remote_id, KEY)
    assert len(adobe.to("firefly.test")) == 4
    assert pending.wait_seconds + again.wait_seconds >= 60


def test_pictures_are_fetched_without_the_token(loopback_pictures):
    adobe = Adobe(TAKEN, ("GET", STATUS_PATH, done(*loopback_pictures.urls(2))))
    pending = adobe.start(num_images=2)
    response = adobe.vendor.check(pending.remote_id, KEY)
    assert [(picture.mime_type, picture.width, picture.seed) for picture in response.pictures] == [
        ("image/png", 64, 0), ("image/png", 64, 1),
    ]  # fmt: skip
    assert response.request_id == JOB
    assert adobe.vendor.billed(response, entry()) == {"image": 2}
    assert not [headers for headers in loopback_pictures.asked if "authorization" in headers or "x-api-key" in headers]


def test_a_job_short_of_pictures_counts_as_submitted(loopback_pictures):
    adobe = Adobe(TAKEN, ("GET", STATUS_PATH, done(*loopback_pictures.urls(1))))
    response = adobe.vendor.check(adobe.start(num_images=4).remote_id, KEY)
    assert len(response.images) == 1
    assert adobe.vendor.billed(response, entry()) == {"image": 4}


def test_one_lost_picture_leaves_the_others(loopback_pictures):
    loopback_pictures.lost = ("/2.png",)
    adobe = Adobe(TAKEN, ("GET", STATUS_PATH, done(*loopback_pictures.urls(4))))
    response = adobe.vendor.check(adobe.start(num_images=4).remote_id, KEY)
    assert [picture.seed for picture in response.pictures] == [0, 1, 3]
    assert adobe.vendor.billed(response, entry()) == {"image": 4}


def test_signatures_of_addresses_are_not_kept(loopback_pictures):
    (url,) = loopback_pictures.urls(1)
    adobe = Adobe(TAKEN, ("GET", STATUS_PATH, done(f"{url}?X-Amz-Signature=abcdef")))
    response = adobe.vendor.check(adobe.start().remote_id, KEY)
    assert "abcdef" not in json.dumps(response.provider_response)


def test_an_unreadable_picture_is_billed_and_told(loopback_pictures):
    loopback_pictures.body = b"<html>"
    adobe = Adobe(TAKEN, ("GET", STATUS_PATH, done(*loopback_pictures.urls(1))))
    with pytest.raises(Rejected) as raised:
        adobe.vendor.check(adobe.start().remote_id, KEY)
    assert (raised.value.code, raised.value.billed) == ("invalid_output", {"image": 1})


def test_an_expired_picture_is_an_unknown_outcome(loopback_pictures):
    loopback_pictures.status = 403
    adobe = Adobe(TAKEN, ("GET", STATUS_PATH, done(*loopback_pictures.urls(1))))
    with pytest.raises(OutcomeUnknown, match="no longer answers"):
        adobe.vendor.check(adobe.start().remote_id, KEY)


@pytest.mark.parametrize("answer", [httpx.Response(202, text="<html>"), httpx.Response(200, json=[])])
def test_an_accepted_job_that_nobody_can_read_is_an_unknown_outcome(answer):
    with pytest.raises(OutcomeUnknown, match="may have been made and billed"):
        Adobe(("POST", submit_to(), answer)).start()


def test_a_job_is_cancelled_where_adobe_says():
    adobe = Adobe(TAKEN, ("PUT", CANCEL_PATH, httpx.Response(202)))
    adobe.vendor.cancel(adobe.start().remote_id, KEY)
    (request,) = adobe.to("/cancel/")
    assert (request.method, request.headers["x-api-key"]) == ("PUT", CLIENT)


def test_a_refused_cancellation_is_told():
    adobe = Adobe(TAKEN)
    with pytest.raises(OutcomeUnknown):
        adobe.vendor.cancel(adobe.start().remote_id, KEY)


def test_a_foreign_status_address_is_not_followed():
    adobe = Adobe(
        ("POST", submit_to(), httpx.Response(202, json=SUBMITTED | {"statusUrl": "https://evil.test/v3/status/1"})),
        ("GET", STATUS_PATH, httpx.Response(200, json={"status": "running"})),
    )
    adobe.vendor.check(adobe.start().remote_id, KEY)
    assert adobe.to("evil") == []


def test_a_kept_answer_is_read_again_without_sending_or_preparing(tmp_path):
    adobe = Adobe(TAKEN)
    request = fitted(adobe.vendor, input_images=(), num_images=2)
    with transmission(tmp_path / "attempt"):
        first = adobe.vendor.start(adobe.vendor.prepare(request, KEY), KEY)
    asked = len(adobe.asked)
    with transmission(tmp_path / "attempt", replay=True):
        again = adobe.vendor.start(request, KEY)
    assert again == first
    assert len(adobe.asked) == asked


def test_a_kept_answer_is_read_again_without_the_references(tmp_path):
    adobe = Adobe(("POST", UPLOAD_PATH, httpx.Response(200, json={"images": [{"id": "one"}]})), TAKEN)
    request = fitted(adobe.vendor, input_images=(reference(),))
    with transmission(tmp_path / "attempt"):
        adobe.vendor.start(adobe.vendor.prepare(request, KEY), KEY)
    with transmission(tmp_path / "attempt", replay=True):
        assert adobe.vendor.start(request, KEY).request_id == JOB


def test_a_check_of_the_key_fetches_a_fresh_token_and_promises_no_more():
    adobe = Adobe(TAKEN)
    adobe.start()
    sentence = adobe.vendor.validate_credentials(KEY)
    assert sentence.startswith("API credentials are valid")
    assert "does not prove that you can generate" in sentence
    assert adobe.tokens == 2


def test_an_unknown_model_is_refused_before_anything_is_sent():
    adobe = Adobe(TAKEN)
    with pytest.raises(Rejected) as raised:
        adobe.vendor.start(wish("image2"), KEY)
    assert "it has image5, image4_ultra" in raised.value.message
    assert adobe.asked == []


def test_a_missing_secret_is_named():
    with pytest.raises(Rejected, match="Please set FIREFLY_CLIENT_SECRET"):
        Firefly().prepare(wish(), Key({"FIREFLY_CLIENT_ID": CLIENT}))


def test_the_vendor_declares_what_the_hub_relies_on():
    vendor = Firefly()
    (form,) = vendor.forms()
    assert (vendor.id, vendor.error_prefix) == ("adobe-firefly", "Firefly API")
    assert form.required == ("FIREFLY_CLIENT_ID", "FIREFLY_CLIENT_SECRET")
    assert form.public == ("FIREFLY_CLIENT_ID",)
    assert (vendor.status_by_id, vendor.can_cancel, vendor.result_seconds) == (True, True, 3600)
    assert {(limit.kind, limit.count, limit.seconds) for limit in vendor.limits} == {
        ("requests", 1, 60), ("requests", 2250, 86_400),
    }  # fmt: skip
    assert all(limit.source.startswith("https://developer.adobe.com/") for limit in vendor.limits)
    assert KEY.secret == CANARY


def test_the_secret_and_the_token_are_nowhere_but_in_their_headers(loopback_pictures):
    adobe = Adobe(TAKEN, ("GET", STATUS_PATH, done(*loopback_pictures.urls(1))))
    request = adobe.vendor.prepare(fitted(adobe.vendor), KEY)
    pending = adobe.vendor.start(request, KEY)
    response = adobe.vendor.check(pending.remote_id, KEY)
    shown = f"{request!r} {pending!r} {response!r} {response.provider_response} {response.metadata}"
    assert CANARY not in shown
    assert BEARER not in shown
    for sent in adobe.asked:
        assert CANARY not in str(sent.url)
        assert BEARER not in str(sent.url)
        assert BEARER.encode() not in sent.content
        assert (CANARY.encode() in sent.content) == (sent.url.host == "ims.test")
