"""Whatever breaks on the way: nothing is sent twice, nothing is lost, invoice and ledger tell the same story."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from cloudhub.generations.models import Attempt
from providers.catalogue import installed_providers
from providers.emulation.exchange import Delivery
from providers.emulation.server import RunningServer
from tests.conftest import Cast
from tests.contract.drive import doors
from tests.contract.faults import ARRIVED, CODES_OF_WORDS, HTML, OF_THE_WORK, UNKNOWN_CODES, UNREADABLE
from tests.contract.hub import carry, charged, check_books, last_attempt
from tests.contract.subjects import booked_vendors, documents_of, usual_subject
from tests.contract.tap import Arrived, Hook, Tap, holds_picture, reply_of, without_pictures
from tests.generations.stage import fault, states_of

pytestmark = pytest.mark.usefixtures("quick_hub")


@pytest.fixture
def impatient() -> Iterator[None]:
    """Every door waits three fifths of a second for an answer."""
    patient = [(door, door.client.timeout) for door in doors()]
    for door, _ in patient:
        door.client.timeout = httpx.Timeout(0.6)
    yield
    for door, timeout in patient:
        door.client.timeout = timeout


def ended(cast: Cast, tap: Tap, vendor: str, hook: Hook | None = None) -> Attempt:
    """The attempt at the vendor's plainest wish; there was exactly one costly call."""
    generation = carry(cast, usual_subject(vendor), hook, tap)
    assert len([arrived for arrived in tap.work() if arrived.vendor == vendor]) == 1, "not one costly call"
    assert len(states_of(generation)) == 1
    return last_attempt(generation)


@pytest.mark.parametrize("vendor", booked_vendors())
def test_i20_a_costly_call_without_a_readable_answer_is_unknown(
    tap: Tap, emulator: RunningServer, cast: Cast, vendor: str
) -> None:
    problems = []
    for name, wish in UNREADABLE.items():
        fault(emulator, vendor=vendor, **wish)
        attempt = ended(cast, tap, vendor)
        told = attempt.error or {}
        if (attempt.state, told.get("billed")) != ("unknown", "unknown") or told["code"] not in UNKNOWN_CODES:
            problems.append((name, attempt.state, told))
    assert documents_of(vendor).finds_lost_jobs or problems == []
    settled = [name for name, state, told in problems if state == "settled" and not told]
    assert not documents_of(vendor).finds_lost_jobs or settled == ARRIVED
    check_books(emulator, usual_subject(vendor))


@pytest.mark.parametrize("vendor", booked_vendors())
def test_i20_an_answer_that_comes_too_late_leaves_the_call_unknown(
    tap: Tap, emulator: RunningServer, cast: Cast, vendor: str, impatient: None
) -> None:
    fault(emulator, vendor=vendor, delay_ms=1500, **OF_THE_WORK)
    attempt = ended(cast, tap, vendor)
    if documents_of(vendor).finds_lost_jobs:
        assert (attempt.state, attempt.error) == ("settled", None)
    else:
        assert (attempt.state, attempt.error["code"]) == ("unknown", "unknown_outcome"), attempt.error
        assert "in time" in attempt.error["message"]
    check_books(emulator, usual_subject(vendor))


@pytest.mark.parametrize("vendor", booked_vendors())
def test_i20_an_answer_that_is_too_large_leaves_the_call_unknown(
    tap: Tap, emulator: RunningServer, cast: Cast, vendor: str, narrow: None
) -> None:
    attempt = ended(cast, tap, vendor)
    assert attempt.state == "unknown", attempt.error
    assert "2000 bytes" in attempt.error["message"]
    check_books(emulator, usual_subject(vendor))


@pytest.mark.parametrize("vendor", booked_vendors())
def test_i21_bytes_that_are_no_picture_are_paid_and_said(
    tap: Tap, emulator: RunningServer, cast: Cast, vendor: str
) -> None:
    tap.change = without_pictures
    attempt = ended(cast, tap, vendor)
    assert attempt.error["code"] == "invalid_output", attempt.error
    if not documents_of(vendor).bills_nobody:
        assert (attempt.state, charged(emulator, vendor) > 0) == ("settled", True), attempt.error
    check_books(emulator, usual_subject(vendor))


@pytest.mark.parametrize("vendor", booked_vendors())
def test_words_instead_of_a_picture_are_told_and_never_lost(
    tap: Tap, emulator: RunningServer, cast: Cast, vendor: str
) -> None:
    fault(emulator, vendor=vendor, text_only=True)
    attempt = ended(cast, tap, vendor)
    if attempt.error is not None:
        assert attempt.error["code"] in CODES_OF_WORDS, attempt.error
        assert attempt.state in ("released", "settled")
    check_books(emulator, usual_subject(vendor))


@pytest.mark.parametrize("vendor", booked_vendors())
def test_a_picture_under_a_wrong_content_type_is_a_picture_all_the_same(
    tap: Tap, emulator: RunningServer, cast: Cast, vendor: str
) -> None:
    tap.change = lambda reply: replace(reply, content_type="text/plain") if holds_picture(reply) else reply
    attempt = ended(cast, tap, vendor)
    assert attempt.state in ("settled", "unknown"), attempt.error
    assert attempt.error is None or attempt.state == "unknown"
    check_books(emulator, usual_subject(vendor))


MENU: list[dict[str, Any]] = [
    {"filtered": True}, {"filtered": "prompt"}, {"partial": 0}, {"wrong_cost": "0.5"}, {"wrong_cost": "1"},
    {"status": 429, **OF_THE_WORK}, {"status": 503, **OF_THE_WORK}, {"status": 400, **OF_THE_WORK},
    {"status": 401, **OF_THE_WORK}, {"status": 403, **OF_THE_WORK}, {"status": 404, **OF_THE_WORK},
    {"wrong_cost": "3"},
]  # fmt: skip


@pytest.mark.parametrize("vendor", booked_vendors())
def test_invoice_and_ledger_agree_under_each_other_fault(
    tap: Tap, emulator: RunningServer, cast: Cast, vendor: str, settings: Any
) -> None:
    problems = []
    # An answer after which the vendor's pages want another try, such as a token that had ended.
    repeated = {error.status for error in documents_of(vendor).errors if (error.on, error.ends) == ("start", "busy")}
    for wish in MENU:
        settings.GENERATION_SECONDS = 2 if wish.get("status") in (429, 503) else 20
        emulator.exchange.faults.clear()
        fault(emulator, vendor=vendor, **wish)
        generation = carry(cast, usual_subject(vendor))
        if wish.get("status", 0) in {400, 401, 403, 404} - repeated and states_of(generation) != ["released"]:
            problems.append((wish, states_of(generation), generation.error))
        if wish == {"filtered": True} and not documents_of(vendor).bills_nobody:
            # The first of the menu: what the vendor says of withheld pictures is what its invoice says.
            is_charged = "yes" if charged(emulator, vendor) else "no"
            assert installed_providers()[vendor].billed_on_filter in (is_charged, "unknown")
        try:
            check_books(emulator, usual_subject(vendor))
        except AssertionError as error:
            problems.append((wish, states_of(generation), str(error)))
            break
    assert problems == []


def once_after_work(vendor: str, answer: Delivery) -> Hook:
    """Gives `answer` to the first read that follows the costly call."""
    state = {"worked": False, "given": False}

    def hook(arrived: Arrived) -> Delivery | None:
        if arrived.vendor != vendor:
            return None
        if arrived.is_work or not state["worked"] or state["given"]:
            state["worked"] = state["worked"] or arrived.is_work
            return None
        state["given"] = True
        return answer

    return hook


READS = {
    "503": Delivery(reply_of(503, {"error": "overloaded"})),
    "500": Delivery(reply_of(500, HTML)),
    "429": Delivery(reply_of(429, {"error": "too many"}, {"Retry-After": "0"})),
    "a broken connection": Delivery(None),
    "a cut answer": Delivery(reply_of(200, {"status": "processing", "id": "a", "more": "x" * 200}), cut_after=20),
}


@pytest.mark.parametrize("vendor", booked_vendors())
def test_i22_a_question_that_breaks_is_asked_again(tap: Tap, emulator: RunningServer, cast: Cast, vendor: str) -> None:
    problems = []
    for name, answer in READS.items():
        attempt = ended(cast, tap, vendor, once_after_work(vendor, answer))
        if attempt.state != "settled" or attempt.error is not None:
            problems.append((name, attempt.state, attempt.error))
    attempt = ended(cast, tap, vendor, once_after_work(vendor, Delivery(reply_of(200, HTML))))
    if attempt.state not in ("settled", "unknown"):
        problems.append(("a proxy's page", attempt.state, attempt.error))
    assert problems == []
    check_books(emulator, usual_subject(vendor))


@pytest.mark.parametrize("vendor", booked_vendors())
def test_the_plainest_wish_is_carried_out_and_booked(
    tap: Tap, emulator: RunningServer, cast: Cast, vendor: str
) -> None:
    attempt = ended(cast, tap, vendor)
    assert (attempt.state, attempt.error) == ("settled", None)
    assert attempt.generation.images.count() == 1
    check_books(emulator, usual_subject(vendor))
