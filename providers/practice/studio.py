"""The vendor's side: an HTTP service inside this process that draws, bills, and misbehaves on request.

It is a transport of the HTTP client, so that the practice vendor goes through the same door as every other: the
answer is kept on disk before anyone reads it, and a call that is resumed reads the kept answer.
"""

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import orjson
import pybase64

from providers.practice.drawing import Order, draw
from providers.practice.drawing.finish import out_of_focus
from providers.practice.outcomes import Wishes, read_wishes

MOST_REMEMBERED = 1000
RETRY_AFTER_SECONDS = 1
SEEDS = 2**31
TEXT_ANSWER = "I would rather describe it: a quiet scene in soft light. Ask for a picture more plainly."

UNREADABLE = {"code": "capability", "message": "A reference picture or the mask cannot be read"}

_REFUSALS = {
    "busy": (429, "rate_minute", "Rate limit exceeded"),
    "refuse": (400, "refused_prompt", "The prompt was refused, as #refuse asked"),
    "refuse-output": (200, "refused_output", "The picture was withheld, as #refuse-output asked"),
    "text": (200, "no_image_text_answer", "The model answered in words, as #text asked"),
}


class Studio(httpx.BaseTransport):
    """Answers POST /v1/pictures. Safe for many threads.

    `#busy:N` needs the one thing that it remembers: how often a prompt with its seed was turned away. The memory is
    this process's own, and forgets the oldest beyond a thousand.
    """

    def __init__(self) -> None:
        self._turned_away: OrderedDict[str, int] = OrderedDict()
        self._lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        body = orjson.loads(request.read())
        wishes = read_wishes(body["prompt"])
        answer_id = f"practice-{secrets.token_hex(10)}"
        if body.get("partial_images") and not wishes.words & {*_REFUSALS, "broken"}:
            fields = {"content-type": "application/x-ndjson", "x-request-id": answer_id}
            return httpx.Response(200, headers=fields, content=_shown_on_the_way(wishes, body, answer_id, request))
        time.sleep(wishes.slow_seconds)
        if "busy" in wishes.words and self._is_busy(wishes, body):
            return _refusal("busy", answer_id)
        for word in ("refuse", "refuse-output", "text"):
            if word in wishes.words:
                return _refusal(word, answer_id)
        try:
            pictures = _pictures(wishes, body)
        except (OSError, SyntaxError, ValueError):
            return _error(400, **UNREADABLE, answer_id=answer_id)
        if "lost" in wishes.words:
            raise _lost(request)
        return _answer(200, _whole(wishes, body, pictures, answer_id), answer_id)

    def _is_busy(self, wishes: Wishes, body: Mapping[str, Any]) -> bool:
        if wishes.busy_times is None:
            return True
        key = f"{body['seed']}\n{body['prompt']}"
        with self._lock:
            times = self._turned_away.pop(key, 0)
            if times >= wishes.busy_times:
                return False
            self._turned_away[key] = times + 1
            if len(self._turned_away) > MOST_REMEMBERED:
                self._turned_away.popitem(last=False)
            return True


def _shown_on_the_way(
    wishes: Wishes, body: Mapping[str, Any], answer_id: str, request: httpx.Request
) -> Iterator[bytes]:
    """Lines of JSON: the first picture out of focus, sharper from line to line, and at last the answer."""
    count = body["partial_images"]
    try:
        pictures = _pictures(wishes, body)
    except (OSError, SyntaxError, ValueError):
        yield orjson.dumps({"id": answer_id, "error": UNREADABLE})
        return
    for number in range(count):
        time.sleep(wishes.slow_seconds / (count + 1))
        if pictures:
            blurred = out_of_focus(pybase64.b64decode(pictures[0]["data"]), count - number)
            yield orjson.dumps({"preview": pybase64.b64encode_as_string(blurred), "number": number}) + b"\n"
    time.sleep(wishes.slow_seconds / (count + 1))
    if "lost" in wishes.words:
        raise _lost(request)
    yield orjson.dumps(_whole(wishes, body, pictures, answer_id))


def _lost(request: httpx.Request) -> httpx.ReadError:
    return httpx.ReadError("The answer was lost on its way, as #lost asked.", request=request)


def _whole(wishes: Wishes, body: Mapping[str, Any], pictures: list[dict[str, Any]], answer_id: str) -> dict[str, Any]:
    return {"id": answer_id, "pictures": pictures, "usage": _usage(wishes, body, len(pictures))}


def _pictures(wishes: Wishes, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The pictures with their seeds: the first has the seed asked for or a random one, the i-th that seed plus i."""
    count = max(0, body["n"] - 1) if "partial" in wishes.words else body["n"]
    seed = secrets.randbelow(SEEDS) if body["seed"] is None else body["seed"]
    return [_picture(wishes, body, (seed + index) % SEEDS) for index in range(count)]


def _picture(wishes: Wishes, body: Mapping[str, Any], seed: int) -> dict[str, Any]:
    order = Order(
        prompt=wishes.prompt,
        seed=seed,
        size=(body["width"], body["height"]),
        style=body["style"],
        palette=body["palette"],
        negative_prompt=body["negative_prompt"],
        quality=body["quality"],
        guidance_scale=body["guidance_scale"],
        is_transparent=body["background"] == "transparent",
        file_format=body["output_format"] or "png",
        references=tuple(pybase64.b64decode(image) for image in body["images"]),
        mask=pybase64.b64decode(body["mask"]) if body["mask"] else None,
        strength=body["strength"],
    )
    drawing = draw(order)
    data = b"This is no picture." if "broken" in wishes.words else drawing.data
    revised = f"{wishes.prompt} ({drawing.style}, {drawing.palette} colours)" if body["enhance_prompt"] else None
    return {
        "data": pybase64.b64encode(data).decode("ascii"),
        "seed": seed,
        "style": drawing.style,
        "palette": drawing.palette,
        "revised_prompt": revised,
    }


def _usage(wishes: Wishes, body: Mapping[str, Any], delivered: int) -> dict[str, int]:
    billed = delivered * 2 if "overrun" in wishes.words else delivered
    return {"image": billed, f"image:{body['resolution']}": billed}


def _refusal(word: str, answer_id: str) -> httpx.Response:
    return _error(*_REFUSALS[word], answer_id)


def _error(status: int, code: str, message: str, answer_id: str) -> httpx.Response:
    error = {"code": code, "message": message}
    if code == "no_image_text_answer":
        error["text"] = TEXT_ANSWER
    headers = {"retry-after": str(RETRY_AFTER_SECONDS)} if status == 429 else {}
    return _answer(status, {"id": answer_id, "error": error}, answer_id, headers)


def _answer(
    status: int, document: Mapping[str, Any], answer_id: str, headers: Mapping[str, str] | None = None
) -> httpx.Response:
    fields = {"content-type": "application/json", "x-request-id": answer_id, **(headers or {})}
    return httpx.Response(status, headers=fields, content=orjson.dumps(document))
