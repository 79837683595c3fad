"""A person who is erased: nothing names them any more, and the books still add up."""

import json
from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from django.db import connection, models
from django.utils import timezone

from cloudhub.accounts.actor import Actor, actor_of_user
from cloudhub.accounts.audit_trail import record
from cloudhub.accounts.hub_keys import find_hub_key
from cloudhub.accounts.models import AuditEntry, Invitation, Membership, User
from cloudhub.billing.models import LedgerEntry
from cloudhub.core.database import run_transaction
from cloudhub.core.errors import Conflict, Forbidden, HubError, Invalid, NotFound
from cloudhub.generations.decide import decide_attempt
from cloudhub.generations.models import Image
from cloudhub.records.erasure import carry_out_erasures, erase_person, relations_to_people, stand_in
from cloudhub.records.models import Erasure
from tests.conftest import PASSWORD, Cast, client_of
from tests.generations.stage import again, all_at_once, attempts_of, budget, carry_out, ledger_of, submit
from tests.hub_keys import create_hub_key
from tests.records.stage import NEVER, has_file, images_of, make_file_older

EMAIL = "bob@example.org"


def erase(cast: Cast, actor: Actor | None = None, work: str = "keep", **changes: object) -> Erasure:
    wish = {"confirmation": EMAIL, "work": work, **changes}
    return erase_person(actor or cast.alice, cast.bob.user.pk, **wish)


def everything_stored() -> str:
    """All that the tables of the hub and of Django hold, as text."""
    told = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - our own tables' names
            told.append(json.dumps(cursor.fetchall(), default=str))
    return "\n".join(told)


def test_nothing_names_them_and_the_books_add_up(cast: Cast) -> None:
    bob = cast.bob
    key, text = create_hub_key(name="Bob's laptop", user=bob.user, team=cast.team)
    client_of(bob)
    budget(cast.alice, "10.000000", "XTS", name="Bob's budget", scope="user", target=str(bob.user.pk))
    made = carry_out(bob)
    Invitation.objects.create(team=cast.team, email="Bob@example.org", digest="d", invited_by=cast.alice.user,
                              accepted_by=bob.user, accepted_at=timezone.now(),
                              expires_at=timezone.now() + timedelta(days=1))  # fmt: skip
    run_transaction(lambda: record(bob, "hub_key.made", target_kind="hub_key", target_id=key.pk, target_name=key.name))
    run_transaction(lambda: record(cast.alice, "member.invited", target_kind="invitation", target_name=EMAIL))
    User.objects.filter(pk=bob.user.pk).update(first_name="Robert", last_name="Tester")
    before = ledger_of(made)
    erasure = erase(cast)
    stored = everything_stored().lower()
    for trace in (EMAIL, "bob", "robert", "tester", key.prefix.lower(), text.lower()):
        assert trace not in stored, trace
    assert erasure.finished_at is not None
    assert (ledger_of(made), again(made).user_id, again(made).prompt) == (before, bob.user.pk, "a red fox")
    assert User.objects.get(pk=bob.user.pk).email == stand_in(bob.user.pk)
    assert not Membership.objects.filter(user=bob.user).exists()
    assert has_file(images_of(made)[0].sha256)


def test_they_can_neither_sign_in_nor_use_a_key(cast: Cast) -> None:
    _, text = create_hub_key(name="laptop", user=cast.bob.user, team=cast.team)
    browser = client_of(cast.bob)
    assert browser.get("/gallery/").status_code == 200
    erase(cast)
    assert browser.get("/gallery/").status_code == 302
    assert authenticate(username=EMAIL, password=PASSWORD) is None
    assert authenticate(username=stand_in(cast.bob.user.pk), password=PASSWORD) is None
    assert find_hub_key(text) is None


def test_their_work_goes_with_them_when_asked(cast: Cast) -> None:
    made, others = carry_out(cast.bob, prompt="my own words", seed=1), carry_out(cast.alice, seed=2)
    (image,) = images_of(made)
    make_file_older(image.sha256)
    before = ledger_of(made)
    assert erase(cast, work="delete").finished_at is not None
    assert (again(made).prompt, again(made).request) == ("", {})
    assert images_of(made)[0].purged_at is not None
    assert ledger_of(made) == before
    assert again(others).prompt == "a red fox"
    assert images_of(others)[0].purged_at is None


def test_work_under_way_ends_first(cast: Cast) -> None:
    made = submit(cast.bob).generation
    erasure = erase(cast, work="delete")
    assert erasure.finished_at is None
    assert again(made).prompt == "a red fox"
    from cloudhub.generations.engine import engine  # noqa: PLC0415 - one test carries work out by itself

    engine.run_once()
    carry_out_erasures(NEVER)
    erasure.refresh_from_db()
    assert erasure.finished_at is not None
    assert again(made).prompt == ""
    assert not Image.objects.filter(user=cast.bob.user, purged_at=None).exists()


def test_a_decision_in_the_ledger_names_them_by_number_alone(cast: Cast) -> None:
    made = carry_out(cast.bob, prompt="a fox #lost")
    (attempt,) = attempts_of(made)
    owner = User.objects.create_superuser("second@example.org", PASSWORD)
    Membership.objects.create(user=owner, team=cast.team, role="owner")
    decide_attempt(actor_of_user(owner), attempt.pk, action="settle", reason="as the bill says")
    line = LedgerEntry.objects.get(hold_id=attempt.pk, kind="settle")
    assert line.actor == f"user {owner.pk}"
    shown = client_of(cast.alice).get("/costs/").content.decode()
    assert "second@example.org" in shown
    erase_person(cast.alice, owner.pk, confirmation="second@example.org", work="keep")
    shown = client_of(cast.alice).get("/costs/").content.decode()
    assert "second@example.org" not in shown
    assert stand_in(owner.pk) in shown
    assert "second@" not in everything_stored()


def test_lines_about_somebody_with_a_longer_address_stay(cast: Cast) -> None:
    ours = ["bob@example.org in Studio", "Bob@Example.org."]
    others = ["jim-bob@example.org", "bob@example.org.uk", "bob@example.orgs"]

    def write() -> None:
        for name in ours + others:
            record(cast.alice, "member.added", target_kind="membership", target_name=name)

    run_transaction(write)
    erase(cast)
    left = AuditEntry.objects.filter(action="member.added").order_by("number").values_list("target_name", flat=True)
    assert list(left) == ["", "", *others]


def test_it_is_confirmed_by_the_address_and_by_a_choice(cast: Cast) -> None:
    with pytest.raises(Invalid) as refused:
        erase(cast, work="perhaps", confirmation="bob")
    assert set(refused.value.fields) == {"confirmation", "work"}
    assert User.objects.get(pk=cast.bob.user.pk).email == EMAIL


def test_only_owners_of_the_hub_may_and_never_the_last_of_them(cast: Cast) -> None:
    for actor in (cast.bob, cast.victor, cast.charlie):
        with pytest.raises(Forbidden):
            erase(cast, actor)
    with pytest.raises(Conflict, match="without an owner who can act"):
        erase_person(cast.alice, cast.alice.user.pk, confirmation="alice@example.org", work="keep")
    for nobody in ("nobody", "999999", cast.bob.user.pk + 10_000):
        with pytest.raises(NotFound):
            erase_person(cast.alice, nobody, confirmation=EMAIL, work="keep")


def test_an_owner_may_erase_themselves_when_another_is_left(cast: Cast) -> None:
    second = User.objects.create_superuser("second@example.org", PASSWORD)
    with pytest.raises(Conflict, match="without an owner who can act"):
        erase_person(cast.alice, cast.alice.user.pk, confirmation="alice@example.org", work="keep")
    assert User.objects.get(pk=cast.alice.user.pk).is_active, "an owner in no team can do nothing for the hub"
    Membership.objects.create(user=second, team=cast.team)
    erase_person(cast.alice, cast.alice.user.pk, confirmation="ALICE@example.org", work="keep")
    line = AuditEntry.objects.get(action="person.erased")
    assert (line.who, line.target_name) == (stand_in(cast.alice.user.pk),) * 2
    assert "alice" not in everything_stored().lower()


def test_nobody_is_erased_twice(cast: Cast) -> None:
    erase(cast)
    with pytest.raises(NotFound):
        erase(cast)


def test_two_owners_who_erase_each_other_leave_one(committed_cast: Cast) -> None:
    second = User.objects.create_superuser("second@example.org", PASSWORD)
    Membership.objects.create(user=second, team=committed_cast.team, role="owner")
    pairs = [(committed_cast.alice, second), (actor_of_user(second), committed_cast.alice.user)]
    refused: list[str] = []

    def next_one() -> None:
        actor, person = pairs.pop()
        try:
            erase_person(actor, person.pk, confirmation=person.email, work="keep")
        except HubError as error:
            refused.append(error.message)

    all_at_once(2, next_one)
    assert User.objects.filter(is_superuser=True, is_active=True).count() == 1
    assert len(refused) == 1


@pytest.mark.sqlite_only
def test_every_relation_to_a_person_either_goes_or_is_needed_by_the_books() -> None:
    """CASCADE belongs to the person alone, PROTECT to the books; anything else would be forgotten here."""
    for relation in relations_to_people():
        assert relation.on_delete in (models.CASCADE, models.PROTECT, models.SET_NULL), relation
        table = relation.related_model
        assert table is not None
        if relation.on_delete is models.CASCADE:
            assert not table.__module__.startswith(("cloudhub.billing", "cloudhub.generations")), table
    told = {relation.related_model for relation in relations_to_people()}
    assert {LedgerEntry, Membership, Erasure, Image, AuditEntry} <= told, "relations without a name count too"
