"""Stability's forms and answers: a wish into multipart fields, a decoded answer into pictures. Pure.

A mask is a picture in which white is what shall change, which is also the hub's convention; where a picture comes
without one, its see-through parts stand for it. https://platform.stability.ai/docs/api-reference
"""

import binascii
from decimal import Decimal
from typing import Any

import pybase64

from providers.base import (
    CloudGenerationRequest,
    CloudGenerationResponse,
    InputImage,
    ModelEntry,
    OutcomeUnknown,
    Picture,
    Rejected,
)
from providers.masks import white_changes
from providers.pictures import UnreadablePicture, read_picture
from providers.reading import Redact, kept, mapping, shown, text
from providers.stability.services import Service

# (name, (file name or None, content, content type or nothing)): what httpx takes as `files`.
Part = tuple[str, tuple[str | None, str | bytes] | tuple[str, bytes, str]]
BILLED: dict[str, int] = {"image": 1}
PICTURE_FIELDS = ("image", "result")
CHANGE_PROMPT = "Change the prompt or the picture; the same wish may be withheld again."


def to_form(request: CloudGenerationRequest, model: ModelEntry, service: Service) -> list[Part]:
    """The form's parts: only what the wish names and the service takes."""
    fields: dict[str, Any] = dict(service.fixed)
    if request.prompt.strip() and model.capabilities.prompt != "not_sent":
        fields[service.prompt] = request.prompt
    if service.fixed.get("model") and request.input_images:
        fields["mode"] = "image-to-image"
    fields |= {
        "negative_prompt": request.negative_prompt,
        "aspect_ratio": request.aspect_ratio,
        "seed": request.seed,
        "output_format": request.output_format,
        "style_preset": request.style,
        "cfg_scale": request.guidance_scale,
        "strength": request.strength,
        **request.options,
    }
    parts: list[Part] = [
        (name, (None, _field_text(value))) for name, value in fields.items() if value is not None and value != ""
    ]
    # Every input picture has a name: the catalogue allows no more than the service has names.
    for name, image in zip(service.pictures, request.input_images, strict=False):
        parts.append((name, (f"{name}.{_ending(image.mime_type)}", image.data, image.mime_type)))
    if request.mask is not None:
        parts.append(("mask", ("mask.png", _mask(request.mask, request.input_images[0]), "image/png")))
    return parts


def form_bytes(parts: list[Part]) -> int:
    """About how many bytes the form will have."""
    sizes = (len(part[1].encode()) if isinstance(part[1], str) else len(part[1]) for _, part in parts)
    return sum(size + 200 for size in sizes)


def job_id(document: Any) -> str:
    """The id of a job that will be answered later, empty when the answer holds the picture already."""
    answer = mapping(document)
    return "" if _encoded(answer) else text(answer.get("id"))


def from_answer(document: Any, redact: Redact, request_id: str) -> CloudGenerationResponse:
    """The picture in a decoded HTTP 200.

    Raises `Rejected` when it was withheld or cannot be read, which is taken as billed, and `OutcomeUnknown` when the
    answer says nothing that could be understood.
    """
    answer = mapping(document)
    encoded = _encoded(answer)
    reason = shown(text(answer.get("finish_reason")), redact, 60)
    if reason not in ("", "SUCCESS"):
        raise _withheld(reason, request_id)
    if not encoded:
        raise unreadable("JSON that holds neither a picture nor a reason", request_id)
    try:
        image = pybase64.b64decode(encoded, validate=True)
        picture = read_picture(image, seed=_seed(answer))
    except (binascii.Error, UnreadablePicture) as error:
        raise Rejected(
            "invalid_output",
            "Stability API sent a picture that is no readable PNG, JPEG or WebP. It is taken as billed.",
            request_id=request_id, billed=BILLED,
        ) from error  # fmt: skip
    return _response(image, picture, answer, redact, request_id)


def unreadable(what: str, request_id: str = "") -> OutcomeUnknown:
    """An HTTP 200 that nobody can read: the picture may have been made."""
    return OutcomeUnknown(
        f"Stability API answered with {what}. The picture may have been made and billed.",
        remedy="Look at the credits at https://platform.stability.ai/account/credits before you repeat it; "
        "the owner settles or releases the call.",
        request_id=request_id,
    )


def _response(
    image: bytes, picture: Picture, answer: dict[str, Any], redact: Redact, request_id: str
) -> CloudGenerationResponse:
    reason = text(answer.get("finish_reason"))
    return CloudGenerationResponse(
        images=[image], pictures=(picture,), metadata={"finish_reason": shown(reason, redact)} if reason else {},
        provider_response=kept(answer, redact, pictures=PICTURE_FIELDS), request_id=request_id,
    )  # fmt: skip


def _withheld(reason: str, request_id: str) -> Rejected:
    """Whether Stability charges for a blurred or failed picture is not documented: it is taken as charged."""
    if reason == "CONTENT_FILTERED":
        message = "Stability made the picture and its filter blurred it (CONTENT_FILTERED). It is taken as billed."
        return Rejected("refused_output", message, remedy=CHANGE_PROMPT, request_id=request_id, billed=BILLED)
    message = f"Stability ended without a picture to keep ({reason}). It is taken as billed."
    return Rejected("invalid_output", message, request_id=request_id, billed=BILLED)


def _encoded(answer: dict[str, Any]) -> str:
    return next((found for name in PICTURE_FIELDS if (found := text(answer.get(name)))), "")


def _seed(answer: dict[str, Any]) -> int | None:
    """The seed that was used: a number, or digits as some services have it."""
    seed = answer.get("seed")
    if isinstance(seed, str) and seed.isascii() and seed.isdigit() and len(seed) < 12:
        seed = int(seed)
    return seed if isinstance(seed, int) and not isinstance(seed, bool) and seed >= 0 else None


def _field_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(Decimal(repr(value)), "f") if isinstance(value, float) else str(value)


def _ending(mime_type: str) -> str:
    return mime_type.removeprefix("image/")


def _mask(mask: InputImage, picture: InputImage) -> bytes:
    return white_changes(mask, (picture.width, picture.height))
