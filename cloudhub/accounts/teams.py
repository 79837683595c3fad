"""Teams: made, renamed, archived and opened again by owners of the hub."""

from django.db import IntegrityError
from django.utils import timezone

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.audit_trail import record
from cloudhub.accounts.models import Membership, Role, Team
from cloudhub.accounts.owners import keeping_an_owner, require_hub_owner
from cloudhub.core.database import run_transaction
from cloudhub.core.errors import Conflict, Invalid, NotFound
from cloudhub.core.text import is_storable

TAKEN = "Another team has this name already, perhaps an archived one."


def find_team(actor: Actor, team_id: int | None) -> Team:
    """A team by id, the actor's own without one. Raises `NotFound` for one that they do not see."""
    if team_id is None or team_id == actor.team.pk:
        return actor.team
    team = Team.objects.filter(pk=team_id).first() if actor.is_hub_owner else None
    if team is None:
        raise NotFound("There is no such team.")
    return team


def create_team(actor: Actor, name: object) -> Team:
    """A new team with the actor as its owner. Raises `Forbidden`, and `Invalid` naming the field."""
    require_hub_owner(actor)
    team = Team(name=_read_name(name))

    def work() -> None:
        team.save(force_insert=True)
        Membership.objects.create(user=actor.user, team=team, role=Role.OWNER)
        record(actor, "team.made", target_kind="team", target_id=team.pk, target_name=team.name, team=team)

    try:
        run_transaction(work)
    except IntegrityError as error:
        raise Invalid.of({"name": TAKEN}) from error
    return team


def rename_team(actor: Actor, team_id: int, name: object) -> Team:
    """Raises `Forbidden`, `NotFound`, and `Invalid` naming the field."""
    require_hub_owner(actor)
    team, wished = find_team(actor, team_id), _read_name(name)

    def work() -> None:
        Team.objects.filter(pk=team.pk).update(name=wished)
        record(actor, "team.renamed", target_kind="team", target_id=team.pk, target_name=wished, team=team)

    try:
        run_transaction(work)
    except IntegrityError as error:
        raise Invalid.of({"name": TAKEN}) from error
    team.refresh_from_db()
    return team


def archive_team(actor: Actor, team_id: int) -> Team:
    """Nobody acts in an archived team and its hub keys rest; its pictures, budgets and ledger stay.

    Raises `Forbidden`, `NotFound`, `Conflict` (archived already, or no owner of the hub could act any more).
    """
    return _set_archived(actor, team_id, True)


def open_team(actor: Actor, team_id: int) -> Team:
    """Take an archived team up again, with its members and keys. Raises as `archive_team`."""
    return _set_archived(actor, team_id, False)


def _set_archived(actor: Actor, team_id: int, archived: bool) -> Team:
    require_hub_owner(actor)
    team = find_team(actor, team_id)

    def work() -> None:
        rows = Team.objects.filter(pk=team.pk, archived_at__isnull=archived)
        if not rows.update(archived_at=timezone.now() if archived else None):
            raise Conflict(f"The team {team.name} is {'already' if archived else 'not'} archived.")
        action = "team.archived" if archived else "team.opened"
        record(actor, action, target_kind="team", target_id=team.pk, target_name=team.name, team=team)

    keeping_an_owner(work)
    team.refresh_from_db()
    return team


def _read_name(name: object) -> str:
    wished = name.strip() if isinstance(name, str) else ""
    if not wished or len(wished) > 100 or not is_storable(wished):
        raise Invalid.of({"name": "A team needs a name of at most 100 characters."})
    return wished
