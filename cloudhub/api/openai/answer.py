"""What OpenAI's clients read of a generation: its pictures, their size, and the tokens where they are known."""

from typing import Any

import pybase64
from rest_framework.request import Request

from cloudhub.api.openai.usage import usage_of
from cloudhub.api.pictures import signed_address
from cloudhub.core.errors import NotFound
from cloudhub.generations.models import Generation, Image
from cloudhub.generations.recipe import original_of


def pictures_of(generation: Generation) -> list[Image]:
    """The pictures that are there, in the order of their calls."""
    images = Image.objects.filter(generation=generation, deleted_at=None).select_related("generation")
    return list(images.order_by("attempt__slot", "index", "id"))


def images_answer(
    request: Request, generation: Generation, images: list[Image], response_format: str
) -> dict[str, Any]:
    """The body of a whole answer, with at least one picture."""
    answer: dict[str, Any] = {"created": int(generation.created_at.timestamp())}
    answer["data"] = [picture_item(request, image, response_format) for image in images]
    sizes = {f"{image.width}x{image.height}" for image in images}
    if len(sizes) == 1:
        answer["size"] = sizes.pop()
    answer["output_format"] = images[0].mime_type.removeprefix("image/")
    usage = usage_of(generation)
    if usage is not None:
        answer["usage"] = usage
    answer |= {name: generation.sent[name] for name in ("quality", "background") if name in generation.sent}
    return answer


def picture_item(request: Request, image: Image, response_format: str) -> dict[str, str]:
    """One picture in base64 or behind a signed link. Raises `NotFound` (file_missing)."""
    if response_format == "url":
        item = {"url": signed_address(request, image)}
    else:
        try:
            item = {"b64_json": pybase64.b64encode_as_string(original_of(image))}
        except FileNotFoundError as error:
            raise NotFound("The file of this picture is missing on the hub's disk.", code="file_missing") from error
    return {**item, "revised_prompt": image.revised_prompt} if image.revised_prompt else item
