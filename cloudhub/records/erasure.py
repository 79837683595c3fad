"""Erase a person: the books go on adding up and name nobody.

What belongs to a person alone hangs on the row by CASCADE (memberships, sign-in records, second factors) and goes.
What the books need points to it by PROTECT and stays, with an anonymous stand-in for the person.
What people wrote as a reason into the ledger stays as it was written: those lines cannot be changed.
"""

import re
import secrets
import threading
from dataclasses import dataclass, replace

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import models
from django.db.models import ForeignObjectRel, Q
from django.utils import timezone

from cloudhub.accounts.actor import Actor, Origin
from cloudhub.accounts.audit_trail import home_of, record
from cloudhub.accounts.models import AuditEntry, HubKey, Invitation, User
from cloudhub.accounts.owners import keeping_an_owner, last_owner
from cloudhub.billing.models import Budget
from cloudhub.core.addresses import is_same_address
from cloudhub.core.database import release_connection, run_transaction
from cloudhub.core.errors import Forbidden, Invalid, NotFound
from cloudhub.generations.models import Generation, Image
from cloudhub.generations.purge import OPEN_STATES, erase_recipes, purge_images
from cloudhub.records.models import Erasure

WORK_CHOICES = ("keep", "delete")
PEOPLE = ("user", "person", "member")


def erase_person(actor: Actor, user_id: object, *, confirmation: object, work: object) -> Erasure:
    """Make a person nobody, for good. `confirmation` is the person's e-mail address, typed; with `work` "keep" prompts
    and pictures stay with their teams, with "delete" they go, at once as far as nothing of it is under way.

    Raises `Forbidden` for all but owners of the hub, `NotFound`, `Invalid` naming the field, and `Conflict` for the
    last owner of the hub who can act.
    """
    person = _person_to_erase(actor, user_id)
    _check(person, confirmation, work)
    erasure = keeping_an_owner(lambda: _erase(actor, person.pk, keeps_work=work == "keep"))
    # A lifetime's work would keep the page waiting; the runner's chores do the rest.
    carry_out_erasures(threading.Event(), rounds=10)
    erasure.refresh_from_db()
    return erasure


@dataclass(frozen=True)
class PersonToErase:
    """Before it is done: whether the hub can do without the person, and how much is theirs."""

    person: User
    is_last: bool
    generations: int
    pictures: int


def look_at_person(actor: Actor, user_id: object) -> PersonToErase:
    """Raises `Forbidden` for all but owners of the hub, `NotFound`."""
    person = _person_to_erase(actor, user_id)
    return PersonToErase(
        person,
        is_last=person == last_owner(),
        generations=Generation.objects.filter(user=person).count(),
        pictures=Image.objects.filter(user=person, purged_at=None).count(),
    )


def _person_to_erase(actor: Actor, user_id: object) -> User:
    if not actor.is_hub_owner:
        raise Forbidden("Only an owner of the hub may erase a person.")
    return find_unerased_person(user_id)


def find_unerased_person(user_id: object) -> User:
    """Somebody who was not erased. Raises `NotFound`."""
    text = str(user_id)
    known = text.isascii() and text.isdigit() and len(text) < 18
    person = User.objects.filter(pk=int(text), erasure=None).first() if known else None
    if person is None:
        raise NotFound("There is no such person.")
    return person


def stand_in(person_id: int) -> str:
    """What stands for a person who was erased wherever an e-mail address stood."""
    return f"former member {person_id}"


def _check(person: User, confirmation: object, work: object) -> None:
    problems = {}
    if not isinstance(confirmation, str) or confirmation.strip().lower() != person.email.lower():
        problems["confirmation"] = "Type the person's e-mail address as it stands here; nothing was erased."
    if work not in WORK_CHOICES:
        problems["work"] = "Say whether prompts and pictures are kept for the team or deleted."
    if problems:
        raise Invalid.of(problems)


def _erase(actor: Actor, person_id: int, *, keeps_work: bool) -> Erasure:
    list(User.objects.select_for_update().filter(pk=person_id))
    person = find_unerased_person(person_id)
    email, name, home = person.email, stand_in(person_id), home_of(person)
    _erase_row(person, name)
    _erase_keys(person, name)
    _erase_invitations(person, email, name)
    _erase_mentions(person, email, name)
    _end_sessions(person)
    erasure = Erasure.objects.create(user=person, keeps_work=keeps_work)
    witness = replace(actor, user=person, origin=Origin(actor.origin.door)) if actor.user.pk == person_id else actor
    record(witness, "person.erased", target_kind="user", target_id=person_id, target_name=name,
           team=home, of_no_team=home is None, details={"keeps_work": keeps_work})  # fmt: skip
    return erasure


def _erase_row(person: User, name: str) -> None:
    """The row becomes the stand-in, and all that hangs on it goes."""
    for relation in relations_to_people():
        if relation.on_delete is models.CASCADE:
            relation.related_model._base_manager.filter(**{relation.field.name: person}).delete()
    person.groups.clear()
    person.user_permissions.clear()
    person.email, person.first_name, person.last_name, person.last_login = name, "", "", None
    person.is_active = person.is_staff = person.is_superuser = False
    person.set_unusable_password()
    person.save()


def relations_to_people() -> list[ForeignObjectRel]:
    """Every relation of another table to a person, also those that have no name on this side."""
    found = User._meta.get_fields(include_hidden=True)
    return [field for field in found if isinstance(field, ForeignObjectRel) and not field.many_to_many]


def _erase_keys(person: User, name: str) -> None:
    """Their hub keys work no more and cannot be told from their start; the ledger goes on pointing to the rows."""
    keys = HubKey.objects.filter(user=person)
    keys.filter(revoked_at=None).update(revoked_at=timezone.now())
    for key in keys:
        HubKey.objects.filter(pk=key.pk).update(name=f"key {key.pk} of {name}", prefix="", digest=secrets.token_hex(32),
                                                allowed_networks=[])  # fmt: skip


def _erase_invitations(person: User, email: str, name: str) -> None:
    for invitation in Invitation.objects.filter(Q(email__iexact=email) | Q(accepted_by=person)):
        if invitation.accepted_by_id != person.pk and not is_same_address(invitation.email, email):
            continue
        ended = invitation.withdrawn_at or (None if invitation.accepted_at else timezone.now())
        Invitation.objects.filter(pk=invitation.pk).update(email=name, digest=secrets.token_hex(32), withdrawn_at=ended)


def _erase_mentions(person: User, email: str, name: str) -> None:
    """Lines and texts that name the person elsewhere."""
    keys = [str(pk) for pk in HubKey.objects.filter(user=person).values_list("pk", flat=True)]
    about = Q(user=person) | Q(target_kind__in=PEOPLE, target_id=str(person.pk))
    about |= Q(target_kind="hub_key", target_id__in=keys) | Q(pk__in=_lines_that_name(email))
    own = Budget.objects.filter(scope="user", target=str(person.pk))
    # People call a budget after the person whom it limits.
    about |= Q(target_kind="budget", target_id__in=[str(pk) for pk in own.values_list("pk", flat=True)])
    AuditEntry.objects.filter(about).update(who="", address="", target_name="", salt="")
    own.update(name=f"Budget of {name}")
    users = ContentType.objects.get_for_model(User)
    LogEntry.objects.filter(content_type=users, object_id=str(person.pk)).update(object_repr=name)


def _lines_that_name(email: str) -> list[int]:
    """Audit lines with the address in them, and not as a part of a longer one."""
    whole = re.compile(rf"(?<![\w.+-]){re.escape(email)}(?![\w-]|\.\w)", re.IGNORECASE)
    found = AuditEntry.objects.filter(Q(target_name__icontains=email) | Q(who__icontains=email))
    return [line.pk for line in found if whole.search(f"{line.target_name} {line.who}")]


def _end_sessions(person: User) -> None:
    """Sessions are sealed: whose one is must be read from each."""
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        if session.get_decoded().get("_auth_user_id") == str(person.pk):
            session.delete()


def carry_out_erasures(stopping: threading.Event, rounds: int = 1000) -> None:
    """Remove, in steps, prompts and pictures of people who were erased with them; what is under way comes later."""
    for erasure in Erasure.objects.filter(finished_at=None).order_by("pk"):
        for _ in range(0 if erasure.keeps_work else rounds):
            if stopping.is_set():
                return
            done = purge_images(Image.objects.filter(user_id=erasure.user_id))
            done += erase_recipes(Generation.objects.filter(user_id=erasure.user_id))
            release_connection()
            if not done:
                break
        if erasure.keeps_work or not _has_work_left(erasure):
            _finish(erasure)


def _finish(erasure: Erasure) -> None:
    rows = Erasure.objects.filter(pk=erasure.pk, finished_at=None)
    run_transaction(lambda: rows.update(finished_at=timezone.now()))


def _has_work_left(erasure: Erasure) -> bool:
    """Open generations, or pictures that open ones of other people refer to."""
    open_work = Generation.objects.filter(user_id=erasure.user_id, state__in=OPEN_STATES)
    left = Image.objects.filter(user_id=erasure.user_id, purged_at=None)
    recipes = Generation.objects.filter(user_id=erasure.user_id, recipe_erased_at=None)
    return open_work.exists() or left.exists() or recipes.exists()
