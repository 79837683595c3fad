"""Predictions at work: a job is done about a fifth of a second after it was made, and what it costs is charged then.

https://replicate.com/docs/topics/predictions/lifecycle and …/topics/billing. Official models are charged by what they
give, others by the second. Where nothing is written, a picture that the safety filter withheld is charged.
"""

import secrets
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from providers.emulation.drawing import draw_picture
from providers.emulation.faults import Fault
from providers.emulation.invoice import Charge, ChargeLine
from providers.replicate.emulator.models import L40S_SECOND_MICRO
from providers.replicate.emulator.wish import Wish

STARTS_AFTER, DONE_AFTER = 0.05, 0.2
PREDICT_TENTHS = 32
NSFW = "NSFW content detected. Try running it again, or try a different prompt."
SENSITIVE = "The input or output was flagged as sensitive. Please try again with different inputs. (E005)"
WORDS_ONLY = ["I would ", "rather describe it."]


@dataclass
class Prediction:
    """One prediction. `pictures` are what its work gives, drawn when they are first fetched."""

    wish: Wish
    fault: Fault
    origin: str
    id: str = field(default_factory=lambda: secrets.token_hex(13))
    made: float = field(default_factory=time.monotonic)
    made_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    canceled: bool = False
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def pictures(self) -> int:
        if self.fault.filtered or self.fault.text_only:
            return 0
        return self.wish.count if self.fault.partial is None else min(self.fault.partial, self.wish.count)

    @property
    def status(self) -> str:
        age = time.monotonic() - self.made
        if self.canceled:
            return "canceled"
        if age < STARTS_AFTER:
            return "starting"
        if age < DONE_AFTER:
            return "processing"
        return "failed" if self.fault.filtered else "succeeded"

    @property
    def seed(self) -> int:
        return int(self.wish.input.get("seed", int(self.id[:7], 16)))

    def charge(self) -> Charge | None:
        model = self.wish.model
        if self.fault.filtered == "prompt":
            return None
        made = self.pictures or (self.wish.count if self.fault.filtered else 0)
        lines: tuple[ChargeLine, ...] = (
            ChargeLine(made, model.picture_micro),
            ChargeLine(1 if made else 0, model.run_micro),
            ChargeLine(self.wish.megapixels if made else 0, model.megapixel_micro),
        )
        if not model.official:
            lines = (ChargeLine(PREDICT_TENTHS, L40S_SECOND_MICRO, 10), *lines)
        return Charge(model=model.id, request_id=self.id, lines=lines)

    def document(self) -> dict[str, Any]:
        """As GET /v1/predictions/{id} has it."""
        status = self.status
        did_start = status != "starting" and self.fault.filtered != "prompt"
        ended = status in ("succeeded", "failed", "canceled")
        api = f"{self.origin}/replicate/v1/predictions/{self.id}"
        made_at = self.made_at.isoformat()
        document: dict[str, Any] = {
            "id": self.id, "model": self.wish.model.id, "version": self.wish.model.version, "input": self.wish.input,
            "logs": f"Using seed: {self.seed}\n" if did_start else "", "output": None, "error": None, "status": status,
            "data_removed": False, "created_at": made_at, "started_at": made_at if did_start else None,
            "completed_at": made_at if ended else None,
            "urls": {"get": api, "cancel": f"{api}/cancel", "web": f"https://replicate.com/p/{self.id}"},
        }  # fmt: skip
        if ended:
            document["metrics"] = {"predict_time": PREDICT_TENTHS / 10} if did_start else {}
        if status == "failed":
            document["error"] = SENSITIVE if self.fault.filtered == "prompt" else NSFW
        if status == "succeeded":
            document["output"] = self._output()
        return document

    def _output(self) -> Any:
        if self.fault.text_only:
            return WORDS_ONLY
        place = f"{self.origin}/replicate/delivery/{self.id}"
        found = [f"{place}/out-{index}.{self.wish.extension}" for index in range(self.pictures)]
        return found if self.wish.model.is_list else next(iter(found), None)

    def file(self, name: str) -> bytes | None:
        """A picture by its file name, the same at every call."""
        names = {f"out-{index}.{self.wish.extension}" for index in range(self.pictures)}
        if name not in names or self.status != "succeeded":
            return None
        if name not in self.files:
            wish = self.wish
            self.files[name] = draw_picture(
                str(wish.input.get("prompt", "")), f"{self.id} {name}", wish.size, wish.mime_type, wish.references
            )
        return self.files[name]


class Predictions:
    """Every prediction that was made, by id. Safe for many threads."""

    def __init__(self) -> None:
        self._found: dict[str, Prediction] = {}
        self._lock = threading.Lock()

    def add(self, prediction: Prediction) -> None:
        with self._lock:
            self._found[prediction.id] = prediction

    def get(self, prediction_id: str) -> Prediction | None:
        with self._lock:
            return self._found.get(prediction_id)

    def cancel(self, prediction: Prediction) -> None:
        with self._lock:
            if prediction.status in ("starting", "processing"):
                prediction.canceled = True
