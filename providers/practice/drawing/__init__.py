"""The practice vendor's pictures: generative art from a prompt and a seed, the same bytes every time.

Words of the prompt choose colours and things ("a lighthouse by the sea at sunset"); the seed decides all accidents.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass, field

from PIL import Image, ImageEnhance

from providers.practice.drawing import finish
from providers.practice.drawing.canvas import Scene
from providers.practice.drawing.geometry import geometry
from providers.practice.drawing.ink import ink
from providers.practice.drawing.landscape import aurora, vista
from providers.practice.drawing.palettes import (
    HOUR_WORDS,
    PALETTE_WORDS,
    PALETTES,
    STYLE_WORDS,
    best_match,
    features_in,
    turned,
    words_of,
)
from providers.practice.drawing.paper import paper

__all__ = ["PALETTES", "STYLES", "Drawing", "Order", "draw"]

STYLES: dict[str, Callable[[Scene], Image.Image]] = {
    "vista": vista, "aurora": aurora, "paper": paper, "geometry": geometry, "ink": ink,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Order:
    """One picture to draw. `size` is in pixels; `file_format` is png, jpeg or webp; `strength` is 0 to 1.

    `references` and `mask` are PNG, JPEG or WebP files. In the mask white is repainted; it belongs to the first
    reference. Without a mask several references stand side by side.
    """

    prompt: str
    seed: int
    size: tuple[int, int]
    style: str | None = None
    palette: str | None = None
    negative_prompt: str | None = None
    quality: str | None = None
    guidance_scale: float | None = None
    is_transparent: bool = False
    file_format: str = "png"
    references: tuple[bytes, ...] = field(default=(), repr=False)
    mask: bytes | None = field(default=None, repr=False)
    strength: float | None = None


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A finished picture file, and the style and palette that were chosen."""

    data: bytes = field(repr=False)
    style: str
    palette: str


def draw(order: Order) -> Drawing:
    """Draw one picture. Raises OSError, SyntaxError or ValueError on an unreadable reference or mask."""
    style, scene = _composed(order)
    image = STYLES[style](scene)
    if order.guidance_scale is not None:
        image = ImageEnhance.Color(image).enhance(min(1.35, 0.6 + order.guidance_scale / 18))
    if order.mask is not None and order.references:
        image = _inpainted(order, scene, image)
    else:
        if order.references:
            reference = finish.side_by_side(order.references, order.size, scene.palette.paper)
            image = finish.repainted(scene, image, reference, 0.6 if order.strength is None else order.strength)
        image = finish.lettered(scene, image, finish.inner_card(scene) if order.is_transparent else None)
        image = finish.cut_out(scene, image) if order.is_transparent else image
    return Drawing(data=_encoded(image, order.file_format), style=style, palette=scene.palette.name)


def _composed(order: Order) -> tuple[str, Scene]:
    """The style and the scene that the words ask for; where they are silent the seed chooses."""
    unwanted = words_of(order.negative_prompt)
    words = [word for word in words_of(order.prompt) if word not in unwanted]
    features = features_in(words) - features_in(unwanted)
    key = f"{order.prompt}\n{order.negative_prompt or ''}\n{order.seed}"
    plain = Scene(size=order.size, key=key, palette=PALETTES["dawn"])
    choice = plain.rng("choice")
    drawn_style = choice.choice(_usual_styles(features))
    style = order.style or best_match(STYLE_WORDS, words) or drawn_style
    allowed = [name for name in PALETTES if name != best_match(PALETTE_WORDS, unwanted)]
    drawn_palette = choice.choice(allowed)
    named = order.palette or _named_palette(words, allowed)
    palette = turned(PALETTES[named or drawn_palette], plain.rng("hues"))
    sharpness = 1 if order.quality == "draft" else 2
    return style, Scene(size=order.size, key=key, palette=palette, features=features, sharpness=sharpness)


def _usual_styles(features: frozenset[str]) -> tuple[str, ...]:
    if features & {"city", "lighthouse", "boat"}:
        return ("vista",)
    return ("vista", "vista", "paper", "ink") if features else tuple(STYLES)


def _named_palette(words: list[str], allowed: list[str]) -> str | None:
    tables = ({name: table[name] for name in table if name in allowed} for table in (HOUR_WORDS, PALETTE_WORDS))
    return next((name for name in (best_match(table, words) for table in tables) if name), None)


def _inpainted(order: Order, scene: Scene, image: Image.Image) -> Image.Image:
    base = finish.read_reference(order.references[0], order.size)
    if not order.is_transparent:
        sheet = Image.new("RGBA", order.size, (*scene.palette.paper, 255))
        sheet.alpha_composite(base)
        base = sheet.convert("RGB")
    mask = finish.read_mask(order.mask or b"", order.size)
    image = finish.lettered(scene, image, finish.heart(mask))
    return finish.inpainted(base, image, mask, 1.0 if order.strength is None else order.strength)


def _encoded(image: Image.Image, file_format: str) -> bytes:
    buffer = io.BytesIO()
    if file_format == "jpeg":
        image.convert("RGB").save(buffer, "JPEG", quality=92, subsampling=0)
    elif file_format == "webp":
        image.save(buffer, "WEBP", quality=92, method=2)
    else:
        image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
