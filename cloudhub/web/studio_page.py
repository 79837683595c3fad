"""What the Studio shows: models to pick, the form's state, past prompts and recent results."""

from collections.abc import Mapping
from typing import Any

from cloudhub.accounts.actor import Actor
from cloudhub.catalog.find import entry_of, models_for_picking
from cloudhub.catalog.lifecycle import standing
from cloudhub.catalog.models import CloudModel
from cloudhub.core.identifiers import new_id
from cloudhub.generations.find import generations_for
from cloudhub.generations.images import find_image
from cloudhub.web.cards import cards_of
from cloudhub.web.offer import make_offer, price_of_one
from cloudhub.web.picture_words import reference_words, size_words
from cloudhub.web.recall import Recalled, recall_wish, usual_choice
from cloudhub.web.studio_form import SEED_WORDS, can_size, flat_request, settings_of
from providers.base import LARGEST_SIDE, SMALLEST_SIDE, Capabilities
from providers.catalogue import find_provider, installed_providers

RECENT_RESULTS = 12
PROMPTS_KEPT = 40
SHAPE_BOX = 22


def studio_context(
    actor: Actor, recall: str = "", remix: bool = False, keep: bool = False, picture: str = ""
) -> dict[str, Any]:
    """Everything on the Studio page; `recall` names a generation whose wish fills the form (see `recall_wish`),
    `picture` an image to work on."""
    recent = list(generations_for(actor).filter(user=actor.user)[:RECENT_RESULTS])
    usual = usual_choice(actor, recent[0] if recent else None)
    used = usual.model
    recalled = _edited(actor, picture, used) if picture else usual
    if recall:
        recalled = recall_wish(actor, recall, remix=remix, keep=keep, otherwise=used)
    model = recalled.model
    return {
        **form_context(model, flat_request(recalled.request)),
        "models": picking_list(actor),
        "offer": make_offer(actor, model.key, recalled.request) if model else None,
        "idempotency_key": new_id(),
        "cards": cards_of(actor, recent),
        "prompts": past_prompts(actor),
        "recalled": recalled,
    }


def form_context(model: CloudModel | None, values: Mapping[str, Any]) -> dict[str, Any]:
    """What the part of the form that depends on the model needs."""
    if model is None:
        return {"model": None}
    able = entry_of(model).capabilities
    settings = settings_of(able, values, model.defaults)
    vendor = find_provider(model.provider)
    return {
        "model": model,
        "vendor": vendor_label(model.provider),
        "privacy": vendor.privacy_for(entry_of(model)) if vendor else None,
        "standing": standing(model),
        "values": values,
        "able": able,
        "shapes": [_shape(ratio, able) for ratio in able.aspect_ratios],
        "settings": settings,
        "has_settings": any(setting.value for setting in settings),
        "seed_words": SEED_WORDS[able.seed],
        "count": values.get("num_images") or model.defaults.get("num_images") or 1,
        "outcomes": able.facts.get("outcomes", {}),
        "needs_picture": bool(able.most_input_images) and "text-to-image" not in able.modes,
        "reference_words": reference_words(able),
        "reference_kinds": ",".join(able.input_limits.formats),
        "can_size": can_size(able),
        "side_bounds": _side_bounds(able),
        "size_words": size_words(able.free_size) if able.free_size else "",
    }


def _edited(actor: Actor, picture: str, used: CloudModel | None) -> Recalled:
    """A wish with one reference picture, for the usual model or else the first that takes pictures."""
    request = {"input_images": [str(find_image(actor, picture).id)]}
    models = [*([used] if used else []), *models_for_picking(actor)]
    taking = next((model for model in models if entry_of(model).capabilities.most_input_images), None)
    if taking is None:
        return Recalled(used, {}, ("No model that is registered here takes pictures.",))
    return Recalled(taking, request)


def _side_bounds(able: Capabilities) -> tuple[int, int, int]:
    """Least, most and step of the fields for width and height; a size beside the table's is matched to it."""
    rules = able.free_size
    if rules is None:
        return SMALLEST_SIDE, LARGEST_SIDE, 1
    least = max(rules.least_side, SMALLEST_SIDE)
    # Browsers count steps from the least side, which therefore lies on the model's own grid.
    return -(-least // rules.step) * rules.step, min(rules.most_side, LARGEST_SIDE), rules.step


def picking_list(actor: Actor) -> list[dict[str, Any]]:
    """The models in the picker, those past their date last, each with price, vendor and standing."""
    return [
        {"model": model, "price": price_of_one(actor, model), "vendor": vendor_label(model.provider),
         "standing": standing(model)}
        for model in models_for_picking(actor)
    ]  # fmt: skip


def past_prompts(actor: Actor) -> list[str]:
    """The person's latest prompts, each once, newest first."""
    prompts = generations_for(actor).filter(user=actor.user).prefetch_related(None).select_related(None)
    written = prompts.exclude(prompt="").values_list("prompt", flat=True)
    return list(dict.fromkeys(written[: PROMPTS_KEPT * 3]))[:PROMPTS_KEPT]


def vendor_label(provider_id: str) -> str:
    vendor = installed_providers().get(provider_id)
    return vendor.label if vendor else provider_id


def _shape(ratio: str, able: Capabilities) -> dict[str, Any]:
    """A ratio with the small rectangle that stands for it, fitted into a square box."""
    width, height = able.sizes[able.default_resolution][ratio]
    scale = SHAPE_BOX / max(width, height)
    across, down = round(width * scale, 1), round(height * scale, 1)
    return {"ratio": ratio, "width": across, "height": down, "x": round((24 - across) / 2, 1),
            "y": round((24 - down) / 2, 1)}  # fmt: skip
