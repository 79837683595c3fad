"""OpenAI's image models, their tokens and their prices, from OpenAI's pages and not from our catalogue.

Prices: https://developers.openai.com/api/docs/pricing (November 2026) and each model's page. Tokens of the older
models: the table of community.openai.com/t/1371851, met by recorded answers; of the newer ones the measured figures of
community.openai.com/t/1379464 and docs.laozhang.ai (2026-11-05), between which the emulator interpolates by OpenAI's
calculator as community.openai.com/t/1382699 has it. Models that are shut down draw here all the same, since
deployments of them live on elsewhere; post the fault {"status": 404} for what OpenAI itself answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor

TABLE: Mapping[str, Mapping[str, int]] = {
    "low": {"1024x1024": 272, "1024x1536": 408, "1536x1024": 400},
    "medium": {"1024x1024": 1056, "1024x1536": 1584, "1536x1024": 1568},
    "high": {"1024x1024": 4160, "1024x1536": 6240, "1536x1024": 6208},
}
THREE_SIZES = tuple(TABLE["low"])
STAGES: Mapping[str, int] = {"low": 16, "medium": 24, "high": 48, "xhigh": 64, "max": 96}
STAGES_OF_2: Mapping[str, int] = {"low": 16, "medium": 48, "high": 96}
PARTIAL_TOKENS = 100


@dataclass(frozen=True, kw_only=True)
class Rates:
    """Micro-dollars for a million tokens."""

    text_in: int
    image_in: int
    image_out: int
    text_out: int = 0


@dataclass(frozen=True, kw_only=True)
class ImageModel:
    """One model. With `stages` any size within the rules is drawn; with `by_picture` it counts no tokens.

    `by_picture` is micro-dollars by quality and size; `surplus` is how many times the stage's tokens a quality takes.
    """

    id: str
    created: int
    rates: Rates | None = None
    by_picture: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    stages: Mapping[str, int] = field(default_factory=dict)
    surplus: Mapping[str, Fraction] = field(default_factory=dict)
    shutdown_date: str | None = None
    complexity: bool = False
    is_listed: bool = True

    @property
    def qualities(self) -> tuple[str, ...]:
        return tuple(self.by_picture or self.stages or TABLE)

    @property
    def sizes(self) -> tuple[str, ...]:
        """The only sizes; empty for a model that draws any."""
        if self.by_picture:
            return tuple(self.by_picture["standard"])
        return () if self.stages else THREE_SIZES

    @property
    def words(self) -> int:
        """Text tokens of one answer, of the models that charge them apart."""
        return 40 if self.rates and self.rates.text_out else 0

    @property
    def is_dall_e(self) -> bool:
        return bool(self.by_picture)

    def output_tokens(self, quality: str, width: int, height: int) -> int:
        if not self.stages:
            return TABLE[quality][f"{width}x{height}"]
        stage = self.stages[quality]
        narrow = floor(Fraction(stage * min(width, height), max(width, height)) + Fraction(1, 2))
        tokens = ceil(Fraction(stage * narrow * (2_000_000 + width * height), 4_000_000))
        return ceil(tokens * self.surplus.get(quality, Fraction(1)))

    def input_tokens(self, width: int, height: int) -> int:
        """Tokens of one reference picture: tiles of 512 pixels for the older models, near a thousand for the newer."""
        if self.stages:
            return min(1500, ceil(Fraction(width * height, 1024)))
        shrink = min(Fraction(2048, max(width, height)), Fraction(1))
        across, down = width * shrink, height * shrink
        shrink = min(Fraction(512) / min(across, down), Fraction(1))
        return 65 + 129 * ceil(across * shrink / 512) * ceil(down * shrink / 512)


NEW_RATES = Rates(text_in=5_000_000, image_in=8_000_000, image_out=30_000_000)
RATES_OF_1_5 = Rates(text_in=5_000_000, image_in=8_000_000, image_out=32_000_000, text_out=10_000_000)
# Measured at 1536x1024: low 664 tokens where 2.5 has 158.
SURPLUS_OF_2_6 = {"low": Fraction(664, 158), "medium": Fraction(7, 2)}
MODELS = (
    *(
        ImageModel(id=f"gpt-image-2.6-{name}", created=1793750400, rates=NEW_RATES, stages=STAGES,
                   surplus=SURPLUS_OF_2_6, complexity=True)
        for name in ("sunburst", "flare")
    ),
    *(
        ImageModel(id=f"gpt-image-2.5-{name}{snapshot}", created=1788825600, rates=NEW_RATES, stages=STAGES)
        for name in ("sunburst", "flare") for snapshot in ("", "-2026-09-08")
    ),
    *(
        ImageModel(id=f"gpt-image-2{snapshot}", created=1776729600, rates=NEW_RATES, stages=STAGES_OF_2)
        for snapshot in ("", "-2026-04-21")
    ),
    *(
        ImageModel(id=name, created=1765843200, rates=RATES_OF_1_5, shutdown_date="2026-12-01")
        for name in ("gpt-image-1.5", "gpt-image-1.5-2025-12-16", "chatgpt-image-latest")
    ),
    ImageModel(id="gpt-image-1-mini", created=1759708800, shutdown_date="2026-12-01",
               rates=Rates(text_in=2_000_000, image_in=2_500_000, image_out=8_000_000)),
    ImageModel(id="gpt-image-1", created=1745366400, shutdown_date="2026-10-23", is_listed=False,
               rates=Rates(text_in=5_000_000, image_in=10_000_000, image_out=40_000_000)),
    ImageModel(id="dall-e-3", created=1698785189, shutdown_date="2026-05-12", is_listed=False, by_picture={
        "standard": {"1024x1024": 40_000, "1792x1024": 80_000, "1024x1792": 80_000},
        "hd": {"1024x1024": 80_000, "1792x1024": 120_000, "1024x1792": 120_000},
    }),
)  # fmt: skip
OTHER_LISTED = ("gpt-6-astra", "gpt-image-0721-mini-alpha")


def find_model(name: str) -> ImageModel | None:
    return next((model for model in MODELS if model.id == name), None)
