"""Error answers as ours: what happened, whether it was billed, what to do."""

import json
from typing import Any

import pytest

from providers.base import Busy, OutcomeUnknown, Rejected
from providers.ideogram import errors


def error(status: int, document: Any = None, **more: Any) -> Any:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return errors.http_error(errors.read_complaint(status, body, str), model="ideogram-4-5", **more)


@pytest.mark.parametrize(
    ("status", "reason", "code", "kind"),
    [
        (402, "insufficient_funds", "billing_disabled", Rejected),
        (402, "subscription_required", "billing_disabled", Rejected),
        (402, "priority_credit_required", "billing_disabled", Rejected),
        (402, "feature_limit", "permission_region", Rejected),
        (402, "daily_limit", "rate_day", Busy),
        (402, "inflight_limit", "rate_minute", Busy),
        (402, "never_heard_of", "billing_disabled", Rejected),
        (429, "inflight_limit", "rate_minute", Busy),
        (429, "", "rate_minute", Busy),
        (400, "insufficient_funds", "capability", Rejected),
        (418, "", "capability", Rejected),
        (408, "", "unknown_outcome", OutcomeUnknown),
        (499, "", "unknown_outcome", OutcomeUnknown),
        (302, "", "unknown_outcome", OutcomeUnknown),
        (500, "", "provider_5xx", OutcomeUnknown),
        (503, "", "provider_5xx", OutcomeUnknown),
    ],
)
def test_a_status_and_its_reason_have_one_meaning(status: int, reason: str, code: str, kind: type) -> None:
    found = error(status, {"error": "It was rejected.", "reject_reason": reason})
    assert (type(found), found.code) == (kind, code)
    assert "Ideogram says: “It was rejected.”" in found.message
    assert ("Nothing was run or billed." in found.message) is (kind is not OutcomeUnknown)
    assert found.remedy


def test_the_limit_that_ideogram_names_is_passed_on() -> None:
    found = error(429, {"error": "x", "reject_reason": "inflight_limit", "max_inflight_requests": 3}, retry_after="7")
    assert (found.limit.kind, found.limit.count, found.retry_after) == ("parallel", 3, 7.0)
    assert error(429, {"max_inflight_requests": 0}).limit is None


@pytest.mark.parametrize("field", ["error", "message", "detail"])
def test_words_are_found_wherever_they_stand(field: str) -> None:
    assert "a sentence" in error(400, {field: "a sentence"}).message


@pytest.mark.parametrize("document", [b"", b"<html>x</html>", b"[]", b"7", {"error": 7}, {"error": {"a": 1}}])
def test_a_body_of_no_known_form_is_no_obstacle(document: Any) -> None:
    found = error(401, document)
    assert (found.code, "“" in found.message) == ("key_invalid", False)


def test_a_model_that_is_gone_names_its_successor() -> None:
    found = error(404, {"error": "Not found."}, successor="ideogram-4-6")
    assert (found.code, found.remedy) == ("model_retired", "Choose ideogram-4-6 instead.")
