"""Find the model that a text means, and the vendor's description of it."""

from collections.abc import Iterable
from datetime import date

from django.db.models import QuerySet

from cloudhub.accounts.actor import Actor
from cloudhub.catalog.access import usable_models
from cloudhub.catalog.lifecycle import standing
from cloudhub.catalog.models import CloudModel
from cloudhub.core.errors import AmbiguousModel, Conflict, Invalid, NotFound
from cloudhub.core.text import is_storable
from providers.base import Capabilities, Lifecycle, ModelEntry, Provider
from providers.catalogue import find_provider, installed_providers


def find_model(reference: object) -> CloudModel:
    """The enabled registration that `reference` names: by key, id, or the vendor's id or alias if exactly one has it.

    Raises `Invalid` (not text), `AmbiguousModel` (naming the keys) or `NotFound` (model_not_found).
    """
    if not isinstance(reference, str) or not reference:
        raise Invalid.of({"model": "Name a model by its key."})
    if not is_storable(reference):
        # The database cannot even compare with it.
        raise NotFound("There is no such model.", code="model_not_found")
    enabled = CloudModel.objects.filter(enabled=True)
    exact = enabled.filter(key=reference).first()
    if exact is None and reference.isascii() and reference.isdigit() and len(reference) < 18:
        exact = enabled.filter(id=int(reference)).first()
    if exact is not None:
        return exact
    matching = _by_vendor_id(enabled, reference)
    if len(matching) > 1:
        keys = ", ".join(model.key for model in matching)
        raise AmbiguousModel(
            f"Several models are called {reference}. Use one of the keys {keys}.", fields={"model": f"One of {keys}."}
        )
    if not matching:
        raise NotFound(_unknown(reference), code="model_not_found")
    return matching[0]


def _by_vendor_id(enabled: QuerySet[CloudModel], reference: str) -> list[CloudModel]:
    same_id = list(enabled.filter(cloud_model_id=reference).order_by("key"))
    return same_id or [model for model in enabled.order_by("key") if reference in model.aliases]


def _unknown(reference: str) -> str:
    if CloudModel.objects.filter(key=reference, enabled=False).exists():
        return f"The model {reference} is switched off. The owner can enable it under Models."
    return f"There is no model {reference}. The owner can register it under Models."


def models_for_picking(actor: Actor | None) -> list[CloudModel]:
    """Enabled models of installed vendors that the actor may use, those past their date last. None asks for the hub."""
    vendors = list(installed_providers())
    models = CloudModel.objects.filter(enabled=True, provider__in=vendors).order_by("name", "key")
    models = usable_models(actor, models) if actor else models
    return sorted(models, key=lambda model: standing(model).is_past)


def default_model(actor: Actor | None) -> CloudModel | None:
    """What a person gets who chooses nothing."""
    return default_among(models_for_picking(actor))


def default_among(models: Iterable[CloudModel]) -> CloudModel | None:
    """A living model that draws from words alone where there is one, the practice vendor's only when there is no
    other."""
    living = [model for model in models if not standing(model).is_past]
    drawing = [model for model in living if "text-to-image" in entry_of(model).capabilities.modes]
    living = drawing or living
    real = (model for model in living if not provider_of(model).is_practice)
    return next(real, living[0] if living else None)


def successor_of(model: CloudModel) -> CloudModel | None:
    """The registration that takes a model's place by the vendor's own word: enabled, of the same vendor where it has
    one, else of another that has a model of that very id, as Imagen's successors are Gemini's.

    A successor that is past its date itself gives way to its own; None when none is registered.
    """
    enabled = CloudModel.objects.filter(enabled=True).exclude(id=model.pk)
    found, name, seen = None, model.successor, {model.cloud_model_id}
    while name and name not in seen:
        seen.add(name)
        following = _by_vendor_id(enabled.filter(provider=model.provider), name) or _elsewhere(enabled, name)
        if not following:
            break
        found, name = following[0], following[0].successor
        if not standing(found).is_past:
            return found
    return found


def _elsewhere(enabled: QuerySet[CloudModel], name: str) -> list[CloudModel]:
    """Registrations by the vendor's id at any installed vendor, first those whose vendor's catalogue lists it."""
    vendors = installed_providers()
    same_id = list(enabled.filter(cloud_model_id=name, provider__in=vendors).order_by("key"))
    return sorted(same_id, key=lambda found: vendors[found.provider].model(name) is None)


def retiring_models(until: date) -> list[CloudModel]:
    """Registrations whose shut-down date lies on or before a day, also in the past, the earliest first."""
    return list(CloudModel.objects.filter(shut_down_on__lte=until).order_by("shut_down_on", "provider", "key"))


def provider_of(model: CloudModel) -> Provider:
    """The model's vendor. Raises `Conflict` when its app is no longer installed."""
    vendor = find_provider(model.provider)
    if vendor is None:
        raise Conflict(f"The vendor {model.provider} is not installed here.", code="provider_missing")
    return vendor


def entry_of(model: CloudModel) -> ModelEntry:
    """The vendor's description as the registration holds it: what is registered decides, not today's file."""
    return ModelEntry(
        id=model.cloud_model_id,
        name=model.name,
        description=model.description,
        aliases=tuple(model.aliases),
        capabilities=Capabilities.from_database(model.capabilities),
        lifecycle=Lifecycle(
            released=model.released_on,
            deprecated=model.deprecated_on,
            shut_down=model.shut_down_on,
            successor=model.successor,
        ),
        address=model.address,
    )
