"""What each of Stability's forms takes, what it gives and what it costs, from Stability's pages and not from our table.

https://platform.stability.ai/docs/api-reference and https://platform.stability.ai/pricing, as read on 2026-07-09.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

MICRO_A_CREDIT = 10_000
RATIOS = ("21:9", "16:9", "3:2", "5:4", "1:1", "4:5", "2:3", "9:16", "9:21")
STYLES = (
    "enhance", "anime", "photographic", "digital-art", "comic-book", "fantasy-art", "line-art", "analog-film",
    "neon-punk", "isometric", "low-poly", "origami", "modeling-compound", "cinematic", "3d-model", "pixel-art",
    "tile-texture",
)  # fmt: skip
LARGEST_SEED = 4294967294


@dataclass(frozen=True, kw_only=True)
class Text:
    required: bool = False
    longest: int = 10_000


@dataclass(frozen=True)
class Choice:
    values: tuple[str, ...]


@dataclass(frozen=True)
class Number:
    least: float
    most: float
    whole: bool = False


@dataclass(frozen=True, kw_only=True)
class File:
    """A picture part; `widest` is the largest ratio of its sides in either direction."""

    required: bool = True
    least_side: int = 64
    most_side: int = 16_384
    least_pixels: int = 4_096
    most_pixels: int = 9_437_184
    widest: float = 1000.0


Kind = Text | Choice | Number | File
Gives = Literal["ratio", "same", "outpainted", "four times", "four megapixels", "4K"]


@dataclass(frozen=True, kw_only=True)
class Form:
    """One address. `name` is what the invoice calls its work, `tenths` are its price in tenths of a credit, and
    `gives` says how large its picture is."""

    name: str
    fields: Mapping[str, Kind]
    tenths: int
    gives: Gives = "same"
    megapixels: float = 1.0
    later: bool = False
    one_of: tuple[str, ...] = ()


SEED = Number(0, LARGEST_SEED, whole=True)
PART = Number(0, 1)
FORMATS = Choice(("jpeg", "png", "webp"))
SHAPED = File(widest=2.5)
TEXT = Text()
PROMPT = Text(required=True)
COMMON: Mapping[str, Kind] = {"seed": SEED, "output_format": FORMATS}
STYLED: Mapping[str, Kind] = {**COMMON, "negative_prompt": TEXT, "style_preset": Choice(STYLES)}
CONTROL: Mapping[str, Kind] = {**STYLED, "image": SHAPED, "prompt": PROMPT, "control_strength": PART}
SEARCH: Mapping[str, Kind] = {**STYLED, "image": SHAPED, "prompt": PROMPT, "grow_mask": Number(0, 20, whole=True)}
# Without an upper bound of pixels of their own: pictures to begin with.
START = File(required=False, most_pixels=16_384 * 16_384)

_SIDES: Mapping[str, Kind] = {side: Number(0, 2000, whole=True) for side in ("left", "right", "up", "down")}
_RELIGHT: Mapping[str, Kind] = {
    **COMMON,
    "subject_image": SHAPED,
    "background_reference": File(required=False),
    "light_reference": File(required=False),
    "background_prompt": TEXT,
    "foreground_prompt": TEXT,
    "negative_prompt": TEXT,
    "preserve_original_subject": PART,
    "original_background_depth": PART,
    "keep_original_background": Choice(("true", "false")),
    "light_source_direction": Choice(("above", "below", "left", "right")),
    "light_source_strength": PART,
}

FORMS: Mapping[str, Form] = {
    "generate/core": Form(
        name="stable-image-core",
        fields={**STYLED, "prompt": PROMPT, "aspect_ratio": Choice(RATIOS)},
        tenths=30,
        gives="ratio",
        megapixels=1.5,
    ),
    "generate/ultra": Form(
        name="stable-image-ultra",
        fields={**STYLED, "prompt": PROMPT, "aspect_ratio": Choice(RATIOS), "image": START, "strength": PART},
        tenths=80,
        gives="ratio",
    ),
    "edit/inpaint": Form(
        name="stable-image-inpaint",
        fields={
            **STYLED,
            "prompt": PROMPT,
            "image": File(),
            "mask": File(required=False),
            "grow_mask": Number(0, 100, whole=True),
        },
        tenths=50,
    ),
    "edit/erase": Form(
        name="stable-image-erase",
        fields={
            **COMMON,
            "image": File(),
            "mask": File(required=False),
            "grow_mask": Number(0, 20, whole=True),
        },
        tenths=50,
    ),
    "edit/outpaint": Form(
        name="stable-image-outpaint",
        fields={
            **COMMON,
            **_SIDES,
            "style_preset": Choice(STYLES),
            "image": SHAPED,
            "prompt": TEXT,
            "creativity": PART,
        },
        tenths=40,
        gives="outpainted",
        one_of=tuple(_SIDES),
    ),
    "edit/remove-background": Form(
        name="stable-image-remove-background",
        fields={"image": File(most_pixels=4_194_304), "output_format": Choice(("png", "webp"))},
        tenths=50,
    ),
    "edit/search-and-replace": Form(
        name="stable-image-search-and-replace", fields={**SEARCH, "search_prompt": PROMPT}, tenths=50
    ),
    "edit/search-and-recolor": Form(
        name="stable-image-search-and-recolor", fields={**SEARCH, "select_prompt": PROMPT}, tenths=50
    ),
    "edit/replace-background-and-relight": Form(
        name="stable-image-replace-background",
        fields=_RELIGHT,
        tenths=80,
        later=True,
        one_of=("background_prompt", "background_reference"),
    ),
    "control/sketch": Form(name="stable-image-control-sketch", fields=CONTROL, tenths=50),
    "control/structure": Form(name="stable-image-control-structure", fields=CONTROL, tenths=50),
    "control/style": Form(
        name="stable-image-control-style",
        fields={**STYLED, "image": SHAPED, "prompt": PROMPT, "fidelity": PART, "aspect_ratio": Choice(RATIOS)},
        tenths=50,
        gives="ratio",
    ),
    "control/style-transfer": Form(
        name="stable-image-style-transfer",
        fields={
            **COMMON,
            "init_image": SHAPED,
            "style_image": SHAPED,
            "prompt": TEXT,
            "negative_prompt": TEXT,
            "style_strength": PART,
            "composition_fidelity": PART,
            "change_strength": Number(0.1, 1),
        },
        tenths=80,
    ),
    "upscale/fast": Form(
        name="stable-image-upscale-fast",
        fields={
            "output_format": FORMATS,
            "image": File(least_side=32, most_side=1536, least_pixels=1024, most_pixels=1_048_576),
        },
        tenths=20,
        gives="four times",
    ),
    "upscale/conservative": Form(
        name="stable-image-upscale-conservative",
        fields={
            **COMMON,
            "image": SHAPED,
            "prompt": PROMPT,
            "negative_prompt": TEXT,
            "creativity": Number(0.2, 0.5),
        },
        tenths=400,
        gives="four megapixels",
    ),
    "upscale/creative": Form(
        name="stable-image-upscale-creative",
        fields={
            **STYLED,
            "image": File(most_pixels=1_048_576, widest=2.5),
            "prompt": PROMPT,
            "creativity": Number(0.1, 0.5),
        },
        tenths=600,
        gives="4K",
        later=True,
    ),
}

DIFFUSION_TENTHS: Mapping[str, int] = {
    "sd3.5-large": 65, "sd3.5-large-turbo": 40, "sd3.5-medium": 35, "sd3.5-flash": 25,
}  # fmt: skip


def diffusion_form(model: str, mode: str) -> Form:
    """The form of `generate/sd3`, whose fields depend on two of them."""
    fields: dict[str, Kind] = {
        **COMMON, "prompt": PROMPT, "model": Choice(tuple(DIFFUSION_TENTHS)), "style_preset": Choice(STYLES),
        "mode": Choice(("text-to-image", "image-to-image")), "output_format": Choice(("jpeg", "png")),
        "cfg_scale": Number(1, 10),
    }  # fmt: skip
    if model in ("sd3.5-large", "sd3.5-medium"):
        fields["negative_prompt"] = TEXT
    if mode == "image-to-image":
        fields |= {"image": File(most_pixels=START.most_pixels), "strength": PART}
    else:
        fields["aspect_ratio"] = Choice(RATIOS)
    return Form(name=model, fields=fields, tenths=DIFFUSION_TENTHS.get(model, 65), gives="ratio")


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A form that was read and found right."""

    path: str
    form: Form
    texts: Mapping[str, str] = field(default_factory=dict)
    pictures: Mapping[str, bytes] = field(default_factory=dict, repr=False)
