"""Whatever breaks on the way: nothing is sent twice, nothing is lost, invoice and ledger tell the same story."""

import gc
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from cloudhub.generations.models import Attempt
from providers.emulation.contract import Reply
from providers.emulation.exchange import Delivery
from providers.emulation.server import RunningServer
from providers.http import Door
from tests.conftest import Cast
from tests.contract.hub import amount_on_invoice, carry, check_books, last_attempt
from tests.contract.subjects import usual_subject, vendors
from tests.contract.tap import Arrived, Tap, holds_picture, reply_of, without_pictures
from tests.generations.stage import fault, states_of

pytestmark = pytest.mark.usefixtures("quick_hub")
# A fault with a word about the work waits for the costly call; this word changes nothing.
OF_THE_WORK = {"text_only": False}
HTML = "<!doctype html><title>A proxy's page</title>"


def doors() -> list[Door]:
    """Every door that any adapter has opened."""
    return [thing for thing in gc.get_objects() if isinstance(thing, Door)]


@pytest.fixture
def impatient() -> Iterator[None]:
    """Every door waits a quarter of a second for an answer."""
    patient = [(door, door.client.timeout) for door in doors()]
    for door, _ in patient:
        door.client.timeout = httpx.Timeout(0.25)
    yield
    for door, timeout in patient:
        door.client.timeout = timeout


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """No door reads more than two kilobytes."""
    for door in doors():
        monkeypatch.setattr(door, "_largest_answer", 2000)


def ended(cast: Cast, tap: Tap, vendor: str) -> Attempt:
    """The attempt at the vendor's plainest wish; there was exactly one costly call."""
    generation = carry(cast, usual_subject(vendor))
    assert len([arrived for arrived in tap.work() if arrived.vendor == vendor]) == 1
    assert len(states_of(generation)) == 1
    return last_attempt(generation)


REPLACED: dict[str, dict[str, Any]] = {
    "a proxy's page": {"status": 200, "body": HTML},
    "no JSON": {"status": 200, "body": "this is no JSON"},
    "JSON that breaks off": {"status": 200, "body": '{"id": "a", "data": [{"b64_'},
    "nothing": {"status": 200, "body": ""},
    "another document": {"status": 200, "body": {"unheard": ["of"]}},
    "a list": {"status": 200, "body": []},
    "a created page": {"status": 201, "body": HTML},
    "an odd status": {"status": 299, "body": HTML},
    "bad gateway": {"status": 502, "body": HTML},
    "gateway time-out": {"status": 504, "body": HTML},
}


@pytest.mark.parametrize("wish", REPLACED.values(), ids=REPLACED.keys())
@pytest.mark.parametrize("vendor", vendors())
def test_i20_an_unreadable_answer_to_a_costly_call_is_unknown(
    tap: Tap, emulator: RunningServer, cast: Cast, vendor: str, wish: dict[str, Any]
) -> None:
    fault(emulator, vendor=vendor, **wish, **OF_THE_WORK)
    attempt = ended(cast, tap, vendor)
    assert (attempt.state, attempt.error["billed"]) == ("unknown", "unknown"), attempt.error
    assert attempt.error["code"] in ("unknown_outcome", "provider_5xx", "invalid_output")
    check_books(emulator, usual_subject(vendor))


BROKEN: dict[str, dict[str, Any]] = {
    "before the work": {"drop": "before_work"},
    "after the work": {"drop": "after_work"},
    "after the head": {"cut_after_bytes": 0, **OF_THE_WORK},
    "in the body": {"cut_after_bytes": 10, **OF_THE_WORK},
}


@pytest.mark.parametrize("wish", BROKEN.values(), ids=BROKEN.keys())
@pytest.mark.parametrize("vendor", vendors())
def test_i20_a_connection_that_breaks_under_a_costly_call_leaves_it_unknown(
    tap: Tap, emulator: RunningServer, cast: Cast, vendor: str, wish: dict[str, Any]
) -> None:
    fault(emulator, vendor=vendor, **wish)
    attempt = ended(cast, tap, vendor)
    assert (attempt.state, attempt.error["code"]) == ("unknown", "unknown_outcome"), attempt.error
    check_books(emulator, usual_subject(vendor))


@pytest.mark.parametrize("vendor", vendors())
def test_i20_an_answer_that_comes_too_late_leaves_the_call_unknown(
    tap: Tap, emulator: RunningServer, cast: Cast, vendor: str, impatient: None
) -> None:
    fault(emulator, vendor=vendor, delay_ms=700, **OF_THE_WORK)
    attempt = ended(cast, tap, vendor)
    assert (attempt.state, attempt.error["code"]) == ("unknown", "unknown_outcome"), attempt.error
    assert "in time" in attempt.error["message"]
    check_books(emulator, usual_subject(vendor))


@pytest.mark.parametrize("vendor", vendors())
def test_i20_an_answer_that_is_too_large_leaves_the_call_unknown(
    tap: Tap, emulator: RunningServer, cast: Cast, vendor: str, narrow: None
) -> None:
    attempt = ended(cast, tap, vendor)
    assert attempt.state == "unknown", attempt.error
    assert "2000 bytes" in attempt.error["message"]
    check_books(emulator, usual_subject(vendor))


@pytest.mark.parametrize("vendor", vendors())
def test_i21_bytes_that_are_no_picture_are_paid_and_said(
    tap: Tap, emulator: RunningServer, cast: Cast, vendor: str
) -> None:
    tap.change = without_pictures
    attempt = ended(cast, tap, vendor)
    assert amount_on_invoice(emulator) > 0
    assert (attempt.state, attempt.error["code"]) == ("settled", "invalid_output"), attempt.error
    check_books(emulator, usual_subject(vendor))


@pytest.mark.parametrize("vendor", vendors())
def test_words_instead_of_a_picture_are_told_and_never_lost(
    tap: Tap, emulator: RunningServer, cast: Cast, vendor: str
) -> None:
    fault(emulator, vendor=vendor, text_only=True)
    attempt = ended(cast, tap, vendor)
    if attempt.error is not None:
        assert attempt.error["code"] in ("no_image_text_answer", "invalid_output", "refused_output"), attempt.error
        assert attempt.state in ("released", "settled")
    check_books(emulator, usual_subject(vendor))


@pytest.mark.parametrize("vendor", vendors())
def test_a_picture_under_a_wrong_content_type_is_a_picture_all_the_same(
    tap: Tap, emulator: RunningServer, cast: Cast, vendor: str
) -> None:
    tap.change = lambda reply: replace(reply, content_type="text/plain") if holds_picture(reply) else reply
    attempt = ended(cast, tap, vendor)
    assert attempt.state in ("settled", "unknown"), attempt.error
    assert attempt.error is None or attempt.state == "unknown"
    check_books(emulator, usual_subject(vendor))


MENU: list[dict[str, Any]] = [
    {"filtered": True}, {"filtered": "prompt"}, {"partial": 0}, {"wrong_cost": "0.5"}, {"wrong_cost": "3"},
    {"status": 429, **OF_THE_WORK}, {"status": 503, **OF_THE_WORK}, {"status": 400, **OF_THE_WORK},
    {"status": 401, **OF_THE_WORK}, {"status": 403, **OF_THE_WORK}, {"status": 404, **OF_THE_WORK},
]  # fmt: skip


@pytest.mark.parametrize("wish", MENU, ids=lambda wish: ",".join(f"{name}={value}" for name, value in wish.items()))
@pytest.mark.parametrize("vendor", vendors())
def test_invoice_and_ledger_agree_under_each_other_fault(
    tap: Tap, emulator: RunningServer, cast: Cast, vendor: str, wish: dict[str, Any], settings: Any
) -> None:
    settings.GENERATION_SECONDS = 4
    fault(emulator, vendor=vendor, **wish)
    generation = carry(cast, usual_subject(vendor))
    assert generation.state != "running"
    if wish.get("status", 0) in (400, 401, 403, 404):
        assert states_of(generation) == ["released"], generation.error
    check_books(emulator, usual_subject(vendor))


def once_after_work(vendor: str, answer: Any) -> Any:
    """Gives `answer` to the first read that follows the costly call."""
    state = {"worked": False, "given": False}

    def hook(arrived: Arrived) -> Delivery | None:
        if arrived.vendor != vendor:
            return None
        if arrived.is_work or not state["worked"] or state["given"]:
            state["worked"] = state["worked"] or arrived.is_work
            return None
        state["given"] = True
        return Delivery(answer) if isinstance(answer, Reply) or answer is None else answer

    return hook


READS = {
    "503": reply_of(503, {"error": "overloaded"}),
    "500": reply_of(500, HTML),
    "429": reply_of(429, {"error": "too many"}, {"Retry-After": "0"}),
    "a broken connection": None,
    "a cut answer": Delivery(reply_of(200, {"status": "processing", "id": "a", "more": "x" * 200}), cut_after=20),
}


@pytest.mark.parametrize("answer", READS.values(), ids=READS.keys())
@pytest.mark.parametrize("vendor", vendors())
def test_i22_a_question_that_breaks_is_asked_again(
    tap: Tap, emulator: RunningServer, cast: Cast, vendor: str, answer: Any
) -> None:
    tap.hook = once_after_work(vendor, answer)
    attempt = ended(cast, tap, vendor)
    assert (attempt.state, attempt.error) == ("settled", None)
    check_books(emulator, usual_subject(vendor))


@pytest.mark.parametrize("vendor", vendors())
def test_i20_a_question_that_is_answered_with_a_page_loses_nothing(
    tap: Tap, emulator: RunningServer, cast: Cast, vendor: str
) -> None:
    tap.hook = once_after_work(vendor, reply_of(200, HTML))
    attempt = ended(cast, tap, vendor)
    assert attempt.state in ("settled", "unknown"), attempt.error
    check_books(emulator, usual_subject(vendor))


@pytest.mark.parametrize("vendor", vendors())
def test_the_plainest_wish_is_carried_out_and_booked(
    tap: Tap, emulator: RunningServer, cast: Cast, vendor: str
) -> None:
    attempt = ended(cast, tap, vendor)
    assert (attempt.state, attempt.error) == ("settled", None)
    assert attempt.generation.images.count() == 1
    check_books(emulator, usual_subject(vendor))
