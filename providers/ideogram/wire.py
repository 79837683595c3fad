"""Ideogram's bodies and answers: a wish into JSON or a form, a decoded answer into pictures. Pure.

Words alone travel as JSON, pictures as a form (https://developer.ideogram.ai/api-reference/images/generate/ideogram-4-5
and …/precise-edit/ideogram-4-5). Masks are turned into Ideogram's, in which black is what shall change: see `masks`.
`private` is always sent: a request without it may appear in Ideogram's public feed, by the plan of the account.
An answer names addresses of pictures, and with `is_image_safe: false` and no address those that the safety check keeps
back, which are billed all the same: https://developer.ideogram.ai/ideogram-api/errors
"""

import hashlib
from collections.abc import Sequence
from typing import Any

from providers.base import (
    Busy,
    CloudGenerationRequest,
    CloudGenerationResponse,
    ModelEntry,
    OutcomeUnknown,
    Picture,
    Rejected,
    expected_size,
)
from providers.ideogram.job import Job, Told
from providers.ideogram.masks import mask_bytes
from providers.ideogram.prices import quality_of
from providers.ideogram.services import Service
from providers.pictures import UnreadablePicture, read_picture
from providers.reading import Redact, items, kept, mapping, text, whole

# (name, (file name or None, content, content type or nothing)): what httpx takes as `files`.
Part = tuple[str, tuple[None, str] | tuple[str, bytes, str]]
USAGE = "https://ideogram.ai/manage-api"
CHANGE_PROMPT = "Change the prompt or the picture; the same wish may be withheld again, and is paid again."


def to_body(request: CloudGenerationRequest, model: ModelEntry, service: Service) -> dict[str, Any]:
    """The fields of a call without its pictures: what the wish names, and what decides on the price."""
    size = expected_size(request, model) if service.size else None
    fields: dict[str, Any] = {
        "prompt": request.prompt if model.capabilities.prompt != "not_sent" else None,
        "magic_prompt": _magic_prompt(request.enhance_prompt),
        "negative_prompt": request.negative_prompt,
        "style_type": request.style,
        "seed": request.seed,
        "num_images": request.num_images if service.counts else None,
        "private": True,
        **request.options,
    }
    if service.quality:
        fields[service.quality] = quality_of(request, service)
    if size is not None:
        fields[service.size] = f"{size[0]}x{size[1]}"
    return {name: value for name, value in fields.items() if value is not None and value != ""}


def to_form(request: CloudGenerationRequest, model: ModelEntry, service: Service) -> list[Part]:
    """The parts of a form: the fields, then the pictures and the mask."""
    parts: list[Part] = [(name, (None, _field_text(value))) for name, value in to_body(request, model, service).items()]
    for index, image in enumerate(request.input_images):
        name = service.pictures[min(index, len(service.pictures) - 1)]
        file_name = f"{name}{index or ''}.{image.mime_type.removeprefix('image/')}"
        parts.append((name, (file_name, image.data, image.mime_type)))
    if request.mask is not None:
        parts.append(("mask", ("mask.png", mask_bytes(request.mask, request.input_images[0]), "image/png")))
    return parts


def prompt_mark(prompt: str) -> str:
    """Enough of a fingerprint to see whether Ideogram changed the prompt."""
    return hashlib.sha256(prompt.strip().encode()).hexdigest()[:16]


def told_pictures(document: Any, job: Job) -> list[Told]:
    """The entries of an answer. Raises `Rejected` when all were withheld, `OutcomeUnknown` when there are none."""
    told = [_told(entry) for entry in items(mapping(document).get("data"))]
    if not told:
        raise unreadable("JSON that names no picture", job.id)
    if not any(one.address for one in told):
        if all(one.is_safe for one in told):
            raise unreadable("pictures that have no address", job.id)
        count = "the picture" if len(told) == 1 else f"all {len(told)} pictures"
        message = f"Ideogram made {count} and its safety check keeps {'it' if len(told) == 1 else 'them'} back. "
        raise Rejected(
            "refused_output", f"{message}Ideogram bills what it made.", remedy=CHANGE_PROMPT, request_id=job.id,
            billed=job.units(len(told)),
        )  # fmt: skip
    return told


def to_response(
    document: Any, told: Sequence[Told], images: list[bytes], job: Job, redact: Redact
) -> CloudGenerationResponse:
    """The response, with the bytes of the pictures that have an address. Raises `Rejected` when none is a picture."""
    delivered = [one for one in told if one.address]
    found: list[tuple[bytes, Picture]] = []
    for data, one in zip(images, delivered, strict=True):
        try:
            found.append((data, _picture(data, one, job, redact)))
        except UnreadablePicture:
            continue
    if not found:
        message = "Ideogram delivered no readable PNG, JPEG or WebP picture. It is billed."
        raise Rejected("invalid_output", message, request_id=job.id, billed=job.units(len(told)))
    lost = {"withheld_pictures": len(told) - len(delivered), "unreadable_files": len(delivered) - len(found)}
    return CloudGenerationResponse(
        images=[data for data, _ in found], pictures=tuple(picture for _, picture in found),
        metadata={"units": job.units(len(told)), **{name: count for name, count in lost.items() if count}},
        provider_response=kept(mapping(document), redact), request_id=job.id,
    )  # fmt: skip


def unreadable(what: str, request_id: str = "") -> OutcomeUnknown:
    """A success that nobody can read: the pictures may be made."""
    return OutcomeUnknown(
        f"Ideogram API answered with {what}. The pictures may have been made and billed.",
        remedy=f"Look at the usage at {USAGE} before you repeat it; the owner settles or releases the call.",
        request_id=request_id,
    )


def unfetched(error: Busy | OutcomeUnknown) -> OutcomeUnknown:
    """Pictures that were made and that cannot be asked for again, because their answer names no generation."""
    if isinstance(error, OutcomeUnknown):
        return error
    return OutcomeUnknown(f"The pictures were made and billed, and cannot be fetched: {error.message}")


def _told(entry: dict[str, Any]) -> Told:
    address = text(entry.get("url"))
    is_safe = entry.get("is_image_safe") is not False
    seed = whole(entry.get("seed"))
    # What the safety check keeps back is not fetched, whatever address stands beside it.
    shows = is_safe and address.startswith(("https://", "http://"))
    return Told(
        address if shows else "", is_safe, seed if seed is not None and seed >= 0 else None, text(entry.get("prompt"))
    )


def _picture(data: bytes, told: Told, job: Job, redact: Redact) -> Picture:
    is_revised = bool(told.prompt.strip()) and prompt_mark(told.prompt) != job.prompt_mark
    return read_picture(data, seed=told.seed, revised_prompt=kept(told.prompt, redact) if is_revised else None)


def _magic_prompt(wished: bool | None) -> str | None:
    """Ideogram's own usual is to decide for itself."""
    return None if wished is None else "on" if wished else "off"


def _field_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
