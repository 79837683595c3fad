"""xAI's image models, their prices and pixels, from xAI's pages and measurements and not from our catalogue.

Prices: https://docs.x.ai/developers/models as theopenco/llmgateway#3573 and Comfy-Org/docs#970 print them. Redirects of
retired ids: https://docs.x.ai/developers/migration/imagine-image-quality-nov-2. Pixels are not published; the
measured 832x1248, 864x1152 and, for 2k, 1440x3200 have exact ratios near one megapixel, and twice the sides for 2k.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

TICKS_OF_A_CENT = 100_000_000
RATIOS = ("1:1", "3:4", "4:3", "9:16", "16:9", "2:3", "3:2", "9:19.5", "19.5:9", "9:20", "20:9", "1:2", "2:1")
NEWER_RATIOS = ("21:9", "5:2")
STEP, MEGAPIXEL = 16, 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class ImageModel:
    """One model. `prices` are ticks by quality and resolution; a model without qualities has the quality ""."""

    id: str
    created: int
    prices: Mapping[tuple[str, str], int]
    input_price: int
    most_references: int
    ratios: tuple[str, ...] = RATIOS
    aliases: tuple[str, ...] = ()

    @property
    def has_qualities(self) -> bool:
        return ("", "1k") not in self.prices


def _cents(**by_tier: int) -> dict[tuple[str, str], int]:
    """Names such as low_1k, in cents."""
    return {(tier.rpartition("_")[0], tier.rpartition("_")[2]): cents * TICKS_OF_A_CENT
            for tier, cents in by_tier.items()}  # fmt: skip


NEWEST = ImageModel(
    id="grok-imagine-image-2.0", created=1786406400, prices=_cents(low_1k=4, medium_1k=6, low_2k=6, medium_2k=8),
    input_price=TICKS_OF_A_CENT, most_references=5, ratios=(*RATIOS, *NEWER_RATIOS),
)  # fmt: skip
MODELS = (
    NEWEST,
    ImageModel(
        id="grok-imagine-image", created=1769644800, prices={("", "1k"): 200_000_000, ("", "2k"): 200_000_000},
        input_price=20_000_000, most_references=3, aliases=("grok-imagine-image-2026-03-02",),
    ),
)  # fmt: skip
# Served by the newest model at quality low.
REDIRECTED = ("grok-imagine-image-quality", "grok-imagine-image-pro")


def find_model(name: str) -> ImageModel | None:
    return next((model for model in MODELS if name == model.id or name in model.aliases), None)


def pixels(ratio: str, resolution: str) -> tuple[int, int]:
    """What is drawn for "16:9" or "1234:567": the ratio in steps of 16 pixels, near one megapixel, doubled for 2k."""
    shape = Fraction(ratio.partition(":")[0]) / Fraction(ratio.partition(":")[2])
    across, down = shape.numerator * STEP, shape.denominator * STEP
    times = round((MEGAPIXEL / (across * down)) ** 0.5)
    if not times:
        # The shape of a picture that is worked on, which has no small numbers.
        height = (MEGAPIXEL / float(shape)) ** 0.5
        across, down, times = _stepped(height * float(shape)), _stepped(height), 1
    factor = 2 * times if resolution == "2k" else times
    return across * factor, down * factor


def _stepped(side: float) -> int:
    return max(STEP, round(side / STEP) * STEP)
