"""Read a `predict` body as strictly as Google does and check it against the model and the service.

Parameters: https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/imagen-api and, for what the Gemini
API refuses, the converters of https://github.com/googleapis/python-genai before commit 43ef621 (2026-08-21). Texts of
refusals that no source gives are our own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from providers.emulation.google_errors import Refused, refused_body
from providers.emulation.proto_json import BadBody, Message, Repeated, read_message
from providers.imagen.emulator.models import MOST_PICTURES, MOST_PROMPT_TOKENS, SIZES, ImagenModel

LARGEST_SEED = 2**32 - 1
SAFETY = ("BLOCK_LOW_AND_ABOVE", "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_ONLY_HIGH", "BLOCK_NONE")
PEOPLE = ("DONT_ALLOW", "ALLOW_ADULT", "ALLOW_ALL")
OUTPUT_TYPES = ("image/png", "image/jpeg")
FAILED = "Image generation failed with the following error:"
# The parts of a body that have names of their own; `instances` and `parameters` are free values to the outer service.
_REQUEST = Message({"instances": Repeated("anything"), "parameters": "anything", "labels": "anything"})
_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "sampleCount": int, "aspectRatio": str, "sampleImageSize": str, "personGeneration": str, "safetySetting": str,
    "guidanceScale": (int, float), "language": str, "includeRaiReason": bool, "includeSafetyAttributes": bool,
    "outputOptions": dict, "seed": int, "enhancePrompt": bool, "addWatermark": bool, "storageUri": str,
}  # fmt: skip
ONLY_ON_VERTEX = ("seed", "negativePrompt", "enhancePrompt", "addWatermark", "storageUri")


@dataclass(frozen=True, kw_only=True)
class Wish:
    """One request that the model can carry out. `enhanced` is the prompt as it was rewritten, "" when it was not."""

    model: ImagenModel
    prompt: str
    enhanced: str
    count: int
    size: str
    ratio: str
    mime_type: str
    seed: int | None
    tells_reasons: bool

    @property
    def pixels(self) -> tuple[int, int]:
        return self.model.pixels(self.size, self.ratio)


def read_wish(body: bytes, model: ImagenModel, *, through_vertex: bool) -> Wish:
    """The wish in a request's body. Raises `Refused` with Google's answer."""
    try:
        request = read_message(orjson.loads(body), _REQUEST)
    except orjson.JSONDecodeError as error:
        raise Refused(400, f"Invalid JSON payload received. {error}") from error
    except BadBody as error:
        raise refused_body(error) from error
    prompt = _read_prompt(request.get("instances", []))
    parameters = _read_parameters(request.get("parameters", {}), through_vertex)
    if "labels" in request and not through_vertex:
        raise Refused(400, "`labels` isn't supported by this model.")
    count = parameters.get("sampleCount", MOST_PICTURES)
    if not 1 <= count <= MOST_PICTURES:
        raise Refused(400, f"sampleCount must be between 1 and {MOST_PICTURES}, inclusive.")
    enhances = through_vertex and parameters.get("enhancePrompt", True)
    return Wish(
        model=model,
        prompt=prompt,
        # Google tells the new prompt only where the old one has fewer than thirty words.
        enhanced=f"{prompt}, in soft natural light, finely detailed" if enhances and len(prompt.split()) < 30 else "",
        count=count,
        size=_read_size(parameters, model),
        ratio=_choice(parameters, "aspectRatio", tuple(SIZES), "1:1"),
        mime_type=_read_output_type(parameters.get("outputOptions", {})),
        seed=_read_seed(parameters) if not enhances else None,
        tells_reasons=parameters.get("includeRaiReason", False),
    )


def _read_prompt(instances: list[Any]) -> str:
    if len(instances) != 1 or not isinstance(instances[0], dict):
        raise Refused(400, "Request must contain exactly one instance.")
    prompt = instances[0].get("prompt")
    if not isinstance(prompt, str) or not prompt.strip():
        raise Refused(400, f"{FAILED} Text prompt is required.")
    unknown = sorted(set(instances[0]) - {"prompt"})
    if unknown:
        raise Refused(400, f"`{unknown[0]}` isn't supported by this model.")
    if -(-len(prompt.encode()) // 4) > MOST_PROMPT_TOKENS:
        raise Refused(400, f"The prompt has more than {MOST_PROMPT_TOKENS} tokens.")
    return prompt


def _read_parameters(parameters: Any, through_vertex: bool) -> Mapping[str, Any]:
    if not isinstance(parameters, dict):
        raise Refused(400, "parameters must be an object.")
    for name, value in parameters.items():
        if name not in _KINDS or (name in ONLY_ON_VERTEX and not through_vertex):
            raise Refused(400, f"`{name}` isn't supported by this model. Please remove it.")
        kind = _KINDS[name]
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise Refused(400, f"Invalid value for `{name}`.")
    safety = _choice(parameters, "safetySetting", SAFETY if through_vertex else SAFETY[:1], SAFETY[0])
    people = _choice(parameters, "personGeneration", PEOPLE if through_vertex else PEOPLE[:2], PEOPLE[1])
    return {**parameters, "safetySetting": safety, "personGeneration": people}


def _choice(parameters: Mapping[str, Any], name: str, offered: tuple[str, ...], usual: str) -> str:
    """One of the offered words, whatever its case."""
    value = str(parameters.get(name, usual))
    if value.upper() not in offered and value not in offered:
        raise Refused(400, f"{FAILED} Invalid {name}: {value}. Supported values are: {', '.join(offered)}.")
    return value.upper()


def _read_size(parameters: Mapping[str, Any], model: ImagenModel) -> str:
    usual = next(iter(model.factors))
    if "sampleImageSize" in parameters and not usual:
        raise Refused(400, "`sampleImageSize` isn't supported by this model. Please remove it.")
    return _choice(parameters, "sampleImageSize", tuple(model.factors), usual)


def _read_seed(parameters: Mapping[str, Any]) -> int | None:
    seed = parameters.get("seed")
    if seed is None:
        return None
    if parameters.get("addWatermark", True):
        raise Refused(400, f"{FAILED} Seed is not supported when watermark is enabled.")
    if not 0 <= seed <= LARGEST_SEED:
        raise Refused(400, f"{FAILED} seed is out of range.")
    return int(seed)


def _read_output_type(options: Mapping[str, Any]) -> str:
    unknown = sorted(set(options) - {"mimeType", "compressionQuality"})
    mime_type = options.get("mimeType", OUTPUT_TYPES[0])
    quality = options.get("compressionQuality", 75)
    if unknown or mime_type not in OUTPUT_TYPES or not isinstance(quality, int) or not 0 <= quality <= 100:
        raise Refused(400, f"{FAILED} Invalid outputOptions.")
    return str(mime_type)
