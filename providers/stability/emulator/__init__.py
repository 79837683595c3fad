"""Stability's REST v2beta for the vendors' emulator: image services, results of jobs and the balance.

https://platform.stability.ai/docs/api-reference. The limit of 150 requests in 10 seconds is left to the fault menu;
video, sound and 3D are not emulated.
"""

import secrets

from providers.emulation.contract import Call, Mount, Reply, VendorEmulator, json_reply
from providers.stability.emulator.errors import Refused, usual_failure
from providers.stability.emulator.form import read_wish
from providers.stability.emulator.outcome import answer_result, answer_wish
from providers.stability.emulator.services import FORMS

IMAGE_PATHS = "/v2beta/stable-image/"
RESULT_PATHS = "/v2beta/results/"
ACCEPTED = ("application/json", "image/", "*/*")
BALANCE = 1000.25


def answer(call: Call) -> Reply:
    """Stability's answer to any request below the base address."""
    try:
        return _route(call, _key(call))
    except Refused as refused:
        return refused.reply()


def _does_work(call: Call) -> bool:
    return call.method == "POST" and call.path.startswith(IMAGE_PATHS)


def _key(call: Call) -> str:
    kind, _, key = call.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not key.strip() or "invalid" in key:
        raise Refused(401)
    return key.strip()


def _route(call: Call, key: str) -> Reply:
    if call.method == "GET" and call.path == "/v1/user/balance":
        return json_reply({"credits": BALANCE})
    if call.method == "GET" and call.path == "/v1/user/account":
        return json_reply({"id": f"user-{secrets.token_hex(8)}", "email": "owner@example.org", "organizations": []})
    accept = call.headers.get("accept", "image/*")
    if not any(kind in accept for kind in ACCEPTED):
        raise Refused(400, "accept: must be one of image/*, application/json")
    if call.method == "GET" and call.path.startswith(RESULT_PATHS):
        return answer_result(call.path.removeprefix(RESULT_PATHS), call, key)
    service = call.path.removeprefix(IMAGE_PATHS)
    if call.method != "POST" or (service not in FORMS and service != "generate/sd3"):
        raise Refused(404)
    wish = read_wish(service, call.headers.get("content-type", ""), call.body)
    return answer_wish(wish, call, key)


application = VendorEmulator(
    id="stability",
    mounts=(Mount(name="stability", variable="STABILITY_BASE_URL"),),
    answer=answer,
    failure=usual_failure,
    does_work=_does_work,
)
