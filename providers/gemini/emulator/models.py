"""The Gemini API's image models, their sizes and their prices, from Google's pages and not from our catalogue.

Capabilities, tokens and sizes: https://ai.google.dev/gemini-api/docs/image-generation (2026-09-05)
Prices: https://ai.google.dev/gemini-api/docs/pricing (2026-10-09)
Life-cycle: https://ai.google.dev/gemini-api/docs/deprecations (2026-10-08)
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

Size = tuple[int, int]

SIZES_2_5: Mapping[str, Size] = {
    "1:1": (1024, 1024), "2:3": (832, 1248), "3:2": (1248, 832), "3:4": (864, 1184), "4:3": (1184, 864),
    "4:5": (896, 1152), "5:4": (1152, 896), "9:16": (768, 1344), "16:9": (1344, 768), "21:9": (1536, 672),
}  # fmt: skip

# Google prints 792x168 for 21:9 at 512, which is not 21:9; it is kept as printed.
SIZES_3: Mapping[str, Mapping[str, Size]] = {
    "512": {
        "1:1": (512, 512), "2:3": (424, 632), "3:2": (632, 424), "3:4": (448, 600), "4:3": (600, 448),
        "4:5": (464, 576), "5:4": (576, 464), "9:16": (384, 688), "16:9": (688, 384), "21:9": (792, 168),
        "1:4": (256, 1024), "4:1": (1024, 256), "1:8": (192, 1536), "8:1": (1536, 192),
    },
    "1K": {
        "1:1": (1024, 1024), "2:3": (848, 1264), "3:2": (1264, 848), "3:4": (896, 1200), "4:3": (1200, 896),
        "4:5": (928, 1152), "5:4": (1152, 928), "9:16": (768, 1376), "16:9": (1376, 768), "21:9": (1584, 672),
        "1:4": (512, 2048), "4:1": (2048, 512), "1:8": (384, 3072), "8:1": (3072, 384),
    },
}  # fmt: skip


def _gemini_3_sizes(ratios: int, *sizes: str) -> dict[str, dict[str, Size]]:
    """The chosen columns of the table and its first rows; 2K and 4K are exactly twice and four times 1K."""
    table: dict[str, dict[str, Size]] = {}
    for size in sizes:
        factor = {"512": 1, "1K": 1, "2K": 2, "4K": 4}[size]
        rows = list(SIZES_3["512" if size == "512" else "1K"].items())[:ratios]
        table[size] = {ratio: (width * factor, height * factor) for ratio, (width, height) in rows}
    return table


@dataclass(frozen=True, kw_only=True)
class TokenPrices:
    """Micro-dollars for a million tokens in the standard service tier."""

    input: int
    text_output: int
    image_output: int


@dataclass(frozen=True, kw_only=True)
class GeminiModel:
    """One image model. `sizes` maps image size → ratio → pixels; the single size "" means that the field is refused.

    `thinking` maps a level to the fewest and most thinking tokens, its first entry being the default; a model that
    always thinks has the single level "", one that never does has none. `flat_price` is micro-dollars a delivered
    picture by service tier and replaces `prices`. `rejected` are generation settings that give a 400.
    """

    id: str
    title: str
    sizes: Mapping[str, Mapping[str, Size]]
    default_size: str
    image_tokens: Mapping[str, int]
    input_image_tokens: int
    mime_type: str
    prices: TokenPrices | None = None
    flat_price: Mapping[str, int] = field(default_factory=dict)
    tiers: tuple[str, ...] = ("standard",)
    thinking: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    rejected: tuple[str, ...] = ()
    most_input_images: int = 14
    input_tokens: int = 131_072
    output_tokens: int = 32_768
    search: bool = False
    drafts: bool = False
    stage: str = ""
    retirement: str = ""
    successor: str = ""


NANO_BANANA_2_1 = GeminiModel(
    id="gemini-nano-banana-2.1",
    title="Nano Banana 2.1",
    sizes=_gemini_3_sizes(14, "1K", "2K", "4K"),
    default_size="1K",
    image_tokens={"1K": 1120, "2K": 1680, "4K": 3780},
    input_image_tokens=1120,
    mime_type="image/jpeg",
    prices=TokenPrices(input=1_500_000, text_output=7_500_000, image_output=30_000_000),
    thinking={"MEDIUM": (640, 900), "MINIMAL": (137, 260), "HIGH": (820, 900)},
    rejected=("seed", "temperature", "topP", "topK", "logprobs", "responseLogprobs"),
    search=True,
)
GEMINI_3_PRO = GeminiModel(
    id="gemini-3-pro-image",
    title="Nano Banana Pro",
    sizes=_gemini_3_sizes(10, "1K", "2K", "4K"),
    default_size="1K",
    image_tokens={"1K": 1120, "2K": 1120, "4K": 2000},
    input_image_tokens=560,
    mime_type="image/jpeg",
    prices=TokenPrices(input=2_000_000, text_output=12_000_000, image_output=120_000_000),
    tiers=("standard", "flex"),
    thinking={"": (300, 900)},
    input_tokens=65_536,
    search=True,
    drafts=True,
)
GEMINI_3_1_FLASH = GeminiModel(
    id="gemini-3.1-flash-image",
    title="Nano Banana 2",
    sizes=_gemini_3_sizes(14, "512", "1K", "2K", "4K"),
    default_size="1K",
    image_tokens={"512": 747, "1K": 1120, "2K": 1680, "4K": 2520},
    input_image_tokens=1120,
    mime_type="image/jpeg",
    prices=TokenPrices(input=500_000, text_output=3_000_000, image_output=60_000_000),
    thinking={"MINIMAL": (137, 260), "HIGH": (500, 900)},
    search=True,
    stage="DEPRECATED",
    successor="gemini-nano-banana-2.1",
)
GEMINI_3_1_FLASH_LITE = GeminiModel(
    id="gemini-3.1-flash-lite-image",
    title="Nano Banana 2 Lite",
    sizes={"": _gemini_3_sizes(14, "1K")["1K"]},
    default_size="",
    image_tokens={"": 1120},
    input_image_tokens=1120,
    mime_type="image/jpeg",
    prices=TokenPrices(input=250_000, text_output=1_500_000, image_output=30_000_000),
    thinking={"MINIMAL": (0, 0), "HIGH": (300, 900)},
)
GEMINI_2_5_FLASH = GeminiModel(
    id="gemini-2.5-flash-image",
    title="Nano Banana",
    sizes={"": SIZES_2_5},
    default_size="",
    image_tokens={"": 1290},
    input_image_tokens=258,
    mime_type="image/png",
    flat_price={"standard": 39_000, "flex": 19_500, "priority": 70_200},
    tiers=("standard", "flex", "priority"),
    rejected=("thinkingConfig",),
    input_tokens=32_768,
    stage="DEPRECATED",
    retirement="2026-10-02T00:00:00Z",
    successor="gemini-3.1-flash-image",
)

MODELS = (NANO_BANANA_2_1, GEMINI_3_PRO, GEMINI_3_1_FLASH_LITE, GEMINI_3_1_FLASH, GEMINI_2_5_FLASH)
ALIASES = {"nano-banana-pro-preview": GEMINI_3_PRO.id}


def find_model(name: str) -> GeminiModel | None:
    """The model that answers to an id or alias; None for unknown and retired ones, which Google does not tell apart."""
    wanted = ALIASES.get(name, name)
    return next((model for model in MODELS if model.id == wanted), None)
