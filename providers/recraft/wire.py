"""Recraft's JSON: a wish into a path and a body, a decoded answer into pictures. Pure.

Pages: https://www.recraft.ai/docs/api-reference/agents and …/endpoints. Pictures travel as data URLs, which the pages
name beside multipart, and come back as `b64_json`.

A mask is a grey picture of exactly the picture's size in which every pixel is black or white and white shall change:
the hub's mask is scaled to its picture, and what is at least half white becomes white. Soft edges are lost by that.

Vector models (`…_vector`) and vectorize answer SVG, which can hold programs and which the hub shows nowhere inline:
they are left out, and an SVG is no readable picture.

`credits` of an answer is “the number of API units charged for the request” (…/tools/image-to-image), 1,000 units for a
dollar (…/pricing): it is what is booked. An answer without a number above 0 is booked by the price list.
"""

import io
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pybase64
from PIL import Image

from providers.base import (
    CloudGenerationRequest,
    CloudGenerationResponse,
    InputImage,
    ModelEntry,
    OutcomeUnknown,
    Picture,
    Quantities,
    Rejected,
    ReportedCost,
    expected_size,
)
from providers.masks import white_changes
from providers.openai_form import Item, kept, read_items
from providers.pictures import UnreadablePicture, open_picture, read_picture
from providers.reading import Redact, mapping, whole
from providers.recraft.tools import FROM_A_PICTURE, GENERATE, INPAINT, TOOLS

PREFIX = "Recraft API"
UNITS_A_DOLLAR = 1000
HALF_WHITE = 128
LOOK = (
    "Look at the API units at https://app.recraft.ai/profile/api before you repeat it; "
    "the owner settles or releases the call."
)


def to_call(request: CloudGenerationRequest, model: ModelEntry) -> tuple[str, dict[str, Any]]:
    """The path below the base address and the JSON: only what the wish names and the call takes."""
    tool = TOOLS.get(model.id)
    body: dict[str, Any] = {"response_format": "b64_json"}
    if request.output_format is not None:
        body["image_format"] = request.output_format
    if request.input_images:
        body["image_url"] = _data_url(request.input_images[0].mime_type, request.input_images[0].data)
    if request.mask is not None:
        body["mask_url"] = _data_url("image/png", black_and_white(request.mask, request.input_images[0]))
    if tool is not None and not tool.model:
        return tool.path, body
    body |= {"model": tool.model if tool else model.id, "prompt": request.prompt, "n": request.num_images}
    body |= _of_the_drawing(request, model)
    return tool.path if tool else _path(request), body


def _path(request: CloudGenerationRequest) -> str:
    if request.mask is not None:
        return INPAINT
    return FROM_A_PICTURE if request.input_images else GENERATE


def _of_the_drawing(request: CloudGenerationRequest, model: ModelEntry) -> dict[str, Any]:
    """What a wish says of how to draw. Without a size Recraft chooses one that suits the prompt."""
    size = expected_size(request, model)
    fields = {
        "size": f"{size[0]}x{size[1]}" if size else None,
        "style": request.style,
        "negative_prompt": request.negative_prompt or None,
        "random_seed": request.seed,
        "strength": request.strength,
    }
    return {name: value for name, value in fields.items() if value is not None}


def black_and_white(mask: InputImage, image: InputImage) -> bytes:
    """The mask as Recraft wants it: a grey PNG of the picture's size with pixels of 0 and 255 alone."""
    with open_picture(white_changes(mask, (image.width, image.height))) as grey:
        hard = grey.convert("L").point([0] * HALF_WHITE + [255] * (256 - HALF_WHITE))
    return _png(hard)


def from_answer(
    document: Any, redact: Redact, *, seed: int | None = None, request_id: str = ""
) -> CloudGenerationResponse:  # fmt: skip
    """The pictures in a decoded HTTP 200. `seed` is the one that was sent for a single picture.

    Raises `Rejected` when no picture can be read, which is billed, and `OutcomeUnknown` when the answer says nothing
    that could be understood.
    """
    answer = mapping(document)
    told = _told(answer)
    if not told:
        raise unreadable("JSON that holds no pictures", request_id)
    pictures = _readable(read_items({"data": told}), seed)
    if not pictures:
        raise Rejected(
            "invalid_output", f"{PREFIX} sent no readable PNG, JPEG or WebP. It is billed.",
            billed=charge(answer, len(told)), request_id=request_id,
        )  # fmt: skip
    return CloudGenerationResponse(
        images=[data for data, _ in pictures], pictures=tuple(picture for _, picture in pictures),
        provider_response=kept(answer, redact), request_id=request_id,
        usage={name: count for name, count in (("credits", units(answer)), ("image", len(told))) if count},
    )  # fmt: skip


def unreadable(what: str, request_id: str = "") -> OutcomeUnknown:
    """An HTTP 200 that nobody can read: the picture may have been made."""
    message = f"{PREFIX} answered with {what}. The picture may have been made and billed."
    return OutcomeUnknown(message, remedy=LOOK, request_id=request_id)


def units(answer: Mapping[str, Any]) -> int:
    """The API units that an answer says it was charged for, 0 when it names none."""
    return max(0, whole(answer.get("credits")) or 0)


def charge(answer: Mapping[str, Any], pictures: int) -> Quantities | ReportedCost:
    """What is booked: Recraft's own figure where there is one, else the price of so many pictures."""
    count = units(answer)
    if not count:
        return {"image": pictures}
    return ReportedCost(amount=format(Decimal(count) / UNITS_A_DOLLAR, "f"), currency="USD")


def _told(answer: Mapping[str, Any]) -> list[Any]:
    """The pictures as the answer lists them: drawing calls have `data`, tools a single `image`."""
    listed = answer.get("data")
    if isinstance(listed, list):
        return listed
    return [answer["image"]] if mapping(answer.get("image")) else []


def _readable(found: list[Item], seed: int | None) -> list[tuple[bytes, Picture]]:
    pictures = []
    for item in found:
        data = item.data or b""
        try:
            pictures.append((data, read_picture(data, seed=seed, revised_prompt=item.revised_prompt)))
        except UnreadablePicture:
            continue
    return pictures


def _data_url(mime_type: str, data: bytes) -> str:
    return f"data:{mime_type};base64,{pybase64.b64encode(data).decode()}"


def _png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()
