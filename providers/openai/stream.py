"""OpenAI's stream of events: read piece by piece for previews, and once more as a whole for the final picture. Pure.

https://developers.openai.com/api/docs/guides/image-generation (streaming). Frames are `event:` and `data:` lines up to
an empty one; a line may have many megabytes, and an error may come after HTTP 200.
"""

from collections.abc import Callable
from typing import Any

import orjson

from providers.openai_form import decode
from providers.pictures import UnreadablePicture, read_picture
from providers.reading import mapping, text

PARTIAL = (".partial_image",)
COMPLETED = (".completed",)
END_MARK = b"[DONE]"


class EventReader:
    """Puts pieces of a body together to events: the JSON objects of their data, with the event's name as `type`."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._name = ""
        self._data: list[bytes] = []

    def feed(self, piece: bytes) -> list[dict[str, Any]]:
        """The events that this piece completes."""
        *lines, rest = piece.split(b"\n")
        events = []
        for line in lines:
            whole = b"".join((*self._pieces, line))
            self._pieces.clear()
            event = self._take(whole.rstrip(b"\r"))
            if event is not None:
                events.append(event)
        if rest:
            self._pieces.append(rest)
        return events

    def finish(self) -> list[dict[str, Any]]:
        """The last event, when the body ended without the empty line behind it."""
        return self.feed(b"\n\n")

    def _take(self, line: bytes) -> dict[str, Any] | None:
        if not line:
            return self._dispatch()
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"event":
            self._name = value.decode("utf-8", "replace")
        elif name == b"data":
            self._data.append(value)
        return None

    def _dispatch(self) -> dict[str, Any] | None:
        data, name = b"\n".join(self._data), self._name
        self._data, self._name = [], ""
        if not data or data.startswith(END_MARK):
            return None
        try:
            event = mapping(orjson.loads(data))
        except ValueError:
            return None
        return {"type": name, **event} if event else None


def preview_watcher(show: Callable[[bytes, int], None]) -> Callable[[bytes], None]:
    """A function for `Door.submit(watch=…)` that shows each unfinished picture as soon as it is there."""
    reader = EventReader()

    def watch(piece: bytes) -> None:
        for event in reader.feed(piece):
            if not text(event.get("type")).endswith(PARTIAL):
                continue
            number, picture = event.get("partial_image_index"), decode(text(event.get("b64_json")))
            if isinstance(number, int) and 0 <= number <= 9 and _is_picture(picture):
                show(picture, number)

    return watch


def _is_picture(data: bytes) -> bool:
    try:
        read_picture(data)
    except UnreadablePicture:
        return False
    return True


def read_stream(body: bytes) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """The final event as an answer without a stream would have it, and the error event; None for what did not come."""
    reader = EventReader()
    events = [*reader.feed(body), *reader.finish()]
    failed = next((event for event in events if event.get("error") or event["type"] == "error"), None)
    final = next((event for event in reversed(events) if text(event["type"]).endswith(COMPLETED)), None)
    if final is None:
        return None, failed
    known = ("background", "output_format", "quality", "size", "usage", "safety_identifier")
    answer = {name: final[name] for name in known if final.get(name) is not None}
    pictures = [{"b64_json": text(final.get("b64_json")), "url": text(final.get("url"))}]
    shown = sum(text(event["type"]).endswith(PARTIAL) for event in events)
    return {"created": final.get("created_at"), "data": pictures, **answer, "partial_images": shown}, failed
