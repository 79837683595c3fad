"""What each of Stability's models on Bedrock takes, gives and costs, from AWS's pages and not from our table.

https://docs.aws.amazon.com/bedrock/latest/userguide/stable-image-services.html and the pages beside it of Core, SD3.5
Large and Ultra; prices in hundredths of a dollar from LiteLLM's price file of 2026-11, which follows
https://aws.amazon.com/bedrock/pricing/.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

CENT = 10_000
RATIOS = ("16:9", "1:1", "21:9", "2:3", "3:2", "4:5", "5:4", "9:16", "9:21")
STYLES = (
    "3d-model", "analog-film", "anime", "cinematic", "comic-book", "digital-art", "enhance", "fantasy-art", "isometric",
    "line-art", "low-poly", "modeling-compound", "neon-punk", "origami", "photographic", "pixel-art", "tile-texture",
)  # fmt: skip
LARGEST_SEED = 4294967294


@dataclass(frozen=True)
class Text:
    longest: int = 10_000


@dataclass(frozen=True)
class Choice:
    values: tuple[str, ...]


@dataclass(frozen=True)
class Number:
    least: float
    most: float
    whole: bool = False


@dataclass(frozen=True)
class Picture:
    """A picture as base64; `widest` is the largest ratio of its sides in either direction."""

    widest: float = 2.5
    least_side: int = 64
    most_side: int = 16_384
    least_pixels: int = 0
    most_pixels: int = 9_437_184


Kind = Text | Choice | Number | Picture
Gives = Literal["ratio", "same", "outpainted", "four times", "4K"]


@dataclass(frozen=True, kw_only=True)
class Model:
    """`required` fields must be given, of `one_of` at least one that is not 0. `gives` is how large its picture is."""

    fields: Mapping[str, Kind]
    cents: int
    required: tuple[str, ...] = ("prompt",)
    one_of: tuple[str, ...] = ()
    gives: Gives = "same"


PROMPT, SEED, IMAGE = Text(), Number(0, LARGEST_SEED, whole=True), Picture()
ALL, TWO = Choice(("jpeg", "png", "webp")), Choice(("jpeg", "png"))
GROW = Number(0, 20, whole=True)
BOTH = ("prompt", "image")
# Without bounds of pixels of its own: a picture to begin with.
START = Picture(widest=1000.0, most_pixels=16_384 * 16_384)
BASE: Mapping[str, Kind] = {"prompt": PROMPT, "negative_prompt": Text(), "seed": SEED, "output_format": ALL}
STYLED: Mapping[str, Kind] = {**BASE, "style_preset": Choice(STYLES), "image": IMAGE}
DRAWN: Mapping[str, Kind] = {**BASE, "aspect_ratio": Choice(RATIOS), "mode": Choice(("text-to-image",))}
SIDES = ("left", "right", "up", "down")

MODELS: Mapping[str, Model] = {
    "stability.stable-image-core-v1:1": Model(fields={**DRAWN, "output_format": TWO}, cents=4, gives="ratio"),
    "stability.sd3-5-large-v1:0": Model(
        fields={**DRAWN, "mode": Choice(("text-to-image", "image-to-image")), "image": START, "strength": Number(0, 1)},
        cents=8,
        gives="ratio",
    ),
    "stability.stable-image-ultra-v1:1": Model(
        fields={**DRAWN, "output_format": TWO, "image": START, "strength": Number(0, 1)}, cents=14, gives="ratio"
    ),
    "us.stability.stable-image-inpaint-v1:0": Model(
        fields={**STYLED, "mask": START, "grow_mask": GROW}, required=BOTH, cents=7
    ),
    "us.stability.stable-image-erase-object-v1:0": Model(
        fields={"image": IMAGE, "mask": START, "grow_mask": GROW, "seed": SEED, "output_format": ALL},
        required=("image",),
        cents=7,
    ),
    "us.stability.stable-outpaint-v1:0": Model(
        fields={
            "image": IMAGE, "prompt": PROMPT, "style_preset": Choice(STYLES), "seed": SEED, "output_format": ALL,
            "creativity": Number(0.1, 1), **{side: Number(0, 2000, whole=True) for side in SIDES},
        },
        required=("image",), one_of=SIDES, gives="outpainted", cents=6,
    ),
    "us.stability.stable-image-remove-background-v1:0": Model(
        fields={"image": IMAGE, "output_format": ALL}, required=("image",), cents=7
    ),
    "us.stability.stable-image-search-replace-v1:0": Model(
        fields={**STYLED, "search_prompt": Text(), "grow_mask": GROW}, required=(*BOTH, "search_prompt"), cents=7
    ),
    "us.stability.stable-image-search-recolor-v1:0": Model(
        fields={**STYLED, "select_prompt": Text(), "grow_mask": GROW}, required=(*BOTH, "select_prompt"), cents=7
    ),
    "us.stability.stable-image-control-sketch-v1:0": Model(
        fields={**STYLED, "control_strength": Number(0, 1)}, required=BOTH, cents=7
    ),
    "us.stability.stable-image-control-structure-v1:0": Model(
        fields={**STYLED, "control_strength": Number(0, 1)}, required=BOTH, cents=7
    ),
    "us.stability.stable-image-style-guide-v1:0": Model(
        fields={**STYLED, "aspect_ratio": Choice(RATIOS), "fidelity": Number(0, 1)},
        required=BOTH, cents=7, gives="ratio",
    ),
    "us.stability.stable-style-transfer-v1:0": Model(
        fields={
            **BASE, "init_image": IMAGE, "style_image": IMAGE, "style_strength": Number(0, 1),
            "composition_fidelity": Number(0, 1), "change_strength": Number(0.1, 1),
        },
        required=("init_image", "style_image"), cents=8,
    ),
    "us.stability.stable-fast-upscale-v1:0": Model(
        fields={"image": Picture(1000.0, 32, 1536, 1024, 1_048_576), "output_format": ALL},
        required=("image",), gives="four times", cents=3,
    ),
    "us.stability.stable-conservative-upscale-v1:0": Model(
        fields={**BASE, "image": IMAGE, "creativity": Number(0.1, 0.5)}, required=BOTH, gives="4K", cents=40
    ),
    "us.stability.stable-creative-upscale-v1:0": Model(
        fields={**STYLED, "image": Picture(1000.0, least_pixels=4_096, most_pixels=1_048_576),
                "creativity": Number(0.1, 0.5)},
        required=BOTH, gives="4K", cents=60,
    ),
}  # fmt: skip
