"""The xAI API's images for the vendors' emulator: keys, models, images/generations and images/edits.

https://docs.x.ai/developers/rest-api-reference/inference. Deferred calls, batches and the gRPC interface are not
emulated.
"""

import secrets
from typing import Any

from providers.emulation.contract import Call, Mount, Reply, VendorEmulator, json_reply
from providers.xai.emulator.answer import answer_wish
from providers.xai.emulator.errors import Refused, missing_key, no_such_model, usual_failure, wrong_key
from providers.xai.emulator.files import read_file
from providers.xai.emulator.models import MODELS, ImageModel, find_model
from providers.xai.emulator.wish import LONGEST_PROMPT, read_wish

GENERATIONS, EDITS = "/v1/images/generations", "/v1/images/edits"
LISTED = "/v1/image-generation-models"


def answer(call: Call) -> Reply:
    """xAI's answer to any request below the base address; results lie beside it, open without a key."""
    if call.method == "GET" and call.path.startswith("/files/"):
        return read_file(call.path.removeprefix("/files/"))
    request_id = f"{secrets.token_hex(4)}-{secrets.token_hex(12)}"
    headers = {"x-request-id": request_id, "x-zero-data-retention": "false"}
    try:
        return _route(call, _read_key(call), request_id, headers)
    except Refused as refused:
        return refused.reply(headers)


def _read_key(call: Call) -> str:
    scheme, _, key = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise missing_key()
    if "invalid" in key:
        raise wrong_key(key.strip())
    return key.strip()


def _route(call: Call, key: str, request_id: str, headers: dict[str, str]) -> Reply:
    if _does_work(call):
        return answer_wish(read_wish(call, is_edit=call.path == EDITS), call, request_id, headers)
    if call.method == "GET" and call.path == "/v1/api-key":
        return json_reply(_key_described(key))
    if call.method == "GET" and call.path == LISTED:
        return json_reply({"models": [_described(model) for model in MODELS]})
    if call.method == "GET" and call.path.startswith(f"{LISTED}/"):
        name = call.path.removeprefix(f"{LISTED}/")
        model = find_model(name)
        if model is None:
            raise no_such_model(name)
        return json_reply(_described(model))
    raise Refused(404, f"The requested resource {call.path} was not found.", "Some requested entity was not found")


def _key_described(key: str) -> dict[str, Any]:
    """https://docs.x.ai/developers/rest-api-reference/inference/other"""
    moment = "2026-08-01T09:00:00.000000Z"
    return {
        "redacted_api_key": f"xai-...{key[-4:]}", "user_id": "emulated", "name": "Emulated key", "create_time": moment,
        "modify_time": moment, "modified_by": "emulated", "team_id": "emulated", "api_key_id": "emulated",
        "acls": ["api-key:model:*", "api-key:endpoint:*"],
        "team_blocked": False, "api_key_blocked": False, "api_key_disabled": False,
    }  # fmt: skip


def _described(model: ImageModel) -> dict[str, Any]:
    return {"id": model.id, "object": "model", "created": model.created, "owned_by": "xai", "version": "1.0",
            "max_prompt_length": LONGEST_PROMPT, "input_modalities": ["text", "image"], "output_modalities": ["image"],
            "aliases": list(model.aliases)}  # fmt: skip


def _does_work(call: Call) -> bool:
    return call.method == "POST" and call.path in (GENERATIONS, EDITS)


application = VendorEmulator(
    id="xai",
    mounts=(Mount(name="xai", variable="XAI_BASE_URL", suffix="/v1"),),
    answer=answer,
    failure=usual_failure,
    does_work=_does_work,
)
