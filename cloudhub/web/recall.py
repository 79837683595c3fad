"""Use a past wish again: with its model, or with the successor where that model's time is over."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from cloudhub.accounts.actor import Actor
from cloudhub.catalog.access import may_use
from cloudhub.catalog.find import default_model, entry_of, successor_of
from cloudhub.catalog.lifecycle import standing
from cloudhub.catalog.models import CloudModel
from cloudhub.generations.find import find_generation
from cloudhub.generations.models import Generation
from cloudhub.web.studio_form import can_size, label_of, settings_of
from providers.base import Capabilities, CloudGenerationRequest
from providers.catalogue import find_provider

ALWAYS = ("prompt", "num_images", "seed")
ORDER = [field.name for field in fields(CloudGenerationRequest)]


@dataclass(frozen=True)
class Recalled:
    """A past wish for the form. `notes` say what is not as it was; `keep` names the generation whose own model can
    still be had instead, `successor` a model that would have to be registered."""

    model: CloudModel | None
    request: Mapping[str, Any]
    notes: tuple[str, ...] = ()
    keep: str = ""
    successor: str = ""


def recall_wish(
    actor: Actor, generation_id: object, *, remix: bool, keep: bool, otherwise: CloudModel | None
) -> Recalled:
    """The wish of a generation, without its seed to `remix` it. `keep` insists on its own model while that is there;
    `otherwise` stands in where neither the model nor a successor can be had. Raises `NotFound`."""
    generation = find_generation(actor, generation_id)
    request = {name: value for name, value in generation.request.items() if name != "model"}
    if remix:
        request.pop("seed", None)
    old, now = generation.model, standing(generation.model)
    usable = _is_usable(actor, old)
    if usable and (keep or not now.is_past):
        return Recalled(old, request)
    following = _usable_successor(actor, old)
    chosen = following or (old if usable else otherwise)
    notes = [_what_happened(old), _what_is_chosen(old, following, chosen)]
    kept = request if chosen in (None, old) else _shared(request, entry_of(chosen).capabilities)
    dropped = ", ".join(dict.fromkeys(label_of(name) for name in _flat(request) if name not in _flat(kept)))
    if dropped and chosen is not None:
        notes.append(f"Not kept, because {chosen.name} does not have it: {dropped}.")
    missing = "" if following else old.successor
    return Recalled(chosen, kept, tuple(notes), str(generation.id) if usable and chosen != old else "", missing)


def usual_choice(actor: Actor, latest: Generation | None) -> Recalled:
    """The model that a person's `latest` generation used, for an empty form. In place of one that is past its date its
    successor, else the default model; itself only where there is no other."""
    if latest is None or not _is_usable(actor, latest.model):
        return Recalled(default_model(actor), {})
    old = latest.model
    if not standing(old).is_past:
        return Recalled(old, {})
    following = _usable_successor(actor, old)
    chosen = following or default_model(actor) or old
    notes = (_what_happened(old), _what_is_chosen(old, following, chosen))
    return Recalled(chosen, {}, notes, str(latest.id) if chosen != old else "", "" if following else old.successor)


def _is_usable(actor: Actor, model: CloudModel) -> bool:
    return model.enabled and find_provider(model.provider) is not None and may_use(actor, model)


def _usable_successor(actor: Actor, old: CloudModel) -> CloudModel | None:
    following = successor_of(old)
    return following if following and may_use(actor, following) else None


def _what_happened(old: CloudModel) -> str:
    if find_provider(old.provider) is None:
        return f"The vendor of {old.name} is no longer installed here."
    if not old.enabled:
        return f"The model {old.key} is switched off."
    if not standing(old).is_past:
        return f"The model {old.key} is kept for others."
    return f"{old.name} is past its shut-down date of {old.shut_down_on}."


def _what_is_chosen(old: CloudModel, following: CloudModel | None, chosen: CloudModel | None) -> str:
    if following is not None:
        return f"Its successor {following.name} is chosen here."
    advice = ""
    if old.successor:
        advice = f"Its successor {old.successor} is not registered yet: an owner can register it under Models. "
    if chosen is None:
        return f"{advice}There is no other model yet."
    return advice + ("It may still answer." if chosen == old else f"{chosen.name} is chosen here.")


def _shared(request: Mapping[str, Any], able: Capabilities) -> dict[str, Any]:
    """Those parts of a wish that a model with these abilities has."""
    settings = {setting.name: setting.choices for setting in settings_of(able, {}, {})}
    sized = can_size(able)
    has = {
        "aspect_ratio": request.get("aspect_ratio") in able.aspect_ratios, "width": sized, "height": sized,
        "resolution": request.get("resolution") in able.resolutions,
        "input_images": bool(able.most_input_images), "mask": "inpaint" in able.modes,
        **dict.fromkeys(ALWAYS, True),
    }  # fmt: skip
    kept = {name: value for name, value in request.items() if has.get(name) or _offers(settings, name, value)}
    options = request.get("options", {})
    fitting = {name: value for name, value in options.items() if _offers(settings, f"options.{name}", value)}
    return {**kept, "options": fitting} if fitting else kept


def _offers(settings: Mapping[str, Any], name: str, value: Any) -> bool:
    choices = settings.get(name)
    return name in settings and (not choices or isinstance(value, bool) or value in choices)


def _flat(request: Mapping[str, Any]) -> list[str]:
    """The fields of a stored wish as a form has them, in the wish's own order: PostgreSQL keeps none."""
    names = sorted((name for name in request if name != "options"), key=_place)
    return [*names, *(f"options.{name}" for name in sorted(request.get("options", {})))]


def _place(name: str) -> int:
    return ORDER.index(name) if name in ORDER else len(ORDER)
