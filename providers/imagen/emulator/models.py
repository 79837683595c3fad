"""Imagen's models, sizes and prices, from Google's pages and not from our catalogue.

Sizes and limits: https://cloud.google.com/vertex-ai/generative-ai/docs/models/imagen/4-0-generate (2026)
Prices: https://ai.google.dev/gemini-api/docs/pricing, while it still had them (2026-06)
"""

from collections.abc import Mapping
from dataclasses import dataclass

Size = tuple[int, int]
SIZES: Mapping[str, Size] = {
    "1:1": (1024, 1024), "3:4": (896, 1280), "4:3": (1280, 896), "9:16": (768, 1408), "16:9": (1408, 768),
}  # fmt: skip
MOST_PICTURES = 4
MOST_PROMPT_TOKENS = 480


@dataclass(frozen=True, kw_only=True)
class ImagenModel:
    """One model. `price` is micro-dollars a delivered picture; `factors` maps image size to the side's factor."""

    id: str
    title: str
    price: int
    factors: Mapping[str, int]

    def pixels(self, size: str, ratio: str) -> Size:
        width, height = SIZES[ratio]
        return width * self.factors[size], height * self.factors[size]


MODELS = (
    ImagenModel(id="imagen-4.0-generate-001", title="Imagen 4", price=40_000, factors={"1K": 1, "2K": 2}),
    ImagenModel(id="imagen-4.0-ultra-generate-001", title="Imagen 4 Ultra", price=60_000, factors={"1K": 1, "2K": 2}),
    ImagenModel(id="imagen-4.0-fast-generate-001", title="Imagen 4 Fast", price=20_000, factors={"": 1}),
)


def find_model(name: str) -> ImagenModel | None:
    """The model with that id; None for unknown and older ones, which Google does not tell apart."""
    return next((model for model in MODELS if model.id == name), None)
