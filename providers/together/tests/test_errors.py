"""Errors at the edges of the documented ones."""

import pytest

from providers.base import Busy, Key, OutcomeUnknown, Rejected
from providers.together.tests.documented import envelope
from providers.together.tests.stage import CANARY, KEY, SCHNELL, answering, wish


def raised(status, body, model_id=None, **headers):
    with pytest.raises((Busy, OutcomeUnknown, Rejected)) as error:
        answering(status, body, **headers).start(wish(model_id) if model_id else wish(), KEY)
    return error.value


@pytest.mark.parametrize(("headers", "pause"), [
    ({"retry_after": "3"}, 3.0), ({"x_ratelimit_reset": "7"}, 7.0), ({"retry_after": "soon"}, None), ({}, None),
])  # fmt: skip
def test_a_pause_is_read_from_the_headers_that_together_names(headers, pause):
    assert raised(429, envelope("Rate limit exceeded"), **headers).retry_after == pause


def test_a_retired_model_names_its_successor():
    error = raised(404, envelope("Model not found"), SCHNELL)
    assert "Juggernaut-Lightning-Flux" in error.message + error.remedy
    assert error.code == "model_retired"


def test_leave_to_share_data_with_the_maker_is_told_with_where_to_give_it():
    error = raised(403, envelope("This model requires third-party data sharing to be enabled for your organization."))
    assert (error.code, "passthrough" in error.remedy) == ("permission_region", True)


@pytest.mark.parametrize("status", [400, 403, 422])
def test_i20_whether_a_withheld_picture_was_billed_is_never_guessed(status):
    error = raised(status, envelope("NSFW content detected"))
    assert isinstance(error, OutcomeUnknown)
    assert error.code == "refused_output"


def test_i20_a_503_that_does_not_say_overloaded_may_have_drawn():
    assert isinstance(raised(503, envelope("upstream connect error")), OutcomeUnknown)
    assert isinstance(raised(503, envelope("Engine overloaded, try again")), Busy)


def test_i33_a_sentence_that_repeats_the_key_is_not_shown():
    error = raised(401, envelope(f"Invalid API key provided: {CANARY}."))
    assert (error.code, CANARY in error.message) == ("key_invalid", False)
    assert CANARY not in raised(400, envelope(f"Bad value {CANARY}")).message


@pytest.mark.parametrize("secret", ["", "two words", "clé"])
def test_a_key_that_cannot_travel_is_refused_before_anything_is_sent(secret):
    with pytest.raises(Rejected) as error:
        answering(500, "").start(wish(), Key({"TOGETHER_API_KEY": secret}))
    assert error.value.code == ("key_invalid" if secret else "no_key")


@pytest.mark.parametrize(("status", "kind", "code"), [
    (401, Rejected, "key_invalid"), (422, Rejected, "capability"), (429, Busy, "rate_minute"),
    (500, Busy, "provider_5xx"), (404, Rejected, "capability"),
])  # fmt: skip
def test_the_free_check_never_ends_as_something_that_may_have_cost(status, kind, code):
    with pytest.raises(kind) as error:
        answering(status, envelope("No.")).validate_credentials(KEY)
    assert error.value.code == code
    assert "billed" not in error.value.message or "Nothing was" in error.value.message
