"""Whatever a model offers: the quote is an upper bound of the bill, and the bill is the vendor's invoice exactly."""

import itertools
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from cloudhub.catalog.models import Price
from cloudhub.core.money import parse_amount
from cloudhub.vault.keys import environment_key
from providers.base import CloudGenerationRequest, InvalidField, Key, ModelEntry, expected_size
from providers.emulation.server import RunningServer
from providers.pictures import read_picture
from tests.contract.drive import Fitted, billed, draw, fit, quoted
from tests.contract.subjects import Subject, documents_of, subjects
from tests.contract.wishes import axes, combinations, lenient, merged, usual

# What no database changes is not asked twice.
pytestmark = [pytest.mark.usefixtures("widest"), pytest.mark.sqlite_only]
MOST_DRAWN = 4
# A size of a table is what the vendor's pages say; some vendors round otherwise.
SIZE_TOLERANCE = 0.04
MOST_QUOTED = 200
AT_ONCE = 6


@dataclass(frozen=True)
class Drawn:
    """One wish from quote to bill, in micro-units; `problem` is what went wrong, empty when nothing did."""

    wish: str
    problem: str = ""
    request_id: str = ""
    quote: int | None = None
    bill: int | None = None


@pytest.mark.parametrize("subject", subjects(), ids=str)
def test_i7_what_is_drawn_costs_at_most_its_quote_and_exactly_its_invoice(
    emulator: RunningServer, subject: Subject
) -> None:
    provider, entry = subject.provider, subject.entry()
    price, key = subject.price(entry), environment_key(provider)
    longest_prompt = documents_of(subject.provider_id).longest_prompt
    wishes = combinations(provider, entry, MOST_DRAWN, longest_prompt)
    found = [lenient(provider, entry, wish) for wish in wishes]
    assert found[0] is not None, "the plainest wish does not pass"
    fitted = [one for one in found if one is not None]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        drawn = list(pool.map(lambda one: _draw(subject, entry, one, key, price), fitted))
    assert [f"{one.wish}: {one.problem}" for one in drawn if one.problem] == []
    if not subject.is_unpriced:
        too_low = [one for one in drawn if one.bill is None or one.quote is None or one.bill > one.quote]
        assert too_low == []
        check_invoice(emulator, [] if documents_of(subject.provider_id).bills_nobody else drawn)


def _draw(subject: Subject, entry: ModelEntry, fitted: Fitted, key: Key, price: Price | None) -> Drawn:
    provider, request = subject.provider, fitted.request
    wish = described(request)
    try:
        response = draw(provider, request, key)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told beside the wish that brought it about
        return Drawn(wish, f"{type(error).__name__}: {error}")
    if len(response.images) != request.num_images or len(response.pictures) != len(response.images):
        return Drawn(wish, f"{len(response.images)} pictures of {request.num_images}")
    problem = wrong_pictures(request, entry, response)
    quote, bill = quoted(provider, request, entry, price), billed(provider, response, entry, price)
    return Drawn(wish, problem, response.request_id, quote, bill)


def wrong_pictures(request: CloudGenerationRequest, entry: ModelEntry, response: Any) -> str:
    # A vendor's own options may say another size.
    expected = None if request.options else expected_size(request, entry)
    for data, said in zip(response.images, response.pictures, strict=True):
        seen = read_picture(data)
        if (seen.mime_type, seen.width, seen.height) != (said.mime_type, said.width, said.height):
            return f"said {said}, is {seen}"
        if expected is not None and not is_near((seen.width, seen.height), expected):
            return f"expected {expected}, is {seen.width}×{seen.height}"
    return ""


def is_near(size: tuple[int, int], expected: tuple[int, int]) -> bool:
    pairs = zip(size, expected, strict=True)
    return all(abs(seen - wanted) <= SIZE_TOLERANCE * wanted for seen, wanted in pairs)


def check_invoice(emulator: RunningServer, drawn: list[Drawn]) -> None:
    """Each bill is its line of the invoice; vendors that tell no id are compared by the amounts together."""
    lines = emulator.exchange.invoice.as_json()["calls"]
    by_id = {line["request_id"]: parse_amount(line["amount"]) for line in lines}
    assert len(by_id) == len(lines), "a call stands on the invoice twice"
    named = [one for one in drawn if one.request_id]
    wrong = [(one, by_id.get(one.request_id, 0)) for one in named if one.bill != by_id.pop(one.request_id, 0)]
    assert wrong == []
    assert Counter(by_id.values()) == Counter(one.bill for one in drawn if not one.request_id and one.bill)


def described(request: CloudGenerationRequest) -> str:
    """The fields of a wish that are set, short enough to read."""
    names = [name for name in CloudGenerationRequest.__dataclass_fields__ if name not in ("model", "entry", "prepared")]
    values = {name: getattr(request, name) for name in names}
    values["prompt"] = f"{len(request.prompt)} characters"
    values["input_images"] = len(request.input_images) or None
    values["mask"] = bool(request.mask) or None
    return str({name: value for name, value in values.items() if value not in (None, {}, ())})


@pytest.mark.parametrize("subject", subjects(emulated=False), ids=str)
def test_i7_every_combination_that_can_be_asked_for_has_a_price(emulator: RunningServer, subject: Subject) -> None:
    provider, entry = subject.provider, subject.entry()
    price = subject.price(entry)
    without: list[str] = []
    for wish in sampled(subject, entry):
        try:
            request = fit(provider, entry, wish).request
        except InvalidField:
            continue
        quantities = dict(provider.quantities(request, entry))
        assert quantities == dict(provider.quantities(request, entry)), "quantities are not pure"
        assert all(isinstance(count, int) and count >= 0 for count in [quantities["image"], *quantities.values()])
        if quoted(provider, request, entry, price) is None:
            without.append(described(request))
    assert subject.is_unpriced or without[:5] == []


def sampled(subject: Subject, entry: ModelEntry) -> Iterator[CloudGenerationRequest]:
    """All combinations where they are few, else a sample by a fixed seed."""
    columns = list(axes(entry).values())
    count = 1
    for values in columns:
        count *= len(values)
    if count <= MOST_QUOTED:
        rows: Any = itertools.product(*columns)
    else:
        chance = random.Random(entry.id)  # noqa: S311 - a seed makes a failing row come again
        rows = ([chance.choice(values) for values in columns] for _ in range(MOST_QUOTED))
    return (usual(subject.provider, entry, **merged(*row)) for row in rows)
