"""Jobs at work: done about a fifth of a second after they were made; what they cost is charged as they are made.

https://docs.runpod.io/serverless/endpoints/job-states. A public endpoint charges no failed generation, an own endpoint
the seconds of its worker in any case; a job that is cancelled in the queue costs nothing.
"""

import base64
import secrets
import threading
import time
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from providers.emulation.drawing import draw_picture
from providers.emulation.faults import Fault
from providers.emulation.invoice import MICRO, Charge, ChargeLine
from providers.runpod.emulator.endpoints import WORKER_SECOND_MICRO, WORKER_SECONDS, Own, Public
from providers.runpod.emulator.plan import Plan

STARTS_AFTER, DONE_AFTER = 0.05, 0.2
WORDS_ONLY = "I would rather describe it."
REFUSED = "The generated image was flagged by the safety checker."
REFUSED_PROMPT = "The prompt was flagged by the safety checker."


@dataclass
class Job:
    """One job. `failure` are the words that its worker fails with."""

    endpoint: Public | Own
    plan: Plan | None
    fault: Fault
    origin: str
    failure: str = ""
    synchronous: bool = False
    made: float = field(default_factory=time.monotonic)
    id: str = ""
    cancelled_in: str = ""
    files: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.id = f"{'sync-' if self.synchronous else ''}{secrets.token_hex(16)}-u1"
        if self.fault.filtered and not self.failure:
            self.failure = REFUSED_PROMPT if self.fault.filtered == "prompt" else REFUSED

    @property
    def status(self) -> str:
        age = time.monotonic() - self.made
        if self.cancelled_in:
            return "CANCELLED"
        if age < STARTS_AFTER:
            return "IN_QUEUE"
        if age < DONE_AFTER:
            return "IN_PROGRESS"
        return "FAILED" if self.failure else "COMPLETED"

    @property
    def pictures(self) -> int:
        if self.failure or self.plan is None or self.fault.text_only:
            return 0
        return self.plan.count if self.fault.partial is None else min(self.fault.partial, self.plan.count)

    def charge(self) -> Charge | None:
        if isinstance(self.endpoint, Own):
            return Charge(model=self.endpoint.id, request_id=self.id,
                          lines=(ChargeLine(WORKER_SECONDS, WORKER_SECOND_MICRO),))  # fmt: skip
        return Charge(model=self.endpoint.id, request_id=self.id, lines=(ChargeLine(self.pictures, self._picture()),))

    def _picture(self) -> Fraction:
        """Exact micro-dollars of one picture of a public endpoint."""
        endpoint, plan = self.endpoint, self.plan
        if isinstance(endpoint, Own) or plan is None:
            return Fraction(0)
        by_size = Fraction(plan.size[0] * plan.size[1] * endpoint.megapixel_micro, MICRO)
        by_resolution = endpoint.resolution_micro.get(plan.resolution, 0)
        return (by_size or Fraction(by_resolution or endpoint.picture_micro)) * self.fault.wrong_cost

    def document(self) -> dict[str, Any]:
        """As `/status` has it."""
        status = self.status
        document: dict[str, Any] = {"id": self.id, "status": status}
        if status not in ("IN_QUEUE", "CANCELLED") or self.cancelled_in == "IN_PROGRESS":
            document |= {"delayTime": 50, "workerId": "oqk7ao1uomckye"}
        if status in ("COMPLETED", "FAILED") or self.cancelled_in == "IN_PROGRESS":
            document["executionTime"] = 150
        if status == "FAILED":
            document["error"] = self.failure
        if status == "COMPLETED":
            document["output"] = self._public_output() if isinstance(self.endpoint, Public) else self._own_output()
        return document

    def _public_output(self) -> dict[str, Any]:
        if self.fault.text_only:
            return {"result": WORDS_ONLY, "cost": 0}
        if not self.pictures:
            return {"cost": 0}
        kind = self.plan.mime_type.removeprefix("image/") if self.plan else ""
        place = f"{self.origin}/runpod/image/{self.id}/output.{kind}"
        return {"image_url": place, "cost": float(self._picture() / MICRO)}

    def _own_output(self) -> dict[str, Any]:
        names = [f"ComfyUI_{number:05}_.png" for number in range(1, self.pictures + 1)]
        gives = self.endpoint.gives if isinstance(self.endpoint, Own) else ""
        if self.fault.text_only:
            return {"images": [{"filename": "words.txt", "type": "base64", "data": "d29yZHM="}]}
        if not names:
            return {"status": "success_no_images", "images": []}
        if gives == "message":
            return {"status": "success", "message": self._encoded(names[0])}
        place = f"{self.origin}/runpod/image/{self.id}"
        return {
            "images": [
                {"filename": name, "type": gives,
                 "data": f"{place}/{name}?X-Amz-Signature=0123abcd" if gives == "s3_url" else self._encoded(name)}
                for name in names
            ]
        }  # fmt: skip

    def _encoded(self, name: str) -> str:
        return base64.b64encode(self.file(name) or b"").decode()

    def file(self, name: str) -> bytes | None:
        """A picture by its file name, the same at every call; None before it is made."""
        plan = self.plan
        if plan is None or self.status != "COMPLETED" or not self.pictures:
            return None
        if name not in self.files:
            mark = f"{self.id} {name}"
            self.files[name] = draw_picture(plan.words, mark, plan.size, plan.mime_type, plan.references)
        return self.files[name]


class Jobs:
    """Every job that was made, by id. Safe for many threads."""

    def __init__(self) -> None:
        self._found: dict[str, Job] = {}
        self._lock = threading.Lock()

    def add(self, job: Job) -> None:
        with self._lock:
            self._found[job.id] = job

    def get(self, job_id: str) -> Job | None:
        with self._lock:
            return self._found.get(job_id)

    def cancel(self, job: Job) -> bool:
        """Stop a job that is not done; whether it had not begun."""
        with self._lock:
            status = job.status
            if status in ("IN_QUEUE", "IN_PROGRESS"):
                job.cancelled_in = status
            return status == "IN_QUEUE"
