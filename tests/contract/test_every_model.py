"""Every model of every vendor, not only its usual one: whatever goes wrong has the same class, code and ending.

The adapter alone meets all of it, which takes milliseconds; through the hub goes one ending of each kind.
"""

import logging
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from cloudhub.billing.models import Hold
from cloudhub.generations.wish import split_into_calls
from cloudhub.vault.keys import environment_key
from providers.base import CloudGenerationResponse, OutcomeUnknown, ProviderError, Rejected
from providers.emulation.exchange import Delivery
from providers.emulation.server import RunningServer
from providers.request import MOST_IMAGES
from tests.conftest import Cast
from tests.contract.drive import doors, draw, fit
from tests.contract.faults import ARRIVED, CODES_OF_WORDS, OF_THE_WORK, UNKNOWN_CODES, UNREADABLE
from tests.contract.hub import carry, check_books, last_attempt
from tests.contract.leaks import CANARY, echoes, rows, shown, told
from tests.contract.subjects import Subject, documents_of, set_credentials, subjects, widest_form
from tests.contract.tap import Arrived, Tap, holds_picture, without_pictures
from tests.contract.wishes import usual
from tests.generations.stage import fault

pytestmark = [pytest.mark.usefixtures("widest", "quick_vendors"), pytest.mark.sqlite_only]
# A picture is drawn for each call that arrived; one of them says what an adapter makes of all.
CASES = {name: wish for name, wish in UNREADABLE.items() if name not in ARRIVED[:-1]}
EVERY_MODEL = pytest.mark.parametrize("subject", subjects(), ids=str)


def outcome(subject: Subject) -> CloudGenerationResponse | ProviderError:
    """The model's plainest wish through its adapter."""
    provider, entry = subject.provider, subject.entry()
    try:
        return draw(provider, fit(provider, entry, usual(provider, entry)).request)
    except ProviderError as error:
        return error


def said(ended: CloudGenerationResponse | ProviderError) -> str:
    return f"{type(ended).__name__} {getattr(ended, 'code', '')}: {ended}"[:300]


@EVERY_MODEL
def test_i20_a_costly_call_without_a_readable_answer_is_unknown(
    tap: Tap, emulator: RunningServer, subject: Subject
) -> None:
    problems = []
    for name, wish in CASES.items():
        emulator.exchange.faults.clear()
        fault(emulator, vendor=subject.provider_id, **wish)
        tap.calls.clear()
        ended = outcome(subject)
        if len(tap.work()) != 1 or not is_known_to_be_open(subject, name, ended):
            problems.append((name, len(tap.work()), said(ended)))
    assert problems == []


def is_known_to_be_open(subject: Subject, name: str, ended: CloudGenerationResponse | ProviderError) -> bool:
    """Whether nobody says more than is known: who can ask whether a call arrived, knows."""
    if not documents_of(subject.provider_id).finds_lost_jobs:
        return isinstance(ended, OutcomeUnknown) and ended.code in UNKNOWN_CODES
    if name in ARRIVED:
        return isinstance(ended, CloudGenerationResponse)
    return isinstance(ended, Rejected) and ended.code in ("connect_failed_not_sent", "interrupted")


@EVERY_MODEL
def test_i20_an_answer_that_is_too_large_leaves_the_call_unknown(
    emulator: RunningServer, subject: Subject, request: pytest.FixtureRequest
) -> None:
    # What is asked once of a model that describes itself may be large.
    subject.entry()
    request.getfixturevalue("narrow")
    ended = outcome(subject)
    assert isinstance(ended, OutcomeUnknown), said(ended)
    assert "2000 bytes" in ended.message


@EVERY_MODEL
def test_i20_an_answer_that_comes_too_late_leaves_the_call_unknown(
    tap: Tap, emulator: RunningServer, subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject.entry()
    for door in doors():
        monkeypatch.setattr(door.client, "timeout", httpx.Timeout(5, read=0.4))

    def silent(arrived: Arrived) -> Delivery | None:
        if not arrived.is_work:
            return None
        time.sleep(1)
        return Delivery(None)

    tap.hook = silent
    ended = outcome(subject)
    if documents_of(subject.provider_id).finds_lost_jobs:
        assert (type(ended), getattr(ended, "code", "")) == (Rejected, "connect_failed_not_sent"), said(ended)
    else:
        assert (type(ended), getattr(ended, "code", "")) == (OutcomeUnknown, "unknown_outcome"), said(ended)
        assert "in time" in str(ended)


@EVERY_MODEL
def test_a_picture_under_a_wrong_content_type_is_a_picture_all_the_same(
    tap: Tap, emulator: RunningServer, subject: Subject
) -> None:
    tap.change = lambda reply: replace(reply, content_type="text/plain") if holds_picture(reply) else reply
    ended = outcome(subject)
    assert isinstance(ended, CloudGenerationResponse | OutcomeUnknown), said(ended)


@EVERY_MODEL
def test_words_and_bytes_that_are_no_picture_are_told(tap: Tap, emulator: RunningServer, subject: Subject) -> None:
    fault(emulator, vendor=subject.provider_id, text_only=True)
    ended = outcome(subject)
    assert isinstance(ended, CloudGenerationResponse) or ended.code in CODES_OF_WORDS, said(ended)
    tap.change = without_pictures
    ended = outcome(subject)
    assert (type(ended), getattr(ended, "code", "")) == (Rejected, "invalid_output"), said(ended)


@EVERY_MODEL
def test_i8_more_pictures_than_one_call_gives_are_several_calls(emulator: RunningServer, subject: Subject) -> None:
    provider, entry = subject.provider, subject.entry()
    most = entry.capabilities.images_per_call
    wished = min(MOST_IMAGES, most + 1)
    fitted, _ = provider.normalise(usual(provider, entry, num_images=wished), entry)
    counts = [call.num_images for call in split_into_calls(fitted, entry)]
    assert counts == ([most, wished - most] if wished > most else [wished])


@EVERY_MODEL
def test_i33_no_error_shows_the_key(
    tap: Tap, emulator: RunningServer, subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_credentials(subject.provider_id, tmp_path, monkeypatch, form=widest_form(subject.provider_id), canary=CANARY)
    key = environment_key(subject.provider)
    leaks = []
    for wish in echoes(next(iter(key.secrets), CANARY))[:-1]:
        emulator.exchange.faults.clear()
        fault(emulator, vendor=subject.provider_id, **wish, **OF_THE_WORK)
        ended = outcome(subject)
        assert isinstance(ended, ProviderError), said(ended)
        leaks += shown(told(ended), key)
    assert tap.work()
    assert leaks == []


@pytest.mark.usefixtures("quick_hub")
@EVERY_MODEL
def test_each_ending_leaves_its_hold_as_it_should_and_no_key_anywhere(
    tap: Tap, emulator: RunningServer, cast: Cast, subject: Subject, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    vendor = subject.provider_id
    set_credentials(vendor, tmp_path, monkeypatch, form=widest_form(vendor), canary=CANARY)
    key = environment_key(subject.provider)
    caplog.set_level(logging.DEBUG)
    refused, *_, page, dropped = echoes(next(iter(key.secrets), CANARY))
    endings = [ending(tap, emulator, cast, subject, wish) for wish in (refused, page, dropped)]
    known = documents_of(vendor).finds_lost_jobs
    assert endings == [
        ("released", "no"),
        ("released", "no") if known else ("unknown", "unknown"),
        ("settled", "") if known else ("unknown", "unknown"),
    ]
    if Hold.objects.filter(amount_micros__gt=0).exists():
        check_books(emulator, subject)
    emulator.exchange.invoice.clear()
    tap.change = without_pictures
    # A server of one's own is asked for its invoice; it charges nothing for what cannot be read.
    last = ending(tap, emulator, cast, subject, {})
    is_charged = bool(emulator.exchange.invoice.as_json()["calls"])
    assert last == (("settled", "yes") if is_charged else ("released", "no"))
    texts = [caplog.text.encode(), rows()]
    assert [around for text in texts for around in shown(text, key)] == []


def ending(tap: Tap, emulator: RunningServer, cast: Cast, subject: Subject, wish: dict[str, Any]) -> tuple[str, str]:
    """How the attempt ended, and what is said of its bill. Its hold and its line agree with that."""
    emulator.exchange.faults.clear()
    if wish:
        fault(emulator, vendor=subject.provider_id, **wish, **OF_THE_WORK)
    attempt = last_attempt(carry(cast, subject, None, tap))
    assert len(tap.work()) == 1, f"{len(tap.work())} costly calls"
    lines = list(attempt.hold.entries.all())
    held, posted = sum(line.held_delta for line in lines), sum(line.posted_delta for line in lines)
    can_cost = attempt.hold.amount_micros > 0
    assert (held > 0, posted > 0) == (attempt.state == "unknown" and can_cost, attempt.state == "settled" and can_cost)
    return attempt.state, (attempt.error or {}).get("billed", "")
