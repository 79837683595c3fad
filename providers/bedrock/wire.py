"""Bedrock's bodies and answers for Stability's models: a wish into JSON, a decoded answer into pictures. Pure.

A mask is a picture in which white is what shall change, which is also the hub's convention, scaled to its picture;
where a picture comes without one, its see-through parts stand for it.
https://docs.aws.amazon.com/bedrock/latest/userguide/stable-image-services.html

An HTTP 200 may hold a reason instead of a picture. No page says what such a call costs: it is taken as billed.
"""

import binascii
from typing import Any

import pybase64

from providers.base import CloudGenerationRequest, CloudGenerationResponse, ModelEntry, OutcomeUnknown, Rejected
from providers.bedrock.services import Service
from providers.masks import white_changes
from providers.pictures import UnreadablePicture, read_picture
from providers.reading import Redact, kept, mapping, shown, texts, whole

BILLED: dict[str, int] = {"image": 1}
CHANGE_PROMPT = "Change the prompt or the picture; the same wish may be withheld again."
BILL_PAGE = "https://console.aws.amazon.com/costmanagement/home"


def to_body(request: CloudGenerationRequest, model: ModelEntry, service: Service) -> dict[str, Any]:
    """The JSON of InvokeModel: only what the wish names and the model takes."""
    able, given = model.capabilities, request.input_images
    fields: dict[str, Any] = {
        "prompt": request.prompt if request.prompt.strip() and able.prompt != "not_sent" else None,
        "negative_prompt": request.negative_prompt, "style_preset": request.style, "seed": request.seed,
        "aspect_ratio": request.aspect_ratio, "strength": request.strength,
        "output_format": request.output_format,
        **(service.with_picture if given else {}), **request.options,
        # Every input picture has a name: the catalogue allows no more than the body has names.
        **{name: _base64(image.data) for name, image in zip(service.pictures, given, strict=False)},
    }  # fmt: skip
    if request.mask is not None:
        fields["mask"] = _base64(white_changes(request.mask, (given[0].width, given[0].height)))
    return {**service.fixed, **{name: value for name, value in fields.items() if value is not None and value != ""}}


def from_answer(document: Any, redact: Redact, request_id: str) -> CloudGenerationResponse:
    """The pictures in a decoded HTTP 200.

    Raises `Rejected` when one was withheld or cannot be read, which is taken as billed, and `OutcomeUnknown` when the
    answer says nothing that could be understood.
    """
    answer = mapping(document)
    reasons = [reason for reason in texts(answer.get("finish_reasons")) if reason not in ("", "SUCCESS")]
    if reasons:
        raise _withheld(shown(reasons[0], redact, 80), request_id)
    encoded = [picture for picture in texts(answer.get("images")) if picture]
    if not encoded:
        raise unreadable("JSON that holds neither a picture nor a reason", request_id)
    seeds = answer["seeds"] if isinstance(answer.get("seeds"), list) else []
    try:
        images = [pybase64.b64decode(picture, validate=True) for picture in encoded]
        used = [_seed(seed) for seed in seeds[: len(images)]] + [None] * (len(images) - len(seeds))
        pictures = tuple(read_picture(image, seed=seed) for image, seed in zip(images, used, strict=True))
    except (binascii.Error, UnreadablePicture) as error:
        message = "Bedrock sent a picture that is no readable PNG, JPEG or WebP. It is taken as billed."
        raise Rejected("invalid_output", message, request_id=request_id, billed=BILLED) from error
    counted = {**answer, "images": [f"[{len(image)} bytes]" for image in images]}
    return CloudGenerationResponse(
        images=images, pictures=pictures, provider_response=kept(counted, redact), request_id=request_id
    )


def unreadable(what: str, request_id: str = "") -> OutcomeUnknown:
    """An HTTP 200 that nobody can read: the picture may have been made."""
    return OutcomeUnknown(
        f"Bedrock answered with {what}. The picture may have been made and billed.",
        remedy=f"Look at the account's bill at {BILL_PAGE} before you repeat it; "
        "the owner settles or releases the call.",
        request_id=request_id,
    )


def _withheld(reason: str, request_id: str) -> Rejected:
    about = reason.casefold()
    if "prompt" in about or "input image" in about:
        code, what = "refused_prompt", "Stability's filter refused the prompt or the picture"
    elif "output" in about or "filter" in about:
        code, what = "refused_output", "Stability's filter withheld the picture"
    else:
        message = f"Bedrock ended without a picture ({reason}). It is taken as billed."
        return Rejected("invalid_output", message, request_id=request_id, billed=BILLED)
    message = f"{what} ({reason}). No page says that this is free: it is taken as billed."
    return Rejected(code, message, remedy=CHANGE_PROMPT, request_id=request_id, billed=BILLED)


def _seed(value: Any) -> int | None:
    """A seed as a number; the page calls it text and shows a number."""
    is_text = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20
    number = whole(int(value) if is_text else value)
    return number if number is not None and number >= 0 else None


def _base64(data: bytes) -> str:
    return pybase64.b64encode(data).decode()
