"""The endpoints that the emulated fal has: inputs as their pages list them, sizes they draw, prices.

Inputs: https://fal.ai/docs/model-api-reference and https://fal.ai/models/<endpoint>/llms.txt; prices: the same pages
and https://fal.ai/pricing (2026-10). `emulated/…` are made up, in the form of endpoints that people publish.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Properties = dict[str, dict[str, Any]]
# https://fal.ai/docs/model-api-reference/image-generation-api/flux-dev
PRESETS = {
    "square_hd": (1024, 1024), "square": (512, 512), "portrait_4_3": (768, 1024), "portrait_16_9": (576, 1024),
    "landscape_4_3": (1024, 768), "landscape_16_9": (1024, 576),
}  # fmt: skip
ULTRA_RATIOS = ("21:9", "16:9", "4:3", "3:2", "1:1", "2:3", "3:4", "9:16", "9:21")
FLUX_3_RATIOS = (
    "auto", "21:9", "2:1", "16:9", "3:2", "7:5", "4:3", "5:4", "1:1", "4:5", "3:4", "5:7", "2:3", "9:16", "1:2",
)  # fmt: skip
NANO_RATIOS = (
    "auto", "21:9", "16:9", "3:2", "4:3", "5:4", "1:1", "4:5", "3:4", "2:3", "9:16", "4:1", "1:4", "8:1", "1:8",
)  # fmt: skip
SIDES = {"768sq": 768, "1k": 1024, "2k": 2048, "4k": 4096, "0.5K": 512, "1K": 1024, "2K": 2048, "4K": 4096}


@dataclass(frozen=True, kw_only=True)
class Model:
    """One endpoint. `price` micro-dollars are charged a picture, or a begun megapixel with `by_megapixel`;
    `by_choice` are prices by the value of an input, `extras` what a value adds to a picture."""

    id: str
    title: str
    properties: Properties
    required: tuple[str, ...] = ("prompt",)
    category: str = "text-to-image"
    price: int = 0
    by_megapixel: bool = False
    by_choice: tuple[str, Mapping[str, int]] | None = None
    extras: tuple[tuple[str, Any, int], ...] = ()
    usual_side: int = 1024
    gives: str = "images"

    def openapi(self) -> dict[str, Any]:
        """As `expand=openapi-3.0` gives it."""
        title = "".join(part.title() for part in self.id.replace("-", "/").split("/"))
        inputs = {
            "title": f"{title}Input", "type": "object", "required": list(self.required),
            "properties": self.properties, "x-fal-order-properties": list(self.properties),
        }  # fmt: skip
        picture = {"$ref": "#/components/schemas/Image"}
        gives = {"images": {"type": "array", "items": picture}} if self.gives == "images" else {self.gives: picture}
        schemas = {
            f"{title}Input": inputs,
            f"{title}Output": {"title": f"{title}Output", "type": "object", "properties": gives},
            "Image": {"type": "object", "properties": {"url": {"type": "string"}}, "required": ["url"]},
            "ImageSize": {
                "type": "object", "properties": {
                    "width": {"type": "integer", "maximum": 14142, "exclusiveMinimum": 0, "default": 512},
                    "height": {"type": "integer", "maximum": 14142, "exclusiveMinimum": 0, "default": 512},
                },
            },
        }  # fmt: skip
        app = "/".join(self.id.split("/")[:2])
        request = {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{title}Input"}}}}
        result = {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{title}Output"}}}}
        return {
            "openapi": "3.0.4", "info": {"title": f"Queue OpenAPI for {self.id}", "version": "1.0.0"},
            "components": {"schemas": schemas}, "servers": [{"url": "https://queue.fal.run"}],
            "paths": {
                f"/{self.id}": {"post": {"requestBody": request, "responses": {"200": {}}}},
                f"/{app}/requests/{{request_id}}/status": {"get": {"responses": {"200": {}}}},
                f"/{app}/requests/{{request_id}}": {"get": {"responses": {"200": result}}},
            },
        }  # fmt: skip

    def size(self, whole: Mapping[str, Any], pictures: list[tuple[int, int]]) -> tuple[int, int]:
        """What the endpoint draws for inputs with their defaults."""
        asked = whole.get("image_size")
        if isinstance(asked, dict):
            return int(asked.get("width", 512)), int(asked.get("height", 512))
        if asked:
            return PRESETS[asked]
        ratio = whole.get("aspect_ratio")
        if ratio is None:
            return pictures[0] if pictures else (self.usual_side, self.usual_side)
        across, down = (1, 1) if ratio == "auto" else (int(part) for part in ratio.split(":"))
        side = SIDES[whole["resolution"]] if whole.get("resolution") in SIDES else self.usual_side
        scale = math.sqrt(across / down)
        return max(16, round(side * scale / 16) * 16), max(16, round(side / scale / 16) * 16)


def _choice(default: str | None, *choices: str, words: str = "") -> dict[str, Any]:
    found = {"type": "string", "enum": list(choices), "description": words}
    return found if default is None else found | {"default": default}


def _number(kind: str, default: float | None, least: float, most: float) -> dict[str, Any]:
    found: dict[str, Any] = {"type": kind, "minimum": least, "maximum": most}
    return found if default is None else found | {"default": default}


def _sizes(default: str) -> dict[str, Any]:
    named = {"type": "string", "enum": list(PRESETS)}
    return {"anyOf": [{"$ref": "#/components/schemas/ImageSize"}, named], "default": default}


TEXT: dict[str, Any] = {"type": "string"}
SEED: dict[str, Any] = {"anyOf": [{"type": "integer"}, {"type": "null"}]}
OFF: dict[str, Any] = {"type": "boolean", "default": False}
ON: dict[str, Any] = {"type": "boolean", "default": True}
COUNT = _number("integer", 1, 1, 4)
TWO_FORMATS = _choice("jpeg", "jpeg", "png")
TOLERANCE = _choice("2", "1", "2", "3", "4", "5", "6")
URLS: dict[str, Any] = {"type": "array", "items": TEXT}
SPEED = _choice("BALANCED", "TURBO", "BALANCED", "QUALITY")
SPEEDS = ("rendering_speed", {"TURBO": 30_000, "BALANCED": 60_000, "QUALITY": 90_000})
RECRAFT_STYLES = (
    "any", "realistic_image", "digital_illustration", "vector_illustration", "realistic_image/b_and_w",
    "realistic_image/hard_flash", "realistic_image/hdr", "realistic_image/natural_light",
    "realistic_image/studio_portrait", "realistic_image/enterprise", "realistic_image/motion_blur",
    "digital_illustration/pixel_art", "digital_illustration/hand_drawn", "digital_illustration/grain",
    "digital_illustration/infantile_sketch", "digital_illustration/2d_art_poster", "digital_illustration/handmade_3d",
    "digital_illustration/hand_drawn_outline", "digital_illustration/engraving_color",
    "digital_illustration/2d_art_poster_2", "vector_illustration/engraving",
)  # fmt: skip

_FLUX: Properties = {
    "prompt": TEXT, "image_size": _sizes("landscape_4_3"), "num_inference_steps": _number("integer", 4, 1, 12),
    "seed": SEED, "sync_mode": OFF, "num_images": COUNT, "enable_safety_checker": ON, "output_format": TWO_FORMATS,
    "acceleration": _choice("none", "none", "regular", "high"),
}  # fmt: skip
_DEV = _FLUX | {
    "num_inference_steps": _number("integer", 28, 1, 50), "guidance_scale": _number("number", 3.5, 1, 20),
}  # fmt: skip
_REDRAW = {name: found for name, found in _DEV.items() if name != "image_size"} | {
    "image_url": TEXT, "strength": _number("number", 0.95, 0.01, 1),
    "num_inference_steps": _number("integer", 40, 10, 50),
}  # fmt: skip
_PRO: Properties = {
    "prompt": TEXT, "image_size": _sizes("landscape_4_3"), "seed": SEED, "sync_mode": OFF, "num_images": COUNT,
    "output_format": TWO_FORMATS, "safety_tolerance": TOLERANCE, "enhance_prompt": OFF,
}  # fmt: skip
_ULTRA = {name: found for name, found in _PRO.items() if name != "image_size"} | {
    "aspect_ratio": _choice("16:9", *ULTRA_RATIOS), "raw": OFF, "image_url": TEXT,
    "image_prompt_strength": _number("number", 0.1, 0, 1),
}  # fmt: skip
_KLEIN: Properties = {
    "prompt": TEXT, "aspect_ratio": _choice("auto", *FLUX_3_RATIOS), "sync_mode": OFF, "output_format": TWO_FORMATS,
    "resolution": _choice("1k", "768sq", "1k", "2k", "4k"),
}  # fmt: skip
_NANO: Properties = {
    "prompt": TEXT, "num_images": COUNT, "seed": SEED, "aspect_ratio": _choice("auto", *NANO_RATIOS), "sync_mode": OFF,
    "output_format": _choice("png", "jpeg", "png", "webp"), "safety_tolerance": TOLERANCE | {"default": "4"},
    "resolution": _choice("1K", "0.5K", "1K", "2K", "4K"), "limit_generations": ON, "enable_web_search": OFF,
    "thinking_level": _choice(None, "minimal", "high"),
}  # fmt: skip
_NANO_PRICES = ("resolution", {"0.5K": 60_000, "1K": 80_000, "2K": 120_000, "4K": 160_000})
_NANO_EXTRAS = (("enable_web_search", True, 15_000), ("thinking_level", "high", 2_000))
_RECRAFT: Properties = {
    "prompt": TEXT | {"maxLength": 1000}, "image_size": _sizes("square_hd"), "enable_safety_checker": OFF,
    "style": _choice("realistic_image", *RECRAFT_STYLES, words="Vector images cost 2X as much."),
}  # fmt: skip
_IDEOGRAM: Properties = {
    "prompt": TEXT, "rendering_speed": SPEED, "style": _choice(None, "AUTO", "GENERAL", "REALISTIC", "DESIGN"),
    "expand_prompt": ON, "num_images": _number("integer", 1, 1, 8), "seed": SEED, "sync_mode": OFF,
    "image_size": _sizes("square_hd"), "negative_prompt": TEXT | {"default": ""}, "image_urls": URLS,
}  # fmt: skip
_IDEOGRAM_EDIT = {
    name: _IDEOGRAM[name] for name in ("prompt", "rendering_speed", "expand_prompt", "num_images", "seed", "sync_mode")
} | {"image_url": TEXT, "mask_url": TEXT | {"description": "The mask URL to inpaint the image. MUST have its size."}}
_PAINTER: Properties = {
    "prompt": TEXT, "negative_prompt": TEXT | {"default": ""}, "image_size": _sizes("square_hd"), "seed": SEED,
    "num_images": COUNT, "guidance_scale": _number("number", 7.5, 0, 20), "image_url": TEXT,
    "mask_url": TEXT | {"description": "White areas are inpainted, black areas are preserved."},
    "strength": _number("number", 0.8, 0.01, 1), "scheduler": _choice("DDIM", "DDIM", "Euler"),
    "loras": {"type": "array", "items": {"type": "object"}, "default": []}, "sync_mode": OFF,
}  # fmt: skip
_FILM: Properties = {"prompt": TEXT, "num_frames": _number("integer", 81, 17, 161)}

MODELS = (
    Model(id="fal-ai/flux/schnell", title="FLUX.1 [schnell]", properties=_FLUX, price=3000, by_megapixel=True),
    Model(id="fal-ai/flux/dev", title="FLUX.1 [dev]", properties=_DEV, price=25_000, by_megapixel=True),
    Model(id="fal-ai/flux/dev/image-to-image", title="FLUX.1 [dev] Image to Image", properties=_REDRAW,
          required=("prompt", "image_url"), category="image-to-image", price=30_000, by_megapixel=True),
    Model(id="fal-ai/flux-pro/v1.1", title="FLUX1.1 [pro]", properties=_PRO, price=40_000, by_megapixel=True),
    Model(id="fal-ai/flux-pro/v1.1-ultra", title="FLUX1.1 [pro] ultra", properties=_ULTRA, price=60_000,
          usual_side=2048),
    Model(id="blackforestlabs/flux-3/text-to-image", title="Flux 3 Image",
          properties=_KLEIN | {"enable_prompt_expansion": ON},
          by_choice=("resolution", {"768sq": 48_000, "1k": 48_000, "2k": 100_000, "4k": 607_000})),
    Model(id="blackforestlabs/flux-3/klein/text-to-image", title="Flux 3 klein", properties=_KLEIN,
          by_choice=("resolution", {"768sq": 9000, "1k": 9000, "2k": 14_000, "4k": 36_000})),
    Model(id="fal-ai/nano-banana-2", title="Nano Banana 2", properties=_NANO, by_choice=_NANO_PRICES,
          extras=_NANO_EXTRAS),
    Model(id="fal-ai/nano-banana-2/edit", title="Nano Banana 2 edit", properties=_NANO | {"image_urls": URLS},
          required=("prompt", "image_urls"), category="image-to-image", by_choice=_NANO_PRICES, extras=_NANO_EXTRAS),
    Model(id="fal-ai/recraft/v3/text-to-image", title="Recraft V3", properties=_RECRAFT, price=40_000),
    Model(id="fal-ai/ideogram/v3", title="Ideogram V3", properties=_IDEOGRAM, by_choice=SPEEDS),
    Model(id="fal-ai/ideogram/v3/edit", title="Ideogram V3 Edit", properties=_IDEOGRAM_EDIT, category="image-to-image",
          required=("prompt", "image_url", "mask_url"), by_choice=SPEEDS),
    Model(id="emulated/painter", title="A painter of the community", properties=_PAINTER, price=12_000),
    Model(id="emulated/film-maker", title="An endpoint that makes films", properties=_FILM, category="text-to-video",
          gives="video"),
)  # fmt: skip


def find_model(model_id: str) -> Model | None:
    return next((model for model in MODELS if model.id == model_id), None)
