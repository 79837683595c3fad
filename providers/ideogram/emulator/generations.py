"""Generations: made at once, remembered for a while, with pictures at signed addresses that want no key.

What runs is charged when it is made, a picture that the safety check keeps back too; one that fails is not.
"""

import io
import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from PIL import Image

from providers.emulation.contract import Call, Reply, json_reply
from providers.emulation.drawing import draw_picture
from providers.emulation.invoice import Charge, ChargeLine
from providers.ideogram.emulator.errors import Refused
from providers.ideogram.emulator.services import LARGEST_SEED, MICRO_A_TENTH_CENT, Service
from providers.ideogram.emulator.wish import Wish

MOST_KEPT = 200


@dataclass(frozen=True)
class _Generation:
    key: str
    created: str
    entries: list[dict[str, Any]]
    signature: str
    pictures: Sequence[bytes] = field(repr=False)


_kept: dict[str, _Generation] = {}
_lock = threading.Lock()


def generate(service: Service, wish: Wish, call: Call, key: str) -> Reply:
    """The answer to a call that is right, with its charge."""
    price = service.prices[str(wish.fields.get(service.quality, ""))]
    if call.query.get("dry_run") == "true":
        return _quote(service, price * wish.count, wish.count)
    if call.fault.filtered == "prompt":
        raise Refused(422)
    if call.fault.partial == 0:
        raise Refused(500, "The generation failed.")
    # With both faults the rest of the pictures is made and withheld, with `partial` alone it fails.
    partial = wish.count if call.fault.partial is None else min(wish.count, call.fault.partial)
    count = wish.count if call.fault.filtered else partial
    generation_id = secrets.token_urlsafe(16)
    seed = int(wish.fields.get("seed", secrets.randbelow(LARGEST_SEED - 8)))
    generation = _made(service, wish, call, key, generation_id, seed, count)
    with _lock:
        while len(_kept) >= MOST_KEPT:
            del _kept[next(iter(_kept))]
        _kept[generation_id] = generation
    line = ChargeLine(price * count, MICRO_A_TENTH_CENT)
    charge = Charge(model=service.model, request_id=generation_id, lines=(line,))
    document: dict[str, Any] = {"generation_id": generation_id, "generation_kind": "sampling"}
    if service.draws:
        document["seed"] = seed
    if wish.fields.get("async") is not True:
        document["data"] = generation.entries
    return json_reply(document, charge=charge)


def generation_reply(generation_id: str, key: str) -> Reply:
    """How a generation stands, for the key that started it."""
    with _lock:
        found = _kept.get(generation_id)
    if found is None or found.key != key:
        raise Refused(404, "The generation was not found.")
    told = {"generation_id": generation_id, "status": "completed", "created": found.created, "data": found.entries}
    return json_reply(told)


def delivery(call: Call) -> Reply:
    """The picture behind a signed address; no key is asked for."""
    generation_id, _, number = call.path.rpartition("/")[2].removesuffix(".png").rpartition("-")
    with _lock:
        found = _kept.get(generation_id)
    if found is None or call.query.get("sig") != found.signature or not number.isdigit():
        return Reply(status=403, body=b"Expired or invalid link", content_type="text/plain")
    return Reply(body=found.pictures[int(number)], content_type="image/png")


def _made(service: Service, wish: Wish, call: Call, key: str, generation_id: str, seed: int, count: int) -> _Generation:
    signature = secrets.token_hex(16)
    entries, pictures = [], []
    for number in range(count):
        is_safe = not call.fault.filtered or number < (call.fault.partial or 0)
        pictures.append(_draw(service, wish, f"{generation_id} {number}"))
        address = f"{call.origin}/{call.mount}/api/images/ephemeral/{generation_id}-{number}.png"
        entry: dict[str, Any] = {
            "is_image_safe": is_safe,
            "url": f"{address}?exp=1795000000&sig={signature}" if is_safe else None,
        }
        if service.draws:
            prompt = str(wish.fields["prompt"])
            grows = wish.fields.get("magic_prompt") == "on"
            entry |= {
                "prompt": f"{prompt}, in soft light" if grows else prompt,
                "resolution": f"{wish.size[0]}x{wish.size[1]}",
                "seed": seed + number,
            }
        entries.append(entry)
    return _Generation(key, datetime.now(UTC).isoformat(), entries, signature, pictures)


def _draw(service: Service, wish: Wish, mark: str) -> bytes:
    words = str(wish.fields.get("prompt", service.product))
    given = [Image.open(io.BytesIO(data)) for name, files in wish.files.items() if name != "mask" for data in files]
    if not wish.files.get("mask"):
        return draw_picture(words, mark, wish.size, "image/png", given)
    # Only what is black in the mask is drawn anew; every other pixel is the picture's own.
    with Image.open(io.BytesIO(draw_picture(words, mark, wish.size, "image/png", given))) as drawn:
        with Image.open(io.BytesIO(wish.files["mask"][0])) as mask:
            stays = mask.convert("L").point(lambda level: 255 if level >= 128 else 0)
        changed = Image.composite(given[0].convert("RGB"), drawn.convert("RGB"), stays)
    file = io.BytesIO()
    changed.save(file, "PNG", compress_level=1)
    return file.getvalue()


def _quote(service: Service, tenths: int, count: int) -> Reply:
    return json_reply({
        "object": "price_quote", "billing_identifier": service.product, "quantity": count,
        "usd_micros": tenths * MICRO_A_TENTH_CENT, "credit_millis": tenths * 100, "qualifier": "exact",
    })  # fmt: skip
