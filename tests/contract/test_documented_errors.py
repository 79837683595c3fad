"""Every error on a vendor's pages becomes the right class, code and ending, in the adapter and through the hub."""

from typing import Any

import pytest

from cloudhub.vault.keys import environment_key
from providers.base import FAILURES, Busy, OutcomeUnknown, ProviderError, Rejected
from providers.emulation.contract import Call
from tests.canary import TEST_KEY
from tests.conftest import Cast
from tests.contract.drive import begin, finish, fit
from tests.contract.hub import carry, last_attempt
from tests.contract.subjects import Subject, booked_vendors, documents_of, subjects, usual_subject, vendors
from tests.contract.tap import Arrived, Tap, failing
from tests.contract.wishes import usual
from tests.generations.stage import states_of
from tests.providers.documented import DocumentedError

CLASSES: dict[str, type[ProviderError]] = {"rejected": Rejected, "busy": Busy, "unknown": OutcomeUnknown}
BILLED = {"released": "no", "settled": "yes", "unknown": "unknown"}
# (money held, money posted) at the end.
LEFT = {"released": (False, False), "settled": (False, True), "unknown": (True, False)}


@pytest.mark.parametrize("vendor", vendors())
def test_a_vendor_documents_its_errors(vendor: str) -> None:
    errors = documents_of(vendor).errors
    assert len(errors) >= 5, f"tests/documented.py in its folder lists {len(errors)} ERRORS; five are the least"
    assert len({(error.on, error.name) for error in errors}) == len(errors)
    assert {error.code for error in errors} <= set(FAILURES)
    assert "rejected" in {error.ends for error in errors}
    # A proxy's page stands on nobody's page.
    unsourced = [error.name for error in errors if not (error.source or isinstance(error.body, str))]
    assert unsourced == []


@pytest.mark.parametrize("subject", subjects(), ids=str)
def test_each_error_has_its_class_code_sentence_and_remedy(tap: Tap, subject: Subject) -> None:
    own = [error for error in documents_of(subject.provider_id).errors if error.model in ("", subject.model_id)]
    problems = [(error.on, error.name, problem_with(tap, subject, error)) for error in own]
    assert [problem for problem in problems if problem[2]] == []


def problem_with(tap: Tap, subject: Subject, error: DocumentedError) -> str:
    """What is wrong with what the adapter makes of an answer, to the costly call or to the read that follows."""
    provider, entry = subject.provider, subject.entry()
    tap.hook = None
    key, request = environment_key(provider), fit(provider, entry, usual(provider, entry)).request
    tap.hook = failing(error)
    try:
        finish(provider, begin(provider, request, key), key)
    except ProviderError as told:
        return wrong_words(told, error)
    except Exception as failure:  # noqa: BLE001 - whatever it is, it is told beside its error
        return f"{type(failure).__name__}: {failure}"
    return "nothing was raised"


def wrong_words(told: ProviderError, error: DocumentedError) -> str:
    if not isinstance(told, CLASSES[error.ends]) or told.code != error.code:
        return f"{type(told).__name__} {told.code}: {told.message}"
    if told.message.strip(' ”"')[-1:] not in (".", "!", "?", "…") or not told.remedy:
        return f"no sentence with a remedy: {told.message!r} {told.remedy!r}"
    if error.state == "released" and told.billed:
        return f"billed {told.billed}"
    if "test-key" in f"{told.message} {told.remedy} {told.answer_text}":
        return "it shows the key"
    return ""


@pytest.mark.usefixtures("quick_hub")
@pytest.mark.parametrize("vendor", booked_vendors())
def test_i20_each_error_ends_the_attempt_as_it_should(tap: Tap, cast: Cast, vendor: str, settings: Any) -> None:
    problems = []
    for error in documents_of(vendor).errors:
        # No pause that a vendor asks for fits in, so that a busy one is told at once.
        settings.GENERATION_SECONDS = 2 if error.ends == "busy" else 20
        problems.append((error.on, error.name, wrong_ending(tap, cast, vendor, error)))
    assert [problem for problem in problems if problem[2]] == []


def wrong_ending(tap: Tap, cast: Cast, vendor: str, error: DocumentedError) -> str:
    is_asked_again = error.on == "check" and error.ends == "busy"
    hook = failing(error, times=1 if is_asked_again else None)
    generation = carry(cast, usual_subject(vendor, error.model), hook, tap)
    attempt, states = last_attempt(generation), states_of(generation)
    if is_asked_again:
        return "" if (states, attempt.error) == (["settled"], None) else f"{states}: {attempt.error}"
    told = attempt.error or {}
    if (attempt.state, told.get("code"), told.get("billed")) != (error.state, error.code, BILLED[error.state]):
        return f"{attempt.state}: {told}"
    lines = list(attempt.hold.entries.all())
    if (sum(line.held_delta for line in lines) > 0, sum(line.posted_delta for line in lines) > 0) != LEFT[error.state]:
        return f"the ledger: {[(line.kind, line.held_delta, line.posted_delta) for line in lines]}"
    calls = len([arrived for arrived in tap.work() if arrived.vendor == vendor])
    if calls != len(states) or (error.ends != "busy" and calls != 1):
        return f"{calls} costly calls for {states}"
    return ""


@pytest.mark.sqlite_only
def test_a_key_is_known_by_itself_in_a_vendors_own_header() -> None:
    def has_key(**headers: str) -> bool:
        return Arrived("new", Call(method="GET", mount="new", path="/", headers=headers), is_work=False).has_key

    assert has_key(new_vendors_key=f"key={TEST_KEY}")
    assert has_key(authorization="Bearer a-token")
    assert not has_key(new_vendors_key="another")
