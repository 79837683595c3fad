"""Pictures as server-sent events in OpenAI's shape: unfinished ones on the way, then each that is done.

https://platform.openai.com/docs/api-reference/images-streaming (read 2026-11-22). OpenAI documents one picture a
stream; here each picture of several has its own `completed` event. Whoever leaves ends the looking on, not the work.
"""

import logging
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import orjson
import pybase64
from rest_framework.request import Request

from cloudhub.api.errors import Problem, problem_of
from cloudhub.api.openai.answer import picture_item, pictures_of
from cloudhub.api.openai.errors import openai_envelope, problem_of_ending
from cloudhub.api.openai.usage import usage_of
from cloudhub.api.openai.wish import Wish
from cloudhub.core.database import release_connection
from cloudhub.core.money import format_amount
from cloudhub.generations.models import Attempt, Image
from cloudhub.generations.previews import Preview, previews_of
from cloudhub.generations.run import Follower, refuse_in_progress
from cloudhub.generations.submit import Submission
from providers.pictures import UnreadablePicture, read_picture

logger = logging.getLogger(__name__)
# So long an early failure can still be told by its status; after it the stream begins, and signs of life keep it open.
FIRST_SECONDS = 10.0
LIFE_SECONDS = 15.0
SIGN_OF_LIFE = b": still working\n\n"


class PictureEvents:
    """The body of one streamed answer. `kind` begins the names of its events. `close` must be called in the end."""

    def __init__(self, request: Request, follower: Follower, wish: Wish, kind: str) -> None:
        self.generation = follower.submission.generation
        self._request, self._follower, self._wish, self._kind = request, follower, wish, kind
        self._told: set[UUID] = set()
        self._shown: set[tuple[UUID, int]] = set()
        self._ready: list[bytes] = []
        self._ended = False

    def open(self) -> Problem | None:
        """Wait for the first event, not long; what the error answer says when it went wrong before that.

        Raises `Conflict` when the work was not done within the time that anybody waits.
        """
        last = time.monotonic() + FIRST_SECONDS
        self._look()
        while True:
            if self.generation.is_finished and not self._told:
                return problem_of_ending(self.generation)
            left = last - time.monotonic()
            if self._ready or left <= 0:
                return None
            self._pause(left)

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._events()
        except Exception as error:
            problem = problem_of(error)
            if problem.status == 500:
                logger.exception("A stream of pictures failed unexpectedly.")
            release_connection()
            yield self._failure(problem)
        finally:
            self.close()

    def close(self) -> None:
        self._follower.close()

    def _events(self) -> Iterator[bytes]:
        # Whoever made the answer's headers looked at the budgets; a slow reader must not keep that connection.
        release_connection()
        spoken = time.monotonic()
        while True:
            for event in self._ready:
                yield event
                spoken = time.monotonic()
            self._ready = []
            if self._ended:
                return
            if time.monotonic() - spoken >= LIFE_SECONDS:
                yield SIGN_OF_LIFE
                spoken = time.monotonic()
            self._pause(LIFE_SECONDS)

    def _pause(self, seconds: float) -> None:
        """Sleep and look again. Raises `Conflict` when the time to wait is over and the work is not."""
        may_go_on = self._follower.pause(seconds)
        self._look()
        if not may_go_on and not self._ended:
            refuse_in_progress(Submission(self.generation))

    def _look(self) -> None:
        """Make ready what is new. Afterwards no database connection is held."""
        self.generation = self._follower.look()
        self._ended = self.generation.is_finished
        if self._wish.partial_images and not self._ended:
            attempts = list(Attempt.objects.filter(generation=self.generation).order_by("slot"))
            self._ready += [event for preview in previews_of(attempts) if (event := self._unfinished(preview))]
        if self._ended or self.generation.num_images > 1:
            self._finish_pictures()
        if self._ended and not self._told:
            self._ready.append(self._failure(problem_of_ending(self.generation)))
        release_connection()

    def _finish_pictures(self) -> None:
        """Each picture once. While more may come the newest is held back, so that the last event can tell the cost."""
        new = [image for image in pictures_of(self.generation) if image.id not in self._told]
        whole = new if self._ended else new[:-1]
        for image in whole:
            self._ready.append(self._completed(image, is_last=self._ended and image is whole[-1]))
            self._told.add(image.id)

    def _completed(self, image: Image, *, is_last: bool) -> bytes:
        event = picture_item(self._request, image, self._wish.response_format)
        more: dict[str, Any] = {"usage": None}
        if is_last:
            more = {"usage": usage_of(self.generation), "cloudhub": self._cost()}
        kind = image.mime_type.removeprefix("image/")
        return self._event("completed", f"{image.width}x{image.height}", kind, {**event, **more})

    def _unfinished(self, preview: Preview) -> bytes | None:
        """The event of a preview that was not shown yet; None also when its call has ended meanwhile."""
        if (preview.attempt_id, preview.number) in self._shown:
            return None
        try:
            data = preview.path.read_bytes()
            picture = read_picture(data)
        except (FileNotFoundError, UnreadablePicture):
            return None
        event = {"b64_json": pybase64.b64encode_as_string(data), "partial_image_index": len(self._shown)}
        self._shown.add((preview.attempt_id, preview.number))
        kind = picture.mime_type.removeprefix("image/")
        return self._event("partial_image", f"{picture.width}x{picture.height}", kind, event)

    def _event(self, name: str, size: str, output_format: str, more: dict[str, Any]) -> bytes:
        sent = self.generation.sent
        settings = {setting: sent.get(setting, "auto") for setting in ("quality", "background")}
        created_at = int(self.generation.created_at.timestamp())
        event = {"created_at": created_at, "size": size, "output_format": output_format, **settings, **more}
        return _written(f"{self._kind}.{name}", event)

    def _failure(self, problem: Problem) -> bytes:
        return _written("error", {**openai_envelope(problem), "cloudhub": self._cost()})

    def _cost(self) -> dict[str, Any]:
        cost = {"cost": format_amount(self.generation.cost_micros), "currency": self.generation.currency}
        notes = {"notes": self.generation.notes} if self.generation.notes else {}
        return {**cost, "generation": str(self.generation.id), **notes}


def _written(name: str, event: dict[str, Any]) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), orjson.dumps({"type": name, **event}))
