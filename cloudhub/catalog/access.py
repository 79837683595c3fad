"""Who may use which model: where nobody is named everybody may, else the named teams and people, and hub owners."""

from collections.abc import Collection

from django.db.models import Exists, OuterRef, Q, QuerySet

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.audit_trail import record
from cloudhub.accounts.models import Team, User
from cloudhub.catalog.models import CloudModel, ModelAccess
from cloudhub.core.database import run_transaction
from cloudhub.core.errors import Forbidden, Invalid


def usable_models(actor: Actor, models: QuerySet[CloudModel]) -> QuerySet[CloudModel]:
    """Of `models` those that the actor may use: the owner's rule, cut down to what the hub key allows."""
    if actor.hub_key and actor.hub_key.allowed_models:
        models = models.filter(key__in=actor.hub_key.allowed_models)
    if actor.user.is_superuser:
        return models
    rules = ModelAccess.objects.filter(model=OuterRef("pk"))
    named = rules.filter(Q(team=actor.team) | Q(user=actor.user))
    return models.filter(~Exists(rules) | Exists(named))


def may_use(actor: Actor, model: CloudModel) -> bool:
    return usable_models(actor, CloudModel.objects.filter(pk=model.pk)).exists()


def require_use(actor: Actor, model: CloudModel) -> None:
    """Raises `Forbidden` with a sentence when the actor may not use the model."""
    if may_use(actor, model):
        return
    allowed = actor.hub_key.allowed_models if actor.hub_key else []
    if actor.hub_key and allowed and model.key not in allowed:
        raise Forbidden(
            f"The hub key {actor.hub_key.name} may not use {model.key}; it is made for {', '.join(allowed)}."
        )
    raise Forbidden(f"The model {model.key} is kept for other teams or people. Ask the owner of the hub to add you.")


def restrict_model(actor: Actor, model: CloudModel, *, teams: Collection[int], people: Collection[int]) -> None:
    """Keep a model for these teams and people (their ids) from now on; with neither everybody may use it again.

    Work that is under way goes on. Raises `Forbidden` for anybody but an owner of the hub, and `Invalid` naming the
    field with an id that does not exist.
    """
    if not actor.is_hub_owner:
        raise Forbidden("Only an owner of the hub decides who may use a model.")
    found_teams = Team.objects.filter(pk__in=teams, archived_at=None)
    found_people = User.objects.filter(pk__in=people, is_active=True)
    problems = {}
    if found_teams.count() != len(set(teams)):
        problems["teams"] = "One of these teams is not there any more."
    if found_people.count() != len(set(people)):
        problems["people"] = "One of these people is not there any more."
    if problems:
        raise Invalid.of(problems)

    def work() -> None:
        # The model's row is the lock: of two changes at once the later one holds whole.
        CloudModel.objects.select_for_update().get(pk=model.pk)
        ModelAccess.objects.filter(model=model).delete()
        ModelAccess.objects.bulk_create(
            [ModelAccess(model=model, team=team) for team in found_teams]
            + [ModelAccess(model=model, user=user) for user in found_people]
        )
        details = {"teams": sorted(set(teams)), "people": sorted(set(people))}
        record(actor, "model.access_changed", target_kind="model", target_id=model.key, target_name=model.name,
               details=details)  # fmt: skip

    run_transaction(work)
