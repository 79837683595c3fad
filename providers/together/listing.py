"""GET /v1/models, read: which image models there are, and what they cost where that is said by the megapixel. Pure.

https://docs.together.ai/reference/models. `pricing.image_pixel` is {price_per_megapixel, min_steps}: an exact price,
which grows with steps beyond `min_steps`. `pricing.image` is {example_price, example_description}: a maker's charge
that is passed on, the example being the smallest; it bounds nothing, so that it is told and not used. Neither stands in
Together's OpenAPI document; both are met (https://github.com/Routstr/routstr-core, 2026-10-08).
"""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from providers.base import Capabilities, FreeSize, Lifecycle, ModelEntry, PriceLine, PriceList
from providers.reading import Redact, items, mapping, shown, text, whole

SOURCE = "https://api.together.ai/v1/models"
LARGEST_PRICE = Decimal(1000)
MOST_STEPS = 1000
# What the parameters page says of all image models; the owner's registration may say more.
USUAL = Capabilities(
    free_size=FreeSize(step=16, least_side=256, most_side=1920, most_pixels=1920 * 1920, default=(1024, 1024)),
    images_per_call=4,
    seed="best_effort",
)


def read_listing(body: bytes) -> list[dict[str, Any]] | None:
    """The models of an answer, numbers with a point as exact decimals; None when it is no list of models."""
    try:
        document = json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None
    found = document if isinstance(document, list) else mapping(document).get("data")
    return [model for model in items(found) if text(model.get("id"))] if isinstance(found, list) else None


def is_image_model(model: dict[str, Any]) -> bool:
    return text(model.get("type")) == "image"


def to_entry(model: dict[str, Any], redact: Redact) -> ModelEntry:
    """A listed image model as a registration describes it."""
    today = datetime.now(UTC)
    pricing = mapping(model.get("pricing"))
    price, usual = _megapixel_price(pricing)
    facts: dict[str, Any] = {"pictures": "reference_images"}
    prices: tuple[PriceList, ...] = ()
    if price:
        facts |= {"priced_by": "pixel"} | ({"usual_steps": usual} if usual else {})
        prices = (_price_list(price, usual, today),)
    model_id = text(model.get("id"))
    return ModelEntry(
        id=model_id, name=shown(text(model.get("display_name")), redact, 100) or model_id,
        description=_about_price(pricing, redact) if not price else "",
        lifecycle=Lifecycle(source=SOURCE, read_on=today.date()),
        capabilities=Capabilities.from_json({**USUAL.as_json(), "facts": facts}), prices=prices,
    )  # fmt: skip


def _megapixel_price(pricing: dict[str, Any]) -> tuple[str, int]:
    """Exact decimal text and the usual steps (0 without); empty when no price by the megapixel can be read."""
    stated = mapping(pricing.get("image_pixel"))
    price = _amount(stated.get("price_per_megapixel"))
    usual = whole(stated.get("min_steps")) or 0
    return (price, usual) if 0 <= usual <= MOST_STEPS else ("", 0)


def _amount(value: Any) -> str:
    """A price as plain decimal text; empty when it is none, nothing or beyond reason."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return ""
    price = Decimal(value)
    if not price.is_finite() or not 0 < price <= LARGEST_PRICE or int(price.as_tuple().exponent) < -12:
        return ""
    return format(price, "f")


def _price_list(price: str, usual: int, now: datetime) -> PriceList:
    line = PriceLine(unit="pixel", amount=price, per=1_000_000, description="Megapixels")
    if usual:
        told = f"Pixels times steps, {usual} at least"
        line = PriceLine(unit="pixel_step", amount=price, per=1_000_000 * usual, description=told)
    return PriceList(currency="USD", effective_from=now, lines=(line,), source=SOURCE, read_on=now.date())


def _about_price(pricing: dict[str, Any], redact: Redact) -> str:
    """What the list says of a price that bounds nothing."""
    example = mapping(pricing.get("image"))
    price = _amount(example.get("example_price"))
    said = shown(text(example.get("example_description")), redact, 120).rstrip(".")
    if not price:
        return "Together's list names no price for it: set one by hand."
    return f"Together names ${price} as an example{f' ({said})' if said else ''}: set a price by hand."
