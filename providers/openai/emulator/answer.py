"""Carry out a wish: pictures, usage figures, the answer or stream around them and the charge that follows from them.

https://developers.openai.com/api/reference/resources/images (ImagesResponse and the streaming events)
"""

import base64
import io
import secrets
import time
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import orjson
from PIL import Image, ImageDraw

from providers.emulation.contract import Call, Reply
from providers.emulation.drawing import draw_picture
from providers.emulation.faults import Fault
from providers.emulation.invoice import Charge, ChargeLine
from providers.openai.emulator.errors import blocked
from providers.openai.emulator.files import keep_file
from providers.openai.emulator.models import PARTIAL_TOKENS
from providers.openai.emulator.wish import Wish

PER = 1_000_000
MIME_TYPES = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp"}


@dataclass(frozen=True)
class Usage:
    """Token counts of one answer."""

    text_in: int
    image_in: int
    image_out: int
    text_out: int

    def as_json(self, *, with_output_details: bool) -> dict[str, Any]:
        document: dict[str, Any] = {
            "input_tokens": self.text_in + self.image_in,
            "input_tokens_details": {"image_tokens": self.image_in, "text_tokens": self.text_in},
            "output_tokens": self.image_out + self.text_out,
            "total_tokens": self.text_in + self.image_in + self.image_out + self.text_out,
        }
        if with_output_details:
            document["output_tokens_details"] = {"image_tokens": self.image_out, "text_tokens": self.text_out}
        return document


def count_text_tokens(prompt: str) -> int:
    """About four bytes to a token and a few around them: a recorded prompt of 22 bytes counted 11."""
    return -(-len(prompt.encode()) // 4) + 5


def answer_wish(wish: Wish, call: Call, request_id: str, headers: dict[str, str]) -> Reply:
    """The reply with the charge for its work. Raises `Refused` when the safety system steps in."""
    fault = call.fault
    if fault.filtered == "prompt":
        raise blocked("input", request_id)
    delivered = wish.number if fault.partial is None else min(fault.partial, wish.number)
    usage = None if wish.model.is_dall_e else _usage(wish, delivered, fault)
    charge = _charge(wish, usage, delivered, request_id)
    if wish.stream:
        return _streamed(wish, usage, charge, delivered, bool(fault.filtered), request_id, headers)
    if fault.filtered:
        raise blocked("output", request_id, charge)
    pictures = [draw(wish, secrets.token_hex(8)) for _ in range(delivered)]
    document: dict[str, Any] = {"created": int(time.time())}
    document["data"] = [_item(wish, picture, call) for picture in pictures]
    if usage is not None:
        document |= {"background": wish.background, "output_format": wish.output_format, "quality": wish.quality,
                     "size": wish.size_text, "usage": usage.as_json(with_output_details=True)}  # fmt: skip
        if wish.safety_identifier:
            document["safety_identifier"] = wish.safety_identifier
    return Reply(body=orjson.dumps(document), content_type="application/json", headers=headers, charge=charge)


def _usage(wish: Wish, delivered: int, fault: Fault) -> Usage:
    """The input counts once for each picture that was asked. A stream's output is image tokens alone."""
    references = sum(wish.model.input_tokens(*picture.size) for picture in wish.references)
    each = wish.model.output_tokens(wish.quality, *wish.size) + PARTIAL_TOKENS * wish.partial_images
    return Usage(
        text_in=fault.scaled(wish.number * count_text_tokens(wish.prompt)),
        image_in=fault.scaled(wish.number * references),
        image_out=fault.scaled(delivered * each),
        text_out=0 if wish.stream else fault.scaled(delivered * wish.model.words),
    )


def _charge(wish: Wish, usage: Usage | None, delivered: int, request_id: str) -> Charge:
    rates = wish.model.rates
    lines: tuple[ChargeLine, ...]
    if usage is None or rates is None:
        price = wish.model.by_picture[wish.quality][wish.size_text]
        lines = (ChargeLine(delivered, Fraction(price)),)
    else:
        counted = ((usage.text_in, rates.text_in), (usage.image_in, rates.image_in),
                   (usage.image_out, rates.image_out), (usage.text_out, rates.text_out))  # fmt: skip
        lines = tuple(ChargeLine(number, rate, PER) for number, rate in counted if number)
    return Charge(model=wish.model.id, request_id=request_id, lines=lines)


def _item(wish: Wish, picture: bytes, call: Call) -> dict[str, str]:
    if not wish.model.is_dall_e:
        return {"b64_json": base64.b64encode(picture).decode()}
    revised = f"A {wish.style} picture, told at length: {wish.prompt}"
    if wish.wants_url:
        return {"revised_prompt": revised, "url": keep_file(picture, call)}
    return {"revised_prompt": revised, "b64_json": base64.b64encode(picture).decode()}


def _streamed(
    wish: Wish, usage: Usage | None, charge: Charge, delivered: int, filtered: bool, request_id: str,
    headers: dict[str, str],
) -> Reply:  # fmt: skip
    """Unfinished pictures, then the final one, or an error after all of them."""
    kind = "image_edit" if wish.is_edit else "image_generation"
    mark = secrets.token_hex(8)
    common = {"created_at": int(time.time()), "size": wish.size_text, "quality": wish.quality,
              "background": wish.background, "output_format": wish.output_format}  # fmt: skip
    frames = []
    for number in range(wish.partial_images):
        sketch = base64.b64encode(draw(wish, f"{mark}-{number}")).decode()
        event = {"type": f"{kind}.partial_image", "b64_json": sketch, **common, "partial_image_index": number}
        frames.append(_frame(f"{kind}.partial_image", event))
    if filtered:
        frames.append(_frame("error", {"type": "error", "error": blocked("output", request_id).error}))
    elif delivered and usage is not None:
        picture = base64.b64encode(draw(wish, mark)).decode()
        final = {"type": f"{kind}.completed", "b64_json": picture, **common,
                 "usage": usage.as_json(with_output_details=False)}  # fmt: skip
        frames.append(_frame(f"{kind}.completed", final))
    return Reply(body=b"".join(frames), content_type="text/event-stream; charset=utf-8", headers=headers, charge=charge)


def _frame(name: str, event: dict[str, Any]) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + orjson.dumps(event) + b"\n\n"


def draw(wish: Wish, mark: str) -> bytes:
    """One picture; with a mask the first reference picture stays where the mask is opaque."""
    mime_type = MIME_TYPES[wish.output_format]
    plain = wish.mask is None and wish.background == "opaque"
    drawn = draw_picture(wish.prompt, mark, wish.size, mime_type if plain else "image/png",
                         () if wish.mask else wish.references)  # fmt: skip
    if plain:
        return drawn
    picture = Image.open(io.BytesIO(drawn)).convert("RGBA")
    if wish.mask is not None:
        before = wish.references[0].convert("RGBA").resize(wish.size)
        picture = Image.composite(before, picture, wish.mask.getchannel("A").resize(wish.size))
    if wish.background == "transparent":
        cut = Image.new("L", wish.size, 0)
        ImageDraw.Draw(cut).ellipse((0, 0, wish.size[0] - 1, wish.size[1] - 1), fill=255)
        picture.putalpha(cut)
    else:
        picture = picture.convert("RGB")
    file = io.BytesIO()
    picture.save(file, wish.output_format.upper(), **({"compress_level": 1} if wish.output_format == "png" else {}))
    return file.getvalue()
