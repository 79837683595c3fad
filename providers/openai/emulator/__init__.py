"""The OpenAI API's images for the vendors' emulator: keys, models, images/generations and images/edits, with streams.

https://developers.openai.com/api/reference. Files, batches, variations and the Responses API are not emulated.
"""

import secrets
from typing import Any

from providers.emulation.contract import Call, Mount, Reply, VendorEmulator, json_reply
from providers.openai.emulator.answer import answer_wish
from providers.openai.emulator.errors import INVALID, Refused, missing_key, no_such_model, usual_failure, wrong_key
from providers.openai.emulator.files import read_file
from providers.openai.emulator.models import MODELS, OTHER_LISTED, ImageModel, find_model
from providers.openai.emulator.wish import read_edit, read_generation

READERS = {"/v1/images/generations": read_generation, "/v1/images/edits": read_edit}


def answer(call: Call) -> Reply:
    """OpenAI's answer to any request below the base address; results lie beside it, open without a key."""
    if call.method == "GET" and call.path.startswith("/files/"):
        return read_file(call.path.removeprefix("/files/"))
    request_id = f"req_{secrets.token_hex(16)}"
    headers = {
        "x-request-id": request_id,
        "openai-processing-ms": "30",
        "openai-version": "2020-10-01",
        "openai-organization": "emulated",
        "openai-project": "proj_emulated",
    }
    try:
        _check_key(call)
        return _route(call, request_id, headers)
    except Refused as refused:
        # Whose account it was is not told where the key is unknown.
        known = refused.status != 401
        return refused.reply({name: told for name, told in headers.items() if known or "organization" not in name})


def _check_key(call: Call) -> None:
    scheme, _, key = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise missing_key()
    if "invalid" in key:
        raise wrong_key(key.strip())


def _route(call: Call, request_id: str, headers: dict[str, str]) -> Reply:
    if call.method == "POST" and call.path in READERS:
        return answer_wish(READERS[call.path](call), call, request_id, headers)
    if call.method == "GET" and call.path == "/v1/models":
        return json_reply({"object": "list", "data": [_described(model) for model in MODELS if model.is_listed] + [
            {"id": name, "object": "model", "created": 1790000000, "owned_by": "system"} for name in OTHER_LISTED
        ]})  # fmt: skip
    if call.method == "GET" and call.path.startswith("/v1/models/"):
        name = call.path.removeprefix("/v1/models/")
        model = find_model(name)
        if model is None or not model.is_listed:
            raise no_such_model(name)
        return json_reply(_described(model))
    raise Refused(404, f"Invalid URL ({call.method} {call.path})", kind=INVALID)


def _described(model: ImageModel) -> dict[str, Any]:
    return {"id": model.id, "object": "model", "created": model.created, "owned_by": "system",
            "shutdown_date": model.shutdown_date}  # fmt: skip


def _does_work(call: Call) -> bool:
    return call.method == "POST" and call.path in READERS


application = VendorEmulator(
    id="openai",
    mounts=(Mount(name="openai", variable="OPENAI_BASE_URL", suffix="/v1"),),
    answer=answer,
    failure=usual_failure,
    does_work=_does_work,
)
