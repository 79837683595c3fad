"""Which stored key a call is sent with, that its job is asked about with the same one, and what happens in between."""

import base64
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone
from pytest_django import Settings

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.models import AuditEntry, Team
from cloudhub.core.database import release_connection
from cloudhub.core.errors import Conflict
from cloudhub.generations import perform, storage
from cloudhub.generations.engine import engine
from cloudhub.generations.models import Attempt, Generation
from cloudhub.generations.retired_keys import forget_retired_keys
from cloudhub.generations.right_to_send import take_right_to_send
from cloudhub.generations.work import read_work
from cloudhub.health.schedule import do_chores
from cloudhub.lanes.circuit import note_key_works
from cloudhub.lanes.models import Lane
from cloudhub.vault import stored as verbs
from cloudhub.vault.models import ProviderKey
from cloudhub.vault.standing import drop_moved_keys, known_keys, unopened
from providers.base import Pending
from providers.http import transmission
from tests.conftest import Cast
from tests.generations.errand.server import Shop
from tests.generations.stage import again, attempts_of, carry_out, submit
from tests.generations.test_recovery import abandoned

OF_ENVIRONMENT = "errand-key-0123456789"


@pytest.fixture(autouse=True)
def _one_encryption_key(settings: Settings) -> None:
    settings.CLOUDHUB_ENCRYPTION_KEYS = base64.urlsafe_b64encode(b"k" * 32).decode()
    cache.clear()


def add(actor: Actor, secret: str, team: Team | None = None, **fields: Any) -> ProviderKey:
    return verbs.add_key(actor, provider="errand", values={"ERRAND_KEY": secret}, team=team, **fields)


def begun(cast: Cast) -> Generation:
    """A job that the vendor has, of a process that is gone, sent with the key in turn."""
    generation = abandoned(cast, "errand-1")
    attempt = Attempt.objects.select_related("generation__model", "hold").get(generation=generation)
    work = read_work(attempt)
    assert take_right_to_send(work) is True
    with transmission(storage.incoming_path(attempt.pk)):
        step = work.provider.start(work.request, work.key)
    assert isinstance(step, Pending)
    Attempt.objects.filter(hold_id=attempt.pk).update(remote_id=step.remote_id)
    return generation


def test_a_call_is_sent_with_the_teams_key_and_counted(errand: Shop, cast: Cast) -> None:
    shared, own = add(cast.alice, "shared-key-0123456789"), add(cast.alice, "own-key-0123456789", cast.team)
    errand.done.set()
    generation = carry_out(cast.bob, "errand-1")
    assert generation.state == "succeeded"
    assert set(errand.keys) == {"own-key-0123456789"}
    own.refresh_from_db()
    shared.refresh_from_db()
    assert (own.use_count, shared.use_count) == (1, 0)
    assert own.last_used_at is not None
    assert attempts_of(generation)[0].provider_key == own


def test_a_team_without_a_key_of_its_own_takes_what_everybody_has(errand: Shop, cast: Cast) -> None:
    add(cast.alice, "elsewheres-key-0123456789", cast.other_team)
    errand.done.set()
    generation = carry_out(cast.bob, "errand-1")
    assert set(errand.keys) == {OF_ENVIRONMENT}
    assert attempts_of(generation)[0].provider_key is None
    carry_out(cast.charlie, "errand-1")
    assert errand.keys[-1] == "elsewheres-key-0123456789"


def test_each_key_has_its_own_lane(errand: Shop, cast: Cast) -> None:
    own = add(cast.alice, "own-key-0123456789", cast.team)
    errand.done.set()
    carry_out(cast.bob, "errand-1")
    assert set(Lane.objects.values_list("key_print", flat=True)) == {own.key_print}


def test_a_job_is_asked_about_with_its_key_after_that_was_replaced(errand: Shop, cast: Cast) -> None:
    own = add(cast.alice, "own-key-0123456789", cast.team)
    generation = begun(cast)
    new = verbs.rotate_key(cast.alice, own.pk, {"ERRAND_KEY": "new-key-0123456789"})
    errand.keys.clear()
    errand.done.set()
    engine.run_once()
    assert again(generation).state == "succeeded"
    assert set(errand.keys) == {"own-key-0123456789"}
    errand.keys.clear()
    assert carry_out(cast.bob, "errand-1").state == "succeeded"
    assert set(errand.keys) == {"new-key-0123456789"}
    new.refresh_from_db()
    assert new.use_count == 1


def test_a_job_of_the_environments_key_stays_with_it(errand: Shop, cast: Cast) -> None:
    generation = begun(cast)
    add(cast.alice, "own-key-0123456789", cast.team)
    errand.keys.clear()
    errand.done.set()
    engine.run_once()
    assert again(generation).state == "succeeded"
    assert set(errand.keys) == {OF_ENVIRONMENT}


def test_a_job_whose_key_was_revoked_is_unknown_and_asked_with_no_other(errand: Shop, cast: Cast) -> None:
    own = add(cast.alice, "own-key-0123456789", cast.team)
    generation = begun(cast)
    verbs.revoke_key(cast.alice, own.pk)
    errand.keys.clear()
    engine.run_once()
    assert again(generation).state == "unknown"
    assert "no longer here" in again(generation).error["message"]
    assert errand.keys == []


def test_a_replaced_key_is_forgotten_a_day_later_once_no_open_job_needs_it(errand: Shop, cast: Cast) -> None:
    own = add(cast.alice, "own-key-0123456789", cast.team)
    generation = begun(cast)
    verbs.rotate_key(cast.alice, own.pk, {"ERRAND_KEY": "new-key-0123456789"})
    later = timezone.now() + timedelta(days=1, minutes=1)
    # The job is with the vendor still; an unknown outcome needs the key as well.
    assert forget_retired_keys(later) == 0
    Attempt.objects.filter(generation=generation).update(state="unknown")
    assert forget_retired_keys(later) == 0
    Attempt.objects.filter(generation=generation).update(state="sent")
    errand.done.set()
    engine.run_once()
    assert again(generation).state == "succeeded"
    assert forget_retired_keys(timezone.now() + timedelta(hours=23)) == 0
    assert [forget_retired_keys(later) for _ in range(2)] == [1, 0]
    own.refresh_from_db()
    assert (own.state, own.ciphertext, own.encryption_key_id) == ("retired", "", "")
    line = AuditEntry.objects.order_by("-number")[0]
    assert (line.action, line.who, line.target_id) == ("provider_key.forgotten", "the hub", str(own.pk))
    assert ProviderKey.objects.get(state="active").ciphertext


def test_a_forgotten_key_is_no_concern(errand: Shop, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    own = add(cast.alice, "own-key-0123456789", cast.team)
    verbs.rotate_key(cast.alice, own.pk, {"ERRAND_KEY": "new-key-0123456789"})
    ProviderKey.objects.filter(id=own.pk).update(ended_at=timezone.now() - timedelta(days=2))
    do_chores(threading.Event())
    own.refresh_from_db()
    assert (own.ciphertext, own.ended_reason) == ("", "Replaced by a new key; its secrets are forgotten.")
    assert unopened(known_keys()) == []
    with pytest.raises(Conflict, match="secrets are forgotten"):
        verbs.test_key(cast.alice, own.pk)
    monkeypatch.setenv("ERRAND_BASE_URL", "http://127.0.0.1:10")
    drop_moved_keys()
    own.refresh_from_db()
    assert own.state == "retired"


def test_a_cancellation_goes_with_the_jobs_key(errand: Shop, cast: Cast) -> None:
    own = add(cast.alice, "own-key-0123456789", cast.team)
    generation = begun(cast)
    verbs.rotate_key(cast.alice, own.pk, {"ERRAND_KEY": "new-key-0123456789"})
    errand.keys.clear()
    attempt = Attempt.objects.select_related("generation__model", "hold").get(generation=generation)
    perform.ask_vendor_to_stop(attempt)
    assert (errand.cancels, errand.keys) == (["job-1"], ["own-key-0123456789"])
    engine.run_once()


@pytest.mark.parametrize("verb", ["rotate", "revoke"])
def test_a_key_that_goes_just_before_the_call_is_not_used(
    errand: Shop, cast: Cast, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    own = add(cast.alice, "own-key-0123456789", cast.team)
    real = perform.take_right_to_send
    ends = [own]

    def too_late(work: Any) -> Any:
        for stored in ends[:]:
            ends.clear()
            if verb == "rotate":
                verbs.rotate_key(cast.alice, stored.pk, {"ERRAND_KEY": "new-key-0123456789"})
            else:
                verbs.revoke_key(cast.alice, stored.pk)
        return real(work)

    monkeypatch.setattr(perform, "take_right_to_send", too_late)
    errand.done.set()
    generation = carry_out(cast.bob, "errand-1")
    assert generation.state == "succeeded"
    assert set(errand.keys) == {"new-key-0123456789" if verb == "rotate" else OF_ENVIRONMENT}
    own.refresh_from_db()
    assert own.use_count == 0


def test_a_key_that_the_vendor_refuses_gives_way_to_the_next(errand: Shop, cast: Cast) -> None:
    first = add(cast.alice, "first-key-0123456789", cast.team, priority=1)
    add(cast.alice, "second-key-0123456789", cast.team, priority=2)
    errand.done.set()
    errand.start_statuses.append(401)
    assert carry_out(cast.bob, "errand-1").state == "failed"
    errand.keys.clear()
    assert carry_out(cast.bob, "errand-1").state == "succeeded"
    assert set(errand.keys) == {"second-key-0123456789"}
    note_key_works("errand", first.key_print)
    errand.keys.clear()
    assert carry_out(cast.bob, "errand-1").state == "succeeded"
    assert set(errand.keys) == {"first-key-0123456789"}


def test_a_key_whose_day_is_used_up_gives_way_to_the_next(errand: Shop, cast: Cast) -> None:
    add(cast.alice, "first-key-0123456789", cast.team, priority=1)
    add(cast.alice, "second-key-0123456789", cast.team, priority=2)
    errand.done.set()
    errand.start_statuses.append(430)
    carry_out(cast.bob, "errand-1")
    assert carry_out(cast.bob, "errand-1").state == "succeeded"
    assert errand.keys[-1] == "second-key-0123456789"


def test_rotation_while_pictures_are_under_way_needs_no_restart(errand: Shop, committed_cast: Cast) -> None:
    alice, bob = committed_cast.alice, committed_cast.bob
    own = add(alice, "own-key-0123456789", committed_cast.team)
    engine.begin()
    first = submit(bob, "errand-1").generation
    wait_until(lambda: len(errand.checks) > 1)
    verbs.rotate_key(alice, own.pk, {"ERRAND_KEY": "new-key-0123456789"})
    second = submit(bob, "errand-1").generation
    wait_until(lambda: "new-key-0123456789" in errand.keys)
    errand.done.set()
    wait_until(lambda: again(first).is_finished and again(second).is_finished)
    assert [again(first).state, again(second).state] == ["succeeded", "succeeded"]
    used = [Attempt.objects.get(generation=generation).provider_key for generation in (first, second)]
    assert [stored.last_four for stored in used if stored] == ["6789", "6789"]
    assert [stored.state for stored in used if stored] == ["retired", "active"]


def wait_until(condition: Any) -> None:
    last = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < last
        release_connection()
        time.sleep(0.02)
