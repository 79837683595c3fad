"""What the Generate button says before it is pressed: the price, what it leaves of the budget, or why it cannot be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cloudhub.accounts.actor import Actor
from cloudhub.billing.budgets import BudgetStanding
from cloudhub.catalog.find import entry_of, find_model
from cloudhub.catalog.models import CloudModel
from cloudhub.core.errors import Conflict, HubError, Invalid
from cloudhub.core.money import format_money, round_bound, round_remainder
from cloudhub.generations.quote import Quote, budgets_of_quote, estimate_wish, quote_model
from cloudhub.web.stand_in import stand_ins
from cloudhub.web.studio_form import label_of
from providers.base import expected_size

WINDOW_WORDS = {"day": "today's", "week": "this week's", "month": "this month's", "total": "the"}
UNWRITTEN = "(not written yet)"


@dataclass(frozen=True)
class Problem:
    """One field at fault, in the page's words."""

    field: str
    label: str
    sentence: str


@dataclass(frozen=True)
class Offer:
    """`words` stand on the button. With a `reason` or `problems` it cannot be pressed. `frame` is in pixels."""

    words: str
    reason: str = ""
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    frame: tuple[int, int] | None = None
    ratio: str = ""
    lines: tuple[str, ...] = field(default=())

    @property
    def is_open(self) -> bool:
        return not self.reason and not self.problems


def make_offer(actor: Actor, model: object, wish: Mapping[str, Any]) -> Offer:
    """Price a wish for the button. A prompt that is not written yet does not hide the price."""
    try:
        quote = estimate_wish(actor, model, wish if _may_go(model, wish) else {**wish, "prompt": UNWRITTEN})
    except HubError as error:
        return refusal(error)
    standings = [standing for standing in budgets_of_quote(actor, quote) if standing.budget.hard]
    tightest = standings[0] if standings else None
    frame = expected_size(quote.request, entry_of(quote.model))
    return Offer(
        words=" · ".join(_words(quote, tightest)),
        reason=_reason(quote, tightest),
        notes=tuple(quote.notes),
        frame=frame,
        ratio=quote.request.aspect_ratio or "",
        lines=tuple(f"{line['quantity']} × {line['description']} at {line['unit_amount']}" for line in quote.lines),
    )


def _may_go(model: object, wish: Mapping[str, Any]) -> bool:
    """Whether the prompt is written, or the model does without one beside the pictures that are there."""
    if str(wish.get("prompt", "")).strip():
        return True
    return bool(wish.get("input_images")) and entry_of(find_model(model)).capabilities.prompt != "required"


def refusal(error: HubError) -> Offer:
    """An error as the button shows it: by field where fields are at fault, else as one reason."""
    problems = tuple(Problem(name, label_of(name), sentence) for name, sentence in error.fields.items())
    return Offer("", reason="" if problems else error.message, problems=problems)


def count_words(count: int) -> str:
    return "1 image" if count == 1 else f"{count} images"


def price_words(quote: Quote) -> str:
    """The price of a wish for people: "$0.039", "at most $0.134" or "price unknown". Exact where it is exact."""
    if quote.amount is None:
        return "price unknown"
    if quote.is_exact:
        return format_money(quote.amount, quote.currency)
    return f"at most {format_money(round_bound(quote.amount), quote.currency)}"


def price_of_one(actor: Actor, model: CloudModel) -> str:
    """What one picture of a model costs with its defaults, for the model picker."""
    wish = {"prompt": UNWRITTEN, "num_images": 1, **stand_ins(entry_of(model).capabilities)}
    try:
        return price_words(quote_model(actor, model, wish))
    except Invalid:
        return "price depends on the settings"
    except Conflict:
        return "vendor not installed"


def _words(quote: Quote, tightest: BudgetStanding | None) -> list[str]:
    words = [count_words(quote.request.num_images), price_words(quote)]
    if tightest and quote.amount is not None and quote.amount <= tightest.remaining:
        left = _left_words(quote, tightest.remaining - quote.amount)
        whose = WINDOW_WORDS[tightest.budget.window_kind]
        words.append(f"leaves {left} of {whose} {format_money(tightest.budget.limit_micros, quote.currency)}")
    return words


def _left_words(quote: Quote, left: int) -> str:
    if quote.is_exact or quote.amount is None:
        return format_money(left, quote.currency)
    return f"at least {format_money(round_remainder(left, quote.amount), quote.currency)}"


def _reason(quote: Quote, tightest: BudgetStanding | None) -> str:
    if quote.price is not None and quote.price.blocked_at is not None:
        return f"New calls at this price are stopped until an owner acknowledges it. {quote.price.blocked_reason}"
    if tightest is None:
        return ""
    if quote.amount is None:
        return f"The price is not known, and the budget “{tightest.budget.name}” allows only known prices."
    if quote.amount > tightest.remaining:
        left = format_money(max(tightest.remaining, 0), quote.currency)
        needed = price_words(quote)
        return f"This needs {needed} and the budget “{tightest.budget.name}” has {left} left."
    return ""
