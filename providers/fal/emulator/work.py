"""Requests at work: one is done a tenth of a second after it was queued, and what it costs is charged then.

https://fal.ai/docs/documentation/model-apis/inference/queue and …/faq.md. What a model gives is charged; of what its
checker withholds, what it refuses after it ran and what was cancelled, no page says the opposite: it is charged too.
"""

import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from providers.emulation.drawing import draw_picture
from providers.emulation.faults import Fault
from providers.emulation.invoice import Charge
from providers.fal.emulator.errors import problem
from providers.fal.emulator.wish import Wish

STARTS_AFTER, DONE_AFTER = 0.03, 0.1
REFUSED = "The content could not be processed because it contained material flagged by a content checker."


@dataclass
class Request:
    """One queued request. `refusal` is the 422 of an input that the endpoint does not take."""

    owner_app: str
    origin: str
    fault: Fault
    wish: Wish | None = None
    refusal: list[dict[str, Any]] | None = None
    id: str = field(default_factory=lambda: f"{secrets.token_hex(4)}-{secrets.token_hex(2)}-{secrets.token_hex(8)}")
    made: float = field(default_factory=time.monotonic)
    cancelled: bool = False
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def status(self) -> str:
        age = time.monotonic() - self.made
        if self.cancelled or age >= DONE_AFTER:
            return "COMPLETED"
        return "IN_QUEUE" if age < STARTS_AFTER else "IN_PROGRESS"

    @property
    def pictures(self) -> int:
        if self.wish is None or self.fault.text_only or self.fault.filtered == "prompt":
            return 0
        return self.wish.count if self.fault.partial is None else min(self.fault.partial, self.wish.count)

    @property
    def seed(self) -> int:
        given = self.wish.input.get("seed") if self.wish else None
        return int(given if given is not None else int(self.id[:7], 16))

    def charge(self) -> Charge | None:
        if self.wish is None:
            return None
        lines = self.wish.charges(self.pictures or self.wish.count)
        return Charge(model=self.wish.model.id, request_id=self.id, lines=lines)

    def addresses(self) -> dict[str, str]:
        base = f"{self.origin}/fal/{self.owner_app}/requests/{self.id}"
        return {"response_url": base, "status_url": f"{base}/status", "cancel_url": f"{base}/cancel"}

    def progress(self) -> dict[str, Any]:
        """As GET …/status has it."""
        document: dict[str, Any] = {"status": self.status, "request_id": self.id, **self.addresses()}
        if document["status"] == "IN_QUEUE":
            return document | {"queue_position": 0}
        document["logs"] = None
        if document["status"] == "COMPLETED":
            document["metrics"] = {"inference_time": DONE_AFTER}
        if self.cancelled:
            document |= {"error": "Request was cancelled", "error_type": "client_cancelled"}
        return document

    def result(self) -> tuple[int, dict[str, Any]]:
        """Status and body of GET …/requests/{id}."""
        if self.status != "COMPLETED":
            return 400, {"detail": "Request is still in progress", "status": self.status}
        if self.cancelled:
            return 499, {"detail": "Request was cancelled", "error_type": "client_cancelled"}
        if self.refusal is not None or self.wish is None:
            return 422, {"detail": self.refusal}
        if self.fault.filtered == "prompt":
            return 422, {"detail": [problem("content_policy_violation", "prompt", REFUSED)]}
        if self.fault.text_only:
            return 200, {"images": [], "description": "I would rather describe it."}
        width, height = self.wish.size
        place = f"{self.origin}/fal/files/{self.id}"
        images = [
            {"url": f"{place}/{name}", "width": width, "height": height, "content_type": self.wish.mime_type}
            for name in self._names()
        ]
        return 200, {
            "images": images, "seed": self.seed, "has_nsfw_concepts": [bool(self.fault.filtered)] * len(images),
            "prompt": self.wish.input.get("prompt", ""), "timings": {"inference": DONE_AFTER},
        }  # fmt: skip

    def _names(self) -> list[str]:
        return [f"{index}.{self.wish.extension}" for index in range(self.pictures)] if self.wish else []

    def file(self, name: str) -> bytes | None:
        """A picture by its file name, the same at every call."""
        if name not in self._names() or self.status != "COMPLETED" or self.wish is None:
            return None
        if name not in self.files:
            wish = self.wish
            words = str(wish.input.get("prompt", ""))
            self.files[name] = draw_picture(words, f"{self.id} {name}", wish.size, wish.mime_type, wish.references)
        return self.files[name]


class Requests:
    """Every request that was queued, by id. Safe for many threads."""

    def __init__(self) -> None:
        self._found: dict[str, Request] = {}
        self._lock = threading.Lock()

    def add(self, request: Request) -> None:
        with self._lock:
            self._found[request.id] = request

    def get(self, request_id: str) -> Request | None:
        with self._lock:
            return self._found.get(request_id)

    def cancel(self, request: Request) -> bool:
        """Whether there was still something to cancel."""
        with self._lock:
            if request.status == "COMPLETED":
                return False
            request.cancelled = True
            return True
