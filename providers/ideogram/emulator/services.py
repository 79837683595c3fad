"""What each emulated call takes and costs: fields and bounds of Ideogram's OpenAPI document, prices of its price page.

The document of 2026-10-07: https://github.com/qmediat/ideogram-mcp (spec/openapi.json). Prices, in tenths of a cent:
https://ideogram.ai/blog/ideogram-api-pricing
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

LARGEST_SEED = 2**31 - 1
LONGEST_PROMPT = 10_000
LARGEST_FILE = 25_000_000
MICRO_A_TENTH_CENT = 1000

# Sizes of "size" (4.5) and "resolution" (4.0): 1K, then 2K.
_ONE_K = (
    "1024x1024 896x1120 1120x896 864x1152 1152x864 832x1248 1248x832 800x1280 1280x800 720x1280 1280x720 "
    "720x1440 1440x720"
)
_TWO_K = (
    "2048x2048 1440x2880 2880x1440 1664x2496 2496x1664 1792x2240 2240x1792 1440x2560 2560x1440 1600x2560 2560x1600 "
    "1728x2304 2304x1728 1296x3168 3168x1296 1152x2944 2944x1152 1248x3328 3328x1248 1280x3072 3072x1280 "
    "1024x3072 3072x1024"
)
SIZES_OF_45 = frozenset(f"{_ONE_K} {_TWO_K}".split())
SIZES_OF_4 = SIZES_OF_45 | {"512x1536", "1536x512"}
_OF_3 = (
    "512x1536 576x1408 576x1472 576x1536 640x1344 640x1408 640x1472 640x1536 704x1152 704x1216 704x1280 704x1344 "
    "704x1408 704x1472 736x1312 768x1088 768x1216 768x1280 768x1344 800x1280 832x960 832x1024 832x1088 832x1152 "
    "832x1216 832x1248 864x1152 896x960 896x1024 896x1088 896x1120 896x1152 960x832 960x896 960x1024 960x1088 "
    "1024x832 1024x896 1024x960 1024x1024 1088x768 1088x832 1088x896 1088x960 1120x896 1152x704 1152x832 1152x864 "
    "1152x896 1216x704 1216x768 1216x832 1248x832 1280x704 1280x768 1280x800 1312x736 1344x640 1344x704 1344x768 "
    "1408x576 1408x640 1408x704 1472x576 1472x640 1472x704 1536x512 1536x576 1536x640"
)
SIZES_OF_3 = frozenset(_OF_3.split())
STYLES = frozenset(("auto", "general", "realistic", "design", "custom", "fiction", "stylized"))


@dataclass(frozen=True, kw_only=True)
class Service:
    """`product` is Ideogram's name for what is billed, `model` the name on the emulator's invoice.

    `quality` is the field that decides on the price, `prices` its values and what they cost; "" is the usual.
    `choices` are further fields with their values, `texts` with the most characters, `flags` are true or false.
    `files` are fields of files with the most of each.
    """

    product: str
    model: str
    quality: str = ""
    prices: Mapping[str, int] = field(default_factory=dict)
    size: str = ""
    sizes: frozenset[str] = frozenset()
    choices: Mapping[str, frozenset[str]] = field(default_factory=dict)
    texts: Mapping[str, int] = field(default_factory=dict)
    flags: tuple[str, ...] = ("private", "async")
    files: Mapping[str, int] = field(default_factory=dict)
    draws: bool = True


_MAGIC = {"magic_prompt": frozenset(("auto", "on", "off"))}
_DRAWING = ("private", "async", "enable_copyright_detection")

SERVICES: Mapping[str, Service] = {
    "generate/ideogram-4-5": Service(
        product="ideogram_4_5_generate", model="ideogram-4-5", quality="quality",
        prices={"": 100, "low": 30, "medium": 60, "high": 100}, size="size", sizes=SIZES_OF_45, choices=_MAGIC,
        flags=_DRAWING,
    ),
    "generate/ideogram-4": Service(
        product="ideogram_v4_generation", model="ideogram-4", quality="rendering_speed",
        prices={"": 60, "turbo": 30, "default": 60, "quality": 100}, size="resolution", sizes=SIZES_OF_4,
        choices=_MAGIC, flags=_DRAWING,
    ),
    "generate/ideogram-3": Service(
        product="ideogram_v3_generation", model="ideogram-3", quality="rendering_speed",
        prices={"": 60, "turbo": 30, "default": 60, "quality": 90}, size="resolution", sizes=SIZES_OF_3,
        choices={**_MAGIC, "style_type": STYLES}, texts={"negative_prompt": 10_000}, flags=_DRAWING,
    ),
    "precise-edit/ideogram-4-5": Service(
        product="ideogram_4_5_precise_edit", model="ideogram-4-5-precise-edit", quality="quality",
        prices={"": 60, "very_low": 8, "low": 30, "medium": 60, "high": 220}, flags=_DRAWING,
        files={"image": 1, "reference_images": 4, "mask": 1},
    ),
    "remove-background/ideogram-1": Service(
        product="api_remove_background", model="ideogram-remove-background", prices={"": 10}, files={"image": 1},
        draws=False,
    ),
}  # fmt: skip
