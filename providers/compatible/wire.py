"""OpenAI's images form as servers and gateways speak it: a wish into JSON or a form, an answer into a response. Pure.

Only what the registration's capabilities name is sent. Masks are OpenAI's: see-through parts of a PNG shall change.
https://developers.openai.com/api/reference/resources/images and the servers named in `catalog.toml`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from providers.base import (
    CloudGenerationRequest,
    CloudGenerationResponse,
    ModelEntry,
    OutcomeUnknown,
    Picture,
    Rejected,
    expected_size,
)
from providers.openai_form import File, Item, count, edit_files, form_fields, kept
from providers.pictures import UnreadablePicture, read_picture
from providers.reading import Redact, items, mapping, quotation, text

PREFIX = "OpenAI-compatible API"
SAME_NAME = ("quality", "style", "background", "output_format", "negative_prompt", "strength", "enhance_prompt")
EFFECTIVE = ("created", "id", "model", "size", "quality", "background", "output_format")


def to_body(request: CloudGenerationRequest, model: ModelEntry) -> dict[str, Any]:
    """The JSON of images/generations, and the plain fields of images/edits. A size is sent when one is known."""
    facts = model.capabilities.facts
    body: dict[str, Any] = dict(request.options)
    for name in SAME_NAME:
        if getattr(request, name) is not None:
            body[name] = getattr(request, name)
    if request.seed is not None and model.capabilities.seed != "not_sent":
        body["seed"] = request.seed
    if request.guidance_scale is not None:
        body[text(facts.get("guidance_field")) or "guidance_scale"] = request.guidance_scale
    if request.safety_level is not None:
        body["moderation"] = request.safety_level
    size = expected_size(request, model)
    if size:
        body["size"] = f"{size[0]}x{size[1]}"
    if facts.get("response_format", "b64_json"):
        body["response_format"] = facts.get("response_format", "b64_json")
    return body | {"model": model.id, "prompt": request.prompt, "n": request.num_images}


def to_form(request: CloudGenerationRequest, model: ModelEntry) -> tuple[dict[str, str], list[File]]:
    """The text parts and files of a call to images/edits."""
    facts = model.capabilities.facts
    files = edit_files(request, text(facts.get("image_field")), text(facts.get("mask_field")) or "mask")
    return form_fields(to_body(request, model)), files


def from_answer(
    document: Any, found: Sequence[Item], seed: int | None, redact: Redact, request_id: str
) -> CloudGenerationResponse:
    """The response in a decoded HTTP 200 whose pictures are `found`, all with their bytes.

    `seed` is the one that was sent, which a server's answer replaces. Raises `OutcomeUnknown` without a picture: an
    empty list is how gateways withhold one, nobody knows at what price. Raises `Rejected` when none is readable.
    """
    answer = mapping(document)
    pictures = list(_readable(found, _seeds(answer, len(found), seed)))
    if not found:
        is_empty = answer.get("data") == []
        raise without_picture(request_id) if is_empty else unreadable("JSON that holds no pictures", request_id)
    if not pictures:
        raise Rejected(
            "invalid_output", f"{PREFIX} sent no readable PNG, JPEG or WebP. What it sent is booked all the same.",
            billed={"image": len(found)}, request_id=request_id,
        )  # fmt: skip
    metadata = {name: kept(answer[name], redact) for name in EFFECTIVE if answer.get(name)}
    return CloudGenerationResponse(
        images=[image for image, _ in pictures], pictures=tuple(picture for _, picture in pictures),
        metadata={**metadata, "delivered": len(found)},
        provider_response=kept(answer, redact), usage=mapping(kept(answer.get("usage"), redact)), request_id=request_id,
    )  # fmt: skip


def _readable(found: Sequence[Item], seeds: Sequence[int | None]) -> list[tuple[bytes, Picture]]:
    pictures = []
    for item, seed in zip(found, seeds, strict=True):
        data = item.data or b""
        try:
            pictures.append((data, read_picture(data, seed=seed, revised_prompt=item.revised_prompt)))
        except UnreadablePicture:
            continue
    return pictures


def _seeds(answer: Mapping[str, Any], number: int, sent: int | None) -> list[int | None]:
    """The seed of each picture: its own word, else for a single picture the answer's or the one that was sent."""
    told = [count(entry.get("seed")) for entry in items(answer.get("data"))][:number]
    told += [None] * (number - len(told))
    if number == 1 and told[0] is None:
        whole = count(answer.get("seed"))
        return [whole if whole is not None else sent]
    return told


def unreadable(what: str, request_id: str = "") -> OutcomeUnknown:
    """An HTTP 200 that nobody can read: the picture may have been made."""
    return OutcomeUnknown(
        f"{PREFIX} answered with {what}. The picture may have been made and billed.",
        remedy="Look into the server's log before you repeat it; the owner settles or releases the call.",
        request_id=request_id,
    )


def without_picture(request_id: str, words: str = "") -> OutcomeUnknown:
    """An HTTP 200 without a picture, with the server's words about it if it had any, already fit to be shown."""
    told = f"{quotation(words, 'The server')} " if words else ""
    return OutcomeUnknown(
        f"{PREFIX} answered without a picture. {told}It may have been withheld after it was made, and billed.",
        code="refused_output", request_id=request_id,
        remedy="Change the prompt, or look into the server's log; the owner settles or releases the call.",
    )  # fmt: skip
