"""Each documented error: its class and code, what is billed, and a sentence that helps."""

import httpx
import pytest

from providers.base import FAILURES, Busy, OutcomeUnknown, Rejected
from providers.firefly import errors
from providers.firefly.tests.adobe import BEARER, CANARY, JOB, KEY, SUBMITTED, Adobe, submit_to
from providers.firefly.tests.documented import ERRORS

CLASSES = {"rejected": Rejected, "busy": Busy, "unknown": OutcomeUnknown}
STATUS_PATH = f"/api/v3/status/{JOB}"


def answer_of(documented):
    body = documented.body
    content = {"text": body} if isinstance(body, str) else {"json": body}
    return httpx.Response(documented.status, headers=documented.headers, **content)


def meet(documented, num_images=3):
    answer = answer_of(documented)
    if documented.on == "start":
        adobe = Adobe(("POST", submit_to(), answer))
        # As usual, the token is one that was kept.
        adobe.vendor.validate_credentials(KEY)
        return adobe.start(num_images=num_images)
    adobe = Adobe(("POST", submit_to(), httpx.Response(202, json=SUBMITTED)), ("GET", STATUS_PATH, answer))
    return adobe.vendor.check(adobe.start(num_images=num_images).remote_id, KEY)


@pytest.mark.parametrize("documented", ERRORS, ids=lambda documented: documented.name)
def test_each_documented_error_is_what_the_hub_expects(documented):
    with pytest.raises(CLASSES[documented.ends]) as raised:
        meet(documented)
    error = raised.value
    assert error.code == documented.code in FAILURES
    assert (error.billed == {"image": 3}) == (documented.state == "settled")
    assert error.message.startswith("Firefly API")
    assert error.message.endswith(".")
    assert "  " not in error.message
    assert error.remedy


@pytest.mark.parametrize("documented", [one for one in ERRORS if one.on == "start"], ids=lambda one: one.name)
def test_a_refused_submission_says_that_nothing_was_billed(documented):
    with pytest.raises(CLASSES[documented.ends]) as raised:
        meet(documented)
    said = "Nothing was run or billed." if documented.ends != "unknown" else "may have been made and billed"
    assert said in raised.value.message
    assert f"(HTTP {documented.status})" in raised.value.message


def test_a_validation_error_names_the_field():
    document = {
        "error_code": "validation_error",
        "validation_errors": [{"loc": ["body", "size", 0], "msg": "too small"}],
    }
    error = errors.http_error(422, document, str)
    assert "size.0: too small" in error.message


@pytest.mark.parametrize("header", [None, "", "soon", "1", "40000"])
def test_the_wait_is_adobes_own_or_fifteen_seconds(header):
    error = errors.http_error(429, {}, str, retry_after=header)
    assert isinstance(error, Busy)
    assert error.retry_after == {"1": 1.0, "40000": 40000.0}.get(header, 15.0)
    assert error.code == ("rate_day" if header == "40000" else "rate_minute")


@pytest.mark.parametrize(
    ("status", "ends", "code"),
    [
        (429, Busy, "rate_minute"),
        (500, Busy, "provider_5xx"),
        (408, Busy, "provider_5xx"),
        (403, Rejected, "permission_region"),
        (404, OutcomeUnknown, "unknown_outcome"),
        (410, OutcomeUnknown, "unknown_outcome"),
        (302, OutcomeUnknown, "unknown_outcome"),
    ],
)
def test_a_failed_question_never_ends_the_job_as_unbilled(status, ends, code):
    adobe = Adobe(
        ("POST", submit_to(), httpx.Response(202, json=SUBMITTED)),
        ("GET", STATUS_PATH, httpx.Response(status, json={"message": "no"})),
    )
    with pytest.raises(ends) as raised:
        adobe.vendor.check(adobe.start().remote_id, KEY)
    assert raised.value.code == code
    assert "Nothing was run or billed" not in raised.value.message


@pytest.mark.parametrize("where", ["error", "result"])
def test_a_jobs_code_is_also_found_one_level_deeper(where):
    error = errors.failed_job({"status": "failed", where: {"error_code": "output_media_unsafe"}}, 1, str, JOB)
    assert error.code == "refused_output"


@pytest.mark.parametrize("path", [submit_to(), STATUS_PATH])
def test_neither_secret_nor_token_is_in_an_error(path):
    words = {"error_code": "bad_request", "message": f"{CANARY} and {BEARER}-1"}
    adobe = Adobe(
        ("POST", submit_to(), httpx.Response(400 if path == submit_to() else 202, json=words | SUBMITTED)),
        ("GET", STATUS_PATH, httpx.Response(200, json={"status": "failed"} | words)),
    )
    with pytest.raises(Rejected) as raised:
        adobe.vendor.check(adobe.start().remote_id, KEY)
    assert "[key] and [key]" in raised.value.message
