"""Carry out a wish: the picture, the answer around it and its charge.

What a withheld picture costs stands on no page; the emulator charges for it, as a client must expect.
"""

import base64
import io
import math
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from PIL import Image

from providers.bedrock.emulator.bodies import Wish
from providers.bedrock.emulator.models import CENT, LARGEST_SEED
from providers.emulation.contract import Call, Reply, json_reply
from providers.emulation.drawing import draw_picture
from providers.emulation.invoice import Charge, ChargeLine

GRID = 64
MEGAPIXEL = 1024 * 1024
# Of the enlarged pictures; AWS's own are 4K, which would take the emulator a second each.
LONGEST_SIDE = 2048


def answer_wish(wish: Wish, call: Call) -> Reply:
    """The answer to a body that is right, with the charge for it."""
    request_id = str(uuid.uuid4())
    charge = Charge(model=wish.name, request_id=request_id, lines=(ChargeLine(wish.model.cents, CENT),))
    reply = json_reply(_document(wish, call), charge=charge)
    # boto3 shows the first, and takes the second for the call's time.
    return replace(reply, headers={"x-amzn-RequestId": request_id, "x-amzn-Bedrock-Invocation-Latency": "900"})


def _document(wish: Wish, call: Call) -> dict[str, Any]:
    if call.fault.filtered == "prompt":
        return {"finish_reasons": ["Filter reason: prompt"]}
    if call.fault.filtered:
        return {"finish_reasons": ["Filter reason: output image"]}
    if call.fault.partial == 0:
        return {"finish_reasons": ["Inference error"]}
    seed = wish.values.get("seed") or 1 + secrets.randbelow(LARGEST_SEED)
    pictures = [Image.open(io.BytesIO(data)) for data in wish.pictures.values()]
    kind = f"image/{wish.values.get('output_format', 'png')}"
    words, mark = wish.values.get("prompt", wish.name), f"{wish.name} {seed} {secrets.token_hex(4)}"
    data = draw_picture(words, mark, _size(wish, pictures), kind, pictures)
    return {"seeds": [seed], "finish_reasons": [None], "images": [base64.b64encode(data).decode()]}


def _size(wish: Wish, pictures: Sequence[Image.Image]) -> tuple[int, int]:
    gives, values = wish.model.gives, wish.values
    if gives == "ratio" and not ("strength" in wish.model.fields and pictures):
        across, down = (int(side) for side in values.get("aspect_ratio", "1:1").split(":"))
        return _on_grid(math.sqrt(MEGAPIXEL * across / down)), _on_grid(math.sqrt(MEGAPIXEL * down / across))
    width, height = pictures[0].size
    if gives == "outpainted":
        return width + _pixels(values, "left", "right"), height + _pixels(values, "up", "down")
    if gives in ("four times", "4K"):
        scale = min(4.0 if gives == "four times" else 64.0, max(1.0, LONGEST_SIDE / max(width, height)))
        return int(width * scale), int(height * scale)
    return width, height


def _pixels(values: Mapping[str, Any], *sides: str) -> int:
    return sum(values.get(side, 0) for side in sides)


def _on_grid(side: float) -> int:
    return int(side // GRID * GRID)
