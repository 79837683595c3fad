"""Imagen for the vendors' emulator: `predict` on the Gemini API's mount and on Vertex AI's.

https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/imagen-api and, before it was shut down,
https://ai.google.dev/gemini-api/docs/imagen. Here the models still live, as in a deployment that speaks the same form.
"""

import base64
import re
import secrets
from typing import Any

from providers.emulation import vertex
from providers.emulation.contract import Call, Mount, Reply, VendorEmulator, json_reply
from providers.emulation.drawing import draw_picture
from providers.emulation.google_errors import (
    Refused,
    check_api_key,
    error_reply,
    model_not_found,
    page_not_found,
    usual_failure,
)
from providers.emulation.invoice import Charge, ChargeLine
from providers.imagen.emulator.models import ImagenModel, find_model
from providers.imagen.emulator.wish import FAILED, Wish, read_wish

_OWN_PATH = re.compile(r"/.*/?models/imagen[^/]*")
_MODELS_PATH = re.compile(r"/(?P<version>v1|v1beta)/models/(?P<model>[^/:]+)(?::(?P<method>\w+))?")
PROMPT_REFUSED = (
    f"{FAILED} The prompt could not be submitted. This prompt contains sensitive words that violate Google's "
    "Responsible AI practices. Try rephrasing the prompt. If you think this was an error, send feedback. "
    "Support codes: 42876398"
)
NOT_CHARGED = (
    "You will not be charged for blocked images. Try rephrasing the prompt. If you think this was an error, send "
    "feedback."
)


def answer(call: Call) -> Reply:
    """Google's answer to any request for one of Imagen's models."""
    try:
        return _answer_on_vertex(call) if call.mount == vertex.MOUNT else _answer_on_gemini_api(call)
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
    if model is None or asked.method != "predict":
        raise asked.not_found()
    return _carry_out(read_wish(call.body, model, through_vertex=True), call)


def _answer_on_gemini_api(call: Call) -> Reply:
    check_api_key(call)
    path = _MODELS_PATH.fullmatch(call.path)
    if path is None or call.method != ("POST" if path["method"] else "GET"):
        return page_not_found()
    model = find_model(path["model"])
    if model is None or path["method"] not in ("predict", None):
        raise model_not_found(path["model"], path["version"], path["method"] or "getModel")
    if path["method"] is None:
        return json_reply(_description(model))
    return _carry_out(read_wish(call.body, model, through_vertex=False), call)


def _description(model: ImagenModel) -> dict[str, Any]:
    return {
        "name": f"models/{model.id}",
        "version": "001",
        "displayName": model.title,
        "description": f"{model.title}, as the vendors' emulator has it.",
        "inputTokenLimit": 480,
        "outputTokenLimit": 8192,
        "supportedGenerationMethods": ["predict"],
    }


def _carry_out(wish: Wish, call: Call) -> Reply:
    """The pictures that pass the filter, the reasons of the others, and the charge for what is delivered."""
    fault = call.fault
    if fault.filtered == "prompt":
        return error_reply(400, PROMPT_REFUSED)
    delivered = wish.count if fault.partial is None else min(fault.partial, wish.count)
    if fault.filtered or fault.text_only:
        delivered = 0
    number = secrets.token_urlsafe(16)
    predictions: list[dict[str, Any]] = [_picture(wish, number, index) for index in range(delivered)]
    if delivered < wish.count and wish.tells_reasons and not fault.text_only:
        predictions.append({"raiFilteredReason": _reason(wish.count - delivered, delivered)})
    charge = Charge(model=wish.model.id, request_id=number, lines=(ChargeLine(delivered, wish.model.price),))
    return json_reply({"predictions": predictions} if predictions else {}, charge=charge)


def _picture(wish: Wish, number: str, index: int) -> dict[str, Any]:
    # The same wish with the same seed and number of pictures gives the same pictures.
    mark = number if wish.seed is None else f"seed {wish.seed} of {wish.count}"
    data = draw_picture(wish.enhanced or wish.prompt, f"{mark} {index}", wish.pixels, wish.mime_type)
    picture = {"mimeType": wish.mime_type, "bytesBase64Encoded": base64.b64encode(data).decode("ascii")}
    return picture | ({"prompt": wish.enhanced} if wish.enhanced else {})


def _reason(withheld: int, delivered: int) -> str:
    if delivered:
        return f"Your current safety filter threshold filtered out {withheld} generated images. {NOT_CHARGED}"
    whole = "Unable to show generated images. All images were filtered out because they violated Vertex AI's usage"
    return f"{whole} guidelines. {NOT_CHARGED} Support codes: 39322892"


application = VendorEmulator(
    id="google-imagen",
    mounts=(
        Mount(name="google", variable="GOOGLE_GEMINI_BASE_URL"),
        Mount(name=vertex.MOUNT, variable="VERTEX_BASE_URL"),
    ),
    answer=answer,
    failure=usual_failure,
    does_work=lambda call: call.method == "POST" and call.path.endswith(":predict"),
    takes=lambda call: _OWN_PATH.fullmatch(call.path) is not None,
)
