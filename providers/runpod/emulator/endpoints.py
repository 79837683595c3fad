"""The endpoints that the emulated RunPod has: public ones with inputs and prices, and a person's own ones.

https://docs.runpod.io/public-endpoints/models/… (2026-08-20). Where a page's price and the cost of its example differ,
the example is what is charged.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Inputs = Mapping[str, Mapping[str, Any]]
# Seconds of a worker, and what one costs: https://docs.runpod.io/serverless/pricing, an own endpoint's smallest GPU.
WORKER_SECONDS, WORKER_SECOND_MICRO = 4, 190


@dataclass(frozen=True, kw_only=True)
class Public:
    """A public endpoint. `megapixel_micro` is charged a megapixel, else `picture_micro`, else by `resolution_micro`."""

    id: str
    inputs: Inputs
    required: tuple[str, ...] = ("prompt",)
    size: tuple[int, int] = (1024, 1024)
    usual_format: str = "jpeg"
    megapixel_micro: int = 0
    picture_micro: int = 0
    resolution_micro: Mapping[str, int] = field(default_factory=dict)
    usual_resolution: str = ""


@dataclass(frozen=True, kw_only=True)
class Own:
    """A person's own endpoint with worker-comfyui, which gives its pictures as "base64", "s3_url" or, before version
    5, as a "message"."""

    id: str
    name: str
    gives: str = "base64"


TEXT: Mapping[str, Any] = {"type": str}
FLAG: Mapping[str, Any] = {"type": bool}
SEED: Mapping[str, Any] = {"type": int, "least": -1}
SIDE: Mapping[str, Any] = {"type": int, "least": 256, "most": 1536, "step": 64}
ANY_SIZE: Mapping[str, Any] = {"type": str, "size": True}
PICTURE: Mapping[str, Any] = {"type": str, "picture": True}


def _choice(*choices: str) -> Mapping[str, Any]:
    return {"type": str, "choices": choices}


def _number(most: float, least: float = 0) -> Mapping[str, Any]:
    return {"type": (int, float), "least": least, "most": most}


def _pictures(most: int) -> Mapping[str, Any]:
    return {"type": list, "pictures": most}


def _flux(most_steps: int) -> Inputs:
    return {
        "prompt": TEXT, "negative_prompt": TEXT, "width": SIDE, "height": SIDE, "seed": SEED,
        "num_inference_steps": {"type": int, "least": 1, "most": most_steps}, "guidance": _number(10),
        "image_format": _choice("png", "jpeg"),
    }  # fmt: skip


RATIOS = ("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3")
BANANA_RATIOS = ("1:1", "3:2", "2:3", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")
QWEN_SIZES = ("1024*1024", "1024*1280", "1280*1024", "1280*1280", "1280*1536", "1536*1080")
Z_SIZES = ("512*512", "768*768", "1024*1024", "1280*1280", "1024*768", "768*1024", "1280*720", "720*1280")
RESOLUTION = _choice("1k", "2k", "4k")
WITH_PICTURES = ("prompt", "images")

PUBLIC = (
    Public(id="black-forest-labs-flux-1-dev", inputs=_flux(50), megapixel_micro=20_000),
    Public(id="black-forest-labs-flux-1-schnell", inputs=_flux(8), megapixel_micro=2_400),
    Public(id="black-forest-labs-flux-1-kontext-dev", required=("prompt", "image"), megapixel_micro=30_000,
           usual_format="png", inputs={
               "prompt": TEXT, "image": PICTURE, "negative_prompt": TEXT, "size": ANY_SIZE, "seed": SEED,
               "num_inference_steps": {"type": int, "least": 1, "most": 50}, "guidance": _number(10),
               "output_format": _choice("png", "jpeg"), "enable_safety_checker": FLAG,
           }),
    Public(id="qwen-image-t2i", megapixel_micro=20_000, inputs={
        "prompt": TEXT, "negative_prompt": TEXT, "size": ANY_SIZE, "seed": SEED, "enable_safety_checker": FLAG,
    }),
    Public(id="qwen-image-edit", required=("prompt", "image"), megapixel_micro=20_000, inputs={
        "prompt": TEXT, "image": PICTURE, "negative_prompt": TEXT, "seed": SEED,
        "output_format": _choice("png", "jpeg"), "enable_safety_checker": FLAG,
    }),
    Public(id="qwen-image-edit-2511", required=WITH_PICTURES, picture_micro=20_000, inputs={
        "prompt": TEXT, "images": _pictures(3), "size": _choice(*QWEN_SIZES), "seed": SEED,
        "output_format": _choice("jpeg", "png", "webp"),
    }),
    Public(id="seedream-v4-t2i", megapixel_micro=27_000, inputs={
        "prompt": TEXT, "negative_prompt": TEXT, "size": ANY_SIZE, "seed": SEED, "enable_safety_checker": FLAG,
    }),
    Public(id="seedream-v4-edit", required=WITH_PICTURES, megapixel_micro=27_000, inputs={
        "prompt": TEXT, "images": _pictures(8), "size": ANY_SIZE, "enable_safety_checker": FLAG,
    }),
    Public(id="wan-2-6-t2i", picture_micro=30_000, inputs={
        "prompt": TEXT, "size": _choice("1024*1024", "1024*768", "1440*1024"), "seed": SEED,
        "enable_safety_checker": FLAG,
    }),
    Public(id="z-image-turbo", picture_micro=5_000, usual_format="png", inputs={
        "prompt": TEXT, "image": PICTURE, "size": _choice(*Z_SIZES), "strength": _number(1), "seed": SEED,
        "output_format": _choice("png", "jpeg", "webp"), "enable_safety_checker": FLAG,
    }),
    Public(id="p-image-t2i", picture_micro=5_000, size=(1360, 768), inputs={
        "prompt": TEXT, "aspect_ratio": _choice(*RATIOS), "seed": SEED, "disable_safety_checker": FLAG,
    }),
    Public(id="p-image-edit", required=WITH_PICTURES, picture_micro=10_000, inputs={
        "prompt": TEXT, "images": _pictures(5), "aspect_ratio": _choice("match_input_image", *RATIOS), "seed": SEED,
        "disable_safety_checker": FLAG,
    }),
    Public(id="nano-banana-edit", required=WITH_PICTURES, megapixel_micro=27_000, inputs={
        "prompt": TEXT, "images": _pictures(4), "enable_safety_checker": FLAG,
    }),
    Public(id="nano-banana-pro-edit", required=WITH_PICTURES, usual_format="png", usual_resolution="2k",
           resolution_micro={"1k": 140_000, "2k": 140_000, "4k": 240_000}, inputs={
               "prompt": TEXT, "images": _pictures(14), "resolution": RESOLUTION,
               "aspect_ratio": _choice(*BANANA_RATIOS), "output_format": _choice("png", "jpeg"),
               "enable_safety_checker": FLAG,
           }),
    Public(id="google-nano-banana-2-edit", required=WITH_PICTURES, usual_format="png", usual_resolution="1k",
           resolution_micro={"1k": 87_500, "2k": 130_000, "4k": 175_000}, inputs={
               "prompt": TEXT, "images": _pictures(14), "resolution": RESOLUTION,
               "aspect_ratio": _choice(*BANANA_RATIOS), "output_format": _choice("png", "jpeg"),
           }),
)  # fmt: skip
OWN = (
    Own(id="comfy0base64", name="image-generator"),
    Own(id="comfy0bucket", name="image-generator with a bucket", gives="s3_url"),
    Own(id="comfy0before5", name="image-generator of old", gives="message"),
)


def find_endpoint(endpoint_id: str) -> Public | Own | None:
    return next((endpoint for endpoint in (*PUBLIC, *OWN) if endpoint.id == endpoint_id), None)
