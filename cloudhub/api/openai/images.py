"""POST /v1/images/generations and /v1/images/edits: OpenAI's clients get pictures of any registered model."""

from typing import Any, ClassVar

from django.http import QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from cloudhub.api.door import JsonBody, actor_of, read_body
from cloudhub.api.headers import CACHE, IDEMPOTENCY, add_headers
from cloudhub.api.openai import shapes
from cloudhub.api.openai.answer import images_answer, pictures_of
from cloudhub.api.openai.edit_body import read_edit_form, read_edit_json
from cloudhub.api.openai.errors import OpenAIDoor, problem_of_ending
from cloudhub.api.openai.stream import PictureEvents
from cloudhub.api.openai.wish import Wish, in_openai_words, read_image_wish
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
from cloudhub.core.errors import HubError
from cloudhub.generations.run import LONGEST_WAIT, Follower, refuse_in_progress, submit_and_wait

TAG = "OpenAI-compatible"
EXAMPLE = {"model": "practice-1", "prompt": "a red fox in the snow", "n": 1, "size": "1024x1024"}
REPEAT_COUNT = "x-stainless-retry-count"
ERROR_STATUSES = (400, 402, 404, 409, 413, 422, 429, 502, 503)
ANSWERS = {
    (200, "application/json"): shapes.ImagesAnswer,
    (200, "text/event-stream"): (shapes.StreamedPicture, "With `stream`: server-sent events, each such an object."),
}
HEADERS = [
    IDEMPOTENCY_HEADER, CACHE_HEADER,
    sent_header(REPEAT_COUNT, "Set by OpenAI's clients when they repeat; joins the call it repeats."),
    *generation_headers(200),
    header("X-CloudHub-Estimate", "Of a stream: what the pictures cost at most.", 200),
    header("Idempotent-Replayed", "`true` when this joined an earlier call.", 200),
    header("x-should-retry", "Whether a client may repeat by itself.", *ERROR_STATUSES),
]  # fmt: skip


class ImageDoor(OpenAIDoor):
    """What both routes do with a wish: submit it, wait, answer with the pictures."""

    route: ClassVar[str]
    kind: ClassVar[str]

    def carry_out(self, request: Request, wish: Wish, pictures: str = "input_images") -> HttpResponseBase:
        """The answer to a wish. `pictures` is the name under which the caller sent the reference pictures."""
        try:
            if wish.stream:
                return self._stream(request, wish)
            submission = submit_and_wait(seconds=LONGEST_WAIT, **self._wish(request, wish))
        except HubError as error:
            raise in_openai_words(error, pictures) from error
        refuse_in_progress(submission)
        generation = submission.generation
        images = pictures_of(generation)
        if images:
            response = Response(images_answer(request, generation, images, wish.response_format))
        else:
            response = self.answer_problem(problem_of_ending(generation))
        add_headers(response, generation, replayed=submission.replayed)
        return response

    def _stream(self, request: Request, wish: Wish) -> HttpResponseBase:
        """The pictures as events; what goes wrong before the first of them is an ordinary error answer."""
        follower = Follower(seconds=LONGEST_WAIT, previews=wish.partial_images, **self._wish(request, wish))
        events = PictureEvents(request, follower, wish, self.kind)
        try:
            problem = events.open()
        except BaseException:
            events.close()
            raise
        if problem is None:
            response: HttpResponseBase = StreamingHttpResponse(events, content_type="text/event-stream")
            response.headers["X-Accel-Buffering"] = "no"
        else:
            events.close()
            response = self.answer_problem(problem)
        add_headers(response, events.generation, replayed=follower.submission.replayed, streamed=problem is None)
        return response

    def _wish(self, request: Request, wish: Wish) -> dict[str, Any]:
        """What the core takes. A client's automatic repeat joins the call it repeats."""
        return {
            "actor": actor_of(request), "model": wish.model, "fields": wish.fields, "tags": wish.tags,
            "cache": wish.cache if wish.cache is not None else request.headers.get(CACHE, "off"),
            "route": self.route,
            "idempotency_key": request.headers.get(IDEMPOTENCY),
            "join": request.headers.get(REPEAT_COUNT, "0").strip() not in ("", "0"),
        }  # fmt: skip


class ImageGenerations(ImageDoor):
    route = "openai:images/generations"
    kind = "image_generation"

    @describe("openai_create_image", TAG, request=shapes.ImageWish, example=EXAMPLE,
              answers=ANSWERS, parameters=HEADERS, errors=ERROR_STATUSES,
              envelope=shapes.OpenAIErrorAnswer)  # fmt: skip
    def post(self, request: Request) -> HttpResponseBase:
        """Make pictures, and answer with them.

        Answers 200 with the pictures there are when there is at least one. The hub's own fields, such as
        `seed`, `negative_prompt` or `aspect_ratio`, may stand beside OpenAI's. Unknown fields are refused by name.
        With `stream` the pictures come as events; a client that leaves ends the stream and not the work.
        """
        return self.carry_out(request, read_image_wish(read_body(request)))


class ImageEdits(ImageDoor):
    route = "openai:images/edits"
    kind = "image_edit"
    parser_classes = [JsonBody, MultiPartParser]

    @describe("openai_edit_image", TAG,
              request={"multipart/form-data": shapes.EditForm, "application/json": shapes.EditWish},
              answers=ANSWERS, parameters=HEADERS, errors=ERROR_STATUSES,
              envelope=shapes.OpenAIErrorAnswer)  # fmt: skip
    def post(self, request: Request) -> HttpResponseBase:
        """Change pictures: by a prompt, and with a mask only where it is see-through.

        As a form with the files `image` (several as `image[]`) and `mask`, or as JSON with `images` and `mask`, each
        a data URI or the id of a picture in the hub. A mask that has no see-through part changes where it is white.
        Everything else is as with generations.
        """
        if isinstance(request.data, QueryDict):
            return self.carry_out(request, read_image_wish(read_edit_form(request.data)), "image")
        return self.carry_out(request, read_image_wish(read_edit_json(read_body(request))), "images")
