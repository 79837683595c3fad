"""Ideogram's v2 API for the vendors' emulator: three generators, precise edits, background removal, generations, keys.

https://developer.ideogram.ai/ideogram-api/api-overview and Ideogram's OpenAPI document of 2026-10-07. Webhooks are not
emulated; the limit of 10 pictures in progress is left to the fault menu.
"""

from providers.emulation.contract import Call, Mount, Reply, VendorEmulator, json_reply
from providers.ideogram.emulator.errors import Refused, usual_failure
from providers.ideogram.emulator.generations import delivery, generate, generation_reply
from providers.ideogram.emulator.services import SERVICES
from providers.ideogram.emulator.wish import read_wish

CALLS = "/v2/image/"
GENERATIONS = "/v2/generations/"
PICTURES = "/api/images/ephemeral/"
# A key of somebody without access to the workspace's billing, whom the account's pages do not know.
WITHOUT_BILLING = "without-billing"
KEYS = [
    {"api_key_id": "JRPVD7jWR1aTBYiJ0UFVOg", "creation_time": "2026-10-01T04:56:07+00:00",
     "redacted_api_key": "ATG5•••••••••••••", "status": "active"},
]  # fmt: skip


def answer(call: Call) -> Reply:
    """Ideogram's answer to any request below the base address."""
    try:
        return _route(call)
    except Refused as refused:
        return refused.reply()


def _does_work(call: Call) -> bool:
    return call.method == "POST" and call.path.startswith(CALLS) and call.query.get("dry_run") != "true"


def _route(call: Call) -> Reply:
    if call.method == "GET" and call.path.startswith(PICTURES):
        return delivery(call)
    key = call.headers.get("api-key", "").strip()
    if not key or "invalid" in key:
        raise Refused(401)
    if call.method == "GET" and call.path == "/v2/account/api-keys" and WITHOUT_BILLING not in key:
        return json_reply({"api_keys": KEYS})
    if call.method == "GET" and call.path == "/models":
        return json_reply({"models": []})
    if call.method == "GET" and call.path.startswith(GENERATIONS):
        return generation_reply(call.path.removeprefix(GENERATIONS), key)
    service = SERVICES.get(call.path.removeprefix(CALLS))
    if call.method != "POST" or not call.path.startswith(CALLS) or service is None:
        raise Refused(404)
    return generate(service, read_wish(service, call.headers.get("content-type", ""), call.body), call, key)


application = VendorEmulator(
    id="ideogram",
    mounts=(Mount(name="ideogram", variable="IDEOGRAM_BASE_URL"),),
    answer=answer,
    failure=usual_failure,
    does_work=_does_work,
)
