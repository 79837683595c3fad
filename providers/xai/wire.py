"""xAI's images calls: a wish into JSON, an answer into a response. Pure.

https://docs.x.ai/developers/rest-api-reference/inference/images. Edits are JSON too, with each picture as a data URI.
There is no size, no seed, no negative prompt and no mask: `size` is refused, and reference pictures sent to
images/generations are ignored and billed. Pictures are asked for as base64, as their addresses live for an hour.

A picture that moderation withholds comes as an item with `respect_moderation: false`; a prompt that it refuses as an
answer without items and with a `block_reason`; some as HTTP 400 (`errors`). No page says whether they cost something:
`usage.cost_in_usd_ticks` of the same answer does, and without it the outcome stays unknown.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pybase64

from providers.base import (
    CloudGenerationRequest,
    CloudGenerationResponse,
    InputImage,
    ModelEntry,
    OutcomeUnknown,
    Picture,
    ProviderError,
    Rejected,
)
from providers.openai_form import Item, kept, read_items
from providers.pictures import UnreadablePicture, read_picture
from providers.reading import Redact, items, mapping, quotation, shown, text
from providers.xai import costs, errors


def to_call(request: CloudGenerationRequest, model: ModelEntry) -> tuple[str, dict[str, Any]]:
    """The path below the base address and the JSON: only what the wish names and the model takes."""
    body: dict[str, Any] = {
        "model": model.id,
        "prompt": request.prompt,
        "n": request.num_images,
        "response_format": "b64_json",
        # The vendor's own word is in small letters; any other is answered with 422.
        "resolution": (request.resolution or model.capabilities.default_resolution).lower(),
    }
    if request.aspect_ratio:
        body["aspect_ratio"] = request.aspect_ratio
    if model.capabilities.qualities:
        body["quality"] = request.quality or model.capabilities.qualities[-1]
    if request.options.get("user"):
        body["user"] = request.options["user"]
    pictures = [_referenced(image) for image in request.input_images]
    if not pictures:
        return "/images/generations", body
    return "/images/edits", body | ({"image": pictures[0]} if len(pictures) == 1 else {"images": pictures})


def _referenced(image: InputImage) -> dict[str, str]:
    encoded = pybase64.b64encode(image.data).decode()
    return {"url": f"data:{image.mime_type};base64,{encoded}", "type": "image_url"}


def delivered(document: Any) -> list[Item]:
    """The pictures of an answer that moderation let through, in order."""
    passed = [item for item in items(mapping(document).get("data")) if item.get("respect_moderation") is not False]
    return read_items({"data": passed})


def from_answer(
    document: Mapping[str, Any], found: Sequence[Item], most: Mapping[str, int], redact: Redact, request_id: str
) -> CloudGenerationResponse:
    """The response in a decoded HTTP 200 whose delivered pictures are `found`, all with their bytes.

    `most` are the units of the quote, which are booked when xAI names no cost. Raises `Rejected` when nothing was
    delivered or nothing is readable, with what xAI charges all the same, and `OutcomeUnknown` when it does not say.
    """
    readable = _readable(found)
    if not readable:
        raise _without_picture(document, most, redact, request_id, had_pictures=bool(found))
    ticks = costs.reported_ticks(document)
    served_by = shown(text(document.get("model")), redact, 100)
    return CloudGenerationResponse(
        images=[image for image, _ in readable],
        pictures=tuple(picture for _, picture in readable),
        metadata={"most_units": dict(most), **({"served_by": served_by} if served_by else {})},
        provider_response=kept(dict(document), redact),
        usage={} if ticks is None else {costs.TICKS: ticks},
        request_id=request_id,
    )


def _readable(found: Sequence[Item]) -> list[tuple[bytes, Picture]]:
    """Type and size are read from the bytes, whatever the answer says of them."""
    pictures = []
    for item in found:
        data = item.data or b""
        try:
            pictures.append((data, read_picture(data, revised_prompt=item.revised_prompt)))
        except UnreadablePicture:
            continue
    return pictures


def _without_picture(
    document: Mapping[str, Any], most: Mapping[str, int], redact: Redact, request_id: str, *, had_pictures: bool
) -> ProviderError:
    """Why an answer holds no picture: withheld, refused before it was drawn, unreadable, or nobody knows."""
    ticks = costs.reported_ticks(document)
    reason = shown(text(document.get("block_reason")), redact)
    withheld = any(item.get("respect_moderation") is False for item in items(document.get("data")))
    if reason or withheld:
        headline = "The prompt was refused by moderation" if reason else "The picture was withheld by moderation"
        code = "refused_prompt" if reason else "refused_output"
        return errors.moderated(code, f"xAI API: {headline}.", quotation(reason, "xAI"), ticks, request_id)
    if had_pictures:
        charged = most if ticks is None else costs.cost_of_ticks(ticks)
        message = "xAI API answered with no readable PNG, JPEG or WebP. It charges what it drew all the same."
        return Rejected("invalid_output", message, billed=charged, request_id=request_id)
    if ticks is not None:
        return errors.moderated(
            "refused_output", "xAI API answered without a picture and without a reason.", "", ticks, request_id
        )
    return unreadable("JSON that holds neither a picture nor a reason", request_id)


def unreadable(what: str, request_id: str = "") -> OutcomeUnknown:
    """An HTTP 200 that nobody can read: the picture may have been made."""
    return OutcomeUnknown(
        f"xAI API answered with {what}. The picture may have been made and billed.",
        remedy=f"Look at {errors.USAGE_PAGE} before you repeat it; the owner settles or releases it.",
        request_id=request_id,
    )
