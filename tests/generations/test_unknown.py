"""An unknown outcome: its money stays held, everybody sees it, a person decides, and a late answer still counts."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from cloudhub.billing.models import BudgetWindow, LedgerEntry
from cloudhub.billing.reports import name_deciders
from cloudhub.catalog.models import CloudModel
from cloudhub.core.errors import BudgetExceeded, Conflict, Forbidden, Invalid, NotFound
from cloudhub.generations import storage
from cloudhub.generations.answers import KeptAnswer, KeptPicture
from cloudhub.generations.decide import decide_attempt
from cloudhub.generations.engine import engine
from cloudhub.generations.find import generations_for
from cloudhub.generations.models import Attempt, Generation
from cloudhub.generations.perform import perform_attempt
from cloudhub.generations.settle import mark_unknown, settle_attempt, settle_without_pictures
from providers.base import Rejected, ReportedCost
from providers.emulation.server import RunningServer
from tests.conftest import Cast
from tests.generations.books import check_invoice_against_ledger
from tests.generations.stage import (
    FLASH,
    FLASH_PRICE,
    NANO,
    again,
    all_at_once,
    assert_books_are_right,
    attempts_of,
    budget,
    carry_out,
    fault,
    in_thread,
    ledger_of,
    png,
    states_of,
    submit,
)

HELD = ("hold", FLASH_PRICE, 0)
LONG_AGO = timedelta(hours=2)


@pytest.fixture
def lost(gemini: RunningServer, gemini_flash: CloudModel, any_cast: Cast) -> Attempt:
    """An attempt whose answer was lost after the vendor had done and billed the work."""
    fault(gemini, drop="after_work")
    return attempts_of(carry_out(any_cast.bob, FLASH))[0]


def age(attempt: Attempt) -> Attempt:
    """Long enough ago that the vendor cannot answer any more."""
    Attempt.objects.filter(hold_id=attempt.pk).update(sent_at=timezone.now() - LONG_AGO)
    return attempt


def decide(cast: Cast, attempt: Attempt, action: str, **more: Any) -> Attempt:
    return decide_attempt(cast.alice, attempt.pk, action=action, reason="The bill says so.", **more)


def answer_of(attempt: Attempt, **changes: Any) -> KeptAnswer:
    values: dict[str, Any] = {"pictures": (), "billed": {"image": 1}, "reported": False, "usage": {}}
    return KeptAnswer(
        **{"attempt_id": str(attempt.pk), "request_id": "late-1", "provider_response": {}, **values, **changes}
    )


def test_i20_no_timer_ever_releases_it(lost: Attempt) -> None:
    age(lost)
    for _ in range(3):
        engine.run_once()
    assert states_of(lost.generation) == ["unknown"]
    assert ledger_of(lost.generation) == [HELD]


def test_i20_its_money_counts_against_the_budget(lost: Attempt, cast: Cast) -> None:
    limit = budget(cast.alice, "0.05")
    assert BudgetWindow.objects.get(budget=limit).held_micros == FLASH_PRICE
    with pytest.raises(BudgetExceeded):
        submit(cast.bob, FLASH)


def test_i21_it_is_seen_by_its_team(lost: Attempt, cast: Cast) -> None:
    assert generations_for(cast.victor).filter(state="unknown").count() == 1
    assert generations_for(cast.charlie).count() == 0


@pytest.mark.parametrize(
    ("action", "state", "line", "cost"),
    [
        ("settle", "settled", ("settle", -FLASH_PRICE, FLASH_PRICE), FLASH_PRICE),
        ("release", "released", ("release", -FLASH_PRICE, 0), 0),
        ("write_off", "written_off", ("write_off", -FLASH_PRICE, 0), 0),
    ],
)
def test_i21_an_owner_decides_and_the_ledger_names_them(
    lost: Attempt, cast: Cast, action: str, state: str, line: tuple[str, int, int], cost: int
) -> None:
    assert decide(cast, age(lost), action).state == state
    assert ledger_of(lost.generation) == [HELD, line]
    generation = again(lost.generation)
    assert (generation.state, generation.cost_micros) == ("failed", cost)
    entry = LedgerEntry.objects.get(kind=line[0])
    assert (entry.actor, entry.reason) == (f"user {cast.alice.user.pk}", "The bill says so.")
    assert name_deciders([entry])[0].actor == "alice@example.org"


def test_an_owner_settles_at_what_the_bill_says(lost: Attempt, cast: Cast) -> None:
    decide(cast, age(lost), "settle", amount="0.02")
    assert ledger_of(lost.generation) == [HELD, ("settle", -FLASH_PRICE, 20_000)]
    assert again(lost.generation).cost_micros == 20_000


@pytest.mark.parametrize(
    ("action", "more"),
    [("release", {}), ("write_off", {}), ("settle", {"amount": "0"}), ("settle", {"amount": "0.038999"})],
)
def test_it_is_too_early_to_give_the_money_back_while_the_vendor_may_answer(
    lost: Attempt, cast: Cast, action: str, more: dict[str, str]
) -> None:
    almost = timedelta(seconds=300 + 600 - 5)
    Attempt.objects.filter(hold_id=lost.pk).update(sent_at=timezone.now() - almost)
    with pytest.raises(Conflict, match="may still answer") as refused:
        decide(cast, lost, action, **more)
    assert refused.value.code == "too_early"
    assert ledger_of(lost.generation) == [HELD]


@pytest.mark.parametrize(
    ("action", "more", "field"),
    [
        ("burn", {}, "action"),
        (None, {}, "action"),
        (["settle"], {}, "action"),
        ("settle", {"reason": " "}, "reason"),
        ("settle", {"reason": None}, "reason"),
        ("settle", {"reason": "x" * 401}, "reason"),
        ("settle", {"reason": "a\x00b"}, "reason"),
        ("settle", {"amount": "-1"}, "amount"),
        ("settle", {"amount": "0.0000001"}, "amount"),
        ("settle", {"amount": 0.02}, "amount"),
        ("settle", {"amount": "NaN"}, "amount"),
        ("release", {"amount": "0.02"}, "amount"),
    ],
)
def test_a_decision_is_read_strictly(lost: Attempt, cast: Cast, action: Any, more: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        decide_attempt(cast.alice, lost.pk, **{"action": action, "reason": "Why.", **more})
    assert set(refused.value.fields) == {field}


def test_only_an_owner_of_the_team_decides(lost: Attempt, cast: Cast) -> None:
    for actor, error in ((cast.bob, Forbidden), (cast.charlie, NotFound)):
        with pytest.raises(error):
            decide_attempt(actor, lost.pk, action="settle", reason="Mine.")


def test_i15_a_second_decision_changes_nothing(lost: Attempt, cast: Cast) -> None:
    decide(cast, lost, "settle")
    with pytest.raises(Conflict, match="only an unknown outcome"):
        decide(cast, lost, "settle")
    assert len(ledger_of(lost.generation)) == 2


def test_i15_of_two_decisions_at_once_one_counts(lost: Attempt, committed_cast: Cast) -> None:
    outcomes: list[str] = []

    def press() -> None:
        try:
            outcomes.append(decide(committed_cast, lost, "settle").state)
        except Conflict:
            outcomes.append("conflict")

    all_at_once(6, press)
    assert sorted(outcomes) == ["conflict"] * 5 + ["settled"]
    assert len(ledger_of(lost.generation)) == 2


def test_a_late_answer_settles_what_nobody_decided(
    gemini: RunningServer, gemini_flash: CloudModel, committed_cast: Cast
) -> None:
    generation = answered_late(gemini, committed_cast, lambda attempt: None)
    assert (generation.state, generation.cost_micros) == ("succeeded", FLASH_PRICE)
    assert ledger_of(generation) == [HELD, ("settle", -FLASH_PRICE, FLASH_PRICE)]
    check_invoice_against_ledger(gemini)


@pytest.mark.parametrize("action", ["release", "write_off"])
def test_a_late_answer_after_the_money_was_given_back_is_booked_and_its_picture_kept(
    gemini: RunningServer, gemini_flash: CloudModel, committed_cast: Cast, action: str
) -> None:
    generation = answered_late(gemini, committed_cast, lambda attempt: decide(committed_cast, age(attempt), action))
    assert (generation.state, generation.cost_micros) == ("succeeded", FLASH_PRICE)
    assert states_of(generation) == ["settled"]
    assert ledger_of(generation) == [HELD, (action, -FLASH_PRICE, 0), ("overrun", 0, FLASH_PRICE)]
    assert generation.images.count() == 1
    check_invoice_against_ledger(gemini)


@pytest.mark.parametrize(("amount", "correction"), [("0.01", 29_000), ("0.039", None)])
def test_a_late_answer_corrects_what_a_person_settled(
    lost: Attempt, cast: Cast, amount: str, correction: int | None
) -> None:
    decide(cast, age(lost), "settle", amount=amount)
    assert settle_attempt(lost.pk, answer_of(lost))
    corrections = [posted for kind, _, posted in ledger_of(lost.generation) if kind in ("overrun", "refund")]
    assert corrections == ([correction] if correction else [])
    assert again(lost.generation).cost_micros == FLASH_PRICE


def test_a_settlement_above_the_bill_is_refunded(gemini: RunningServer, gemini_models: object, cast: Cast) -> None:
    fault(gemini, drop="after_work")
    generation = carry_out(cast.bob, NANO)
    attempt = attempts_of(generation)[0]
    decide(cast, attempt, "settle")
    settle_attempt(attempt.pk, answer_of(attempt, billed={"image": 1, "image_output_token": 1000}))
    kinds = [kind for kind, _, _ in ledger_of(generation)]
    assert kinds == ["hold", "settle", "refund"]
    assert again(generation).cost_micros < attempt.hold.amount_micros


def test_i15_the_same_late_answer_twice_is_booked_and_filed_once(lost: Attempt, cast: Cast) -> None:
    decide(cast, age(lost), "release")
    picture = KeptPicture(storage.keep_bytes(png()), len(png()), 300, 300, "image/png", None, "")
    assert settle_attempt(lost.pk, answer_of(lost, pictures=(picture,)))
    before = ledger_of(lost.generation)
    assert not settle_attempt(lost.pk, answer_of(lost, pictures=(picture,)))
    assert ledger_of(lost.generation) == before
    assert (again(lost.generation).cost_micros, lost.images.count()) == (FLASH_PRICE, 1)


def test_a_late_refusal_that_is_billed_is_booked_too(gemini: RunningServer, gemini_models: object, cast: Cast) -> None:
    fault(gemini, drop="after_work")
    generation = carry_out(cast.bob, NANO)
    attempt = age(attempts_of(generation)[0])
    decide(cast, attempt, "release")
    refusal = Rejected("refused_output", "Withheld, and billed.", billed={"input_token": 100})
    assert settle_without_pictures(attempt.pk, refusal)
    assert [kind for kind, _, _ in ledger_of(generation)] == ["hold", "release", "overrun"]
    assert (again(generation).state, states_of(generation)) == ("refused", ["settled"])
    assert not settle_without_pictures(attempt.pk, Rejected("refused_output", "Withheld."))


@pytest.mark.parametrize(("cost", "posted"), [("0.0123", 12_300), ("0.05", 50_000), ("0.000", 0)])
def test_i8_a_refusal_with_a_reported_cost_is_settled_at_that_cost(lost: Attempt, cost: str, posted: int) -> None:
    refusal = Rejected("refused_output", "Withheld.", billed=ReportedCost(cost, "USD"), request_id="late-1")
    assert settle_without_pictures(lost.pk, refusal)
    ended = again(lost.generation)
    assert (ended.state, ended.cost_micros, ended.error["billed"]) == ("refused", posted, "yes" if posted else "no")
    assert states_of(ended) == ["settled" if posted else "released"]
    assert sum(held for _, held, _ in ledger_of(ended)) == 0
    assert_books_are_right()


def test_a_reported_cost_in_another_currency_counts_as_all_that_is_held(lost: Attempt) -> None:
    assert settle_without_pictures(lost.pk, Rejected("refused_output", "No.", billed=ReportedCost("9", "EUR")))
    assert again(lost.generation).cost_micros == FLASH_PRICE


def test_a_late_proof_that_nothing_ran_gives_the_money_back(lost: Attempt) -> None:
    assert settle_without_pictures(lost.pk, Rejected("refused_prompt", "Refused, not billed."))
    assert ledger_of(lost.generation) == [HELD, ("release", -FLASH_PRICE, 0)]
    assert again(lost.generation).state == "refused"


def answered_late(gemini: RunningServer, cast: Cast, meanwhile: Any) -> Generation:
    """A call that a sweep took for lost, whose answer arrives after `meanwhile(attempt)`."""
    fault(gemini, delay_ms=1500)
    generation = submit(cast.bob, FLASH).generation
    attempt = attempts_of(generation)[0]
    call = in_thread(perform_attempt, attempt.pk, threading.Event())
    while not Attempt.objects.filter(hold_id=attempt.pk, state="sent").exists():
        pass
    mark_unknown(attempt.pk, {"code": "unknown_outcome", "message": "Lost.", "billed": "unknown"})
    meanwhile(attempts_of(generation)[0])
    call.join()
    return again(generation)
