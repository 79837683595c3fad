"""fal's queue and platform API for the vendors' emulator, as its pages have them.

https://fal.ai/docs/api-reference/inference-api/openapi/queue.json and https://fal.ai/docs/platform-apis. Files that
fal.media serves lie at /files below the queue's mount, and are given without a key. The synchronous addresses,
webhooks, streams, uploads and workflows are not emulated.
"""

import math
import re

import orjson

from providers.emulation.contract import Call, Mount, Reply, VendorEmulator, json_reply
from providers.fal.emulator.errors import Refused, platform_error, usual_failure
from providers.fal.emulator.models import MODELS, Model, find_model
from providers.fal.emulator.wish import read_wish
from providers.fal.emulator.work import Request, Requests

SWITCHES = {"x-fal-no-retry": ("0", "1", "true", "yes"), "x-app-fal-disable-fallback": ("0", "1", "true", "yes")}
_REQUEST = re.compile(r"/(?P<app>[\w.-]+/[\w.-]+)/requests/(?P<id>[0-9a-f-]+)(?P<rest>/status|/cancel)?")
_FILE = re.compile(r"/files/(?P<id>[0-9a-f-]+)/(?P<name>[\w.-]+)")
_requests = Requests()


def answer(call: Call) -> Reply:
    """fal's answer to any request below a base address."""
    try:
        file = _FILE.fullmatch(call.path) if call.mount == "fal" else None
        if file and call.method in ("GET", "HEAD"):
            return _deliver(file["id"], file["name"])
        _check_key(call)
        return _platform(call) if call.mount == "fal-api" else _queue(call)
    except Refused as refused:
        return platform_error(refused.status) if call.mount == "fal-api" else refused.reply()


def _does_work(call: Call) -> bool:
    return call.mount == "fal" and call.method == "POST"


def _check_key(call: Call) -> None:
    scheme, _, key = call.headers.get("authorization", "").partition(" ")
    if scheme != "Key" or not key.strip() or "invalid" in key:
        raise Refused(401)


def _queue(call: Call) -> Reply:
    named = _REQUEST.fullmatch(call.path)
    if named and call.method == ("PUT" if named["rest"] == "/cancel" else "GET"):
        found = _requests.get(named["id"])
        if found is None or found.owner_app != named["app"]:
            raise Refused(404, "Request not found.")
        return _about(found, named["rest"] or "")
    model = find_model(call.path.removeprefix("/"))
    if call.method != "POST" or model is None:
        raise Refused(404, "Path not found.")
    return _submit(call, model)


def _submit(call: Call, model: Model) -> Reply:
    _check_headers(call)
    try:
        given = orjson.loads(call.body)
    except ValueError as error:
        raise Refused(400, "The request body is not valid JSON.") from error
    if not isinstance(given, dict):
        raise Refused(400, "The request body must be a JSON object.")
    request = Request("/".join(model.id.split("/")[:2]), call.origin, call.fault)
    try:
        request.wish = read_wish(given, model)
    except Refused as refused:
        # The queue takes anything: what is wrong with an input is the result of the request.
        request.refusal = refused.detail if isinstance(refused.detail, list) else []
    _requests.add(request)
    document = {"status": "IN_QUEUE", "request_id": request.id, "queue_position": 0, **request.addresses()}
    return json_reply(document, charge=request.charge())


def _check_headers(call: Call) -> None:
    """https://fal.ai/docs/documentation/model-apis/common-parameters.md"""
    for name, values in SWITCHES.items():
        if call.headers.get(name, "0") not in values:
            raise Refused(400, f"The header {name} does not have its documented form.")
    try:
        lifecycle = orjson.loads(call.headers.get("x-fal-object-lifecycle-preference", "{}"))
        seconds = float(call.headers.get("x-fal-request-timeout", "60"))
    except ValueError as error:
        raise Refused(400, "A header does not have its documented form.") from error
    if not isinstance(lifecycle, dict) or not (math.isfinite(seconds) and seconds > 0.1):
        raise Refused(400, "A header does not have its documented form.")


def _about(request: Request, rest: str) -> Reply:
    if rest == "/cancel":
        if _requests.cancel(request):
            return json_reply({"status": "CANCELLATION_REQUESTED"}, status=202)
        return json_reply({"status": "ALREADY_COMPLETED"}, status=400)
    if rest == "/status":
        document = request.progress()
        return json_reply(document, status=200 if document["status"] == "COMPLETED" else 202)
    status, body = request.result()
    units = {"x-fal-billable-units": str(request.pictures)} if status == 200 else {}
    kind = {"x-fal-error-type": body["error_type"]} if "error_type" in body else {}
    headers = {"x-fal-request-id": request.id, **units, **kind}
    return Reply(status=status, body=orjson.dumps(body), headers=headers)


def _platform(call: Call) -> Reply:
    if (call.method, call.path) == ("GET", "/v1/account/billing"):
        credits = {"current_balance": 24.5, "currency": "USD"} if call.query.get("expand") == "credits" else None
        return json_reply({"username": "emulated", **({"credits": credits} if credits else {})})
    if (call.method, call.path) == ("GET", "/v1/models"):
        asked = call.query.get("endpoint_id")
        found = [model for model in MODELS if asked in (None, model.id)]
        if not found:
            raise Refused(404)
        has_schema = call.query.get("expand") == "openapi-3.0"
        models = [_described(model) | ({"openapi": model.openapi()} if has_schema else {}) for model in found]
        return json_reply({"models": models, "next_cursor": None, "has_more": False})
    raise Refused(404)


def _described(model: Model) -> dict[str, object]:
    metadata = {
        "display_name": model.title, "category": model.category, "description": f"{model.title} at fal.",
        "status": "active", "tags": [], "updated_at": "2026-10-01T00:00:00Z",
        "model_url": f"https://fal.run/{model.id}",
    }  # fmt: skip
    return {"endpoint_id": model.id, "metadata": metadata}


def _deliver(request_id: str, name: str) -> Reply:
    request = _requests.get(request_id)
    data = request.file(name) if request else None
    if request is None or request.wish is None or data is None:
        return Reply(status=404, body=b"not found", content_type="text/plain")
    return Reply(body=data, content_type=request.wish.mime_type)


application = VendorEmulator(
    id="fal",
    mounts=(Mount(name="fal", variable="FAL_QUEUE_BASE_URL"), Mount(name="fal-api", variable="FAL_API_BASE_URL")),
    answer=answer,
    failure=usual_failure,
    does_work=_does_work,
)
