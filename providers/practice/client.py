"""The hub's side of the practice vendor: writes the order, reads the answer."""

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import orjson
import pybase64

from providers.base import (
    Busy,
    CloudGenerationRequest,
    CloudGenerationResponse,
    InputImage,
    InvalidField,
    Key,
    ModelEntry,
    OutcomeUnknown,
    Picture,
    Provider,
    Quantities,
    Rejected,
    WhenBilled,
    expected_size,
)
from providers.catalogue import read_catalog, read_privacy_note
from providers.http import Answer, Door, show_preview
from providers.masks import white_changes
from providers.pictures import UnreadablePicture, read_picture
from providers.practice.outcomes import LONGEST_SLOW_SECONDS
from providers.practice.studio import Studio

CATALOG = Path(__file__).with_name("catalog.toml")
MODELS = read_catalog(CATALOG)
OUTCOMES: dict[str, str] = dict(MODELS[0].capabilities.facts["outcomes"])
# A reserved name (RFC 2606): the studio answers in this process, and nothing could be reached there by mistake.
ADDRESS = "http://practice.invalid/v1/pictures"


class Practice(Provider):
    """Draws in this process. A seed is kept to the byte, money is XTS, and the prompt can ask for every outcome.

    The studio's mask is grey: white is repainted, black is kept to the pixel. It belongs to the first reference picture
    and is cropped as that is. Nothing is charged for a refusal.
    """

    id: ClassVar[str] = "practice"
    label: ClassVar[str] = "Practice"
    error_prefix: ClassVar[str] = "Practice API error"
    key_help: ClassVar[str] = "The practice vendor needs no key."
    longest_wait_seconds: ClassVar[int] = int(LONGEST_SLOW_SECONDS)
    billed_on_filter: ClassVar[WhenBilled] = "no"
    billed_on_cancel: ClassVar[WhenBilled] = "yes"
    billed_on_timeout: ClassVar[WhenBilled] = "yes"
    is_paced: ClassVar[bool] = False
    is_practice: ClassVar[bool] = True
    models = MODELS
    privacy = read_privacy_note(CATALOG)

    def __init__(self) -> None:
        self._door = Door(self.label, transport=Studio())

    def start(self, request: CloudGenerationRequest, key: Key) -> CloudGenerationResponse:
        """Draw at once, or after the wait that the prompt asks for. Raises `Rejected`, `Busy` or `OutcomeUnknown`."""
        model = self.model(request.model or MODELS[0].id)
        if model is None:
            raise Rejected("model_retired", f"{self.error_prefix}: there is no model {request.model}.")
        order = _order(request, model)
        answer = self._door.submit("POST", ADDRESS, headers={}, json=order, watch=_Previews().look)
        return self._response(answer, model)

    def validate_credentials(self, key: Key) -> str:
        return "The practice vendor needs no key."

    def normalise(self, request: CloudGenerationRequest, model: ModelEntry) -> tuple[CloudGenerationRequest, list[str]]:
        if request.background == "transparent" and request.output_format == "jpeg":
            raise InvalidField({"output_format": "JPEG has no transparency; choose png or webp."})
        fitted, notes = super().normalise(request, model)
        if fitted.aspect_ratio is None:
            fitted = replace(fitted, aspect_ratio=_natural_ratio(fitted, model))
            if fitted.input_images:
                first = fitted.input_images[0]
                notes.append(
                    f"The reference is {first.width}×{first.height}; the picture is drawn as {fitted.aspect_ratio}."
                )
        return fitted, notes

    def quantities(self, request: CloudGenerationRequest, model: ModelEntry) -> Quantities:
        resolution = request.resolution or model.capabilities.default_resolution
        return {"image": request.num_images, f"image:{resolution}": request.num_images}

    def billed(self, response: CloudGenerationResponse, model: ModelEntry) -> Quantities:
        return dict(response.usage)

    def _response(self, answer: Answer, model: ModelEntry) -> CloudGenerationResponse:
        try:
            # The answer stands in the last line; lines before it were previews.
            document = orjson.loads(answer.body.rpartition(b"\n")[2])
            document["id"]
        except (ValueError, KeyError, TypeError) as error:
            raise OutcomeUnknown(f"{self.error_prefix}: the answer cannot be read; it may have been billed.") from error
        if "error" in document:
            raise self._failure(answer, document)
        images = [pybase64.b64decode(picture["data"]) for picture in document["pictures"]]
        redacted = [{name: value for name, value in item.items() if name != "data"} for item in document["pictures"]]
        return CloudGenerationResponse(
            images=images,
            pictures=self._read(images, document),
            metadata={"model": model.id, "styles": [item["style"] for item in redacted]},
            provider_response={**document, "pictures": redacted},
            usage=document["usage"],
            request_id=document["id"],
        )

    def _read(self, images: list[bytes], document: Mapping[str, Any]) -> tuple[Picture, ...]:
        try:
            return tuple(
                read_picture(data, seed=item["seed"], revised_prompt=item["revised_prompt"])
                for data, item in zip(images, document["pictures"], strict=True)
            )
        except UnreadablePicture as error:
            raise Rejected(
                "invalid_output",
                f"{self.error_prefix}: the answer holds no readable picture. It was billed.",
                request_id=document["id"],
                billed=document["usage"],
            ) from error

    def _failure(self, answer: Answer, document: Mapping[str, Any]) -> Busy | Rejected:
        error = document["error"]
        message = f"{self.error_prefix} (HTTP {answer.status}): {error['message']}. It was not billed."
        if answer.status == 429:
            seconds = float(answer.headers["retry-after"])
            return Busy(error["code"], message, retry_after=seconds, request_id=document["id"])
        return Rejected(error["code"], message, request_id=document["id"], answer_text=error.get("text", ""))


class _Previews:
    """Passes on the unfinished pictures among the lines of an answer as they arrive."""

    def __init__(self) -> None:
        self._line = b""

    def look(self, piece: bytes) -> None:
        *lines, self._line = (self._line + piece).split(b"\n")
        for line in lines:
            preview = orjson.loads(line)
            show_preview(pybase64.b64decode(preview["preview"]), preview["number"])


def _natural_ratio(request: CloudGenerationRequest, model: ModelEntry) -> str:
    """The ratio nearest to the first reference picture, square without one."""
    table = model.capabilities.sizes[request.resolution or model.capabilities.default_resolution]
    if not request.input_images:
        return "1:1"
    first = request.input_images[0]
    wished = math.log(first.width / first.height)
    return min(table, key=lambda ratio: abs(math.log(table[ratio][0] / table[ratio][1]) - wished))


def _order(request: CloudGenerationRequest, model: ModelEntry) -> dict[str, Any]:
    """The JSON that the studio takes; picture files travel in base64."""
    whole = replace(request, aspect_ratio=request.aspect_ratio or _natural_ratio(request, model))
    width, height = expected_size(whole, model) or (1024, 1024)
    return {
        "model": model.id,
        "prompt": request.prompt,
        "seed": request.seed,
        "n": request.num_images,
        "width": width,
        "height": height,
        "resolution": request.resolution or model.capabilities.default_resolution,
        "style": request.style,
        "palette": request.options.get("palette"),
        "partial_images": request.options.get("partial_images", 0),
        "negative_prompt": request.negative_prompt,
        "quality": request.quality,
        "guidance_scale": request.guidance_scale,
        "background": request.background,
        "output_format": request.output_format,
        "enhance_prompt": bool(request.enhance_prompt),
        "images": [pybase64.b64encode(image.data).decode("ascii") for image in request.input_images],
        "mask": _studio_mask(request.mask) if request.mask else None,
        "strength": request.strength,
    }


def _studio_mask(mask: InputImage) -> str:
    """The hub's mask as the studio's, in base64. Raises `Rejected` when it is broken behind its header."""
    try:
        return pybase64.b64encode(white_changes(mask)).decode("ascii")
    except (OSError, SyntaxError, ValueError) as error:
        message = f"{Practice.error_prefix}: the mask cannot be read. Nothing was sent, and it was not billed."
        raise Rejected("capability", message) from error
