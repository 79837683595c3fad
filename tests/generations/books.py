"""The last sentence of DESIGN 6 as a check: the vendor's invoice and our ledger must tell the same story."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from django.db.models import Sum

from cloudhub.core.money import parse_amount
from cloudhub.generations.models import Attempt
from tests.generations.booked import Booked


class HasInvoice(Protocol):
    """A running emulator."""

    exchange: Any


def booked_attempts(provider: str = "google-gemini") -> list[Booked]:
    """Every attempt at a vendor in this process's database."""
    attempts = Attempt.objects.filter(generation__model__provider=provider).select_related("hold", "generation__model")
    posted = attempts.annotate(posted=Sum("hold__entries__posted_delta"), held=Sum("hold__entries__held_delta"))
    return [
        Booked(str(attempt.pk), attempt.state, attempt.generation.model.cloud_model_id, attempt.vendor_request_id,
               attempt.posted, attempt.held, bool(attempt.error and attempt.error.get("decided_by")))
        for attempt in posted
    ]  # fmt: skip


def check_invoice_against_ledger(emulator: HasInvoice, attempts: Iterable[Booked] | None = None) -> None:
    """Fails unless invoice total = settled + lines of unknown attempts, with every line and attempt accounted for once.

    Without `attempts` those of this process's database are taken.
    """
    lines = emulator.exchange.invoice.as_json()["calls"]
    booked = booked_attempts() if attempts is None else list(attempts)
    by_id = {attempt.request_id: attempt for attempt in booked if attempt.request_id}
    assert len(by_id) == sum(bool(attempt.request_id) for attempt in booked), "one vendor id at two attempts"
    counts = Counter(line["request_id"] for line in lines)
    assert max(counts.values(), default=1) == 1, "an invoice line stands there twice"
    known = [line for line in lines if line["request_id"] in by_id]
    unseen = _without_nameless(booked, [line for line in lines if line["request_id"] not in by_id])
    _check_known_lines(known, by_id)
    _check_unseen_lines(unseen, booked)
    _check_attempts(booked, {line["request_id"] for line in known})
    settled = sum(attempt.posted for attempt in booked if not attempt.decided)
    of_unknown = [line for line in known if by_id[line["request_id"]].state == "unknown"]
    assert total(lines) == settled + total(of_unknown) + total(unseen)


def _without_nameless(booked: list[Booked], lines: list[Mapping[str, str]]) -> list[Mapping[str, str]]:
    """The lines that are left once each settled call of a vendor that tells no id has taken one like it."""
    left = list(lines)
    for attempt in booked:
        if attempt.is_nameless:
            like = (attempt.model, attempt.posted)
            taken = next((line for line in left if (line["model"], parse_amount(line["amount"])) == like), None)
            assert taken is not None, f"settled without an invoice line: {attempt}"
            left.remove(taken)
    return left


def _check_known_lines(lines: list[Mapping[str, str]], by_id: Mapping[str, Booked]) -> None:
    for line in lines:
        attempt = by_id[line["request_id"]]
        assert attempt.state in ("settled", "unknown"), f"{attempt} is on the invoice: {line}"
        assert attempt.model == line["model"]
        if attempt.state == "settled":
            assert attempt.posted == parse_amount(line["amount"]), f"{attempt} is not what was invoiced: {line}"


def _check_unseen_lines(lines: list[Mapping[str, str]], booked: list[Booked]) -> None:
    """A line without an attempt's id must belong to an unknown attempt of its model: as many lines at most."""
    room = Counter(attempt.model for attempt in booked if attempt.may_be_invoiced_unseen)
    for line in lines:
        assert room[line["model"]] > 0, f"an invoice line without an attempt: {line}"
        room[line["model"]] -= 1


def _check_attempts(booked: list[Booked], invoiced: set[str]) -> None:
    for attempt in booked:
        if attempt.state == "settled" and not attempt.decided:
            # A charge of nothing leaves no line.
            named = attempt.is_nameless or attempt.posted == 0 or attempt.request_id in invoiced
            assert named, f"settled without an invoice line: {attempt}"
            assert attempt.held == 0
        elif attempt.state == "released":
            assert (attempt.posted, attempt.held) == (0, 0), f"released and not empty: {attempt}"
        elif attempt.state in ("held", "sent", "unknown"):
            assert attempt.posted == 0, f"posted before it was settled: {attempt}"
            assert attempt.held > 0, f"open without money held: {attempt}"


def total(lines: Iterable[Mapping[str, str]]) -> int:
    return sum(parse_amount(line["amount"]) for line in lines)
