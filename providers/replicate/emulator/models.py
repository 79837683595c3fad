"""The models that the emulated Replicate has: inputs as Cog describes them, sizes they draw, prices.

Prices: https://replicate.com/pricing (2026-10-07), FLUX.2: https://replicate.com/blog/run-flux-2-on-replicate. Inputs:
the models' pages …/api. `emulated/…` are made up, in the form of models that people publish.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

Properties = dict[str, dict[str, Any]]
FLUX_SIZES = {
    "1:1": (1024, 1024), "16:9": (1344, 768), "21:9": (1536, 640), "3:2": (1216, 832), "2:3": (832, 1216),
    "4:5": (896, 1088), "5:4": (1088, 896), "3:4": (896, 1152), "4:3": (1152, 896), "9:16": (768, 1344),
    "9:21": (640, 1536),
}  # fmt: skip
PRO_RATIOS = ("1:1", "16:9", "3:2", "2:3", "4:5", "5:4", "9:16", "3:4", "4:3")
IDEOGRAM_SIZES = {
    "1:3": (512, 1536), "3:1": (1536, 512), "1:2": (704, 1408), "2:1": (1408, 704), "9:16": (736, 1312),
    "16:9": (1312, 736), "10:16": (800, 1280), "16:10": (1280, 800), "2:3": (832, 1248), "3:2": (1248, 832),
    "3:4": (864, 1152), "4:3": (1152, 864), "4:5": (896, 1120), "5:4": (1120, 896), "1:1": (1024, 1024),
}  # fmt: skip
L40S_SECOND_MICRO = Fraction(975)
COMMUNITY_VERSION = "7762fd07cf82c948538e41f63f77d685e02b063e37e496e96eefd46c929f9bdc"
FILM_VERSION = "39ed52f2a78e934b3ba6e2a89f5b1c712de7dfea535525255b1aa35c5565e08b"


@dataclass(frozen=True, kw_only=True)
class Model:
    """One model. `picture_micro` is charged a picture, `run_micro` a run and `megapixel_micro` each megapixel in and
    out; a model without any of them is charged by the second."""

    id: str
    description: str
    properties: Properties
    required: tuple[str, ...] = ("prompt",)
    sizes: Mapping[str, tuple[int, int]]
    is_list: bool
    official: bool = True
    version: str = "hidden"
    output: Mapping[str, Any] | None = None
    picture_micro: int = 0
    run_micro: int = 0
    megapixel_micro: int = 0

    def openapi_schema(self) -> dict[str, Any]:
        """As Cog writes it: choices stand in schemas of their own."""
        schemas: dict[str, Any] = {}
        written: Properties = {}
        for order, (name, found) in enumerate(self.properties.items()):
            words = {"title": name.replace("_", " ").title(), "x-order": order}
            if "enum" in found:
                own = {key: found[key] for key in ("enum", "type")}
                schemas[name] = {"title": name, "description": "An enumeration.", **own}
                rest = {key: value for key, value in found.items() if key not in own}
                written[name] = {"allOf": [{"$ref": f"#/components/schemas/{name}"}], "x-order": order, **rest}
            else:
                written[name] = {**words, **found}
        schemas["Input"] = {
            "type": "object", "title": "Input", "required": list(self.required), "properties": written,
        }  # fmt: skip
        address = {"type": "string", "format": "uri"}
        usual = {"type": "array", "items": address} if self.is_list else address
        schemas["Output"] = {"title": "Output", **(self.output or usual)}
        return {"openapi": "3.0.2", "info": {"title": "Cog", "version": "0.1.0"}, "components": {"schemas": schemas}}


def _choice(default: str, *choices: str, words: str = "") -> dict[str, Any]:
    return {"type": "string", "enum": list(choices), "default": default, "description": words}


def _whole(default: int | None, least: int | None = None, most: int | None = None, words: str = "") -> dict[str, Any]:
    bounds = {"default": default, "minimum": least, "maximum": most}
    return {"type": "integer", "description": words} | {
        name: value for name, value in bounds.items() if value is not None
    }


def _file(words: str) -> dict[str, Any]:
    return {"type": "string", "format": "uri", "description": words}


PROMPT: dict[str, Any] = {"type": "string", "description": "Text prompt for image generation"}
SEED = _whole(None, words="Random seed. Set for reproducible generation")
FORMAT = _choice("webp", "webp", "jpg", "png", words="Format of the output images")
QUALITY = _whole(80, 0, 100, "Quality when saving the output images")
FLAG: dict[str, Any] = {"type": "boolean", "default": False}
CUSTOM = "Only used when aspect_ratio=custom. Must be a multiple of {step}."

_SCHNELL: Properties = {
    "prompt": PROMPT,
    "aspect_ratio": _choice("1:1", *FLUX_SIZES),
    "num_outputs": _whole(1, 1, 4),
    "num_inference_steps": _whole(4, 1, 4),
    "seed": SEED,
    "output_format": FORMAT,
    "output_quality": QUALITY,
    "disable_safety_checker": FLAG,
    "go_fast": FLAG | {"default": True},
    "megapixels": _choice("1", "1", "0.25", words="Approximate number of megapixels for generated image"),
}
_DEV: Properties = _SCHNELL | {
    "image": _file("Input image for image to image mode."),
    "prompt_strength": {"type": "number", "default": 0.8, "minimum": 0, "maximum": 1},
    "num_inference_steps": _whole(28, 1, 50),
    "guidance": {"type": "number", "default": 3, "minimum": 0, "maximum": 10},
}
_PRO: Properties = {
    "prompt": PROMPT,
    "image_prompt": _file("Image to use with Flux Redux."),
    "aspect_ratio": _choice("1:1", "custom", *PRO_RATIOS),
    "width": _whole(None, 256, 1440, CUSTOM.format(step=32)),
    "height": _whole(None, 256, 1440, CUSTOM.format(step=32)),
    "safety_tolerance": _whole(2, 1, 6),
    "seed": SEED,
    "prompt_upsampling": FLAG,
    "output_format": FORMAT,
    "output_quality": QUALITY,
}
_FLUX_2: Properties = {
    "prompt": PROMPT,
    "input_images": {"type": "array", "items": {"type": "string", "format": "uri"}, "default": [], "maxItems": 8},
    "aspect_ratio": _choice("1:1", "match_input_image", "custom", *PRO_RATIOS),
    "resolution": _choice("1 MP", "match_input_image", "0.5 MP", "1 MP", "2 MP", "4 MP"),
    "width": _whole(None, 256, 2048, CUSTOM.format(step=16)),
    "height": _whole(None, 256, 2048, CUSTOM.format(step=16)),
    "safety_tolerance": _whole(2, 1, 5),
    "seed": SEED,
    "output_format": FORMAT,
    "output_quality": QUALITY,
}
_IDEOGRAM: Properties = {
    "prompt": PROMPT,
    "aspect_ratio": _choice("1:1", *IDEOGRAM_SIZES),
    "resolution": _choice("None", "None", "1024x1024", "1536x640", words="Overrides aspect ratio."),
    "magic_prompt_option": _choice("Auto", "Auto", "On", "Off"),
    "image": _file("An image file to use for inpainting. You must also use a mask."),
    "mask": _file("A black and white image. Black pixels are inpainted, white pixels are preserved."),
    "style_type": _choice("None", "None", "Auto", "General", "Realistic", "Design"),
    "style_reference_images": {"type": "array", "items": {"type": "string", "format": "uri"}},
    "seed": _whole(None, None, 2**31 - 1),
}
_COMMUNITY: Properties = {
    "prompt": {"type": "string", "default": "An astronaut riding a rainbow unicorn"},
    "negative_prompt": {"type": "string", "default": ""},
    "image": _file("Input image for img2img or inpaint mode"),
    "mask": _file("Input mask for inpaint mode. Black areas will be preserved, white areas will be inpainted."),
    "width": _whole(1024, words="Width of output image"),
    "height": _whole(1024, words="Height of output image"),
    "num_outputs": _whole(1, 1, 4),
    "scheduler": _choice("K_EULER", "DDIM", "K_EULER", "PNDM", words="scheduler"),
    "num_inference_steps": _whole(50, 1, 500),
    "guidance_scale": {"type": "number", "default": 7.5, "minimum": 1, "maximum": 50},
    "prompt_strength": {"type": "number", "default": 0.8, "minimum": 0, "maximum": 1},
    "seed": SEED,
}

MODELS = (
    Model(id="black-forest-labs/flux-schnell", description="The fastest image generation model", properties=_SCHNELL,
          sizes=FLUX_SIZES, is_list=True, picture_micro=3000),
    Model(id="black-forest-labs/flux-dev", description="A 12 billion parameter rectified flow transformer",
          properties=_DEV, sizes=FLUX_SIZES, is_list=True, picture_micro=25_000),
    Model(id="black-forest-labs/flux-1.1-pro", description="Faster, better FLUX Pro", properties=_PRO,
          sizes=FLUX_SIZES, is_list=False, picture_micro=40_000),
    Model(id="black-forest-labs/flux-2-pro", description="High-quality image generation and editing",
          properties=_FLUX_2, sizes=FLUX_SIZES, is_list=False, run_micro=15_000, megapixel_micro=15_000),
    Model(id="ideogram-ai/ideogram-v3-quality", description="The highest quality Ideogram v3 model",
          properties=_IDEOGRAM, sizes=IDEOGRAM_SIZES, is_list=False, picture_micro=90_000),
    Model(id="emulated/community-sdxl", description="A model of the community, charged by the second",
          properties=_COMMUNITY, required=(), sizes={}, is_list=True, official=False, version=COMMUNITY_VERSION),
    Model(id="emulated/film-maker", description="A model that makes films", is_list=False, official=False,
          properties={"prompt": PROMPT, "fps": _whole(24)}, sizes={}, version=FILM_VERSION),
)  # fmt: skip


def find_model(model_id: str) -> Model | None:
    return next((model for model in MODELS if model.id == model_id), None)


def find_version(reference: str) -> Model | None:
    """By version, by owner/name:version, or by owner/name for an official model."""
    name, _, version = reference.rpartition(":")
    for model in MODELS:
        if reference == model.version or (name == model.id and version == model.version):
            return model if model.version != "hidden" else None
        if reference == model.id and model.official:
            return model
    return None
