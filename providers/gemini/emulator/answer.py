"""Carry out a wish: picture, usage figures, the answer around them and the charge that follows from them.

Answer: https://ai.google.dev/api/generate-content#v1beta.GenerateContentResponse
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import orjson

from providers.emulation.contract import Reply
from providers.emulation.drawing import draw_picture
from providers.emulation.faults import Fault
from providers.emulation.invoice import MICRO, Charge, ChargeLine
from providers.gemini.emulator.wish import Wish, count_tokens

PICTURE_TEXT = "Here is the picture you asked for."
WORDS_ONLY = "I would rather describe it: imagine the scene in soft light, with all that you mentioned in its place."
FEWEST_EXTRA_TOKENS = 40
MOST_EXTRA_TOKENS = 212


@dataclass
class _Usage:
    """Token counts of one answer; `other` are candidate tokens that are not of the image."""

    text: int
    input_images: int
    thoughts: int = 0
    image: int = 0
    other: int = 0


@dataclass
class _Outcome:
    usage: _Usage
    finish: str | None = "STOP"
    message: str = ""
    parts: list[dict[str, Any]] | None = field(default_factory=list)
    pictures: int = 0


def answer_wish(wish: Wish, fault: Fault) -> Reply:
    """The answer to a wish with the charge for it: by the usage that it reports, or flat a delivered picture."""
    response_id = secrets.token_urlsafe(16)
    outcome = _outcome(wish, fault, response_id)
    usage = outcome.usage
    for name, count in vars(usage).items():
        setattr(usage, name, fault.scaled(count))
    document: dict[str, Any] = {}
    if outcome.finish is None:
        document["promptFeedback"] = {"blockReason": "PROHIBITED_CONTENT"}
    else:
        document["candidates"] = [_candidate(outcome)]
    document["usageMetadata"] = _usage_metadata(usage, wish)
    document["modelVersion"] = wish.model.id
    if wish.through_vertex:
        document["createTime"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    elif wish.model.stage:
        document["modelStatus"] = _model_status(wish)
    document["responseId"] = response_id
    return Reply(body=orjson.dumps(document), charge=_charge(wish, outcome, response_id))


def _outcome(wish: Wish, fault: Fault, response_id: str) -> _Outcome:
    model = wish.model
    usage = _Usage(wish.text_tokens, len(wish.references) * model.input_image_tokens)
    if fault.filtered == "prompt":
        return _Outcome(usage, finish=None)
    chance = _chance(wish)
    fewest, most = model.thinking[wish.level] if wish.level is not None else (0, 0)
    usage.thoughts = min(fewest + chance % (most - fewest + 1), wish.most_output_tokens)
    left = wish.most_output_tokens - usage.thoughts
    if fault.filtered:
        text = "The picture was made and then withheld, because it may break the policy on generated pictures."
        return _Outcome(usage, "IMAGE_SAFETY", text, parts=None)
    if fault.partial == 0:
        return _Outcome(usage, "NO_IMAGE", "The model made no picture.")
    if fault.text_only or not wish.wants_image:
        usage.other = min(count_tokens(WORDS_ONLY), left)
        return _Outcome(usage, parts=[_signed({"text": WORDS_ONLY}, response_id)])
    if left < model.image_tokens[wish.size]:
        usage.other = left
        return _Outcome(usage, "MAX_TOKENS")
    usage.image = model.image_tokens[wish.size]
    extra = FEWEST_EXTRA_TOKENS + chance % (MOST_EXTRA_TOKENS - FEWEST_EXTRA_TOKENS + 1)
    usage.other = min(extra if model.thinking else count_tokens(PICTURE_TEXT), left - usage.image)
    return _Outcome(usage, parts=_picture_parts(wish, response_id), pictures=1)


def _chance(wish: Wish) -> int:
    """A number that differs between wishes and is the same for the same one."""
    wished = f"{wish.model.id}\0{wish.size}\0{wish.ratio}\0{wish.level}\0{len(wish.references)}\0{wish.text}"
    return int.from_bytes(hashlib.sha256(wished.encode()).digest()[:8])


def _picture_parts(wish: Wish, response_id: str) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    if wish.model.thinking and wish.shows_thoughts:
        parts.append({"text": "**Composing the picture**\n\nI weigh light, place and colours.", "thought": True})
    if wish.model.drafts:
        width, height = wish.pixels
        scale = Fraction(512, max(width, height))
        draft = draw_picture(
            wish.text, f"draft {response_id}", (int(width * scale), int(height * scale)), wish.mime_type
        )
        parts.append({"inlineData": _blob(draft, wish.mime_type), "thought": True})
    if wish.wants_text:
        parts.append(_signed({"text": PICTURE_TEXT}, response_id))
    picture = draw_picture(wish.text, response_id, wish.pixels, wish.mime_type, wish.references)
    parts.append(_signed({"inlineData": _blob(picture, wish.mime_type)}, f"{response_id} picture"))
    return parts


def _blob(data: bytes, mime_type: str) -> dict[str, str]:
    return {"mimeType": mime_type, "data": base64.b64encode(data).decode("ascii")}


def _signed(part: dict[str, Any], source: str) -> dict[str, Any]:
    return part | {"thoughtSignature": base64.b64encode(hashlib.sha512(source.encode()).digest()).decode("ascii")}


def _candidate(outcome: _Outcome) -> dict[str, Any]:
    """As protocol buffers write it: empty lists and the index 0 are left out."""
    candidate: dict[str, Any] = {}
    if outcome.parts is not None:
        candidate["content"] = {"role": "model"} | ({"parts": outcome.parts} if outcome.parts else {})
    candidate["finishReason"] = outcome.finish
    if outcome.message:
        candidate["finishMessage"] = outcome.message
    return candidate


def _usage_metadata(usage: _Usage, wish: Wish) -> dict[str, Any]:
    prompt, candidates = usage.text + usage.input_images, usage.image + usage.other
    counts = {
        "promptTokenCount": prompt,
        "candidatesTokenCount": candidates,
        "thoughtsTokenCount": usage.thoughts,
        "totalTokenCount": prompt + candidates + usage.thoughts,
    }
    details = {
        "promptTokensDetails": {"TEXT": usage.text, "IMAGE": usage.input_images},
        # Google lists the image's tokens alone, so that the details need not add up to candidatesTokenCount.
        "candidatesTokensDetails": {"IMAGE": usage.image},
    }
    metadata: dict[str, Any] = {name: count for name, count in counts.items() if count}
    for name, modalities in details.items():
        listed = [{"modality": modality, "tokenCount": count} for modality, count in modalities.items() if count]
        if listed:
            metadata[name] = listed
    return metadata | ({"trafficType": "ON_DEMAND"} if wish.through_vertex else {"serviceTier": wish.tier})


def _model_status(wish: Wish) -> dict[str, str]:
    model = wish.model
    status = {"modelStage": model.stage, "message": f"This model is deprecated. Please use {model.successor}."}
    return status | ({"retirementTime": model.retirement} if model.retirement else {})


def _charge(wish: Wish, outcome: _Outcome, response_id: str) -> Charge:
    """Prices: https://ai.google.dev/gemini-api/docs/pricing; the flex tier costs half."""
    model, usage = wish.model, outcome.usage
    if model.prices is None:
        flat = ChargeLine(outcome.pictures, model.flat_price[wish.tier])
        return Charge(model=model.id, request_id=response_id, lines=(flat,))
    part = Fraction(1, 2) if wish.tier == "flex" else Fraction(1)
    lines = (
        ChargeLine(usage.text + usage.input_images, model.prices.input * part, MICRO),
        ChargeLine(usage.other + usage.thoughts, model.prices.text_output * part, MICRO),
        ChargeLine(usage.image, model.prices.image_output * part, MICRO),
    )
    return Charge(model=model.id, request_id=response_id, lines=lines)
