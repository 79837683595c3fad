"""Together's images form: a wish into JSON, an answer into a response. Pure.

https://docs.together.ai/reference/post-images-generations. Sizes are whole numbers of pixels, or a ratio for the
Kontext models; reference pictures travel as data URIs in the fields for their addresses. The `response_format` that is
asked as "base64" comes as `b64_json`. Together takes no masks.
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
    Rejected,
    expected_size,
)
from providers.openai_form import Item, kept
from providers.pictures import UnreadablePicture, read_picture
from providers.reading import Redact, mapping, shown, text
from providers.together.usage import delivered_units

PREFIX = "Together API"
USAGE_PAGE = "https://api.together.ai/settings/billing"


def to_body(request: CloudGenerationRequest, model: ModelEntry) -> dict[str, Any]:
    """Only what the wish names, but for the size: the price hangs on it, so that it is always sent."""
    facts = model.capabilities.facts
    body: dict[str, Any] = {
        "model": model.id, "prompt": request.prompt, "n": request.num_images, "response_format": "base64",
        "seed": request.seed if model.capabilities.seed != "not_sent" else None,
        "negative_prompt": request.negative_prompt, "guidance_scale": request.guidance_scale,
        "output_format": request.output_format, "prompt_upsampling": request.enhance_prompt,
        **request.options,
    }  # fmt: skip
    if facts.get("size_by") == "aspect_ratio":
        body["aspect_ratio"] = request.aspect_ratio
    else:
        body["width"], body["height"] = expected_size(request, model) or (None, None)
    if request.input_images:
        addresses = [_data_uri(image) for image in request.input_images]
        one = facts.get("pictures") == "image_url"
        body |= {"image_url": addresses[0]} if one else {"reference_images": addresses}
    return {name: value for name, value in body.items() if value is not None}


def _data_uri(image: InputImage) -> str:
    return f"data:{image.mime_type};base64,{pybase64.b64encode(image.data).decode()}"


def from_answer(
    document: Mapping[str, Any], found: Sequence[Item], request: CloudGenerationRequest, model: ModelEntry,
    redact: Redact, header_id: str = "",
) -> CloudGenerationResponse:  # fmt: skip
    """The pictures of a decoded HTTP 200, `found` in it and all with their bytes.

    Raises `OutcomeUnknown` when there are none, and `Rejected` (booked as delivered) when none is readable.
    """
    request_id = request_id_of(document, redact, header_id)
    if not found:
        raise unreadable("JSON that holds no pictures", request_id)
    # A seed belongs to a call; of several pictures nobody says which one has it.
    seed = request.seed if len(found) == 1 and model.capabilities.seed != "not_sent" else None
    pictures = list(_readable(found, seed))
    units = delivered_units(request, model, [picture for _, picture in pictures], len(found))
    drawn_by = shown(text(document.get("model")), redact, 200)
    metadata: dict[str, Any] = {"model": drawn_by} if drawn_by else {}
    if drawn_by.lower() not in ("", model.id.lower()):
        # Together sends calls on to other models at times; what those cost is not known here.
        metadata["asked_model"] = model.id
        units["other_model"] = len(found)
    if not pictures:
        message = f"{PREFIX} sent no readable PNG, JPEG or WebP. It is booked as it was asked."
        raise Rejected("invalid_output", message, billed=units, request_id=request_id)
    return CloudGenerationResponse(
        images=[image for image, _ in pictures], pictures=tuple(picture for _, picture in pictures),
        metadata={**metadata, "units": units}, provider_response=mapping(kept(dict(document), redact)),
        request_id=request_id,
    )  # fmt: skip


def request_id_of(document: Mapping[str, Any], redact: Redact, header_id: str = "") -> str:
    return shown(text(document.get("id")), redact, 200) or header_id


def unreadable(what: str, request_id: str = "") -> OutcomeUnknown:
    """An HTTP 200 without pictures: they may have been made."""
    return OutcomeUnknown(
        f"{PREFIX} answered with {what}. The picture may have been made and billed.",
        remedy=f"Look at {USAGE_PAGE} before you repeat it; the owner settles or releases the call.",
        request_id=request_id,
    )


def _readable(found: Sequence[Item], seed: int | None) -> list[tuple[bytes, Picture]]:
    pictures = []
    for item in found:
        data = item.data or b""
        try:
            pictures.append((data, read_picture(data, seed=seed)))
        except UnreadablePicture:
            continue
    return pictures
