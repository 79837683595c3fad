"""The ledger: append-only by the database itself, zero over a closed hold, settled once."""

from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.db.models import ProtectedError, Sum

from cloudhub.accounts.actor import Actor, actor_of_hub_key
from cloudhub.billing.models import Hold, LedgerEntry
from cloudhub.billing.reports import entries_for, spend
from cloudhub.billing.triggers import NAMES, install_triggers, missing_triggers, remove_triggers
from cloudhub.catalog.models import Price
from cloudhub.catalog.prices import acknowledge_overrun, cost_of
from cloudhub.core.errors import Conflict
from cloudhub.generations.decide import decide_attempt
from cloudhub.generations.settle import settle_attempt
from tests.billing.stage import (
    PRICE,
    answer,
    attempt_of,
    budget,
    counters,
    differences,
    dollar_model,
    lines_of,
    lose,
    settle,
    submit,
)
from tests.conftest import Cast
from tests.hub_keys import create_hub_key


@pytest.fixture
def one_line(alice: Actor) -> LedgerEntry:
    submit(alice)
    return LedgerEntry.objects.get()


FORBIDDEN = [
    "UPDATE billing_ledgerentry SET posted_delta = 0",
    "UPDATE billing_ledgerentry SET reason = 'nicer' WHERE kind = 'hold'",
    "DELETE FROM billing_ledgerentry",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_i3_the_database_refuses_raw_changes_of_the_ledger(one_line: LedgerEntry, statement: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert LedgerEntry.objects.get().held_delta == PRICE


def test_i3_the_database_refuses_changes_through_the_orm(one_line: LedgerEntry) -> None:
    one_line.posted_delta = 5
    everything = LedgerEntry.objects.all()
    for change in (one_line.save, one_line.delete, everything.delete, lambda: everything.update(held_delta=1)):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()
    assert LedgerEntry.objects.get().posted_delta == 0


def test_i3_the_guards_stand_after_all_migrations(db: None) -> None:
    assert missing_triggers(connection) == []


@pytest.fixture
def unguarded(transactional_db: None) -> Iterator[None]:
    remove_triggers(connection)
    yield
    install_triggers(connection)


def test_i3_the_audit_reports_a_missing_guard(unguarded: None) -> None:
    assert len(differences()) == len(NAMES[connection.vendor])
    output = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("audit_ledger", stdout=output)
    assert ended.value.code == 1
    assert all(name in output.getvalue() for name in NAMES[connection.vendor])


def test_i3_held_sums_to_zero_over_every_closed_hold(alice: Actor) -> None:
    settle(submit(alice), PRICE // 2)
    settle(submit(alice), PRICE * 2)
    acknowledge_overrun(Price.objects.get(model__key="practice-1"))
    decide_attempt(alice, lose(submit(alice)).pk, action="release", reason="The vendor says no.")
    decide_attempt(alice, lose(submit(alice)).pk, action="write_off", reason="Nobody knows.")
    closed = Hold.objects.filter(state="closed").annotate(held=Sum("entries__held_delta"))
    assert [hold.held for hold in closed] == [0, 0, 0, 0]
    assert differences() == []


def test_i15_a_second_settlement_changes_nothing_and_is_logged(alice: Actor, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    generation = submit(alice)
    assert settle(generation, PRICE // 2)
    before = lines_of(attempt_of(generation).pk)
    assert not settle(generation, PRICE)
    assert lines_of(attempt_of(generation).pk) == before == [("hold", PRICE, 0), ("settle", -PRICE, PRICE // 2)]
    assert "second answer changes nothing" in caplog.text


def test_i16_an_answer_below_the_quote_returns_the_rest_at_once(alice: Actor) -> None:
    limit = budget(alice, PRICE)
    generation = submit(alice)
    assert counters(limit) == (PRICE, 0)
    settle(generation, PRICE - 1)
    assert counters(limit) == (0, PRICE - 1)


def test_i16_an_overrun_is_an_entry_of_its_own_alarmed_and_blocks_the_price(
    alice: Actor, caplog: pytest.LogCaptureFixture
) -> None:
    limit = budget(alice, 10 * PRICE)
    generation = submit(alice)
    settle(generation, PRICE + 7)
    assert lines_of(attempt_of(generation).pk) == [("hold", PRICE, 0), ("settle", -PRICE, PRICE), ("overrun", 0, 7)]
    assert counters(limit) == (0, PRICE + 7)
    assert "Overrun" in [record.getMessage() for record in caplog.records if record.levelname == "ERROR"][0]
    with pytest.raises(Conflict) as refusal:
        submit(alice)
    assert refusal.value.code == "price_blocked"
    assert differences() == []


def test_i16_a_blocked_price_works_again_once_a_person_has_acknowledged_it(alice: Actor) -> None:
    settle(submit(alice), PRICE + 1)
    price = Price.objects.get(model__key="practice-1")
    assert price.blocked_at is not None
    acknowledge_overrun(price)
    assert submit(alice).state == "queued"


def test_i17_a_partial_success_posts_what_the_vendor_billed(alice: Actor) -> None:
    generation = submit(alice, pictures=4)
    billed = {"image": 3, "image:1K": 3}
    settle(generation, pictures=3, reported=False, billed=billed)
    generation.refresh_from_db()
    assert (generation.state, generation.cost_micros) == ("partial", 3 * PRICE)
    assert LedgerEntry.objects.get(kind="settle").images == 3


def test_i17_an_answer_that_names_no_known_unit_posts_the_upper_bound(alice: Actor) -> None:
    generation = submit(alice)
    settle(generation, reported=False, billed={"image": 1, "a_new_unit": 3})
    generation.refresh_from_db()
    assert generation.cost_micros == PRICE


def test_i19_generation_ledger_and_every_report_name_the_same_cost(alice: Actor) -> None:
    generation = submit(alice, pictures=3, tags=["poster"])
    settle(generation, 23_456, pictures=3)
    generation.refresh_from_db()
    amounts = [generation.cost_micros, sum(entry.posted_delta for entry in entries_for(alice))]
    for group in ("day", "model", "provider", "user", "team", "hub_key", "tag"):
        [row] = spend(alice, group_by=group)
        assert (row.calls, row.images, row.currency) == (1, 3, "XTS")
        amounts.append(row.amount_micros)
    assert set(amounts) == {23_456}


def test_i26_the_whole_ledger_can_be_rated_again_from_frozen_prices(alice: Actor) -> None:
    dollars = dollar_model()
    Price.objects.create(
        model=dollars, currency="USD", effective_from="2026-01-01T00:00:00Z", source="a later page",
        read_on="2026-01-01", lines=[{"unit": "image", "amount": "0.05", "per": 1, "description": "Picture"}],
    )  # fmt: skip
    for pictures, resolution in ((1, "0.5K"), (4, "1K"), (9, "2K")):
        submit(alice, pictures=pictures, resolution=resolution)
    submit(alice, pictures=2, model=dollars.key)
    for hold in Hold.objects.all():
        cost = cost_of(hold.quote["quantities"], hold.price)
        assert cost is not None
        assert (hold.amount_micros, hold.currency) == (cost.amount, cost.currency)
        assert lines_of(hold.pk) == [("hold", hold.amount_micros, 0)]


def test_i26_a_new_price_leaves_a_call_under_way_at_its_own(alice: Actor) -> None:
    generation = submit(alice)
    price = Price.objects.get(model__key="practice-1")
    Price.objects.create(
        model=price.model, currency="XTS", effective_from="2026-06-01T00:00:00Z", source="dearer", read_on="2026-06-01",
        lines=[{"unit": "image:1K", "amount": "9", "per": 1, "description": "picture"}],
    )  # fmt: skip
    settle(generation, reported=False, billed={"image": 1, "image:1K": 1})
    generation.refresh_from_db()
    assert generation.cost_micros == PRICE
    assert differences() == []


def test_i30_nobody_and_nothing_that_the_ledger_names_can_be_deleted(cast: Cast) -> None:
    key, _text = create_hub_key(name="robot", user=cast.alice.user, team=cast.team)
    limit = budget(cast.alice, 10 * PRICE, scope="hub_key", target=str(key.pk))
    generation = submit(actor_of_hub_key(key))
    settle(generation)
    price = Price.objects.get(model=cast.practice)
    named = (cast.alice.user, cast.team, key, cast.practice, price, limit, generation, attempt_of(generation).hold)
    for row in named:
        with pytest.raises(ProtectedError):
            row.delete()
    assert LedgerEntry.objects.count() == 2


def test_i30_a_late_answer_is_a_new_line_pointing_to_its_hold(alice: Actor) -> None:
    limit = budget(alice, 10 * PRICE)
    dearer, cheaper = lose(submit(alice)), lose(submit(alice))
    decide_attempt(alice, dearer.pk, action="release", reason="Surely not run.")
    decide_attempt(alice, cheaper.pk, action="settle", amount="0.010000", reason="Surely run.")
    for attempt, micros in ((dearer, 4_000), (cheaper, 3_000)):
        assert settle_attempt(attempt.pk, answer(attempt, micros))
    assert lines_of(dearer.pk) == [("hold", PRICE, 0), ("release", -PRICE, 0), ("overrun", 0, 4_000)]
    assert lines_of(cheaper.pk) == [("hold", PRICE, 0), ("settle", -PRICE, PRICE), ("refund", 0, -7_000)]
    assert counters(limit) == (0, 7_000)
    assert differences() == []


def test_i30_a_late_answer_counts_in_a_budget_made_after_the_decision(alice: Actor) -> None:
    attempt = lose(submit(alice))
    decide_attempt(alice, attempt.pk, action="release", reason="Surely not run.")
    limit = budget(alice, 10 * PRICE)
    settle_attempt(attempt.pk, answer(attempt, 4_000))
    assert counters(limit) == (0, 4_000)
    assert differences() == []


def test_an_answer_for_a_call_that_was_never_sent_moves_no_money(alice: Actor) -> None:
    attempt = attempt_of(submit(alice))
    with pytest.raises(ValueError, match="not closed yet"):
        settle_attempt(attempt.pk, answer(attempt, PRICE // 2))
    assert lines_of(attempt.pk) == [("hold", PRICE, 0)]
    assert differences() == []
