"""BFL's models for the emulator: fields, bounds and prices, from BFL's pages and not from our catalogue.

https://docs.bfl.ai/flux_2/flux2_image_editing, https://docs.bfl.ai/flux_3/flux3_image_generate,
https://docs.bfl.ai/quick_start/pricing and the table of https://github.com/black-forest-labs/skills (2026-02-03).
"""

from collections.abc import Mapping
from dataclasses import dataclass

MEGAPIXEL = 1_048_576
MOST_PIXELS = 4 * MEGAPIXEL
FLUX_3_RATIOS = (
    "auto", "21:9", "2:1", "16:9", "3:2", "7:5", "4:3", "5:4", "1:1", "4:5", "3:4", "5:7", "2:3", "9:16", "1:2", "9:21",
)  # fmt: skip
# Side of the square of each class, and its price in thousandths of a credit. The price of 1.5k is not published: one
# between its neighbours'.
FLUX_3_CLASSES: Mapping[str, tuple[int, int]] = {
    "768sq": (768, 4_100), "1k": (1024, 4_800), "1.5k": (1536, 7_400), "2k": (2048, 10_000), "4k": (4096, 60_700),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Flux2Model:
    """One FLUX.2 endpoint; prices in thousandths of a credit for the first and for each further megapixel."""

    first: int
    further: int
    references: int = 8
    extras: tuple[str, ...] = ()

    def price(self, output: int, inputs: int) -> int:
        """Thousandths of a credit for begun megapixels."""
        return self.first + (max(output, 1) - 1 + inputs) * self.further


FLUX_2: Mapping[str, Flux2Model] = {
    "flux-2-max": Flux2Model(first=7_000, further=3_000, extras=("disable_pup",)),
    "flux-2-pro": Flux2Model(first=3_000, further=1_500, extras=("disable_pup",)),
    "flux-2-pro-preview": Flux2Model(first=3_000, further=1_500, extras=("disable_pup",)),
    "flux-2-flex": Flux2Model(first=5_000, further=5_000, extras=("prompt_upsampling", "guidance", "steps")),
    "flux-2-klein-9b": Flux2Model(first=1_500, further=200, references=4),
    "flux-2-klein-9b-preview": Flux2Model(first=1_500, further=200, references=4),
    "flux-2-klein-4b": Flux2Model(first=1_400, further=100, references=4),
}
FLUX_3 = "flux-3-image"
# A flat price in thousandths of a credit: https://docs.bfl.ai/flux_tools/flux_1_fill and the page of prices.
FILL, FILL_PRICE = "flux-pro-1.0-fill", 5_000
