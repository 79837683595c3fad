"""Whoever changes something leaves a line: found from the code for every verb, seen for each act of an owner."""

import ast
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from cloudhub.accounts.audit_trail import record
from cloudhub.accounts.models import AuditEntry
from cloudhub.billing.budgets import change_budget, create_budget, end_budget
from cloudhub.billing.models import Budget
from cloudhub.catalog.models import CloudModel, Price
from cloudhub.catalog.prices import acknowledge_overrun
from cloudhub.catalog.register import change_model, register_model
from cloudhub.core.errors import Conflict
from cloudhub.generations.decide import decide_attempt
from cloudhub.generations.models import Attempt
from cloudhub.lanes.change import open_again, set_limits
from cloudhub.lanes.models import Lane
from tests.billing.stage import lose, submit
from tests.conftest import Cast

ROOT = Path(__file__).resolve().parent.parent
RECORD = f"{record.__module__}.{record.__name__}"
WRITES = "cloudhub.core.database.run_transaction"
# Verbs that write and leave no line, each with what tells of them instead.
TOLD_ELSEWHERE = {
    "cloudhub.generations.cancel.cancel_generation": "the generation says that it was cancelled",
    "cloudhub.generations.images.upload_image": "the picture's row names its person",
    "cloudhub.generations.imports.import_images": "the picture's row names its person",
    "cloudhub.generations.run.submit_and_wait": "the generation and the ledger name the person",
    "cloudhub.generations.submit.submit_generation": "the generation and the ledger name the person",
    "cloudhub.health.check.check_now": "asks a vendor, changes nothing of ours",
    "cloudhub.health.report.report": "only reads; what it reaches writes in the runner's chores",
}


@cache
def _functions() -> dict[str, tuple[ast.FunctionDef, dict[str, str]]]:
    """Every function of the hub's core by its full name, with what the names in its module mean."""
    found = {}
    for path in sorted((ROOT / "cloudhub").glob("*/*.py")):
        if path.parent.name in ("web", "api") or path.name == "admin.py":
            continue
        module, tree = ".".join(path.relative_to(ROOT).with_suffix("").parts), ast.parse(path.read_text())
        own = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
        names = {node.name: f"{module}.{node.name}" for node in own}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        found |= {f"{module}.{node.name}": (node, names) for node in own}
    return found


@cache
def _reached(name: str) -> frozenset[str]:
    """All that a function may come to call, itself or through others."""
    reached: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current in reached:
            continue
        reached.add(current)
        if current in _functions():
            node, names = _functions()[current]
            parts = list(ast.walk(node))
            waiting += [names[part.id] for part in parts if isinstance(part, ast.Name) and part.id in names]
            inside = [part for part in parts if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name)]
            waiting += [f"{names[part.value.id]}.{part.attr}" for part in inside if part.value.id in names]
    return frozenset(reached)


def _verbs() -> Iterator[str]:
    """Public functions that take an actor and may write."""
    for name, (node, _) in _functions().items():
        arguments = [*node.args.args, *node.args.kwonlyargs]
        takes = any(one.annotation and "Actor" in ast.unparse(one.annotation).split(" | ") for one in arguments)
        if takes and not node.name.startswith("_") and WRITES in _reached(name):
            yield name


@pytest.mark.sqlite_only
def test_every_verb_that_takes_an_actor_and_writes_records_it() -> None:
    verbs = set(_verbs())
    assert "cloudhub.billing.budgets.end_budget" in verbs
    silent = sorted(name for name in verbs if RECORD not in _reached(name) and name not in TOLD_ELSEWHERE)
    assert not silent, f"Call `record` in their transaction, or say in TOLD_ELSEWHERE what tells of them: {silent}"
    stale = sorted(name for name in TOLD_ELSEWHERE if name not in verbs or RECORD in _reached(name))
    assert not stale, f"Remove from TOLD_ELSEWHERE, for they record now or are gone: {stale}"


@pytest.mark.sqlite_only
def test_every_door_says_who_registers_and_changes_models() -> None:
    """Their actor may be left out, for the hub itself; a person's door may not."""
    named = {"register_model", "change_model", "acknowledge_overrun"}
    doors = [*(ROOT / "cloudhub/web").rglob("*.py"), *(ROOT / "cloudhub/api").rglob("*.py"),
             *(ROOT / "cloudhub").rglob("admin.py"), *(ROOT / "cloudhub").rglob("commands/*.py")]  # fmt: skip
    for path in doors:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in named:
                assert "actor" in [keyword.arg for keyword in node.keywords], f"{path.name}:{node.lineno}"


BUDGET = {"name": "day", "scope": "hub", "window": "day", "limit": "1.000000", "currency": "XTS"}
Act = Callable[[Cast], object]


def _budget(cast: Cast) -> Budget:
    return Budget.objects.filter(archived_at=None).first() or create_budget(cast.alice, BUDGET)


def _lane() -> Lane:
    return Lane.objects.get_or_create(provider="practice", model="practice-1", key_print="")[0]


def _lost(cast: Cast) -> Attempt:
    return Attempt.objects.filter(state="unknown").first() or lose(submit(cast.bob))


def _blocked(cast: Cast) -> Price:
    Price.objects.filter(model=cast.practice).update(blocked_at=timezone.now(), blocked_reason="billed more")
    return Price.objects.filter(model=cast.practice).first()


ACTS: dict[str, Act] = {
    "budget.created": lambda cast: create_budget(cast.alice, {**BUDGET, "name": "other"}),
    "budget.changed": lambda cast: change_budget(cast.alice, _budget(cast), {"limit": "2", "name": "new"}),
    "budget.ended": lambda cast: end_budget(cast.alice, _budget(cast)),
    "model.registered": lambda cast: register_model(
        provider="practice", cloud_model_id="practice-1", key="second", actor=cast.alice
    ),
    "model.changed": lambda cast: change_model(cast.practice, {"price_per_image": "0.04"}, actor=cast.alice),
    "price_block.acknowledged": lambda cast: acknowledge_overrun(_blocked(cast), actor=cast.alice),
    "lane.limits_changed": lambda cast: set_limits(cast.alice, _lane(), None),
    "lane.opened": lambda cast: open_again(cast.alice, _lane()),
    "outcome.settled": lambda cast: decide_attempt(
        cast.alice, _lost(cast).pk, action="settle", reason="Bob Marley saw the bill"
    ),
}


def _stage(cast: Cast) -> None:
    _budget(cast), _lane(), _lost(cast), _blocked(cast)


@pytest.mark.parametrize("action", ACTS)
def test_an_act_leaves_one_line_with_who_and_what(action: str, cast: Cast) -> None:
    _stage(cast)
    last = AuditEntry.objects.latest("number").number
    ACTS[action](cast)
    (line,) = AuditEntry.objects.filter(number__gt=last)
    assert (line.action, line.user, line.who, line.door) == (action, cast.alice.user, "alice@example.org", "command")
    assert line.target_kind
    assert line.target_id
    assert "Bob" not in str(line.details)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("action", ACTS)
def test_an_act_that_cannot_be_told_is_not_done(action: str, cast: Cast) -> None:
    """The line stands in the transaction of the act: without the one there is not the other."""
    _stage(cast)
    tables = (Budget, CloudModel, Price, Lane, Attempt)
    before = [list(table.objects.order_by("pk").values()) for table in tables]
    blocked = _blocked(cast).blocked_at
    with transaction.atomic(), connection.cursor() as cursor:
        refuse = "BEGIN SELECT RAISE(ABORT, 'no'); END"
        cursor.execute(f"CREATE TRIGGER no_line BEFORE INSERT ON accounts_auditentry {refuse}")
    price = Price.objects.get(blocked_at=blocked)
    acts = {**ACTS, "price_block.acknowledged": lambda cast: acknowledge_overrun(price, actor=cast.alice)}
    with pytest.raises((IntegrityError, Conflict)):
        acts[action](cast)
    after = [list(table.objects.order_by("pk").values()) for table in tables]
    for rows in (*before, *after):
        for row in rows:
            row.pop("blocked_at", None)
    assert after == before
    assert Price.objects.filter(blocked_at=blocked).exists()


def test_an_act_that_changes_nothing_leaves_no_line(cast: Cast) -> None:
    budget = _budget(cast)
    last = AuditEntry.objects.latest("number").number
    change_budget(cast.alice, budget, {})
    change_model(cast.practice, {}, actor=cast.alice)
    acknowledge_overrun(Price.objects.filter(model=cast.practice).first(), actor=cast.alice)
    assert AuditEntry.objects.latest("number").number == last
