"""The Gemini API for the vendors' emulator: keys, models and `generateContent`, and the same models on Vertex AI.

Addresses: https://ai.google.dev/api/models, https://ai.google.dev/api/generate-content and
https://cloud.google.com/vertex-ai/docs/reference/rest. Files, batches, caches and Interactions are not emulated. This
part answers for what other vendors of Google's leave of the two mounts, Vertex AI's access tokens among them.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from providers.emulation import vertex
from providers.emulation.contract import Call, Mount, Reply, VendorEmulator, json_reply
from providers.emulation.google_errors import (
    Refused,
    check_api_key,
    model_not_found,
    page_not_found,
    usual_failure,
)
from providers.gemini.emulator.answer import answer_wish
from providers.gemini.emulator.models import ALIASES, MODELS, GeminiModel, find_model
from providers.gemini.emulator.wish import read_wish

MOST_MODELS_A_PAGE = 1000
USUAL_MODELS_A_PAGE = 50
_MODELS_PATH = re.compile(r"/(?P<version>v1|v1beta)/models(?:/(?P<model>[^/:]+)(?::(?P<method>\w+))?)?")
_COSTLY = ("generateContent", "streamGenerateContent")


def answer(call: Call) -> Reply:
    """Google's answer to any request below the base addresses."""
    try:
        if call.mount == vertex.MOUNT:
            return _answer_on_vertex(call)
        check_api_key(call)
        return _route(call)
    except Refused as refused:
        return refused.reply()


def _answer_on_vertex(call: Call) -> Reply:
    if (call.method, call.path) == ("POST", vertex.TOKEN_PATH):
        return vertex.exchange_token(call)
    vertex.check_access(call)
    asked, described = vertex.read_model_call(call), vertex.described_model(call)
    if described and find_model(described):
        return vertex.description(described)
    if described:
        raise Refused(404, f"Publisher Model `publishers/google/models/{described}` is not found.")
    if asked is None:
        return page_not_found()
    model = find_model(asked.model)
    if model is None or asked.method not in _COSTLY:
        raise asked.not_found()
    reply = answer_wish(read_wish(call.body, model, through_vertex=True), call.fault)
    return reply if asked.method == "generateContent" else _streamed(call, reply)


def _does_work(call: Call) -> bool:
    return call.method == "POST" and call.path.endswith(tuple(f":{method}" for method in _COSTLY))


def _route(call: Call) -> Reply:
    path = _MODELS_PATH.fullmatch(call.path)
    if path is None or call.method != ("POST" if path["method"] else "GET"):
        return page_not_found()
    if path["model"] is None:
        return json_reply(_model_page(call.query))
    method = path["method"] or "getModel"
    model = find_model(path["model"])
    if model is None or method not in (*_COSTLY, "getModel"):
        raise model_not_found(path["model"], path["version"], method)
    if method == "getModel":
        return json_reply(_description(path["model"], model))
    reply = answer_wish(read_wish(call.body, model), call.fault)
    return reply if method == "generateContent" else _streamed(call, reply)


def _streamed(call: Call, reply: Reply) -> Reply:
    """The whole answer as the only event; without `alt=sse` as a list of one."""
    if call.query.get("alt") == "sse":
        body = b"data: " + reply.body + b"\r\n\r\n"
        return replace(reply, body=body, content_type="text/event-stream")
    return replace(reply, body=b"[" + reply.body + b"]")


def _model_page(query: Mapping[str, str]) -> dict[str, Any]:
    """One page of the list. `pageSize` 0 or none means the usual one."""
    names = [(model.id, model) for model in MODELS]
    names += [(alias, model) for alias, name in ALIASES.items() for model in MODELS if model.id == name]
    text = query.get("pageSize") or "0"
    if not re.fullmatch("[0-9]{1,9}", text):
        raise Refused(400, f"Invalid value at 'page_size' (TYPE_INT32), \"{text}\"")
    size = min(int(text) or USUAL_MODELS_A_PAGE, MOST_MODELS_A_PAGE)
    start = _page_start(query.get("pageToken", ""))
    page: dict[str, Any] = {"models": [_description(name, model) for name, model in names[start : start + size]]}
    if start + size < len(names):
        page["nextPageToken"] = base64.urlsafe_b64encode(f"from {start + size}".encode()).decode("ascii")
    return page


def _page_start(token: str) -> int:
    if not token:
        return 0
    try:
        start = re.fullmatch("from ([0-9]{1,9})", base64.urlsafe_b64decode(token).decode())
    except ValueError:
        start = None
    if start is None:
        raise Refused(400, "Page token is not valid.")
    return int(start[1])


def _description(name: str, model: GeminiModel) -> dict[str, Any]:
    return {
        "name": f"models/{name}",
        "version": "001",
        "displayName": model.title,
        "description": f"{model.title}, as the vendors' emulator has it.",
        "inputTokenLimit": model.input_tokens,
        "outputTokenLimit": model.output_tokens,
        "supportedGenerationMethods": ["generateContent", "countTokens", "batchGenerateContent"],
        "temperature": 1,
        "topP": 0.95,
        "topK": 64,
        "maxTemperature": 2,
    } | ({"thinking": True} if model.thinking else {})


application = VendorEmulator(
    id="google-gemini",
    mounts=(
        Mount(name="google", variable="GOOGLE_GEMINI_BASE_URL"),
        Mount(name=vertex.MOUNT, variable="VERTEX_BASE_URL"),
    ),
    answer=answer,
    failure=usual_failure,
    does_work=_does_work,
)
