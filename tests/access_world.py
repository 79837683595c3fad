"""The world of the access matrix: two teams with one of everything, every role as browser and as program."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from cloudhub.accounts.actor import PERMISSIONS, ROLE_PERMISSIONS, Actor, actor_of_user
from cloudhub.accounts.invitations import invite
from cloudhub.accounts.models import HubKey, Membership, Role, Team, User
from cloudhub.api.pictures import _signer
from cloudhub.billing.budgets import create_budget
from cloudhub.catalog.models import CloudModel
from cloudhub.generations.bin import delete_image
from cloudhub.generations.engine import engine
from cloudhub.generations.models import Attempt, Generation
from cloudhub.generations.submit import submit_generation
from cloudhub.lanes.models import Lane
from cloudhub.vault.stored import add_key
from tests.conftest import key_of, make_cast

ENCRYPTION_KEY = base64.urlsafe_b64encode(b"o" * 32).decode()
NOBODYS_UUID = "01900000-0000-7000-8000-000000000000"
NOBODYS_NUMBER = 987_654_321
STUDIO, ELSEWHERE, NOBODY = "Studio's", "Elsewhere's", "nobody's"
OWNERS = (STUDIO, ELSEWHERE, NOBODY)


@dataclass(frozen=True)
class Route:
    """An address of the hub: its name with namespaces, and the names of its parts."""

    name: str
    parts: tuple[str, ...]
    callback: Any


def routes() -> dict[str, Route]:
    """Every pattern of the URL table by name; what has no name goes by its text."""
    return {route.name: route for route in _walk(get_resolver(), "")}


def _walk(resolver: URLResolver, namespace: str) -> Iterator[Route]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from _walk(entry, f"{namespace}{entry.namespace}:" if entry.namespace else namespace)
        elif isinstance(entry, URLPattern):
            name = entry.name or f"({entry.pattern})"
            yield Route(namespace + name, tuple(entry.pattern.regex.groupindex), entry.callback)


@dataclass(frozen=True)
class Role_:
    """Somebody at a door: what they may do, whose things they see, and how they come in."""

    name: str
    permissions: frozenset[str] | None = None
    teams: frozenset[str] = frozenset()
    is_staff: bool = False
    client: Client = field(default_factory=Client)
    headers: dict[str, str] = field(default_factory=dict)
    # Whose keys they see of a team: their own, or all.
    owns: frozenset[str] = frozenset()


@dataclass(frozen=True)
class World:
    """`values[part][owner]` is what stands in an address; `marks[owner]` are texts that nobody else may read."""

    people: list[Role_]
    programs: list[Role_]
    values: dict[str, dict[str, Any]]
    marks: dict[str, list[str]]


@pytest.fixture(scope="module", name="world")
def built_world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator["World"]:
    """Built once for a module, in a transaction around those of its tests."""
    keys = override_settings(CLOUDHUB_ENCRYPTION_KEYS=ENCRYPTION_KEY)
    with django_db_blocker.unblock(), keys, undone():
        yield build_world()


@contextmanager
def undone() -> Iterator[None]:
    """Whatever happens inside did not happen; the hub's own durable transactions are allowed, as in a test."""
    atomic = transaction.atomic()
    atomic._from_testcase = True  # type: ignore[attr-defined]
    atomic.__enter__()
    try:
        yield
    finally:
        transaction.set_rollback(True)
        atomic.__exit__(None, None, None)


def build_world() -> World:
    cast = make_cast()
    actors = {"hub owner": cast.alice, "member": cast.bob, "viewer": cast.victor, "another team's owner": cast.charlie}
    for name, role in (("team owner", Role.OWNER), ("team-mate", Role.MEMBER)):
        user = User.objects.create_user(f"{name.replace(' ', '.')}@example.org", "correct horse battery")
        Membership.objects.create(user=user, team=cast.team, role=role)
        actors[name] = actor_of_user(user)
    made = {STUDIO: _make(cast.bob, cast.alice), ELSEWHERE: _make(cast.charlie, cast.alice)}
    parts = made[STUDIO].keys()
    values = {part: {owner: made[owner][part] for owner in made} for part in parts}
    for part in parts:
        is_number = isinstance(made[STUDIO][part], int)
        values[part][NOBODY] = NOBODYS_NUMBER if is_number else NOBODYS_UUID
    values["token"][NOBODY] = "nobodys:token"
    marks = {owner: [str(text) for text in (*_marks(owner), *_ids(things))] for owner, things in made.items()}
    return World(_people(actors), _programs(actors), values, marks)


def _marks(owner: str) -> tuple[str, ...]:
    word = owner.split("'")[0]
    return (f"prompt of {word}", f"budget of {word}", f"key of {word}", f"invited.to.{word}", f"newcomer.of.{word}")


def _ids(things: dict[str, Any]) -> list[str]:
    return [str(value) for value in things.values() if not isinstance(value, int)]


def _make(actor: Actor, hub_owner: Actor) -> dict[str, Any]:
    """One of everything that belongs to a team, named so that it is recognised in any answer."""
    team = actor.team.name
    fields = {"prompt": f"prompt of {team}", "resolution": "0.5K", "style": "geometry", "quality": "draft"}
    finished = _generate(actor, fields)
    lost = _generate(actor, {**fields, "prompt": f"prompt of {team} #lost"})
    image = finished.images.get()
    binned = _generate(actor, {**fields, "prompt": f"prompt of {team} in the bin"}).images.get()
    delete_image(actor, binned.pk)
    budget = create_budget(hub_owner, {"name": f"budget of {team}", "scope": "team", "target": str(actor.team.pk),
                                       "window": "day", "limit": "5.000000", "currency": "XTS"})  # fmt: skip
    key_of(actor)
    HubKey.objects.filter(user=actor.user).update(name=f"key of {team}")
    vendor_key = add_key(hub_owner, provider="openai", values={"OPENAI_API_KEY": f"sk-key-of-{team}-0123456789"},
                         team=actor.team, label=f"vendor key of {team}")  # fmt: skip
    lane = Lane.objects.create(provider="openai", key_print=vendor_key.key_print, model="")
    invitation, token = invite(hub_owner, email=f"invited.to.{team}@example.org", role="viewer", team=actor.team)
    newcomer = User.objects.create_user(f"newcomer.of.{team}@example.org")
    membership = Membership.objects.create(user=newcomer, team=actor.team, role=Role.VIEWER)
    attempt = lost.attempts.get()
    assert attempt.state == Attempt.State.UNKNOWN
    return {
        "generation_id": str(finished.id), "image_id": str(image.id), "attempt_id": str(attempt.pk),
        "finished_attempt": str(finished.attempts.get().pk), "budget_id": budget.pk,
        "key_id": HubKey.objects.get(user=actor.user).pk, "token": _signer.sign(str(image.id)),
        "vendor_key": str(vendor_key.pk), "invitation_id": invitation.pk, "invitation_token": token,
        "membership_id": membership.pk, "binned_image": str(binned.pk), "lane_id": lane.pk,
    }  # fmt: skip


def _generate(actor: Actor, fields: dict[str, Any]) -> Generation:
    submission = submit_generation(actor=actor, model="practice-1", fields=fields, route="test")
    engine.run_once()
    return Generation.objects.get(id=submission.generation.id)


def _people(actors: dict[str, Actor]) -> list[Role_]:
    people = [Role_("visitor")]
    for name, actor in actors.items():
        client = Client(raise_request_exception=False)
        client.force_login(actor.user)
        people.append(_role(name, actor, frozenset(ROLE_PERMISSIONS[actor.role]), client, {}))
    return people


def _programs(actors: dict[str, Actor]) -> list[Role_]:
    """A program of every role with all scopes, the hub owner's with each one alone, and keys that open nothing."""
    client = Client(raise_request_exception=False)
    programs = []
    for name, actor in actors.items():
        scopes = frozenset(ROLE_PERMISSIONS[actor.role])
        programs.append(_role(name, actor, scopes, client, _header(key_of(actor))))
    for scope in PERMISSIONS:
        text = key_of(actors["hub owner"], (scope,))
        programs.append(
            _role(f"hub owner's {scope} key", actors["hub owner"], frozenset({scope}), client, _header(text))
        )
    revoked, expired = key_of(actors["hub owner"]), key_of(actors["hub owner"])
    now = timezone.now()
    HubKey.objects.filter(prefix=revoked[:10]).update(revoked_at=now)
    HubKey.objects.filter(prefix=expired[:10]).update(expires_at=now - timedelta(seconds=1))
    signed_in = Client(raise_request_exception=False)
    signed_in.force_login(actors["hub owner"].user)
    broken = {"no key": {}, "a revoked key": _header(revoked), "an expired key": _header(expired),
              "a broken key": _header("chk_broken")}  # fmt: skip
    programs += [Role_(name, client=client, headers=headers) for name, headers in broken.items()]
    return [*programs, Role_("a session's cookie", client=signed_in)]


def _header(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def _role(name: str, actor: Actor, may: frozenset[str], client: Client, headers: dict[str, str]) -> Role_:
    home = STUDIO if actor.team.name == "Studio" else ELSEWHERE
    is_hub_owner = actor.user.is_superuser and "manage" in may
    teams = frozenset({STUDIO, ELSEWHERE} if is_hub_owner else {home})
    makers = {"member": STUDIO, "another team's owner": ELSEWHERE}
    owns = teams if "manage" in may else frozenset({makers[name]} if name in makers else set())
    return Role_(name, may, teams, actor.user.is_staff, client, headers, owns)


def other_values() -> dict[str, Any]:
    """What stands in addresses for things that belong to the whole hub."""
    return {"provider_id": "practice", "reference": "practice-1", "model": "practice-1",
            "number": 0, "model_id": CloudModel.objects.get(key="practice-1").pk,
            "user_id": User.objects.get(email="victor@example.org").pk,
            "team_id": Team.objects.get(name="Elsewhere").pk, "session_id": NOBODYS_NUMBER, "pk": NOBODYS_NUMBER,
            "object_id": NOBODYS_NUMBER, "content_type_id": NOBODYS_NUMBER,
            "uidb36": "x", "key": "x", "app_label": "billing", "form": "csv", "rest": "nothing/here"}  # fmt: skip
