"""Imagen's `predict`: a wish into its JSON, its JSON into a response. Pure.

https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/imagen-api. The Gemini API takes the same body
with fewer values (https://ai.google.dev/gemini-api/docs/imagen); `only_on_vertex` names what it lacks.
"""

import binascii
from dataclasses import dataclass, field, replace
from typing import Any

import pybase64

from providers.base import (
    CloudGenerationRequest,
    CloudGenerationResponse,
    InvalidField,
    ModelEntry,
    Picture,
    Rejected,
)
from providers.google.errors import unreadable
from providers.google.reading import kept
from providers.pictures import UnreadablePicture, read_picture
from providers.reading import Redact, items, mapping, quotation, shown, text

PREFIX = "Imagen API"
MIME_TYPES = {"png": "image/png", "jpeg": "image/jpeg"}
STRICTEST = "BLOCK_LOW_AND_ABOVE"
# What an answer may hold beside its predictions; any other answer without them is none of Imagen's.
ANSWER_FIELDS = {"predictions", "deployedModelId", "model", "modelDisplayName", "modelVersionId", "metadata"}
CHANGE_PROMPT = (
    "Change the prompt; on Vertex AI a lower safety level or another setting for people may let it pass. "
    "Google's support codes: https://cloud.google.com/vertex-ai/generative-ai/docs/image/responsible-ai-imagen"
)


def settle_seed(request: CloudGenerationRequest, model: ModelEntry) -> tuple[CloudGenerationRequest, list[str]]:
    """The wish with a seed only where Imagen takes one, and a note for what that changes.

    A seed goes with the watermark off alone. It has no effect on an enhanced prompt, which is new each time, and
    enhancing is what Imagen does unless it is told not to.
    """
    if request.seed is None:
        return request, []
    if request.options.get("add_watermark") is not False:
        note = f"{model.name} takes a seed only without its watermark (options.add_watermark = false): "
        return replace(request, seed=None), [f"{note}seed {request.seed} is not sent."]
    if request.enhance_prompt is None:
        note = "The prompt is sent as it is written, not enhanced: else the seed would have no effect."
        return replace(request, enhance_prompt=False), [note]
    if request.enhance_prompt:
        return request, ["With an enhanced prompt, which is new each time, the seed has no effect."]
    return request, []


def check_quality(request: CloudGenerationRequest) -> None:
    """Raises `InvalidField` for a compression that the file type does not have."""
    if "compression_quality" in request.options and request.output_format != "jpeg":
        raise InvalidField({"options.compression_quality": "Only a JPEG has it: choose output_format jpeg."})


def only_on_vertex(request: CloudGenerationRequest) -> list[str]:
    """The fields of a wish that the Gemini API refuses: it has neither a seed nor a choice of these."""
    asked = {
        "seed": request.seed is not None,
        "enhance_prompt": request.enhance_prompt is not None,
        f"safety_level {request.safety_level}": request.safety_level not in (None, STRICTEST),
        "options.add_watermark = false": request.options.get("add_watermark") is False,
        "options.person_generation = allow_all": request.options.get("person_generation") == "allow_all",
    }
    return [name for name, is_asked in asked.items() if is_asked]


def to_body(request: CloudGenerationRequest, model: ModelEntry) -> dict[str, Any]:
    """The request's JSON for one to four pictures: only what the wish names, and the reason of each refusal.

    The watermark is on where nothing is said, and the Gemini API knows no such field: true is not sent.
    """
    parameters: dict[str, Any] = {"sampleCount": request.num_images, "includeRaiReason": True}
    wished = {
        "aspectRatio": request.aspect_ratio,
        "sampleImageSize": request.resolution if model.capabilities.resolutions else None,
        "safetySetting": request.safety_level,
        "personGeneration": request.options.get("person_generation"),
        "enhancePrompt": request.enhance_prompt,
        "addWatermark": False if request.options.get("add_watermark") is False else None,
        "seed": request.seed,
        "outputOptions": _output_options(request),
    }
    parameters |= {name: value for name, value in wished.items() if value is not None}
    return {"instances": [{"prompt": request.prompt}], "parameters": parameters}


def _output_options(request: CloudGenerationRequest) -> dict[str, Any] | None:
    if request.output_format is None:
        return None
    options: dict[str, Any] = {"mimeType": MIME_TYPES[request.output_format]}
    if "compression_quality" in request.options:
        options["compressionQuality"] = request.options["compression_quality"]
    return options


@dataclass
class _Found:
    """What an answer's predictions hold. `delivered` counts pictures, also those that cannot be read."""

    images: list[bytes] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    delivered: int = 0


def from_answer(document: Any, request: CloudGenerationRequest, redact: Redact) -> CloudGenerationResponse:
    """The response in a decoded HTTP 200, which may hold fewer pictures than were asked for.

    Raises `Rejected` when it holds no picture that can be read, and `OutcomeUnknown` when nobody can understand it.
    """
    answer = mapping(document)
    found = _read_predictions(items(answer.get("predictions")), request, redact)
    if not found.images:
        raise _without_picture(document, found)
    metadata: dict[str, Any] = {"asked": request.num_images}
    if found.reasons:
        metadata["filtered"] = found.reasons
    return CloudGenerationResponse(
        images=found.images, pictures=tuple(found.pictures), metadata=metadata,
        provider_response=kept(answer, redact), usage={"images": found.delivered},
    )  # fmt: skip


def _read_predictions(predictions: list[dict[str, Any]], request: CloudGenerationRequest, redact: Redact) -> _Found:
    found = _Found()
    for prediction in predictions:
        reason = shown(text(prediction.get("raiFilteredReason")), redact)
        if reason:
            found.reasons.append(reason)
        encoded = text(prediction.get("bytesBase64Encoded"))
        if not encoded:
            continue
        found.delivered += 1
        revised = redact(text(prediction.get("prompt"))).replace("\x00", "") or None
        try:
            image = pybase64.b64decode(encoded, validate=True)
            picture = read_picture(image, seed=request.seed, revised_prompt=revised)
        except (binascii.Error, UnreadablePicture):
            continue
        found.images.append(image)
        found.pictures.append(picture)
    return found


def _without_picture(document: Any, found: _Found) -> Exception:
    if found.delivered:
        what = "a picture that is" if found.delivered == 1 else f"{found.delivered} pictures that are"
        message = f"{PREFIX} sent {what} no readable PNG or JPEG. Google charges for what it sent all the same."
        return Rejected("invalid_output", message, billed={"image": found.delivered})
    is_emptied = isinstance(document, dict) and not document.get("predictions") and set(document) <= ANSWER_FIELDS
    if not (found.reasons or is_emptied):
        return unreadable(PREFIX, "JSON that holds neither a picture nor a reason")
    said = quotation(next(iter(found.reasons), ""), "Google")
    message = f"Google's safety filter withheld every picture. {said} Nothing is charged for blocked pictures."
    return Rejected("refused_output", " ".join(message.split()), remedy=CHANGE_PROMPT)
