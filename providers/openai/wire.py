"""OpenAI's images calls: a wish into JSON or a form, an answer into a response. Pure.

https://developers.openai.com/api/reference/resources/images/methods/generate and …/methods/edit. OpenAI's mask is a PNG
under 4 MB of the first picture's size; what is see-through there shall change. Unknown fields are answered with 400, so
that only what the wish names and the model takes is sent.
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
from providers.openai import usage
from providers.openai_form import File, Item, count, edit_files, form_fields, kept
from providers.pictures import UnreadablePicture, read_picture
from providers.reading import Redact, mapping

LARGEST_MASK = 4_000_000
OPTIONS = ("complexity", "output_compression", "moderation", "safety_identifier", "response_format")
EFFECTIVE = ("created", "size", "quality", "background", "output_format", "partial_images")


def wants_stream(request: CloudGenerationRequest) -> bool:
    """Unfinished pictures come in a stream alone; it can be had without them too."""
    return bool(request.options.get("stream")) or int(request.options.get("partial_images", 0)) > 0


def to_body(request: CloudGenerationRequest, model: ModelEntry) -> dict[str, Any]:
    """The JSON of a call to images/generations, and the plain fields of one to images/edits.

    Size and quality are always sent: what is left open is billed at whatever the model chooses.
    """
    body: dict[str, Any] = {"model": model.id, "prompt": request.prompt, "n": request.num_images}
    size = expected_size(request, model)
    body["size"] = f"{size[0]}x{size[1]}" if size else "auto"
    for name in ("quality", "style", "background", "output_format"):
        if getattr(request, name):
            body[name] = getattr(request, name)
    body |= {name: request.options[name] for name in OPTIONS if request.options.get(name) not in (None, "")}
    if usage.is_by_picture(model):
        # Left out, OpenAI's default was an address on another host.
        body.setdefault("response_format", "b64_json")
    if wants_stream(request):
        body["stream"] = True
        if "partial_images" in request.options:
            body["partial_images"] = request.options["partial_images"]
    return body


def to_form(request: CloudGenerationRequest, model: ModelEntry) -> tuple[dict[str, str], list[File]]:
    """The text parts and files of a call to images/edits. Raises `Rejected` for a mask beyond OpenAI's limit."""
    files = edit_files(request)
    mask = next((file for name, file in files if name == "mask"), None)
    if mask is not None and len(mask[1]) >= LARGEST_MASK:
        sentence = f"The mask has {len(mask[1]):,} bytes as a PNG; OpenAI takes less than {LARGEST_MASK:,}."
        remedy = "Paint the mask without soft edges, or use a smaller picture."
        raise Rejected("capability", f"{sentence} Nothing was sent.", remedy=remedy)
    return form_fields(to_body(request, model)), files


def from_answer(
    document: Any, items: Sequence[Item], model: ModelEntry, most: Mapping[str, int], redact: Redact, request_id: str
) -> CloudGenerationResponse:  # fmt: skip
    """The response in a decoded HTTP 200 whose pictures are `items`, all with their bytes.

    `most` are the units of the quote, which are booked for figures that OpenAI left out. Raises `Rejected` when no
    picture is readable, with what OpenAI charges all the same, and `OutcomeUnknown` when the answer holds neither a
    picture nor figures.
    """
    answer = mapping(document)
    figures = mapping(kept(answer.get("usage"), redact))
    found = _readable(items)
    if not found:
        raise _without_picture(figures, model, most, request_id, drawn=len(items))
    metadata = {name: kept(answer[name], redact) for name in EFFECTIVE if answer.get(name)}
    metadata |= {"most_units": dict(most), "delivered": len(items)}
    return CloudGenerationResponse(
        images=[image for image, _ in found], pictures=tuple(picture for _, picture in found), metadata=metadata,
        provider_response=kept(answer, redact), usage=figures, request_id=request_id,
    )  # fmt: skip


def _readable(items: Sequence[Item]) -> list[tuple[bytes, Picture]]:
    """Type and size are read from the bytes, whatever format was asked."""
    found = []
    for item in items:
        try:
            found.append((item.data or b"", read_picture(item.data or b"", revised_prompt=item.revised_prompt)))
        except UnreadablePicture:
            continue
    return found


def _without_picture(
    figures: Mapping[str, Any], model: ModelEntry, most: Mapping[str, int], request_id: str, *, drawn: int
) -> Rejected | OutcomeUnknown:
    if drawn or count(figures.get("total_tokens")) is not None:
        what = "no readable PNG, JPEG or WebP" if drawn else "no picture"
        return Rejected(
            "invalid_output", f"OpenAI API answered with {what}. It charges what it counted all the same.",
            billed=_counted(usage.billed_units(figures, model, pictures=drawn, most=most)), request_id=request_id,
        )  # fmt: skip
    return unreadable("JSON that holds neither a picture nor a reason", request_id)


def _counted(units: Mapping[str, int]) -> dict[str, int]:
    return {unit: number for unit, number in units.items() if number}


def unreadable(what: str, request_id: str = "") -> OutcomeUnknown:
    """An HTTP 200 that nobody can read: the picture may have been made."""
    return OutcomeUnknown(
        f"OpenAI API answered with {what}. The picture may have been made and billed.",
        remedy="Look at https://platform.openai.com/usage before you repeat it; the owner settles or releases it.",
        request_id=request_id,
    )
