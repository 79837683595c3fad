"""Whatever a model offers: the quote is an upper bound of the bill, and the bill is the vendor's invoice exactly."""

import itertools
import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from cloudhub.vault.keys import key_for
from providers.base import CloudGenerationRequest, InvalidField, ModelEntry, Provider, expected_size
from providers.emulation.server import RunningServer
from providers.pictures import read_picture
from tests.contract.drive import billed, draw, fit, invoiced, quoted
from tests.contract.subjects import Subject, documents_of, subjects
from tests.contract.wishes import PROMPT, axes, combinations, lenient, merged, needed, plain

MOST_DRAWN = 14
MOST_QUOTED = 1500
AT_ONCE = 6


def is_unpriced(subject: Subject, entry: ModelEntry) -> bool:
    return subject.price(entry) is None and subject.model_id in documents_of(subject.provider_id).unpriced


@pytest.mark.parametrize("subject", subjects(), ids=str)
def test_i7_what_is_drawn_costs_at_most_its_quote_and_exactly_its_invoice(
    emulator: RunningServer, subject: Subject
) -> None:
    provider, entry = subject.provider, subject.entry()
    wishes = [wish for wish in combinations(entry, MOST_DRAWN) if lenient(wish, lambda one: fit(provider, entry, one))]
    assert wishes, "no wish for this model passes"
    key = key_for(provider)

    def look(wish: CloudGenerationRequest) -> str:
        return problem_with(emulator, subject, entry, wish, key)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        problems = [problem for problem in pool.map(look, wishes) if problem]
    assert problems == []


def problem_with(
    emulator: RunningServer, subject: Subject, entry: ModelEntry, wish: CloudGenerationRequest, key: Any
) -> str:
    """What is wrong with one wish from quote to invoice, empty when nothing is."""
    provider, price = subject.provider, subject.price(entry)
    found = lenient(wish, lambda one: fit(provider, entry, one))
    assert found is not None
    told = found[1]
    quote = quoted(provider, told.request, entry, price)
    named = described(told.request)
    try:
        response = draw(provider, told.request, key)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told beside the wish that brought it about
        return f"{named}: {type(error).__name__}: {error}"
    if len(response.images) != told.request.num_images or len(response.pictures) != len(response.images):
        return f"{named}: {len(response.images)} pictures of {told.request.num_images}"
    problem = wrong_pictures(provider, told.request, entry, response)
    if problem or is_unpriced(subject, entry):
        return f"{named}: {problem}" if problem else ""
    bill, invoice = billed(provider, response, entry, price), invoiced(emulator, response.request_id)
    if quote is None or bill is None or not bill <= quote or bill != invoice:
        return f"{named}: quoted {quote}, billed {bill}, invoiced {invoice}"
    return ""


def wrong_pictures(provider: Provider, request: CloudGenerationRequest, entry: ModelEntry, response: Any) -> str:
    expected = expected_size(request, entry)
    for data, said in zip(response.images, response.pictures, strict=True):
        seen = read_picture(data)
        if (seen.mime_type, seen.width, seen.height) != (said.mime_type, said.width, said.height):
            return f"said {said}, is {seen}"
        if expected is not None and (seen.width, seen.height) != expected:
            return f"expected {expected}, is {seen.width}×{seen.height}"
    return ""


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
    if is_unpriced(subject, entry):
        return
    without = set()
    for wish in sampled(entry):
        try:
            request = fit(provider, entry, wish).request
        except InvalidField:
            continue
        quote = quoted(provider, request, entry, price)
        if quote is None or quote < 0:
            without.add(described(request))
    assert sorted(without)[:5] == []


def sampled(entry: ModelEntry) -> list[CloudGenerationRequest]:
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
    base = {"prompt": PROMPT, **needed(entry)}
    return [CloudGenerationRequest(**{**base, **merged(*row)}) for row in rows]


@pytest.mark.parametrize("subject", subjects(), ids=str)
def test_quantities_and_bills_are_pure(emulator: RunningServer, subject: Subject) -> None:
    provider, entry = subject.provider, subject.entry()
    request = fit(provider, entry, plain(entry)).request
    first = dict(provider.quantities(request, entry))
    assert "image" in first
    assert all(isinstance(count, int) and count >= 0 for count in first.values())
    assert dict(provider.quantities(request, entry)) == first
    assert emulator.exchange.invoice.as_json()["calls"] == []
