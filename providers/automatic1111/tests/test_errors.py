"""Each documented error: its class and code, and that nothing is charged."""

import httpx
import pytest

from providers.automatic1111.tests.documented import ERRORS
from providers.automatic1111.tests.server import CANARY, KEY, PAIR, WebUI
from providers.base import FAILURES, OutcomeUnknown, Rejected

CLASSES = {"rejected": Rejected, "unknown": OutcomeUnknown}


def meet(documented, **draw):
    body = documented.body
    answer = httpx.Response(documented.status, **({"text": body} if isinstance(body, str) else {"json": body}))
    return WebUI(answer).draw(**draw)


@pytest.mark.parametrize("documented", ERRORS, ids=lambda documented: documented.name)
def test_each_documented_error_is_what_the_hub_expects(documented):
    with pytest.raises(CLASSES[documented.ends]) as raised:
        meet(documented)
    error = raised.value
    assert error.code == documented.code in FAILURES
    assert error.billed == {}
    assert error.message.startswith("AUTOMATIC1111 API")
    assert error.remedy
    assert "  " not in error.message
    if documented.ends == "rejected":
        assert "charge" in error.message


def test_out_of_memory_says_what_to_do():
    documented = next(error for error in ERRORS if error.name == "out of memory")
    with pytest.raises(Rejected) as raised:
        meet(documented)
    assert "smaller size" in raised.value.remedy


def test_a_wrong_field_is_named():
    documented = next(error for error in ERRORS if error.name == "wrong field")
    with pytest.raises(Rejected, match="steps: value is not a valid integer"):
        meet(documented)


def test_a_server_without_its_api_is_told_so():
    documented = next(error for error in ERRORS if error.name == "API switched off")
    with pytest.raises(Rejected) as raised:
        meet(documented)
    assert "--api" in raised.value.remedy


def test_the_password_is_in_no_error():
    body = {"detail": f"{PAIR} and {CANARY} and YWxpY2U6{'x'}"}
    with pytest.raises(Rejected) as raised:
        WebUI(httpx.Response(422, json=body)).draw(key=KEY)
    assert CANARY not in raised.value.message
    assert "[key] and [key]" in raised.value.message
