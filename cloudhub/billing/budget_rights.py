"""Whose budget it is: who may see, make, change and end which."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.models import HubKey, Membership, Team, User
from cloudhub.billing.models import Budget, Scope
from cloudhub.core.errors import Forbidden

WIDE = (Scope.HUB, Scope.PROVIDER, Scope.MODEL, Scope.TAG)
BEYOND = "Only an owner of the hub may set a budget beyond their own team."
OF_A_PERSON = (
    "A person's budget follows them into every team: a team's owner sets it for those who are in that team alone, and "
    "nobody for themselves. An owner of the hub can."
)
BY_HUB_OWNER = "An owner of the hub made this budget, so only an owner of the hub changes or ends it."


@dataclass(frozen=True)
class Reach:
    """Whom and what in an actor's team they may limit, each as a budget names its target."""

    teams: frozenset[str]
    people: frozenset[str]
    keys: frozenset[str]

    def holds(self, budget: Budget) -> bool:
        own = {Scope.TEAM: self.teams, Scope.USER: self.people, Scope.HUB_KEY: self.keys}
        return budget.target in own.get(Scope(budget.scope), ())


def reach_of(actor: Actor) -> Reach:
    """For anybody but an owner of the hub, who reaches everything. Two queries."""
    elsewhere = Membership.objects.filter(user=OuterRef("user")).exclude(team=actor.team)
    members = Membership.objects.filter(~Exists(elsewhere), team=actor.team).exclude(user=actor.user)
    keys = HubKey.objects.filter(team=actor.team).values_list("id", flat=True)
    people = members.values_list("user_id", flat=True)
    return Reach(frozenset([str(actor.team.pk)]), frozenset(map(str, people)), frozenset(map(str, keys)))


def visible_to(actor: Actor) -> Q:
    """All budgets for an owner of the hub; else those beyond one team, and of the actor's team and of themselves."""
    if actor.is_hub_owner:
        return Q()
    reach = reach_of(actor)
    visible = Q(scope__in=WIDE) | Q(scope=Scope.TEAM, target__in=reach.teams)
    visible |= Q(scope=Scope.USER, target__in=[*reach.people, str(actor.user.pk)])
    return visible | Q(scope=Scope.HUB_KEY, target__in=reach.keys)


def require_scope(actor: Actor, budget: Budget) -> None:
    """Raises `Forbidden` when the actor may not limit what the budget limits."""
    if not actor.is_hub_owner and not reach_of(actor).holds(budget):
        raise Forbidden(OF_A_PERSON if budget.scope == Scope.USER else BEYOND)


def require_change(actor: Actor, budget: Budget) -> None:
    """Raises `Forbidden` when the actor may not change or end a budget."""
    actor.require("manage")
    require_scope(actor, budget)
    if budget.by_hub_owner and not actor.is_hub_owner:
        raise Forbidden(BY_HUB_OWNER)
    if _limits_own_key(actor, budget):
        raise Forbidden("A hub key may not change or end a budget that limits it.")


def changeable_budgets(actor: Actor, budgets: Iterable[Budget]) -> set[int]:
    """The ids of those budgets that the actor may change and end."""
    if not actor.may("manage"):
        return set()
    reach = None if actor.is_hub_owner else reach_of(actor)
    own = [budget for budget in budgets if reach is None or (reach.holds(budget) and not budget.by_hub_owner)]
    return {budget.pk for budget in own if not _limits_own_key(actor, budget)}


def _limits_own_key(actor: Actor, budget: Budget) -> bool:
    """A limited key must not be able to lift its own limit."""
    key = actor.hub_key
    return key is not None and budget.scope == Scope.HUB_KEY and budget.target in map(str, key.lines)


def home_of(budget: Budget) -> Team | None:
    """The team in whose audit trail the budget stands: its target's own; None, the acting team's, where it has none or
    several."""
    if budget.scope == Scope.TEAM:
        return Team.objects.get(id=budget.target)
    if budget.scope == Scope.HUB_KEY:
        return HubKey.objects.select_related("team").get(id=budget.target).team
    if budget.scope == Scope.USER:
        homes = list(Team.objects.filter(memberships__user=User(pk=int(budget.target)))[:2])
        return homes[0] if len(homes) == 1 else None
    return None
