"""Each documented error becomes the right class, code and bill, and no text holds the key."""

import pytest

from providers.base import Busy, OutcomeUnknown, ProviderError, Rejected
from providers.stability.tests.documented import ERRORS
from providers.stability.tests.wishes import CANARY, JOB, KEY, Platform, drawn, envelope, wish
from tests.providers.documented import DocumentedError

CLASSES = {"rejected": Rejected, "busy": Busy, "unknown": OutcomeUnknown}


def failure(platform: Platform, on: str = "start") -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        platform.vendor.start(wish(), KEY) if on == "start" else platform.vendor.check(JOB, KEY)
    return raised.value


def answering(row: DocumentedError) -> Platform:
    if isinstance(row.body, str):
        return Platform(row.status, text=row.body, headers=dict(row.headers))
    return Platform(row.status, row.body, headers=dict(row.headers))


@pytest.mark.parametrize("row", ERRORS, ids=lambda row: f"{row.on}: {row.name}")
def test_each_documented_error_has_its_class_code_and_bill(row):
    error = failure(answering(row), row.on)
    assert type(error) is CLASSES[row.ends]
    assert error.code == row.code
    assert error.billed == ({"image": 1} if row.state == "settled" else {})
    assert error.remedy


@pytest.mark.parametrize("status", [400, 401, 402, 403, 413, 422, 429])
def test_the_message_has_the_users_form_and_says_what_was_billed(status):
    error = failure(Platform(status, envelope("some_name", "prompt: is required")))
    assert error.message.startswith(f"Stability API error (HTTP {status}): ")
    assert error.message.endswith("Nothing was run or billed.")
    assert "“prompt: is required”" in error.message
    assert error.request_id == "37967085a05c4ccb95d1ab2eb4b3b5a7"


@pytest.mark.parametrize(("header", "wait"), [("", 60), ("5", 60), ("90", 90), ("soon", 60)])
def test_the_lockout_lasts_a_minute_or_longer_where_stability_says_so(header, wait):
    error = failure(Platform(429, envelope("rate_limit_exceeded"), headers={"retry-after": header}))
    assert error.retry_after == wait


def test_the_filters_word_counts_under_another_status_too():
    assert failure(Platform(400, envelope("content_moderation", "Flagged."))).code == "refused_prompt"


@pytest.mark.parametrize("status", [408, 499, 500, 502, 503, 504, 520, 302])
def test_what_may_have_run_is_never_called_unbilled(status):
    error = failure(Platform(status, text="<html>oops</html>"))
    assert type(error) is OutcomeUnknown
    assert "may have been made and billed" in error.message
    assert "<html>" not in error.message


@pytest.mark.parametrize("body", [b"", b"null", b"[1, 2]", b'{"errors": "x"}', b'{"errors": [null, 5]}', b"\xff\xfe"])
def test_an_odd_error_body_still_gives_a_sentence(body):
    error = failure(Platform(400, content=body))
    assert error.code == "capability"
    assert error.message.startswith("Stability API error (HTTP 400): Request not accepted.")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
@pytest.mark.parametrize("on", ["start", "check"])
def test_the_key_is_taken_out_of_every_error(status, on):
    platform = Platform(status, envelope("unauthorized", f"Incorrect key: {CANARY}"), headers={"x-key": CANARY})
    error = failure(platform, on)
    assert CANARY not in f"{error!r} {error.message} {error.remedy} {error.request_id}"


@pytest.mark.parametrize("content", [b"<html>", b"", b"{}", b"null", b'{"seed": 5}', b'{"image": 5}'])
def test_a_success_that_nobody_can_read_is_unknown(content):
    for on in ("start", "check"):
        assert type(failure(Platform(200, content=content), on)) is OutcomeUnknown


@pytest.mark.parametrize("encoded", ["####", "aGVsbG8="])
def test_a_success_without_a_real_picture_is_billed_and_not_kept(encoded):
    error = failure(Platform(200, drawn(image=encoded)))
    assert (type(error), error.code, error.billed) == (Rejected, "invalid_output", {"image": 1})


def test_a_reason_that_is_not_success_is_never_kept_as_a_picture():
    error = failure(Platform(200, drawn(finish_reason="ERROR")))
    assert (error.code, error.billed) == ("invalid_output", {"image": 1})
    assert "(ERROR)" in error.message


def test_a_refused_question_after_a_job_says_nothing_of_the_job():
    error = failure(Platform(400, envelope("bad_request", "id: must have 64 characters")), "check")
    assert type(error) is OutcomeUnknown
    assert error.message.endswith("The picture may have been made and billed.")
