"""BFL's API for the vendors' emulator: FLUX.2, FLUX 3 Image and FLUX.1 Fill, tasks, pictures and credits.

https://docs.bfl.ai/quick_start/generating_images. Webhooks, the rest of FLUX.1 and the tools are not emulated; the
limit of 24 active tasks is left to the fault menu.
"""

from providers.bfl.emulator.errors import Refused, usual_failure
from providers.bfl.emulator.models import FILL, FLUX_2, FLUX_3
from providers.bfl.emulator.tasks import check_key, delivery, result, submit
from providers.bfl.emulator.wish import read_wish
from providers.emulation.contract import Call, Mount, Reply, VendorEmulator, json_reply

CREDITS = 123.4


def answer(call: Call) -> Reply:
    """BFL's answer to any request below the base address."""
    try:
        return _route(call)
    except Refused as refused:
        return refused.reply()


def _does_work(call: Call) -> bool:
    return call.method == "POST" and call.path.startswith("/v1/")


def _route(call: Call) -> Reply:
    if call.method == "GET" and call.path.startswith("/delivery/") and call.path.count("/") == 3:
        return delivery(call)
    check_key(call)
    if call.method == "GET" and call.path == "/v1/credits":
        return json_reply({"credits": CREDITS})
    if call.method == "GET" and call.path == "/v1/get_result":
        return result(call)
    model = call.path.removeprefix("/v1/")
    if call.method != "POST" or not (model in FLUX_2 or model in (FILL, FLUX_3)):
        raise Refused(404)
    return submit(read_wish(model, call.body), call)


application = VendorEmulator(
    id="black-forest-labs",
    mounts=(Mount(name="bfl", variable="BFL_BASE_URL"),),
    answer=answer,
    failure=usual_failure,
    does_work=_does_work,
)
