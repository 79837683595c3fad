"""Recraft's REST API for the vendors' emulator: drawing, changing and enlarging raster pictures, and the balance.

https://www.recraft.ai/docs/api-reference/endpoints, …/agents and …/error-handling. Limits are left to the limits of the
emulator; SVG, styles of one's own, outpaint, remix, explore and prompts are not emulated. Input pictures may come as a
form's files or as data URLs: other addresses are not fetched.
"""

import secrets

from providers.emulation.contract import Call, Mount, Reply, VendorEmulator, json_reply
from providers.recraft.emulator.documents import OPERATIONS
from providers.recraft.emulator.errors import Refused, usual_failure
from providers.recraft.emulator.outcome import answer_wish, kept_file
from providers.recraft.emulator.wish import read_wish

FILES = "/img/"
BALANCE = 1000


def answer(call: Call) -> Reply:
    """Recraft's answer to any request below the base address."""
    try:
        return _route(call)
    except Refused as refused:
        return refused.reply()


def _does_work(call: Call) -> bool:
    return call.method == "POST" and call.path in OPERATIONS


def _route(call: Call) -> Reply:
    if call.method == "GET" and call.path.startswith(FILES):
        # Addresses of pictures are open to whoever has them.
        return kept_file(call.path.removeprefix(FILES))
    kind, _, key = call.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not key.strip() or "invalid" in key:
        raise Refused(401)
    if call.method == "GET" and call.path == "/v1/users/me":
        user = f"{secrets.token_hex(4)}-45e7-4c00-82c4-4ad7d3dbce3a"
        return json_reply({"credits": BALANCE, "email": "test@example.com", "id": user, "name": "Recraft Test"})
    operation = OPERATIONS.get(call.path)
    if operation is None or call.method != "POST":
        raise Refused(404)
    return answer_wish(read_wish(operation, call.headers.get("content-type", ""), call.body), call)


application = VendorEmulator(
    id="recraft",
    mounts=(Mount(name="recraft", variable="RECRAFT_BASE_URL", suffix="/v1"),),
    answer=answer,
    failure=usual_failure,
    does_work=_does_work,
)
