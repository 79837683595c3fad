"""Carry out a wish: the pictures, the answer around them, and the charge that the answer names itself.

https://www.recraft.ai/docs/api-reference/image-inputs-and-results. Pictures are WebP unless PNG is asked for.
"""

import base64
import io
import secrets
import threading
import time
import uuid
from typing import Any

import orjson
from PIL import Image

from providers.emulation.contract import Call, Reply
from providers.emulation.drawing import draw_picture
from providers.emulation.invoice import Charge, ChargeLine
from providers.recraft.emulator.errors import MODERATED, Refused
from providers.recraft.emulator.wish import Wish

MICRO_A_UNIT = 1000
MOST_FILES = 100
LARGER = 2
_files: dict[str, tuple[str, bytes]] = {}
_lock = threading.Lock()


def answer_wish(wish: Wish, call: Call) -> Reply:
    """The answer to a call that is right, with the charge for it."""
    code, message = MODERATED
    if call.fault.filtered == "prompt":
        raise Refused(400, message, code)
    delivered = wish.count if call.fault.partial is None else min(wish.count, call.fault.partial)
    if not delivered:
        raise Refused(500)
    units = call.fault.scaled(wish.units * delivered)
    request_id = str(uuid.uuid4())
    charge = Charge(model=wish.name, request_id=request_id, lines=(ChargeLine(units, MICRO_A_UNIT),))
    if call.fault.filtered:
        raise Refused(400, message, code, charge)
    drawn = [_image(wish, call) for _ in range(delivered)]
    document: dict[str, Any] = {"created": int(time.time()), "credits": units}
    document |= {"data": drawn} if wish.operation.models else {"image": drawn[0]}
    headers = {"x-recraft-requestid": request_id}
    return Reply(body=orjson.dumps(document), content_type="application/json", headers=headers, charge=charge)


def kept_file(name: str) -> Reply:
    """A picture at its address."""
    with _lock:
        found = _files.get(name)
    if found is None:
        raise Refused(404)
    return Reply(body=found[1], content_type=found[0])


def _image(wish: Wish, call: Call) -> dict[str, str]:
    """One entry of an answer: its id, and the bytes or an address for them."""
    image_id = str(uuid.uuid4())
    mime_type = f"image/{wish.values.get('image_format', 'webp')}"
    data = _draw(wish, mime_type)
    if wish.values.get("response_format", "url") == "b64_json":
        return {"image_id": image_id, "b64_json": base64.b64encode(data).decode()}
    with _lock:
        _files[image_id] = (mime_type, data)
        for old in list(_files)[:-MOST_FILES]:
            del _files[old]
    return {"image_id": image_id, "url": f"{call.origin}/{call.mount}/img/{image_id}"}


def _draw(wish: Wish, mime_type: str) -> bytes:
    pictures = [Image.open(io.BytesIO(wish.picture))] if wish.picture else []
    factor = LARGER if wish.operation.gives == "larger" else 1
    size = (wish.size[0] * factor, wish.size[1] * factor)
    words = str(wish.values.get("prompt", "a tool"))
    data = draw_picture(words, f"{wish.name} {secrets.token_hex(8)}", size, mime_type, pictures)
    return _cut_out(data, mime_type) if wish.operation.gives == "cut out" else data


def _cut_out(data: bytes, mime_type: str) -> bytes:
    """The picture with its corners see-through."""
    picture = Image.open(io.BytesIO(data)).convert("RGBA")
    picture.putalpha(Image.radial_gradient("L").resize(picture.size).point([255] * 160 + [0] * 96))
    file = io.BytesIO()
    picture.save(file, mime_type.removeprefix("image/").upper())
    return file.getvalue()
