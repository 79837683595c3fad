"""Read a body of v3 or v4 as strictly as Adobe's schemas have it.

v3: the OpenAPI document in https://www.npmjs.com/package/@adobe/firefly-apis; v4: the feature guide of Image 5. A field
that no schema has is refused, which Adobe's pages say of v4 ("will be rejected").
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from providers.firefly.emulator.errors import Refused, invalid

V3_MODELS = ("image3", "image4_standard", "image4_ultra")
V4_MODELS = ("image5",)
_IMAGE_4 = {(2048, 2048), (2304, 1792), (1792, 2304), (2688, 1536), (1440, 2560)}
_IMAGE_3 = {(1024, 1024), (1344, 768), (1152, 896), (896, 1152), (2688, 1512), (1344, 756)}
SIZES = {"image3": _IMAGE_4 | _IMAGE_3, "image4_standard": _IMAGE_4, "image4_ultra": _IMAGE_4}
LEVELS = {"1MP": 1.0, "2.4MP": 1.5, "4MP": 2.0}
SHAPES = {"1:1": (1024, 1024), "4:3": (1152, 896), "3:4": (896, 1152), "16:9": (1344, 768), "9:16": (768, 1344)}
LARGEST_BODY = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Wish:
    """One request that the model can carry out.

    `uploads` are ids of reference pictures, `mask` the one of a fill's mask; no `size` keeps the pictures'.
    """

    model: str
    prompt: str
    count: int
    seeds: tuple[int, ...]
    size: tuple[int, int] | None
    uploads: tuple[str, ...]
    content_class: str = ""
    mask: str = ""


def read_v3(model: str, body: bytes) -> Wish:
    """Raises `Refused` with Adobe's answer."""
    if model not in V3_MODELS:
        raise Refused(422, "validation_error", f"x-model-version must be one of {', '.join(V3_MODELS)}")
    fields = _object(body)
    _only(fields, _V3, ())
    count, seeds = _count_and_seeds(fields, most=4)
    size = fields.get("size", {"width": 2048, "height": 2048})
    _only(size, _SIZE, ("size",))
    pixels = (size.get("width"), size.get("height"))
    if pixels not in SIZES[model]:
        raise invalid("size", message=f"{pixels[0]}x{pixels[1]} is not supported by {model}")
    uploads = [_reference(fields[name], name) for name in ("style", "structure") if name in fields]
    return Wish(
        model=model, prompt=_prompt(fields, 1024), count=count, seeds=seeds, size=pixels,
        uploads=tuple(upload for upload in uploads if upload), content_class=fields.get("contentClass", "photo"),
    )  # fmt: skip


def read_fill(body: bytes) -> Wish:
    """Generative Fill, by generative_fill_async_v3.json of Adobe's pages. Raises `Refused` with Adobe's answer."""
    fields = _object(body)
    _only(fields, _FILL, ())
    for name in ("image", "mask"):
        if name not in fields:
            raise invalid(name, message="field required", kind="value_error.missing")
    _only(fields["image"], {"source": _is_object}, ("image",))
    _only(fields["mask"], {"source": _is_object, "invert": lambda value: value is False}, ("mask",))
    count, seeds = _count_and_seeds(fields, most=4)
    image, mask = (_source(fields[name].get("source", {}), (name, "source")) for name in ("image", "mask"))
    prompt = _prompt(fields, 1024) if "prompt" in fields else ""
    return Wish(model="fill", prompt=prompt, count=count, seeds=seeds, size=None, uploads=(image,), mask=mask)


def read_v4(model: str, body: bytes) -> Wish:
    """Raises `Refused` with Adobe's answer."""
    if model not in V4_MODELS:
        raise Refused(422, "validation_error", f"x-model-version must be one of {', '.join(V4_MODELS)}")
    fields = _object(body)
    _only(fields, _V4, ())
    if fields.get("modelId") != "firefly_image":
        raise invalid("modelId", message="modelId must be firefly_image")
    _only(fields.get("modelSpecificPayload", {}), _V4_EXTRA, ("modelSpecificPayload",))
    count, seeds = _count_and_seeds(fields, most=1)
    uploads = tuple(_blob(blob) for blob in fields.get("referenceBlobs", []))
    if len(uploads) > 1:
        raise invalid("referenceBlobs", message="only one reference image is supported")
    shape, level = fields.get("aspectRatio", "auto"), fields.get("resolutionLevel", "1MP")
    if level not in LEVELS or (shape != "auto" and shape not in SHAPES):
        raise invalid("aspectRatio", message=f"{shape} at {level} is not supported", kind="type_error.enum")
    if uploads and shape != "auto":
        raise invalid("aspectRatio", message="an edit keeps the shape of its reference image")
    width, height = SHAPES.get(shape, SHAPES["1:1"])
    size = None if uploads else (round(width * LEVELS[level]), round(height * LEVELS[level]))
    return Wish(model=model, prompt=_prompt(fields, 1500), count=count, seeds=seeds, size=size, uploads=uploads)


def _object(body: bytes) -> dict[str, Any]:
    if len(body) > LARGEST_BODY:
        raise Refused(413, "bad_request", "Request entity too large")
    try:
        fields = orjson.loads(body)
    except ValueError as error:
        raise Refused(400, "bad_request", "The body is not JSON.") from error
    if not isinstance(fields, dict):
        raise invalid(message="value is not a valid dict", kind="type_error.dict")
    return fields


def _only(fields: Any, known: Mapping[str, Callable[[Any], bool]], place: tuple[str, ...]) -> None:
    if not isinstance(fields, dict):
        raise invalid(*place, message="value is not a valid dict", kind="type_error.dict")
    for name, value in fields.items():
        if name not in known:
            raise invalid(*place, name, message="extra fields not permitted", kind="value_error.extra")
        if not known[name](value):
            raise invalid(*place, name, message="value is not valid")


def _is_whole(low: int, high: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _prompt(fields: Mapping[str, Any], longest: int) -> str:
    prompt = fields.get("prompt")
    if not isinstance(prompt, str) or not 1 <= len(prompt) <= longest:
        raise invalid("prompt", message=f"ensure this value has 1 to {longest} characters")
    return prompt


def _count_and_seeds(fields: Mapping[str, Any], most: int) -> tuple[int, tuple[int, ...]]:
    seeds = fields.get("seeds", [])
    count = fields.get("numVariations", len(seeds) or 1)
    if count > most or len(seeds) > most:
        raise invalid("numVariations", message=f"ensure this value is less than or equal to {most}")
    if seeds and (len(seeds) != count or len(set(seeds)) != count):
        raise invalid("seeds", message="the number of different seeds must equal numVariations")
    return count, tuple(seeds)


def _reference(reference: Any, name: str) -> str:
    """The upload behind a style or structure; a style may also be presets alone."""
    known: dict[str, Callable[[Any], bool]] = {
        "strength": _is_whole(1 if name == "style" else 0, 100),
        "imageReference": lambda value: isinstance(value, dict),
    }
    if name == "style":
        known["presets"] = lambda value: isinstance(value, list) and all(map(_is_text, value))
    _only(reference, known, (name,))
    image = reference.get("imageReference", {})
    _only(image, {"source": lambda value: isinstance(value, dict)}, (name, "imageReference"))
    return _source(image.get("source", {}), (name, "imageReference", "source")) if image else ""


def _blob(blob: Any) -> str:
    known: dict[str, Callable[[Any], bool]] = {
        "source": lambda value: isinstance(value, dict),
        "usage": lambda value: value == "general",
    }
    _only(blob, known, ("referenceBlobs",))
    return _source(blob.get("source", {}), ("referenceBlobs", "source"))


def _source(source: Mapping[str, Any], place: tuple[str, ...]) -> str:
    _only(source, {"uploadId": _is_text, "url": _is_text}, place)
    if "uploadId" not in source:
        raise invalid(*place, message="this emulator takes uploads, not addresses")
    return str(source["uploadId"])


def _are_seeds(value: Any) -> bool:
    return isinstance(value, list) and all(_is_whole(0, 2**31 - 1)(seed) for seed in value)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


_SIZE = {"width": _is_whole(1, 2688), "height": _is_whole(1, 2688)}
_SHARED: dict[str, Callable[[Any], bool]] = {"prompt": _is_text, "numVariations": _is_whole(1, 4), "seeds": _are_seeds}
_V3 = _SHARED | {
    "size": _is_object, "negativePrompt": lambda value: _is_text(value) and len(value) <= 1024,
    "contentClass": lambda value: value in ("photo", "art"), "visualIntensity": _is_whole(2, 10), "style": _is_object,
    "structure": _is_object, "promptBiasingLocaleCode": _is_text,
}  # fmt: skip
_FILL = _SHARED | {
    "image": _is_object, "mask": _is_object, "promptBiasingLocaleCode": _is_text,
    "negativePrompt": lambda value: _is_text(value) and len(value) <= 1024,
}  # fmt: skip
_V4_EXTRA = {"localeCode": _is_text, "prompt_reasoner": _is_text}
_V4 = _SHARED | {
    "modelId": _is_text, "aspectRatio": _is_text, "resolutionLevel": _is_text, "modelSpecificPayload": _is_object,
    "referenceBlobs": lambda value: isinstance(value, list),
}  # fmt: skip
