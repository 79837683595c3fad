"""How long what is kept, in words, for the page Data."""

from dataclasses import dataclass

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.models import User
from cloudhub.accounts.owners import last_owner
from cloudhub.records.retention import Change, Rule, rules_for


@dataclass(frozen=True)
class RuleCard:
    """A kind of record with its rules in words; `hub_days` and `team_days` are what stands in the fields."""

    rule: Rule
    hub: str
    team: str
    hub_days: str
    team_days: str


@dataclass(frozen=True)
class Person:
    """Somebody on the page, and whether the hub can do without them."""

    user: User
    is_last: bool


def rule_cards(actor: Actor) -> list[RuleCard]:
    return [
        RuleCard(rule, days_words(rule.hub_days), _team_words(rule), _field(rule.hub_days), _field(rule.team_days))
        for rule in rules_for(actor)
    ]


def _team_words(rule: Rule) -> str:
    return "as the hub" if rule.team_days is None else days_words(rule.team_days)


def days_words(days: int | None) -> str:
    """ "for ever", "until it is finished", "1 day", "90 days"."""
    if days is None:
        return "for ever"
    if days == 0:
        return "until it is finished"
    return "1 day" if days == 1 else f"{days:,} days"


def change_words(change: Change) -> str:
    """What a rule would remove, before it is saved."""
    whose = f"the team {change.team}" if change.team else "the hub"
    what = f"{change.kind.label} of {whose} would be kept {days_words(change.days)}"
    if change.count == 0:
        return f"{what}. Nothing is that old now, so nothing would be removed yet."
    units = f"1 {change.kind.unit}" if change.count == 1 else f"{change.count:,} {change.kind.unit}s"
    return f"{what}. That removes {units} within minutes, and cannot be undone. The ledger stays as it is."


def people_to_erase(actor: Actor) -> list[Person]:
    """Everybody who was not erased, for owners of the hub."""
    if not actor.is_hub_owner:
        return []
    last = last_owner()
    return [Person(user, user == last) for user in User.objects.filter(erasure=None).order_by("email")]


def _field(days: int | None) -> str:
    return "" if days is None else str(days)
