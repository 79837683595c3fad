"""Models and vendors' catalogues in words, for the Models page."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import orjson
from django.utils import timezone

from cloudhub.accounts.actor import Actor
from cloudhub.catalog.access import usable_models
from cloudhub.catalog.find import entry_of
from cloudhub.catalog.lifecycle import Standing, lifecycle_warnings, standing
from cloudhub.catalog.models import CloudModel, Price
from cloudhub.catalog.prices import price_in_force
from cloudhub.core.money import format_money, micros_of, parse_price
from cloudhub.vault.keys import active_keys, keys_for
from cloudhub.web.offer import price_of_one
from cloudhub.web.studio_page import vendor_label
from providers.base import Capabilities, ModelEntry, PrivacyNote
from providers.catalogue import find_provider, installed_providers

SEEDS = {"guaranteed": "seeds repeat the picture", "best_effort": "seeds are a hint", "not_sent": "no seeds"}
FLAGS = ("negative_prompt", "guidance_scale", "strength", "transparency")


@dataclass(frozen=True)
class ModelCard:
    """A registered model as the page shows it; the ids name the teams and people for whom alone it is."""

    model: CloudModel
    vendor: str
    standing: Standing
    warnings: list[str]
    abilities: list[str]
    ratios: tuple[str, ...]
    price: Price | None
    price_lines: list[str]
    one: str
    defaults: str
    team_ids: frozenset[int]
    person_ids: frozenset[int]
    privacy: PrivacyNote | None


@dataclass(frozen=True)
class Offered:
    """A model of a catalogue that no registration has yet."""

    entry: ModelEntry
    price: str
    is_past: bool


@dataclass(frozen=True)
class Catalogue:
    """A vendor and those of its models that are not registered yet, the past ones last.

    An open one takes any other model by its id, and where `takes_address` says so at an address of its own. `has_key`
    says whether the team's calls would find its credentials.
    """

    id: str
    label: str
    offered: list[Offered]
    is_open: bool
    takes_address: bool
    has_key: bool


def model_cards(actor: Actor) -> list[ModelCard]:
    """Every registered model that the actor may use, the switched-off ones and those past their date last."""
    usable = usable_models(actor, CloudModel.objects.prefetch_related("access").order_by("name", "key"))
    models = sorted(usable, key=lambda model: (not model.enabled, standing(model).is_past))
    return [_card(actor, model) for model in models]


def _card(actor: Actor, model: CloudModel) -> ModelCard:
    entry, price, vendor = entry_of(model), price_in_force(model), find_provider(model.provider)
    able = entry.capabilities
    return ModelCard(
        model=model,
        vendor=vendor_label(model.provider),
        standing=standing(model),
        warnings=lifecycle_warnings(model),
        abilities=ability_words(able),
        ratios=able.aspect_ratios,
        price=price,
        price_lines=price_line_words(price.lines, price.currency) if price else [],
        one=price_of_one(actor, model),
        defaults=orjson.dumps(model.defaults, option=orjson.OPT_INDENT_2).decode() if model.defaults else "",
        team_ids=frozenset(rule.team_id for rule in model.access.all() if rule.team_id),
        person_ids=frozenset(rule.user_id for rule in model.access.all() if rule.user_id),
        privacy=vendor.privacy_for(entry) if vendor else None,
    )


def ability_words(able: Capabilities) -> list[str]:
    """What a model can do, in a few words each."""
    words = [mode.replace("-", " ") for mode in able.modes]
    if able.most_input_images:
        words.append(f"up to {able.most_input_images} reference pictures")
    if able.free_size:
        words.append("any size within its bounds")
    if able.resolutions:
        words.append("resolutions " + ", ".join(able.resolutions))
    if able.prompt != "required":
        words.append("takes no prompt" if able.prompt == "not_sent" else "may do without a prompt")
    words.append(SEEDS[able.seed])
    words += [flag.replace("_", " ") for flag in FLAGS if getattr(able, flag)]
    words.append("one picture a call" if able.images_per_call == 1 else f"{able.images_per_call} pictures a call")
    return words


def price_line_words(lines: Iterable[dict[str, Any]], currency: str) -> list[str]:
    """ "$0.039 per picture", "$30.00 per 1,000,000 image tokens"; every digit of the price is shown."""
    return [_price_line(line, currency) for line in lines]


def _price_line(line: dict[str, Any], currency: str) -> str:
    price, per = parse_price(line["amount"]), int(line["per"])
    micros = micros_of(price)
    exact = micros.denominator == 1
    amount = format_money(micros.numerator, currency) if exact else f"{line['amount']} {currency}"
    unit = line["description"] or line["unit"].replace(":", ", ")
    return f"{amount} per {f'{per:,} ' if per != 1 else ''}{unit[:1].lower()}{unit[1:]}"


def catalogues(actor: Actor) -> list[Catalogue]:
    """Vendors that are installed, each with its models that no registration has yet; those without a key last."""
    taken = set(CloudModel.objects.values_list("provider", "cloud_model_id"))
    found, keys = [], active_keys()
    for vendor in installed_providers().values():
        offered = [_offered(entry) for entry in vendor.models if (vendor.id, entry.id) not in taken]
        offered.sort(key=lambda offer: offer.is_past)
        has_key = bool(keys_for(vendor, actor.team.pk, keys))
        found.append(Catalogue(vendor.id, vendor.label, offered, vendor.open_catalogue, vendor.takes_address, has_key))
    return sorted(found, key=lambda catalogue: not catalogue.has_key)


def _offered(entry: ModelEntry) -> Offered:
    today = timezone.now().date()
    newest = max(entry.prices, key=lambda price: price.effective_from, default=None)
    words = price_line_words([asdict(line) for line in newest.lines], newest.currency) if newest else []
    ends = entry.lifecycle.shut_down
    return Offered(entry, "; ".join(words) if words else "price unknown", ends is not None and ends <= today)
