"""What an error at a result's address says: of the request, or only of the question."""

import pytest

from providers.base import Busy, OutcomeUnknown, Rejected
from providers.fal import errors
from providers.fal.job import Job
from providers.fal.tests.stage import CANARY, DONE, ID, KEY, QUEUED, SCHNELL, Network, entry, wish

UNITS = {"image": 1, "megapixel": 1}
JOB = Job(ID, SCHNELL, units=UNITS)


def refused(kind, words, name="prompt"):
    return {"detail": [{"loc": ["body", name], "msg": words, "type": kind, "ctx": {}}]}


def asked(status, body, headers=None, progress=None):
    network = Network({**DONE, **(progress or {})}, (status, body, headers or {}))
    with pytest.raises((Rejected, Busy, OutcomeUnknown)) as raised:
        network.vendor.check(JOB.remote_id, KEY)
    return raised.value


@pytest.mark.parametrize(
    ("status", "body", "headers", "code", "billed"),
    [
        (422, refused("content_policy_violation", "flagged"), {}, "refused_prompt", UNITS),
        (422, refused("content_policy_violation", "The generated image was flagged"), {}, "refused_output", UNITS),
        (422, refused("missing", "Field required"), {}, "capability", UNITS),
        (400, {"detail": "Bad request", "error_type": "bad_request"}, {}, "capability", UNITS),
        (422, {"detail": "No such style"}, {}, "capability", UNITS),
        (500, {"detail": "boom", "error_type": "runner_server_error"}, {}, "provider_5xx", {}),
        (504, {"detail": "Request timed out", "error_type": "request_timeout"}, {}, "provider_5xx", {}),
        (503, "down", {"x-fal-error-type": "runner_disconnected"}, "provider_5xx", {}),
        (499, {"detail": "cancelled", "error_type": "client_cancelled"}, {}, "cancelled_after_send", UNITS),
    ],
)
def test_the_requests_own_end_is_billed_as_its_status_says(status, body, headers, code, billed):
    error = asked(status, body, headers)
    assert (type(error), error.code, error.billed, error.request_id) == (Rejected, code, billed, ID)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, "<html>nginx</html>"), (502, ""), (503, {"error": "overloaded"}), (429, {"detail": "Too many"}),
        (401, {"detail": "who?"}), (403, {"detail": "no"}), (400, {"detail": "Request is still in progress"}),
        (409, {"detail": "odd"}),
    ],
)  # fmt: skip
def test_a_gateways_word_says_nothing_of_the_request(status, body):
    assert isinstance(asked(status, body), Busy)


def test_a_gateway_that_repeats_the_requests_id_says_no_more():
    assert isinstance(asked(503, {"detail": "Service unavailable"}, {"x-fal-request-id": ID}), Busy)


def test_a_result_that_is_gone_is_unknown():
    assert isinstance(asked(404, {"detail": "Request not found."}), OutcomeUnknown)


def test_the_progress_names_the_error_where_the_result_does_not():
    error = asked(503, "down", progress={"error": "Runner disconnected", "error_type": "runner_disconnected"})
    assert (error.code, error.billed) == ("provider_5xx", {})
    assert "Runner disconnected" in error.message


@pytest.mark.parametrize("status", [400, 401, 403, 409, 422, 429, 500, 502, 503])
def test_a_question_for_the_state_that_fails_says_nothing_of_the_request(status):
    network = Network((status, {"detail": "whatever"}))
    with pytest.raises(Busy):
        network.vendor.check(JOB.remote_id, KEY)


def test_a_state_that_is_not_json_is_asked_for_again():
    with pytest.raises(Busy):
        Network((200, b"<html>")).vendor.check(JOB.remote_id, KEY)
    with pytest.raises(Busy):
        Network(DONE, (200, b"<html>")).vendor.check(JOB.remote_id, KEY)


def test_the_vendors_words_name_the_field_and_not_the_key():
    body = {"detail": [{"loc": ["body", "seed"], "msg": f"{CANARY} is no number", "type": "int_type"}]}
    with pytest.raises(Rejected) as raised:
        Network((422, body)).vendor.start(wish(), KEY)
    assert "seed: [key] is no number" in raised.value.message
    assert raised.value.billed == {}


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"detail": "One"}, "One"), ({"error": {"message": "Two"}}, "Two"), ({"error": "Three"}, "Three"),
        ({"message": "Four"}, "Four"), ({"detail": [{"msg": "Five"}, {"msg": ""}, 6]}, "Five"), ({"detail": 7}, ""),
    ],
)  # fmt: skip
def test_words_are_found_wherever_fal_puts_them(document, words):
    assert errors.words_of(document, b"") == words


def test_a_retired_endpoint_names_what_comes_after_it():
    error = errors.submit_error(404, {}, b"{}", model=entry(), redact=str)
    assert (error.code, error.remedy) == ("model_retired", "Choose another model.")


def test_too_many_requests_wait_as_long_as_they_are_told():
    network = Network((429, {}, {"Retry-After": "7"}), QUEUED)
    with pytest.raises(Busy) as raised:
        network.vendor.start(wish(), KEY)
    assert raised.value.retry_after == 7
