"""Replicate's HTTP API for the vendors' emulator: models, predictions, files and their delivery, as its pages have it.

https://replicate.com/docs/reference/http. Files that replicate.delivery serves lie at /delivery below the mount, and
are given without a token. Webhooks, deployments, trainings and streams are not emulated.
"""

import re
import secrets
import threading
import time
from email import message_from_bytes
from typing import Any

from providers.emulation.contract import Call, Mount, Reply, VendorEmulator, json_reply
from providers.replicate.emulator.errors import Refused, invalid_input, usual_failure
from providers.replicate.emulator.models import MODELS, Model, find_model, find_version
from providers.replicate.emulator.wish import read_body, read_wish
from providers.replicate.emulator.work import Prediction, Predictions

BODY_NAMES = {"input", "webhook", "webhook_events_filter", "stream"}
LARGEST_FILE = 100 * 1024 * 1024
LONGEST_DEADLINE, SHORTEST_DEADLINE = 24 * 3600, 5
_MODEL = re.compile(r"/v1/models/(?P<owner>[\w.-]+)/(?P<name>[\w.-]+)(?P<rest>/predictions|/versions/[0-9a-z]+)?")
_PREDICTION = re.compile(r"/v1/predictions/(?P<id>[0-9a-z]+)(?P<cancel>/cancel)?")
_DELIVERY = re.compile(r"/delivery/(?P<id>[0-9a-z]+)/(?P<name>[\w.-]+)")
_PREFER = re.compile(r"wait(?:=([1-9]|[1-5][0-9]|60))?")
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)([smh])")
_predictions = Predictions()
_uploads: dict[str, bytes] = {}
_uploads_lock = threading.Lock()


def answer(call: Call) -> Reply:
    """Replicate's answer to any request below the base address."""
    try:
        delivered = _DELIVERY.fullmatch(call.path)
        if delivered and call.method in ("GET", "HEAD"):
            return _deliver(delivered["id"], delivered["name"])
        _check_token(call)
        return _route(call)
    except Refused as refused:
        return refused.reply()


def _does_work(call: Call) -> bool:
    return call.method == "POST" and call.path.endswith("/predictions")


def _check_token(call: Call) -> None:
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    if scheme not in ("Bearer", "Token") or not token.strip() or "invalid" in token:
        raise Refused(401)


def _route(call: Call) -> Reply:
    if (call.method, call.path) == ("GET", "/v1/account"):
        person = {
            "type": "user",
            "username": "emulated",
            "name": "Emulated Account",
            "github_url": "",
            "avatar_url": "",
        }
        return json_reply(person)
    if (call.method, call.path) == ("POST", "/v1/files"):
        return _upload(call)
    if (call.method, call.path) == ("POST", "/v1/predictions"):
        return _predict_by_version(call)
    model, prediction = _MODEL.fullmatch(call.path), _PREDICTION.fullmatch(call.path)
    if model:
        return _model(call, f"{model['owner']}/{model['name']}", model["rest"] or "")
    if prediction and call.method == ("POST" if prediction["cancel"] else "GET"):
        found = _predictions.get(prediction["id"])
        if found is None:
            raise Refused(404)
        if prediction["cancel"]:
            _predictions.cancel(found)
        return json_reply(found.document())
    raise Refused(404)


def _model(call: Call, model_id: str, rest: str) -> Reply:
    model = find_model(model_id)
    if model is None:
        raise Refused(404)
    if rest == "/predictions" and call.method == "POST":
        if not model.official:
            raise Refused(404)
        return _predict(call, model, read_body(call, BODY_NAMES))
    if call.method != "GET" or rest == "/predictions":
        raise Refused(404)
    if rest:
        if rest.removeprefix("/versions/") != model.version:
            raise Refused(404)
        return json_reply(_version(model))
    owner, name = model_id.split("/")
    return json_reply({
        "url": f"https://replicate.com/{model_id}", "owner": owner, "name": name, "description": model.description,
        "visibility": "public", "github_url": None, "paper_url": None, "license_url": None, "run_count": len(MODELS),
        "cover_image_url": None, "default_example": None, "is_official": model.official,
        "latest_version": _version(model),
    })  # fmt: skip


def _version(model: Model) -> dict[str, Any]:
    # Of official models too the schema stands in a version, whose id nobody needs.
    version = model.version if model.version != "hidden" else "0" * 64
    return {
        "id": version, "created_at": "2026-01-01T00:00:00Z", "cog_version": "0.16.8",
        "openapi_schema": model.openapi_schema(),
    }  # fmt: skip


def _predict_by_version(call: Call) -> Reply:
    body = read_body(call, BODY_NAMES | {"version"})
    model = find_version(str(body["version"]))
    if model is None:
        words = "The specified version does not exist (or perhaps you don't have permission to use it?)"
        raise Refused(422, words, title="Invalid version or not permitted")
    return _predict(call, model, body)


def _predict(call: Call, model: Model, body: dict[str, Any]) -> Reply:
    prefer, deadline = call.headers.get("prefer"), call.headers.get("cancel-after")
    wait = _PREFER.fullmatch(prefer) if prefer is not None else None
    if (prefer is not None and wait is None) or (deadline is not None and not _is_deadline(deadline)):
        raise invalid_input([("format", "", "A header does not have its documented form")])
    wish = read_wish(body["input"], model, _uploaded)
    prediction = Prediction(wish, call.fault, call.origin)
    _predictions.add(prediction)
    until = time.monotonic() + (float(wait[1] or 60) if wait else 0.0)
    while prediction.status in ("starting", "processing") and time.monotonic() < until:
        time.sleep(0.01)
    document = prediction.document()
    status = 202 if document["status"] in ("starting", "processing") and wait else 201
    return json_reply(document, status=status, charge=prediction.charge())


def _is_deadline(words: str) -> bool:
    parts = _PART.findall(words)
    seconds = sum(float(count) * {"s": 1, "m": 60, "h": 3600}[unit] for count, unit in parts)
    return "".join("".join(part) for part in parts) == words and SHORTEST_DEADLINE <= seconds <= LONGEST_DEADLINE


def _upload(call: Call) -> Reply:
    """https://replicate.com/docs/reference/http#files.create: a multipart form with the file as `content`."""
    head = f"Content-Type: {call.headers.get('content-type', '')}\r\n\r\n".encode()
    message = message_from_bytes(head + call.body)
    for part in message.walk():
        data = None if part.is_multipart() else part.get_payload(decode=True)
        if isinstance(data, bytes) and part.get_param("name", header="content-disposition") == "content":
            return json_reply(_keep(call, data, part.get_content_type()), status=201)
    raise invalid_input([("required", "content", "content is required")])


def _keep(call: Call, data: bytes, mime_type: str) -> dict[str, Any]:
    if len(data) > LARGEST_FILE:
        raise Refused(413)
    name = secrets.token_hex(12)
    address = f"{call.origin}/replicate/v1/files/{name}"
    with _uploads_lock:
        _uploads[address] = data
    return {
        "id": name, "name": "picture", "content_type": mime_type, "size": len(data), "etag": name, "checksums": {},
        "metadata": {}, "created_at": "2026-01-01T00:00:00Z", "expires_at": "2026-01-02T00:00:00Z",
        "urls": {"get": address},
    }  # fmt: skip


def _uploaded(address: str) -> bytes | None:
    with _uploads_lock:
        return _uploads.get(address)


def _deliver(prediction_id: str, name: str) -> Reply:
    prediction = _predictions.get(prediction_id)
    data = prediction.file(name) if prediction else None
    if prediction is None or data is None:
        return Reply(status=404, body=b"not found", content_type="text/plain")
    return Reply(body=data, content_type=prediction.wish.mime_type)


application = VendorEmulator(
    id="replicate",
    mounts=(Mount(name="replicate", variable="REPLICATE_BASE_URL"),),
    answer=answer,
    failure=usual_failure,
    does_work=_does_work,
)
