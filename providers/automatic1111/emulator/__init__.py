"""AUTOMATIC1111's API for the vendors' emulator, written from modules/api of its repository.

It bills nothing and leaves no invoice line. With --api-auth it would want a password: this one takes any that comes and
does not contain "invalid". `save_images` puts a contact sheet before several pictures, as the server's own settings do.
"""

import base64
import binascii
from collections.abc import Callable

from providers.automatic1111.emulator.draw import carry_out
from providers.automatic1111.emulator.errors import Refused, usual_failure
from providers.automatic1111.emulator.server import CHECKPOINTS, SAMPLERS, SCHEDULERS
from providers.automatic1111.emulator.wish import read_wish
from providers.emulation.contract import Call, Mount, Reply, VendorEmulator, json_reply

WORK = {"/sdapi/v1/txt2img": False, "/sdapi/v1/img2img": True}
LISTS: dict[str, Callable[[], object]] = {
    "/sdapi/v1/sd-models": lambda: [checkpoint.as_json() for checkpoint in CHECKPOINTS],
    "/sdapi/v1/samplers": lambda: [{"name": name, "aliases": [], "options": {}} for name in SAMPLERS],
    "/sdapi/v1/schedulers": lambda: [
        {"name": name, "label": label, "aliases": []} for name, label in SCHEDULERS.items()
    ],
    "/sdapi/v1/options": lambda: {"sd_model_checkpoint": CHECKPOINTS[0].title, "samples_format": "png"},
    "/sdapi/v1/progress": lambda: {
        "progress": 0.0,
        "eta_relative": 0.0,
        "state": {"job_count": 0},
        "current_image": None,
    },
}


def answer(call: Call) -> Reply:
    """The server's answer to any request below its address."""
    try:
        _check_password(call.headers.get("authorization", ""))
        if call.path in LISTS and call.method == "GET":
            return json_reply(LISTS[call.path]())
        if _does_work(call):
            return carry_out(read_wish(call.body, with_picture=WORK[call.path]), call.fault)
        if call.path in LISTS or call.path in WORK:
            raise Refused(405, "Method Not Allowed")
        raise Refused(404, "Not Found")
    except Refused as refused:
        return refused.reply()


def _does_work(call: Call) -> bool:
    return call.method == "POST" and call.path in WORK


def _check_password(header: str) -> None:
    if not header:
        return
    kind, _, encoded = header.partition(" ")
    try:
        pair = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, ValueError):
        pair = "invalid"
    if kind != "Basic" or ":" not in pair or "invalid" in pair:
        raise Refused(401, "Incorrect username or password", error="HTTPException")


application = VendorEmulator(
    id="automatic1111",
    mounts=(Mount(name="automatic1111", variable="AUTOMATIC1111_BASE_URL"),),
    answer=answer,
    failure=usual_failure,
    does_work=_does_work,
)
