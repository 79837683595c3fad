"""Each documented error: its class and code, whether it was billed, and a sentence that says so."""

import pytest

from providers.base import Busy, OutcomeUnknown, Rejected
from providers.replicate import errors
from providers.replicate.failures import did_run, ended_badly, without_pictures
from providers.replicate.job import Job
from providers.replicate.tests.documented import ERRORS, LOW_CREDIT
from providers.replicate.tests.stage import CANARY, KEY, SCHNELL, Network, entry, prediction, wish

CLASSES = {"rejected": Rejected, "busy": Busy, "unknown": OutcomeUnknown}


def raised(row):
    network = Network((row.status, row.body))
    remote_id = Job("p1", {"image": 1}, True, SCHNELL).remote_id
    calls = {"start": lambda: network.vendor.start(wish(), KEY), "check": lambda: network.vendor.check(remote_id, KEY)}
    with pytest.raises(CLASSES[row.ends]) as caught:
        calls[row.on]()
    return caught.value


@pytest.mark.parametrize("row", ERRORS, ids=lambda row: row.name)
def test_a_documented_error_has_its_code_and_its_bill(row):
    error = raised(row)
    assert error.code == row.code
    assert (error.billed == {"image": 1}) is (row.state == "settled")
    assert error.remedy


@pytest.mark.parametrize(
    "row", [row for row in ERRORS if row.on == "start" and row.status >= 400], ids=lambda row: row.name
)
def test_every_refusal_says_what_happened_and_what_was_billed(row):
    message = raised(row).message
    assert message.startswith(f"Replicate API error (HTTP {row.status}): ")
    assert ("Nothing was run or billed." in message) is (row.state == "released")


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({}, b'{"detail": "Your rate limit resets in ~30s."}', 30),
        ({"retry-after": "12"}, b'{"detail": "Your rate limit resets in ~7s."}', 12),
        ({}, b'{"detail": "Slow down", "retry_after": 5}', 5),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, b"", None),
        ({"retry-after": "999999"}, b"<html>", 999999.0),
    ],
)
def test_the_pause_comes_from_header_number_or_words(headers, body, seconds):
    error = errors.http_error(429, headers, body, model=entry(), redact=str)
    assert error.retry_after == seconds


def test_low_credit_is_told_with_the_way_out():
    body = b'{"detail": "%s"}' % LOW_CREDIT.encode()
    error = errors.http_error(429, {}, body, model=entry(), redact=str)
    assert "Add credit" in error.remedy
    assert "600 new predictions a minute" in errors.http_error(429, {}, b"", model=entry(), redact=str).remedy


def test_a_422_names_its_fields_once():
    fields = [
        {"field": "input.seed", "description": "Invalid type"},
        {"field": "input", "description": "prompt is required"},
        {"field": "input.seed", "description": "again"},
        {"field": "", "description": "version is required"},
    ]
    assert errors.invalid_fields({"invalid_fields": fields}, str) == ["seed", "prompt", "version"]
    message = raised(next(row for row in ERRORS if row.name == "a wrong choice")).message
    assert "It names output_format." in message


def test_the_vendors_words_are_shown_without_the_token():
    network = Network((401, {"detail": f"Token {CANARY} and r8_anotherTokenOfSomebodyElse0123456789 are unknown"}))
    with pytest.raises(Rejected) as caught:
        network.vendor.start(wish(), KEY)
    assert "Token [key] and [key] are unknown" in caught.value.message


@pytest.mark.parametrize("error", ["NSFW content detected", "CUDA out of memory"])
def test_a_model_charged_by_the_second_is_billed_also_when_it_failed(error):
    ended = ended_badly(prediction("failed", error=error), Job("p1", {"image": 2}, False), str)
    assert ended.billed == {"image": 2}
    not_started = prediction("failed", error=error, started_at=None, metrics={})
    assert ended_badly(not_started, Job("p1", {"image": 2}, False), str).billed == {}


@pytest.mark.parametrize(("official", "billed"), [(True, {}), (False, {"image": 2})])
def test_a_run_without_pictures_is_billed_where_time_is(official, billed):
    ended = without_pictures(prediction(output=[]), Job("p1", {"image": 2}, official))
    assert (ended.code, ended.billed) == ("invalid_output", billed)
    removed = prediction(output=None, data_removed=True)
    assert without_pictures(removed, Job("p1", {"image": 2}, official)).billed == {"image": 2}


@pytest.mark.parametrize(
    ("changes", "ran"),
    [
        ({"started_at": None, "metrics": {}}, False),
        ({"started_at": None, "metrics": {"predict_time": 2}}, True),
        ({"started_at": "2026-11-22T09:00:00Z", "metrics": {}}, True),
        ({"started_at": "2026-11-22T09:00:00Z", "metrics": {"predict_time": 0}}, False),
    ],
)
def test_a_prediction_ran_unless_it_says_otherwise(changes, ran):
    assert did_run(prediction("failed", **changes)) is ran
    assert did_run({}) is True


@pytest.mark.parametrize("status", [400, 404, 409, 422, 429, 500, 502, 503])
def test_a_poll_that_fails_says_nothing_of_the_prediction(status):
    network = Network((status, {"detail": "whatever"}))
    expected = OutcomeUnknown if status == 404 else Busy
    with pytest.raises(expected):
        network.vendor.check(Job("p1").remote_id, KEY)


@pytest.mark.parametrize("remote_id", ["", "gm3q", "{}", '{"id": "../account"}', '{"id": 3}', "[1]"])
def test_a_job_that_is_not_ours_is_not_asked_for(remote_id):
    network = Network({})
    with pytest.raises(OutcomeUnknown):
        network.vendor.check(remote_id, KEY)
    assert network.requests == []
