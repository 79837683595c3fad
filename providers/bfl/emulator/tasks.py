"""Tasks: submitted, asked for, ready after a moment; the picture then lies at an address without a key.

A task that will become ready is charged with its submission: what becomes of it is known by then, and an answer may
get lost. What the filter stops, and what fails, costs nothing.
"""

import io
import secrets
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from PIL import Image

from providers.bfl.emulator.errors import Refused
from providers.bfl.emulator.models import FLUX_3
from providers.bfl.emulator.wish import Wish
from providers.emulation.contract import Call, Reply, json_reply
from providers.emulation.drawing import draw_picture
from providers.emulation.faults import Fault
from providers.emulation.invoice import Charge, ChargeLine

DONE_AFTER_SECONDS = 0.2
KEPT_SECONDS = 600
MICRO_A_CREDIT = 10_000
CONTENT_TYPES = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp"}
REASONS = {"Request Moderated": ["Safety Filter"], "Content Moderated": ["Derivative Works Filter"]}


@dataclass(frozen=True)
class _Task:
    """`end` is the state that it ends in; `signature` belongs to the address of its picture."""

    wish: Wish
    end: str
    done_at: float
    cost: float
    signature: str
    seed: int
    picture: bytes = field(repr=False)


_tasks: dict[str, _Task] = {}
_lock = threading.Lock()


def submit(wish: Wish, call: Call) -> Reply:
    """The answer to a body that is right, with the charge for what will become ready."""
    end = _end(call.fault)
    # A figure of at least one thousandth, as vendors leave zeros out.
    price = call.fault.scaled(wish.price)
    seed = secrets.randbelow(2**31) if wish.seed is None else wish.seed
    picture = b"" if end != "Ready" else _draw(wish, seed)
    task_id = str(uuid.uuid4())
    task = _Task(
        wish, end, time.monotonic() + DONE_AFTER_SECONDS, price / 1000, secrets.token_urlsafe(12), seed, picture
    )
    with _lock:
        for old in [name for name, kept in _tasks.items() if kept.done_at < time.monotonic() - KEPT_SECONDS]:
            del _tasks[old]
        _tasks[task_id] = task
    line = ChargeLine(price, Fraction(MICRO_A_CREDIT), per=1000)
    charge = Charge(model=wish.model, request_id=task_id, lines=(line,)) if end == "Ready" else None
    document = {
        "id": task_id,
        "polling_url": f"{call.origin}/{call.mount}/v1/get_result?id={task_id}",
        "cost": task.cost,
        "input_mp": float(wish.input_mp),
        "output_mp": float(wish.output_mp),
    }
    return json_reply(document, charge=charge)


def result(call: Call) -> Reply:
    """How a task stands."""
    task_id = call.query.get("id", "")
    with _lock:
        task = _tasks.get(task_id)
    if task is None:
        return _state(task_id, "Task not found", status=404)
    left = task.done_at - time.monotonic()
    if left > 0:
        early = ("Reasoning", "Generating") if task.wish.model == FLUX_3 else ("Pending", "Pending")
        return _state(task_id, early[left < DONE_AFTER_SECONDS / 2])
    if task.end != "Ready":
        details = {"Moderation Reasons": REASONS[task.end]} if task.end in REASONS else {"error": "internal_error"}
        return _state(task_id, task.end, details=details)
    return _state(task_id, "Ready", result=_ready(task_id, task, call))


def delivery(call: Call) -> Reply:
    """The picture behind a signed address; no key is asked for."""
    _, _, task_id, file_name = call.path.split("/", 3)
    with _lock:
        task = _tasks.get(task_id)
    if task is None or call.query.get("sig") != task.signature or not file_name.startswith("sample."):
        body = b'<?xml version="1.0"?><Error><Code>AuthenticationFailed</Code></Error>'
        return Reply(status=403, body=body, content_type="application/xml")
    return Reply(body=task.picture, content_type=CONTENT_TYPES[task.wish.output_format])


def _end(fault: Fault) -> str:
    if fault.filtered == "prompt":
        return "Request Moderated"
    if fault.filtered:
        return "Content Moderated"
    return "Error" if fault.partial == 0 else "Ready"


def _draw(wish: Wish, seed: int) -> bytes:
    mark = f"{wish.model} {seed} {secrets.token_hex(4)}"
    drawn = draw_picture(wish.prompt, mark, wish.size, CONTENT_TYPES[wish.output_format], wish.references)
    if wish.mask is None:
        return drawn
    file = io.BytesIO()
    painted = Image.open(io.BytesIO(drawn)).convert("RGB")
    Image.composite(painted, wish.references[0], wish.mask).save(file, wish.output_format.upper())
    return file.getvalue()


def _ready(task_id: str, task: _Task, call: Call) -> dict[str, Any]:
    address = f"{call.origin}/{call.mount}/delivery/{task_id}/sample.{task.wish.output_format}?sig={task.signature}"
    told: dict[str, Any] = {"sample": address, "start_time": 1.5, "end_time": 2.5, "duration": 1.0}
    prompt = task.wish.prompt
    if task.wish.model == FLUX_3:
        width, height = task.wish.size
        return told | {"expanded_prompt": f"{prompt}, in fine detail", "aspect": width / height, "cost": task.cost}
    return told | {"prompt": f"{prompt}, in soft light" if task.wish.upsamples else prompt, "seed": task.seed}


def _state(task_id: str, state: str, status: int = 200, **parts: Any) -> Reply:
    usual: Mapping[str, Any] = {"result": None, "progress": None, "details": None, "preview": None}
    return json_reply({"id": task_id, "status": state, **usual, **parts}, status=status)


def check_key(call: Call) -> None:
    """Raises `Refused` for a missing or invalid key."""
    key = call.headers.get("x-key", "").strip()
    if not key or "invalid" in key:
        raise Refused(403)
