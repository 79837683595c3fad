"""Google's `generateContent` for pictures: a wish into its JSON, its JSON into a response. Pure.

https://ai.google.dev/gemini-api/docs/image-generation and https://ai.google.dev/api/generate-content. Vertex AI takes
the same body; there `role` is required, and `imageConfig` has more fields, which are the options of `VERTEX_OPTIONS`:
https://cloud.google.com/vertex-ai/docs/reference/rest/v1/GenerationConfig
"""

import binascii
from typing import Any

import pybase64

from providers.base import (
    CloudGenerationRequest,
    CloudGenerationResponse,
    ModelEntry,
    Picture,
    Rejected,
)
from providers.gemini import refusals, usage
from providers.google.errors import unreadable
from providers.google.reading import kept
from providers.pictures import UnreadablePicture, read_picture
from providers.reading import Redact, items, mapping, shown, text

HARM_CATEGORIES = (
    "HARM_CATEGORY_HARASSMENT",
    "HARM_CATEGORY_HATE_SPEECH",
    "HARM_CATEGORY_SEXUALLY_EXPLICIT",
    "HARM_CATEGORY_DANGEROUS_CONTENT",
)
# Options that only Vertex AI takes: on the Gemini API a call with them is refused before it is sent.
VERTEX_OPTIONS = ("output_mime_type", "person_generation")


def to_body(request: CloudGenerationRequest, model: ModelEntry) -> dict[str, Any]:
    """The request's JSON for one picture: only what the wish names and the model takes.

    Google answers 400 to harmless-looking extras, so temperature, topP, topK and candidateCount are never sent.
    """
    parts: list[dict[str, Any]] = [{"text": request.prompt}]
    for image in request.input_images:
        encoded = pybase64.b64encode_as_string(image.data)
        parts.append({"inlineData": {"mimeType": image.mime_type, "data": encoded}})
    body: dict[str, Any] = {
        "contents": [{"role": "user", "parts": parts}],
        "generationConfig": _generation_config(request, model),
    }
    if request.safety_level:
        body["safetySettings"] = [
            {"category": category, "threshold": request.safety_level} for category in HARM_CATEGORIES
        ]
    return body


def _generation_config(request: CloudGenerationRequest, model: ModelEntry) -> dict[str, Any]:
    # With ["IMAGE"] the model writes no words to be paid for beside the picture, and chat in place of a picture is
    # rarer; where it still does not draw, it says so by the finish reason NO_IMAGE.
    config: dict[str, Any] = {"responseModalities": ["IMAGE"]}
    picture: dict[str, Any] = {}
    if request.aspect_ratio:
        picture["aspectRatio"] = request.aspect_ratio
    if request.resolution and model.capabilities.resolutions:
        picture["imageSize"] = request.resolution
    if request.options.get("output_mime_type"):
        picture["imageOutputOptions"] = {"mimeType": request.options["output_mime_type"]}
    if request.options.get("person_generation"):
        picture["personGeneration"] = request.options["person_generation"]
    if picture:
        config["imageConfig"] = picture
    if request.seed is not None and model.capabilities.seed != "not_sent":
        config["seed"] = request.seed
    if request.options.get("thinking_level"):
        config["thinkingConfig"] = {"thinkingLevel": request.options["thinking_level"]}
    if not usage.is_flat(model):
        config["maxOutputTokens"] = usage.most_output_tokens(request, model)
    return config


def from_answer(
    document: Any, request: CloudGenerationRequest, model: ModelEntry, redact: Redact
) -> CloudGenerationResponse:
    """The response in a decoded HTTP 200.

    Raises `Rejected` when it holds no picture, with what Google charges all the same, and `OutcomeUnknown` when it
    says nothing that could be understood.
    """
    answer = mapping(document[0] if isinstance(document, list) and len(document) == 1 else document)
    figures = mapping(kept(answer.get("usageMetadata"), redact))
    request_id = shown(text(answer.get("responseId")), redact, 200)
    most = usage.most_units(request, model)
    encoded = _encoded_pictures(answer)
    charged = len(encoded) if usage.is_flat(model) else 1
    found = _readable(encoded, request)
    if not found and encoded:
        raise Rejected(
            "invalid_output",
            "Gemini API sent a picture that is no readable PNG, JPEG or WebP. Google charges it all the same.",
            request_id=request_id, billed=usage.billed_units(figures, model, pictures=charged, most=most),
        )  # fmt: skip
    if not found:
        billed = usage.billed_units(figures, model, pictures=0, most=most)
        raise refusals.without_picture(answer, _words(answer), billed, redact, request_id) or unreadable(
            "Gemini API", "JSON that holds neither a picture nor a reason", request_id
        )
    metadata = _metadata(answer, redact)
    # What is booked for figures that Google left out: see `usage.billed_units`.
    if not usage.is_flat(model):
        metadata["most_units"] = most
        # Where a model that thinks leaves several, the last is the final one.
        found = found[-1:]
    if len(encoded) > 1:
        metadata["pictures_in_answer"] = len(encoded)
    return CloudGenerationResponse(
        images=[image for image, _ in found], pictures=tuple(picture for _, picture in found), metadata=metadata,
        provider_response=kept(answer, redact), usage=figures, request_id=request_id,
    )  # fmt: skip


def _parts(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """All parts but thoughts, in which Gemini 3 models keep drafts that are not charged."""
    contents = (mapping(candidate.get("content")) for candidate in items(answer.get("candidates")))
    return [part for content in contents for part in items(content.get("parts")) if part.get("thought") is not True]


def _words(answer: dict[str, Any]) -> str:
    return "\n".join(text(part.get("text")).strip() for part in _parts(answer) if text(part.get("text")).strip())


def _encoded_pictures(answer: dict[str, Any]) -> list[str]:
    data = (text(mapping(part.get("inlineData")).get("data")) for part in _parts(answer))
    return [encoded for encoded in data if encoded]


def _readable(encoded: list[str], request: CloudGenerationRequest) -> list[tuple[bytes, Picture]]:
    """Those that can be read, in order. Type and size are read from the bytes."""
    found = []
    for candidate in encoded:
        try:
            image = decode(candidate)
            found.append((image, read_picture(image, seed=request.seed)))
        except (binascii.Error, UnreadablePicture):
            continue
    return found


def decode(encoded: str) -> bytes:
    """Base64 of either alphabet, with or without padding. Raises binascii.Error."""
    try:
        return pybase64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        plain = "".join(encoded.split()).rstrip("=").replace("-", "+").replace("_", "/")
        try:
            return pybase64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
        except ValueError as error:
            raise binascii.Error("The picture is not base64.") from error


def _metadata(answer: dict[str, Any], redact: Redact) -> dict[str, Any]:
    candidate = next(iter(items(answer.get("candidates"))), {})
    found = {name: answer.get(name) for name in ("modelVersion", "modelStatus", "responseId")}
    found |= {name: candidate.get(name) for name in ("finishReason", "finishMessage")}
    found["text"] = _words(answer)
    return {name: kept(value, redact) for name, value in found.items() if value}
