"""Every error on a vendor's pages becomes the right class, code and ending, in the adapter and through the hub."""

from typing import Any

import pytest

from cloudhub.vault.keys import key_for
from providers.base import FAILURES, Busy, OutcomeUnknown, ProviderError, Rejected
from tests.conftest import Cast
from tests.contract.drive import begin, finish, fit
from tests.contract.hub import carry, last_attempt
from tests.contract.subjects import documents_of, usual_subject, vendors
from tests.contract.tap import Tap, failing
from tests.contract.wishes import plain
from tests.generations.stage import states_of
from tests.providers.documented import DocumentedError

CLASSES: dict[str, type[ProviderError]] = {"rejected": Rejected, "busy": Busy, "unknown": OutcomeUnknown}
CASES = [
    pytest.param(vendor, error, id=f"{vendor}:{error.on}:{error.name}")
    for vendor in vendors()
    for error in documents_of(vendor).errors
]


def raised(tap: Tap, vendor: str, error: DocumentedError) -> ProviderError:
    """What the adapter makes of the answer, to the costly call or to the read that follows."""
    subject = usual_subject(vendor)
    provider, entry = subject.provider, subject.entry()
    key, request = key_for(provider), fit(provider, entry, plain(entry)).request
    tap.calls.clear()
    tap.hook = failing(error)
    with pytest.raises(ProviderError) as failure:
        finish(provider, begin(provider, request, key), key)
    return failure.value


@pytest.mark.parametrize("vendor", vendors())
def test_a_vendor_documents_its_errors(vendor: str) -> None:
    errors = documents_of(vendor).errors
    assert len(errors) >= 5, "its tests folder has no documented.py with ERRORS"
    assert len({(error.on, error.name) for error in errors}) == len(errors)
    assert {error.code for error in errors} <= set(FAILURES)
    assert {error.ends for error in errors} >= {"rejected", "unknown"}
    for error in errors:
        assert error.source.startswith("https://"), error.name


@pytest.mark.parametrize(("vendor", "error"), CASES)
def test_an_error_has_its_class_code_sentence_and_remedy(tap: Tap, vendor: str, error: DocumentedError) -> None:
    told = raised(tap, vendor, error)
    assert (type(told).__mro__.count(CLASSES[error.ends]), told.code) == (1, error.code), f"{told!r}"
    assert told.message.strip().endswith((".", "!", "?", "…"))
    assert told.remedy
    if error.state == "released":
        assert not told.billed
    elif error.state == "settled":
        assert told.billed or isinstance(told, Rejected)
    for text in (told.message, told.remedy, told.answer_text):
        assert "test-key" not in text


@pytest.mark.usefixtures("quick_hub")
@pytest.mark.parametrize(("vendor", "error"), CASES)
def test_i20_an_error_ends_the_attempt_as_it_should(
    tap: Tap, cast: Cast, vendor: str, error: DocumentedError, settings: Any
) -> None:
    # No pause that a vendor asks for fits in, so that a busy one is told at once.
    settings.GENERATION_SECONDS = 4 if error.ends == "busy" else 20
    tap.hook = failing(error)
    generation = carry(cast, usual_subject(vendor))
    attempt = last_attempt(generation)
    assert (attempt.state, attempt.error["code"]) == (error.state, error.code), attempt.error
    assert set(states_of(generation)) <= {error.state, "released"}
    assert attempt.error["billed"] == {"released": "no", "settled": "yes", "unknown": "unknown"}[error.state]
    held = sum(entry.held_delta for entry in attempt.hold.entries.all())
    posted = sum(entry.posted_delta for entry in attempt.hold.entries.all())
    assert (held > 0, posted > 0) == {
        "released": (False, False), "settled": (False, True), "unknown": (True, False),
    }[error.state]  # fmt: skip
    work = len([arrived for arrived in tap.work() if arrived.vendor == vendor])
    assert work == len(states_of(generation)), "a costly call was sent more than once an attempt"
    if error.ends != "busy":
        assert work == 1
