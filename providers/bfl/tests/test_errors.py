"""Each documented error and end state becomes the right class, code and bill, and no text holds the key."""

import pytest

from providers.base import Busy, OutcomeUnknown, Pending, ProviderError, Rejected, ReportedCost
from providers.bfl import wire
from providers.bfl.jobs import Job
from providers.bfl.tests.documented import ERRORS
from providers.bfl.tests.wishes import CANARY, KEY, POLLING, TASK, Labs, job, ready, state, submitted, wish
from tests.providers.documented import DocumentedError

CLASSES = {"rejected": Rejected, "busy": Busy, "unknown": OutcomeUnknown}


def failure(labs: Labs, on: str = "start") -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        labs.vendor.start(wish(), KEY) if on == "start" else labs.vendor.check(job(), KEY)
    return raised.value


def answering(row: DocumentedError) -> Labs:
    if isinstance(row.body, str):
        return Labs(row.status, text=row.body, headers=dict(row.headers))
    return Labs(row.status, row.body, headers=dict(row.headers))


@pytest.mark.parametrize("row", ERRORS, ids=lambda row: f"{row.on}: {row.name}")
def test_each_documented_error_has_its_class_code_and_bill(row):
    error = failure(answering(row), row.on)
    assert type(error) is CLASSES[row.ends]
    assert error.code == row.code
    assert error.billed == {}
    assert error.remedy


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 422, 429])
def test_the_message_has_the_users_form_and_says_that_nothing_was_billed(status):
    error = failure(Labs(status, {"detail": "No."}))
    assert error.message.startswith(f"BFL API error (HTTP {status}): ")
    assert error.message.endswith("“No.” Nothing was run or billed.")


def test_every_field_that_bfl_names_is_told():
    detail = [
        {"type": "extra_forbidden", "loc": ["body", "width"], "msg": "Extra inputs are not permitted"},
        {"type": "missing", "loc": ["body", "images", 0], "msg": "Field required"},
    ]
    message = failure(Labs(422, {"detail": detail})).message
    assert "“width: Extra inputs are not permitted; images.0: Field required”." in message


@pytest.mark.parametrize(("name", "reason"), [("Request Moderated", "Violence"), ("Content Moderated", "Sexual")])
def test_what_the_filter_says_is_told_and_costs_nothing(name, reason):
    error = failure(Labs(200, state(name, details={"Moderation Reasons": [reason, "Other"]})), "check")
    assert f"({name})" in error.message
    assert f"“Moderation Reasons: {reason}, Other”." in error.message
    assert "does not charge" in error.message
    assert (error.request_id, error.billed) == (TASK, {})


@pytest.mark.parametrize("details", [{"error": "content_policy_violation"}, "moderated", {"x": ["safety system"]}])
def test_a_failure_for_its_content_is_a_refused_prompt(details):
    assert failure(Labs(200, state("Error", details=details)), "check").code == "refused_prompt"


@pytest.mark.parametrize("name", ["Pending", "Queued", "Reasoning", "Generating", "Something new"])
@pytest.mark.parametrize("status", [200, 422, 503])
def test_a_task_that_goes_on_is_asked_again_whatever_the_status(name, status):
    step = Labs(status, state(name, progress=0.5)).vendor.check(job(), KEY)
    assert step == Pending(remote_id=job(), wait_seconds=1.0, request_id=TASK)


@pytest.mark.parametrize(("headers", "wait"), [({"retry-after": "3"}, 3), ({}, 5), ({"retry-after": "soon"}, 5)])
def test_too_many_tasks_waits_as_long_as_bfl_says(headers, wait):
    error = failure(Labs(429, {"detail": "24 active tasks"}, headers=headers))
    assert (type(error), error.retry_after) == (Busy, wait)


@pytest.mark.parametrize("status", [408, 499, 500, 502, 503, 504, 520, 302])
def test_a_submission_that_may_have_run_is_never_called_unbilled(status):
    error = failure(Labs(status, text="<html>oops</html>"))
    assert type(error) is OutcomeUnknown
    assert "may have been made and billed" in error.message
    assert "<html>" not in error.message


@pytest.mark.parametrize("status", [401, 402, 403])
def test_a_refused_question_says_why_it_was_refused(status):
    error = failure(Labs(status, {"detail": "Not authenticated"}), "check")
    assert error.code in ("key_invalid", "billing_disabled")


@pytest.mark.parametrize("status", [400, 404, 410, 422])
def test_a_question_that_bfl_does_not_take_says_nothing_of_the_task(status):
    error = failure(Labs(status, {"detail": "Not Found"}), "check")
    assert (type(error), error.request_id) == (OutcomeUnknown, TASK)


@pytest.mark.parametrize("body", [b"", b"null", b"[1]", b'{"detail": 5}', b'{"detail": [null, 5, {}]}', b"\xff"])
@pytest.mark.parametrize("on", ["start", "check"])
def test_an_odd_error_body_still_gives_a_sentence(body, on):
    assert failure(Labs(400, content=body), on).message.startswith("BFL API error (HTTP 400): ")


@pytest.mark.parametrize("content", [b"<html>", b"", b"{}", b"null", b'{"id": 5}', b'{"id": ""}', b'{"cost": NaN}'])
def test_a_submission_that_nobody_can_read_is_unknown(content):
    assert type(failure(Labs(200, content=content))) is OutcomeUnknown
    assert type(failure(Labs(200, submitted(id="x" * 300)))) is OutcomeUnknown


@pytest.mark.parametrize("content", [b"<html>", b"", b"{}", b'{"status": 5}'])
def test_a_question_answered_by_nothing_readable_is_asked_again(content):
    assert type(failure(Labs(200, content=content), "check")) is Busy


@pytest.mark.parametrize("result", [None, {}, {"sample": 5}, {"sample": "file:///etc/passwd"}])
def test_ready_without_an_address_is_billed_at_bfls_own_figure(result):
    error = failure(Labs(200, state("Ready", result=result)), "check")
    assert (error.code, error.billed) == ("invalid_output", ReportedCost("0.03", "USD"))
    dearer = failure(Labs(200, state("Ready", result=result, cost=4.5)), "check")
    assert dearer.billed == ReportedCost("0.045", "USD")


def test_ready_without_an_address_or_a_figure_is_billed_as_much_as_it_can_cost():
    with pytest.raises(Rejected) as caught:
        wire.sample_address(state("Ready"), Job(id=TASK, address=POLLING, quoted_cost=None, most={"image": 1}))
    assert caught.value.billed == {"image": 1}


def test_a_file_that_is_no_picture_is_billed_at_bfls_own_figure():
    labs = Labs(200, ready())
    labs.delivered["content"] = b"no picture"
    error = failure(labs, "check")
    assert (error.code, error.billed, error.request_id) == ("invalid_output", ReportedCost("0.03", "USD"), TASK)


@pytest.mark.parametrize(("status", "kind"), [(403, OutcomeUnknown), (404, OutcomeUnknown), (500, Busy), (429, Busy)])
def test_an_address_that_does_not_answer_is_no_reason_to_draw_again(status, kind):
    labs = Labs(200, ready())
    labs.delivered = {"status_code": status}
    assert type(failure(labs, "check")) is kind


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 429, 500])
@pytest.mark.parametrize("on", ["start", "check"])
def test_the_key_is_taken_out_of_every_error(status, on):
    error = failure(Labs(status, {"detail": f"Incorrect key {CANARY}"}, headers={"x-key": CANARY}), on)
    assert CANARY not in f"{error!r} {error.message} {error.remedy} {error.request_id}"


def test_a_job_whose_text_is_not_ours_is_unknown():
    for text in ("", "[]", "{}", '{"id": "x", "evil": 1}', "null"):
        with pytest.raises(OutcomeUnknown):
            Labs(200, ready()).vendor.check(text, KEY)
