"""The queue: one graph after the other, each drawn in a moment, its history and its files kept in this process."""

import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson

from providers.comfyui.emulator.draw import OutOfMemory, draw_graph, open_picture
from providers.emulation.faults import Fault

WORK_SECONDS = 0.2
MOST_KEPT = 500
State = Literal["pending", "running", "done"]


@dataclass
class Job:
    """`starts` and `ends` are in seconds of the monotonic clock; `stopped` is when somebody interrupted it."""

    id: str
    number: int
    graph: dict[str, Any]
    fault: Fault
    starts: float
    ends: float
    stopped: bool = False
    history: dict[str, Any] | None = None

    @property
    def state(self) -> State:
        now = time.monotonic()
        if self.stopped or now >= self.ends:
            return "done"
        return "running" if now >= self.starts else "pending"

    @property
    def as_entry(self) -> list[Any]:
        """The job as the queue and the history have it."""
        return [self.number, self.id, self.graph, {}, []]


@dataclass
class Jobs:
    """Safe for many threads."""

    _jobs: dict[str, Job] = field(default_factory=dict)
    _files: dict[tuple[str, str, str], bytes] = field(default_factory=dict)
    _done_graphs: set[bytes] = field(default_factory=set)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _count: int = 0

    @property
    def uploads(self) -> set[str]:
        with self._lock:
            return {"/".join(filter(None, place[1:])) for place in self._files if place[0] == "input"}

    def store_upload(self, filename: str, data: bytes, subfolder: str, kind: str) -> dict[str, str]:
        """A file of the same name and other bytes gets a number."""
        kind = kind or "input"
        with self._lock:
            stem, _, ending = filename.rpartition(".")
            name, number = filename, 1
            while self._files.get((kind, subfolder, name), data) != data:
                name, number = f"{stem} ({number}).{ending}", number + 1
            self._keep((kind, subfolder, name), data)
        return {"name": name, "subfolder": subfolder, "type": kind}

    def add(self, job_id: str, graph: dict[str, Any], fault: Fault) -> Job:
        with self._lock:
            waiting = [job.ends for job in self._jobs.values() if job.state != "done"]
            starts = max([time.monotonic(), *waiting])
            job = Job(job_id or str(uuid.uuid4()), self._count, graph, fault, starts, starts + WORK_SECONDS)
            self._count += 1
            while len(self._jobs) >= MOST_KEPT:
                del self._jobs[next(iter(self._jobs))]
            self._jobs[job.id] = job
            return job

    def queue(self) -> dict[str, list[Any]]:
        with self._lock:
            by_state = {state: [job.as_entry for job in self._jobs.values() if job.state == state]
                        for state in ("running", "pending")}  # fmt: skip
        return {f"queue_{state}": entries for state, entries in by_state.items()}

    def delete(self, job_id: str) -> None:
        """A job that waits leaves without a trace."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is not None and job.state == "pending":
                del self._jobs[job_id]

    def interrupt(self, job_id: str) -> None:
        """Stop what runs: the named job, or whatever it is when none is named."""
        with self._lock:
            for job in self._jobs.values():
                if job.state == "running" and job_id in ("", job.id):
                    job.stopped = True
                    error = {"prompt_id": job.id, "node_id": "3", "node_type": "KSampler", "executed": []}
                    job.history = _history(job, {}, "error", [["execution_interrupted", error]])

    def history(self, job_id: str) -> dict[str, Any]:
        """What is known of an ended job by its id, of all without one."""
        with self._lock:
            wanted = [self._jobs[job_id]] if job_id in self._jobs else []
            ended = [job for job in (wanted if job_id else self._jobs.values()) if job.state == "done"]
            return {job.id: job.history or self._finish(job) for job in ended}

    def file(self, kind: str, subfolder: str, filename: str) -> bytes | None:
        with self._lock:
            return self._files.get((kind, subfolder, filename))

    def _finish(self, job: Job) -> dict[str, Any]:
        """Draw the graph at the first look at its result."""
        known = orjson.dumps(job.graph, option=orjson.OPT_SORT_KEYS)
        outputs: dict[str, Any] = {}
        status, messages = "success", [["execution_success", {"prompt_id": job.id}]]
        if known not in self._done_graphs:
            try:
                outputs = self._draw(job)
                self._done_graphs.add(known)
            except OutOfMemory as error:
                status, messages = "error", [["execution_error", error.as_message(job.id)]]
        job.history = _history(job, outputs, status, messages)
        return job.history

    def _draw(self, job: Job) -> dict[str, Any]:
        uploads = {"/".join(filter(None, place[1:])): open_picture(data) for place, data in self._files.items()
                   if place[0] == "input"}  # fmt: skip
        outputs: dict[str, Any] = {}
        for drawn in draw_graph(job.graph, uploads, job.id):
            pictures = drawn.pictures if job.fault.partial is None else drawn.pictures[: job.fault.partial]
            names = [f"{drawn.prefix.rpartition('/')[2]}_{place:05}_.png" for place in range(1, len(pictures) + 1)]
            subfolder = drawn.prefix.rpartition("/")[0]
            for name, picture in zip(names, pictures, strict=True):
                self._keep((drawn.type, subfolder, name), picture)
            outputs[drawn.node] = {
                "images": [{"filename": name, "subfolder": subfolder, "type": drawn.type} for name in names]
            }
        return outputs

    def _keep(self, place: tuple[str, str, str], data: bytes) -> None:
        while len(self._files) >= MOST_KEPT:
            del self._files[next(iter(self._files))]
        self._files[place] = data


def _history(job: Job, outputs: dict[str, Any], status: str, messages: list[list[Any]]) -> dict[str, Any]:
    begun = ["execution_start", {"prompt_id": job.id}]
    state = {"status_str": status, "completed": status == "success", "messages": [begun, *messages]}
    return {"prompt": job.as_entry, "outputs": outputs, "status": state, "meta": {}}
