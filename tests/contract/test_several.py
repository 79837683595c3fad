"""Several pictures of one call: what is lost of them takes no other with it, and is paid as the vendor says."""

from collections.abc import Callable
from dataclasses import replace

import orjson
import pytest

from providers.catalogue import installed_providers
from providers.emulation.contract import Reply
from providers.emulation.server import RunningServer
from tests.conftest import Cast
from tests.contract.hub import carry, charged, check_books, last_attempt
from tests.contract.subjects import Subject, documents_of, subjects_of, usual_subject, vendors
from tests.contract.tap import MAGIC, Tap, spoiled, without_pictures
from tests.generations.books import booked_attempts
from tests.generations.stage import states_of

pytestmark = [pytest.mark.usefixtures("quick_hub"), pytest.mark.sqlite_only]
ASKED = 2


def several(vendor: str) -> Subject | None:
    """The vendor's first priced model that draws several pictures in one call."""
    listed = {entry.id: entry.capabilities for entry in installed_providers()[vendor].models}
    for subject in subjects_of(vendor):
        described = subject.registration.get("capabilities") or {}
        own = listed.get(subject.model_id)
        most = described.get("images_per_call", own.images_per_call if own else 1)
        if most >= ASKED and not subject.is_unpriced:
            return subject
    return None


SUBJECTS = [subject for subject in map(several, vendors()) if subject is not None]


def losing_one() -> Callable[[Reply], Reply]:
    """The first picture that comes is lost: its address answers 404, or its bytes inside of JSON are no picture."""
    lost = False

    def change(reply: Reply) -> Reply:
        nonlocal lost
        if lost:
            return reply
        if reply.body.startswith(MAGIC):
            lost = True
            return replace(reply, status=404, body=b"gone", content_type="text/plain")
        try:
            document = orjson.loads(reply.body)
        except ValueError:
            return reply
        changed = spoiled(document, most=1)
        lost = changed != document
        return replace(reply, body=orjson.dumps(changed)) if lost else reply

    return change


@pytest.mark.parametrize("subject", SUBJECTS, ids=str)
def test_i21_a_picture_that_is_lost_takes_no_other_of_its_call_with_it(
    tap: Tap, emulator: RunningServer, cast: Cast, subject: Subject
) -> None:
    tap.change = losing_one()
    generation = carry(cast, subject, None, tap, num_images=ASKED)
    assert len([arrived for arrived in tap.work() if arrived.vendor == subject.provider_id]) == 1
    kept = generation.images.count()
    # Who can ask for the job again, and so for another address, loses none.
    assert kept in (ASKED - 1, ASKED)
    ending = "succeeded" if kept == ASKED else "partial"
    assert (states_of(generation), generation.state) == (["settled"], ending), last_attempt(generation).error
    check_books(emulator, subject)


@pytest.mark.parametrize("subject", SUBJECTS, ids=str)
def test_i21_several_pictures_of_which_none_can_be_read_are_all_paid(
    tap: Tap, emulator: RunningServer, cast: Cast, subject: Subject
) -> None:
    tap.change = without_pictures
    attempt = last_attempt(carry(cast, subject, None, tap, num_images=ASKED))
    assert attempt.error["code"] == "invalid_output", attempt.error
    if not documents_of(subject.provider_id).bills_nobody:
        assert (attempt.state, charged(emulator, subject.provider_id) > 0) == ("settled", True)
    check_books(emulator, subject)


def test_pictures_beyond_those_that_were_asked_for_are_kept_and_booked(
    tap: Tap, emulator: RunningServer, cast: Cast
) -> None:
    def doubled(reply: Reply) -> Reply:
        document = orjson.loads(reply.body)
        for candidate in document.get("candidates", []):
            candidate["content"]["parts"] *= 2
        return replace(reply, body=orjson.dumps(document))

    tap.change = doubled
    generation = carry(cast, usual_subject("google-gemini", "gemini-2.5-flash-image"), None, tap)
    assert (generation.state, generation.images.count()) == ("succeeded", 2)
    assert [attempt.posted for attempt in booked_attempts("google-gemini")] == [2 * 39_000]
