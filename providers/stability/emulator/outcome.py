"""Carry out a wish: the picture, the answer around it and its charge; jobs that are answered later.

A job's charge is entered with its start, since what becomes of it is known by then and an answer may get lost.
"""

import base64
import io
import math
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson
from PIL import Image, ImageFilter

from providers.emulation.contract import Call, Reply, json_reply
from providers.emulation.drawing import draw_picture
from providers.emulation.invoice import Charge, ChargeLine
from providers.stability.emulator.errors import Refused
from providers.stability.emulator.services import LARGEST_SEED, MICRO_A_CREDIT, Wish

DONE_AFTER_SECONDS = 0.2
KEPT_SECONDS = 24 * 3600
CONTENT_TYPES = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp"}
GRID = 64


@dataclass(frozen=True)
class Drawn:
    """A finished picture, as both kinds of answer need it."""

    data: bytes = field(repr=False)
    content_type: str
    seed: int
    finish_reason: str


@dataclass(frozen=True)
class _Job:
    key: str
    done_at: float
    drawn: Drawn


_jobs: dict[str, _Job] = {}
_lock = threading.Lock()


def answer_wish(wish: Wish, call: Call, key: str) -> Reply:
    """The answer to a form that is right, with the charge for it."""
    if call.fault.filtered == "prompt":
        raise Refused(403)
    if call.fault.partial == 0:
        raise Refused(500)
    drawn = _draw(wish, filtered=bool(call.fault.filtered))
    request_id = secrets.token_hex(16)
    job_id = secrets.token_hex(32)
    line = ChargeLine(wish.form.tenths, MICRO_A_CREDIT, per=10)
    charge = Charge(model=wish.form.name, request_id=job_id if wish.form.later else request_id, lines=(line,))
    if wish.form.later:
        _keep(job_id, _Job(key, time.monotonic() + DONE_AFTER_SECONDS, drawn))
        return json_reply({"id": job_id}, charge=charge)
    return _delivered(drawn, call, request_id, "image", charge)


def answer_result(job_id: str, call: Call, key: str) -> Reply:
    """How a job stands, for the key that started it."""
    with _lock:
        job = _jobs.get(job_id)
    if job is None or job.key != key:
        raise Refused(404, "The generation was not found: it may have expired, or it belongs to another key.")
    if time.monotonic() < job.done_at:
        return json_reply({"id": job_id, "status": "in-progress"}, status=202)
    return _delivered(job.drawn, call, secrets.token_hex(16), "result", None)


def _keep(job_id: str, job: _Job) -> None:
    with _lock:
        for old in [name for name, kept in _jobs.items() if kept.done_at < time.monotonic() - KEPT_SECONDS]:
            del _jobs[old]
        _jobs[job_id] = job


def _delivered(drawn: Drawn, call: Call, request_id: str, name: str, charge: Charge | None) -> Reply:
    """As JSON where the call asks for it, else as the picture itself with three headers."""
    headers = {"x-request-id": request_id, "finish-reason": drawn.finish_reason, "seed": str(drawn.seed)}
    if "application/json" in call.headers.get("accept", ""):
        document = {
            name: base64.b64encode(drawn.data).decode(),
            "seed": drawn.seed,
            "finish_reason": drawn.finish_reason,
        }
        content_type = "application/json; charset=utf-8"
        return Reply(body=orjson.dumps(document), content_type=content_type, headers=headers, charge=charge)
    return Reply(body=drawn.data, content_type=drawn.content_type, headers=headers, charge=charge)


def _draw(wish: Wish, *, filtered: bool) -> Drawn:
    given = int(wish.texts.get("seed", "0"))
    seed = given or 1 + secrets.randbelow(LARGEST_SEED)
    pictures = [Image.open(io.BytesIO(data)) for data in wish.pictures.values()]
    content_type = CONTENT_TYPES[wish.texts.get("output_format", "png")]
    words = wish.texts.get("prompt") or wish.texts.get("background_prompt") or wish.path
    mark = f"{wish.form.name} {seed} {secrets.token_hex(4)}"
    data = draw_picture(words, mark, _size(wish, pictures), content_type, pictures)
    if filtered:
        data = _blurred(data, content_type)
    return Drawn(data, content_type, seed, "CONTENT_FILTERED" if filtered else "SUCCESS")


def _size(wish: Wish, pictures: Sequence[Image.Image]) -> tuple[int, int]:
    gives = wish.form.gives
    if gives == "ratio" and "strength" not in wish.texts:
        across, down = (int(side) for side in wish.texts.get("aspect_ratio", "1:1").split(":"))
        area = wish.form.megapixels * 1024 * 1024
        return _on_grid(math.sqrt(area * across / down)), _on_grid(math.sqrt(area * down / across))
    width, height = pictures[0].size
    if gives == "outpainted":
        left, right, up, down = (int(wish.texts.get(side, "0")) for side in ("left", "right", "up", "down"))
        return width + left + right, height + up + down
    if gives == "four times":
        return width * 4, height * 4
    if gives in ("four megapixels", "4K"):
        area = 4_194_304 if gives == "four megapixels" else 9_437_184
        scale = max(1.0, math.sqrt(area / (width * height)))
        return int(width * scale), int(height * scale)
    return width, height


def _on_grid(side: float) -> int:
    return int(side // GRID * GRID)


def _blurred(data: bytes, content_type: str) -> bytes:
    file = io.BytesIO()
    with Image.open(io.BytesIO(data)) as picture:
        picture.filter(ImageFilter.BoxBlur(24)).save(file, content_type.removeprefix("image/").upper())
    return file.getvalue()
