"""Together AI's images for the vendors' emulator, from its pages: https://docs.together.ai/reference/post-images-generations.

A key with "invalid" in it is refused. What is filtered answers 422, as the safety checker does; a picture that was made
before it was withheld is charged here, which no page says or denies.
"""

import base64
import secrets
import threading
from dataclasses import replace
from fractions import Fraction

from providers.emulation.contract import Call, Mount, Reply, VendorEmulator, json_reply
from providers.emulation.drawing import draw_picture
from providers.emulation.invoice import Charge, ChargeLine
from providers.together.emulator.models import CHAT, MODELS
from providers.together.emulator.wish import Refused, Wish, read_wish

IMAGES = "/v1/images/generations"
FILES = "/files/"
MOST_KEPT = 50
PIXELS_A_MEGAPIXEL = 1_000_000
_lock = threading.Lock()
_files: dict[str, tuple[bytes, str]] = {}


def answer(call: Call) -> Reply:
    """Together's answer to a call, with the charge for its work."""
    if call.method == "GET" and call.path.startswith(FILES):
        return _file(call.path.removeprefix(FILES))
    key = call.headers.get("authorization", "").removeprefix("Bearer ")
    if not key or "invalid" in key:
        words = "Invalid API key provided. You can find your API key at https://api.together.ai/settings/api-keys."
        return _failed(401, words, code="invalid_api_key")
    if call.method == "GET" and call.path == "/v1/models":
        return json_reply([CHAT, *(model.as_listed() for model in MODELS)])
    if call.method != "POST" or call.path != IMAGES:
        return _failed(404, "Not found")
    try:
        return _draw(read_wish(call), call)
    except Refused as refused:
        return _failed(refused.status, str(refused), param=refused.param, code=refused.code)


def _draw(wish: Wish, call: Call) -> Reply:
    if call.fault.filtered == "prompt":
        return _withheld(None)
    if call.fault.partial == 0:
        return _failed(500, "Internal server error", kind="server_error")
    number = wish.number if call.fault.partial is None else min(call.fault.partial, wish.number)
    request_id = f"o{secrets.token_hex(12)}"
    charge = Charge(model=wish.model.id, request_id=request_id, lines=(_line(wish, number),))
    if call.fault.filtered:
        return _withheld(charge)
    pictures = [draw_picture(wish.prompt, secrets.token_hex(8), wish.size, wish.mime_type, wish.references)
                for _ in range(number)]  # fmt: skip
    data = [_item(wish, index, picture, call) for index, picture in enumerate(pictures)]
    return json_reply({"id": request_id, "model": wish.model.id, "object": "list", "data": data}, charge=charge)


def _line(wish: Wish, number: int) -> ChargeLine:
    """By the picture, or megapixels x price x steps / usual steps, where fewer steps than usual cost no less."""
    model = wish.model
    if model.by_picture:
        return ChargeLine(number, model.micro)
    more = Fraction(max(wish.steps, model.usual_steps), model.usual_steps) if model.usual_steps else Fraction(1)
    return ChargeLine(number * wish.size[0] * wish.size[1], model.micro * more, per=PIXELS_A_MEGAPIXEL)


def _item(wish: Wish, index: int, picture: bytes, call: Call) -> dict[str, object]:
    if not wish.as_address:
        encoded = base64.b64encode(picture).decode()
        return {"index": index, "type": "b64_json", "b64_json": encoded, "timings": {"inference": 0.4}}
    name = secrets.token_hex(8)
    with _lock:
        _files[name] = (picture, wish.mime_type)
        while len(_files) > MOST_KEPT:
            del _files[next(iter(_files))]
    return {"index": index, "type": "url", "url": f"{call.origin}/{call.mount}{FILES}{name}"}


def _file(name: str) -> Reply:
    with _lock:
        found = _files.get(name)
    return Reply(body=found[0], content_type=found[1]) if found else _failed(404, "Not found")


def _withheld(charge: Charge | None) -> Reply:
    return replace(_failed(422, "The request was flagged as NSFW."), charge=charge)


def _failed(
    status: int, message: str, *, kind: str = "invalid_request_error", param: str | None = None, code: str | None = None
) -> Reply:
    return json_reply({"error": {"message": message, "type": kind, "param": param, "code": code}}, status=status)


def failure(call: Call, status: int) -> Reply:
    """The usual answer with that status: https://docs.together.ai/docs/error-codes"""
    if status in (502, 504):
        return Reply(status=status, body=b"<html><h1>Bad gateway</h1></html>", content_type="text/html")
    if status < 400:
        return json_reply({}, status=status)
    words = {
        401: "Invalid API key provided.", 402: "The account has reached its spending limit.", 404: "Model not found",
        429: "Rate limit exceeded", 500: "Internal server error", 503: "Engine overloaded",
    }  # fmt: skip
    return _failed(status, words.get(status, "Invalid request"), param="prompt" if status == 422 else None)


def _does_work(call: Call) -> bool:
    return call.method == "POST" and call.path == IMAGES


application = VendorEmulator(
    id="together",
    mounts=(Mount(name="together", variable="TOGETHER_BASE_URL"),),
    answer=answer,
    failure=failure,
    does_work=_does_work,
)
