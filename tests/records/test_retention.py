"""How long what is kept: who says so, what it would remove, and what the chore removes and leaves."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.utils import timezone

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.models import AuditEntry, Invitation
from cloudhub.accounts.sessions import mark_seen
from cloudhub.core.errors import Forbidden, Invalid, NotFound
from cloudhub.generations.bin import KEPT_DAYS, delete_image
from cloudhub.generations.images import upload_image
from cloudhub.generations.imports import import_images
from cloudhub.generations.models import Generation, Image
from cloudhub.health.schedule import do_chores
from cloudhub.records.models import RetentionRule
from cloudhub.records.retention import look_at_change, rules_for, set_retention
from tests.conftest import Cast
from tests.generations.stage import again, carry_out, ledger_of, png, submit
from tests.records.stage import (
    NEVER,
    carry_out_now,
    has_file,
    images_of,
    make_file_older,
    make_image_older,
    make_older,
    now_image,
)


def keep(actor: Actor, kind: str, days: object, *, for_hub: bool = True) -> None:
    set_retention(actor, kind=kind, days=days, for_hub=for_hub)


def test_without_a_rule_everything_is_kept(cast: Cast) -> None:
    made = carry_out(cast.bob)
    make_older(5000, made)
    carry_out_now()
    assert again(made).prompt == "a red fox"
    assert images_of(made)[0].purged_at is None
    assert [rule.days for rule in rules_for(cast.bob)] == [None] * 5


def test_old_pictures_go_with_their_files_and_young_ones_stay(cast: Cast) -> None:
    old, young = carry_out(cast.bob, seed=1), carry_out(cast.bob, seed=2)
    make_older(31, old)
    make_older(29, young)
    before = ledger_of(old)
    keep(cast.alice, "pictures", 30)
    sha256 = images_of(old)[0].sha256
    carry_out_now()
    assert images_of(old)[0].purged_at is not None
    assert not has_file(sha256)
    assert images_of(young)[0].purged_at is None
    assert has_file(images_of(young)[0].sha256)
    assert (ledger_of(old), again(old).state, again(old).prompt) == (before, "succeeded", "a red fox")


def test_a_rule_says_what_it_would_remove_before_it_is_saved(cast: Cast) -> None:
    make_older(31, carry_out(cast.bob, seed=1))
    make_older(29, carry_out(cast.bob, seed=2))
    counts = [look_at_change(cast.alice, kind="pictures", days=days, for_hub=True).count for days in (30, "28", "")]
    assert counts == [1, 2, 0]
    assert not RetentionRule.objects.exists()


def test_references_and_pictures_have_rules_of_their_own(cast: Cast) -> None:
    made, reference = carry_out(cast.bob), upload_image(cast.bob, png())
    make_older(31, made)
    make_image_older(31, reference)
    keep(cast.alice, "references", 30)
    carry_out_now()
    assert now_image(reference.id).purged_at is not None
    assert images_of(made)[0].purged_at is None


def test_zero_days_erases_a_prompt_as_soon_as_it_is_finished(cast: Cast) -> None:
    keep(cast.alice, "prompts", 0)
    queued, made = submit(cast.bob).generation, None
    carry_out_now()
    assert again(queued).prompt == "a red fox", "what waits still needs its prompt"
    made = carry_out(cast.bob, seed=9)
    carry_out_now()
    assert (again(made).prompt, again(queued).prompt) == ("", "")
    assert images_of(made)[0].purged_at is None


def test_prompts_of_imported_pictures_go_by_the_age_of_the_picture(cast: Cast) -> None:
    old, young = import_images(cast.bob, [png(), png("gold")], prompt="a secret wish")
    reference = upload_image(cast.bob, png("red"))
    for image in (old, reference):
        make_image_older(31, image)
    assert look_at_change(cast.alice, kind="prompts", days=30, for_hub=True).count == 1
    keep(cast.alice, "prompts", 30)
    carry_out_now()
    assert [now_image(image.id).prompt for image in (old, young)] == ["", "a secret wish"]
    assert now_image(old.id).purged_at is None
    assert now_image(reference.id).prompt_erased_at is None, "that is the rule of reference pictures"
    assert look_at_change(cast.alice, kind="prompts", days=30, for_hub=True).count == 0


def test_idempotency_keys_are_kept_at_least_thirty_days(cast: Cast) -> None:
    made = carry_out(cast.bob, idempotency_key="once")
    with pytest.raises(Invalid) as refused:
        keep(cast.alice, "keys", 29)
    assert "from 30" in refused.value.fields["days"]
    keep(cast.alice, "keys", 30)
    make_older(29, made)
    carry_out_now()
    assert again(made).idempotency_key == "once"
    make_older(31, made)
    carry_out_now()
    assert (again(made).idempotency_key, again(made).request_hash) == (None, "")


def test_ended_invitations_go_and_open_ones_stay(cast: Cast) -> None:
    now = timezone.now()
    for number, (days, field) in enumerate(
        [(40, "expires_at"), (40, "withdrawn_at"), (40, "accepted_at"), (5, "expires_at")]
    ):
        fields = {"expires_at": now + timedelta(days=1), field: now - timedelta(days=days)}
        Invitation.objects.create(team=cast.team, email=f"{number}@example.org", digest=str(number),
                                  invited_by=cast.alice.user, **fields)  # fmt: skip
    keep(cast.alice, "invitations", 30)
    carry_out_now()
    assert list(Invitation.objects.values_list("email", flat=True)) == ["3@example.org"]


def test_a_team_may_only_be_stricter_and_the_stricter_rule_counts(cast: Cast) -> None:
    keep(cast.alice, "pictures", 90)
    with pytest.raises(Invalid, match="only be stricter"):
        keep(cast.charlie, "pictures", 91, for_hub=False)
    keep(cast.charlie, "pictures", 10, for_hub=False)
    ours, theirs = carry_out(cast.bob, seed=1), carry_out(cast.charlie, seed=2)
    make_older(20, ours, theirs)
    carry_out_now()
    assert images_of(ours)[0].purged_at is None
    assert images_of(theirs)[0].purged_at is not None
    keep(cast.alice, "pictures", 5)
    assert [rule.days for rule in rules_for(cast.charlie)][0] == 5
    carry_out_now()
    assert images_of(ours)[0].purged_at is not None


def test_only_owners_say_how_long_and_for_the_hub_only_its_own(cast: Cast) -> None:
    for actor, for_hub in ((cast.bob, False), (cast.victor, False), (cast.charlie, True), (cast.bob, True)):
        with pytest.raises(Forbidden):
            keep(actor, "pictures", 30, for_hub=for_hub)
    with pytest.raises(NotFound):
        keep(cast.alice, "ledger", 30)
    assert not RetentionRule.objects.exists()


@pytest.mark.parametrize("days", ["-1", "0", "1.5", "soon", "36501", "٣", "9" * 30, True])
def test_days_are_whole_and_within_bounds(cast: Cast, days: object) -> None:
    with pytest.raises(Invalid) as refused:
        keep(cast.alice, "pictures", days)
    assert set(refused.value.fields) == {"days"}


def test_changes_and_removals_stand_in_the_audit_trail(cast: Cast) -> None:
    make_older(31, carry_out(cast.bob))
    keep(cast.alice, "pictures", 30)
    keep(cast.alice, "pictures", 20)
    carry_out_now()
    carry_out_now()
    lines = list(AuditEntry.objects.filter(target_kind="retention").order_by("number"))
    assert [(line.action, line.details) for line in lines] == [
        ("retention.changed", {"days": 30, "before": None, "whole_hub": True}),
        ("retention.changed", {"days": 20, "before": 30, "whole_hub": True}),
        ("retention.carried_out", {"kind": "pictures", "count": 1}),
    ]


def test_a_deleted_picture_is_gone_for_good_after_its_days_in_the_bin(cast: Cast) -> None:
    made = carry_out(cast.bob)
    (image,) = images_of(made)
    make_file_older(image.sha256)
    delete_image(cast.bob, image.id)
    carry_out_now()
    assert has_file(image.sha256)
    Image.objects.filter(id=image.id).update(deleted_at=timezone.now() - timedelta(days=KEPT_DAYS, seconds=1))
    carry_out_now()
    assert now_image(image.id).purged_at is not None
    assert not has_file(image.sha256)


def test_ended_sessions_go_with_address_and_browser(cast: Cast) -> None:
    for key, hours in (("over", -1), ("open", 1)):
        expires = timezone.now() + timedelta(hours=hours)
        Session.objects.create(session_key=key, session_data="", expire_date=expires)
    for key in ("over", "open", "signed out"):
        mark_seen(cast.bob.user, key, "192.0.2.7", "Firefox/140.0")
    carry_out_now()
    assert list(Session.objects.values_list("session_key", flat=True)) == ["open"]
    assert list(UserSession.objects.values_list("session_key", flat=True)) == ["open"], "address and browser go too"


def test_the_runner_carries_it_out_beside_its_loop(cast: Cast) -> None:
    made = carry_out(cast.bob)
    make_older(31, made)
    keep(cast.alice, "prompts", 30)
    do_chores(NEVER)
    assert again(made).prompt == ""


def test_more_than_one_step_is_carried_out(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cloudhub.generations.purge.AT_ONCE", 2)
    images = [upload_image(cast.bob, png(size=(100 + number, 100))) for number in range(5)]
    for image in images:
        make_image_older(31, image)
    keep(cast.alice, "references", 30)
    carry_out_now()
    assert not Image.objects.filter(purged_at=None).exists()
    assert not any(has_file(image.sha256) for image in images)
    assert Generation.objects.count() == 0
