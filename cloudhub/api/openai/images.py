"""POST /v1/images/generations: OpenAI's clients get pictures of any registered model."""

from typing import Any

import pybase64
from rest_framework.request import Request
from rest_framework.response import Response

from cloudhub.api.door import actor_of, read_body
from cloudhub.api.headers import CACHE, IDEMPOTENCY, add_headers
from cloudhub.api.openai import shapes
from cloudhub.api.openai.errors import OpenAIDoor, problem_of_ending
from cloudhub.api.openai.usage import usage_of
from cloudhub.api.openai.wish import Wish, in_openai_words, read_image_wish
from cloudhub.api.pictures import signed_address
from cloudhub.api.schema import (
    CACHE_HEADER,
    describe,
    generation_headers,
    header,
    sent_header,
)
from cloudhub.api.schema import (
    IDEMPOTENCY as IDEMPOTENCY_HEADER,
)
from cloudhub.core.errors import HubError, NotFound
from cloudhub.generations import storage
from cloudhub.generations.models import Generation, Image
from cloudhub.generations.run import LONGEST_WAIT, refuse_in_progress, submit_and_wait
from cloudhub.generations.submit import Submission

ROUTE = "openai:images/generations"
EXAMPLE = {"model": "practice-1", "prompt": "a red fox in the snow", "n": 1, "size": "1024x1024"}
REPEAT_COUNT = "x-stainless-retry-count"
ERROR_STATUSES = (400, 402, 404, 409, 413, 422, 429, 502, 503)


class ImageGenerations(OpenAIDoor):
    @describe("openai_create_image", "OpenAI-compatible", request=shapes.ImageWish, example=EXAMPLE,
              answers={200: shapes.ImagesAnswer},
              parameters=[
                  IDEMPOTENCY_HEADER, CACHE_HEADER,
                  sent_header(REPEAT_COUNT, "Set by OpenAI's clients when they repeat; joins the call it repeats."),
                  *generation_headers(200),
                  header("Idempotent-Replayed", "`true` when this joined an earlier call.", 200),
                  header("x-should-retry", "Whether a client may repeat by itself.", *ERROR_STATUSES),
              ], errors=ERROR_STATUSES, envelope=shapes.OpenAIErrorAnswer)  # fmt: skip
    def post(self, request: Request) -> Response:
        """Make pictures, and answer with them.

        Answers 200 with the pictures there are when there is at least one. The hub's own fields, such as
        `seed`, `negative_prompt` or `aspect_ratio`, may stand beside OpenAI's. Unknown fields are refused by name.
        """
        wish = read_image_wish(read_body(request))
        try:
            submission = _submit(request, wish)
        except HubError as error:
            raise in_openai_words(error) from error
        refuse_in_progress(submission)
        generation = submission.generation
        images = list(
            Image.objects.filter(generation=generation, deleted_at=None).order_by("attempt__slot", "index", "id")
        )
        if images:
            response = Response(_answer(request, generation, images, wish.response_format))
        else:
            response = self.answer_problem(problem_of_ending(generation))
        add_headers(response, generation, replayed=submission.replayed)
        return response


def _submit(request: Request, wish: Wish) -> Submission:
    """Submit and wait. A client's automatic repeat joins the call it repeats."""
    return submit_and_wait(
        actor=actor_of(request),
        model=wish.model,
        fields=wish.fields,
        tags=wish.tags,
        cache=wish.cache if wish.cache is not None else request.headers.get(CACHE, "off"),
        route=ROUTE,
        seconds=LONGEST_WAIT,
        idempotency_key=request.headers.get(IDEMPOTENCY),
        join=request.headers.get(REPEAT_COUNT, "0").strip() not in ("", "0"),
    )


def _answer(request: Request, generation: Generation, images: list[Image], response_format: str) -> dict[str, Any]:
    answer: dict[str, Any] = {"created": int(generation.created_at.timestamp())}
    answer["data"] = [_item(request, image, response_format) for image in images]
    sizes = {f"{image.width}x{image.height}" for image in images}
    if len(sizes) == 1:
        answer["size"] = sizes.pop()
    answer["output_format"] = images[0].mime_type.removeprefix("image/")
    usage = usage_of(generation)
    if usage is not None:
        answer["usage"] = usage
    answer |= {name: generation.sent[name] for name in ("quality", "background") if name in generation.sent}
    return answer


def _item(request: Request, image: Image, response_format: str) -> dict[str, str]:
    if response_format == "url":
        item = {"url": signed_address(request, image)}
    else:
        try:
            item = {"b64_json": pybase64.b64encode_as_string(storage.read_bytes(image.sha256))}
        except FileNotFoundError as error:
            raise NotFound("The file of this picture is missing on the hub's disk.", code="file_missing") from error
    return {**item, "revised_prompt": image.revised_prompt} if image.revised_prompt else item
