"""Servers that speak OpenAI's images form, for the vendors' emulator: five models, each after one real kind of server.

Written from their documents (see `models`). All five stand behind one address, as behind a gateway; one of them is
paid. No key is needed; one that holds "invalid" is refused.
"""

import base64
import secrets
import threading
import time

from providers.compatible.emulator.models import MODELS
from providers.compatible.emulator.wish import Refused, Wish, read_wish
from providers.emulation.contract import Call, Mount, Reply, VendorEmulator, json_reply
from providers.emulation.drawing import draw_picture
from providers.emulation.invoice import Charge, ChargeLine

COSTLY = ("/v1/images/generations", "/v1/images/edits")
MOST_KEPT = 200
_lock = threading.Lock()
_files: dict[str, bytes] = {}


def answer(call: Call) -> Reply:
    """The server's answer; pictures that it gave by address lie beside its interface."""
    if call.method == "GET" and call.path.startswith("/generated-images/"):
        with _lock:
            data = _files.get(call.path.removeprefix("/generated-images/"), b"")
        return Reply(body=data, content_type="image/png") if data else _failed(404, "Not Found")
    if "invalid" in call.headers.get("authorization", ""):
        return _failed(401, "Authentication Error, Invalid proxy server token passed.", kind="auth_error")
    if call.method == "GET" and call.path == "/v1/models":
        listed = [{"id": model.id, "object": "model", "owned_by": model.kind} for model in MODELS]
        return json_reply({"object": "list", "data": listed})
    if call.method != "POST" or call.path not in COSTLY:
        return _failed(404, "Not Found")
    try:
        return _draw(read_wish(call, is_edit=call.path == COSTLY[1]), call)
    except Refused as refused:
        return _failed(refused.status, str(refused), code=refused.code, param=refused.param)


def _draw(wish: Wish, call: Call) -> Reply:
    fault, request_id = call.fault, secrets.token_hex(12)
    if fault.filtered == "prompt":
        return _failed(400, "The prompt was rejected by content moderation.", code="content_policy_violation")
    number = wish.number if fault.partial is None else min(fault.partial, wish.number)
    pictures = [
        draw_picture(wish.prompt, secrets.token_hex(8), wish.size, "image/png", wish.references) for _ in range(number)
    ]
    # A gateway withholds without a word: the call is paid and its list is empty.
    data = [] if fault.filtered else [_item(wish, picture, call) for picture in pictures]
    charge = None
    if wish.model.micro:
        charge = Charge(model=wish.model.id, request_id=request_id, lines=(ChargeLine(number, wish.model.micro),))
    reply = json_reply({"created": int(time.time()), "data": data}, charge=charge)
    return Reply(body=reply.body, charge=charge, headers={"x-request-id": request_id}, content_type="application/json")


def _item(wish: Wish, picture: bytes, call: Call) -> dict[str, str]:
    if wish.form_of_answer != "url":
        return {"b64_json": base64.b64encode(picture).decode()}
    name = f"b64{secrets.token_hex(8)}.png"
    with _lock:
        _files[name] = picture
        while len(_files) > MOST_KEPT:
            del _files[next(iter(_files))]
    return {"url": f"{call.origin}/{call.mount}/generated-images/{name}"}


def _failed(
    status: int, message: str, *, kind: str = "invalid_request_error", code: str | None = None, param: str | None = None
) -> Reply:
    error = {"message": message, "type": kind, "param": param, "code": code}
    return json_reply({"error": error}, status=status)


def failure(call: Call, status: int) -> Reply:
    """The usual answer with that status: OpenAI's envelope, and pages from whatever stands before the server."""
    if status in (502, 503, 504):
        return Reply(status=status, body=b"<html><h1>Bad gateway</h1></html>", content_type="text/html")
    if status < 400:
        return json_reply({}, status=status)
    words = {401: "Invalid token.", 402: "Insufficient credit.", 404: "The model does not exist.",
             429: "Too many requests.", 500: "CUDA out of memory."}  # fmt: skip
    return _failed(status, words.get(status, "The server answered with an error."))


def _does_work(call: Call) -> bool:
    return call.method == "POST" and call.path in COSTLY


application = VendorEmulator(
    id="openai-compatible",
    mounts=(Mount(name="compatible", variable="OPENAI_COMPATIBLE_BASE_URL", suffix="/v1"),),
    answer=answer,
    failure=failure,
    does_work=_does_work,
)
