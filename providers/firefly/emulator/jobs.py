"""Uploads and jobs: taken at once, done a moment later, kept in this process."""

import io
import secrets
import threading
import time
import uuid
from dataclasses import dataclass, field

from PIL import Image

from providers.emulation.drawing import draw_picture
from providers.emulation.faults import Fault
from providers.firefly.emulator.errors import Refused, invalid
from providers.firefly.emulator.wish import Wish

WORK_SECONDS = 0.2
MOST_KEPT = 500
LEAST_LARGER_SIDE = 600


@dataclass
class Job:
    """`failure` is an error code in place of pictures, `cancelled` whether it was stopped before its end."""

    id: str
    wish: Wish
    references: tuple[Image.Image, ...]
    delivered: int
    failure: str = ""
    mask: Image.Image | None = None
    cancelled: bool = False
    done_at: float = field(default_factory=lambda: time.monotonic() + WORK_SECONDS)

    @property
    def status(self) -> str:
        if self.cancelled:
            return "cancelled"
        if time.monotonic() < self.done_at:
            return "running"
        return "failed" if self.failure else "succeeded"

    @property
    def size(self) -> tuple[int, int]:
        return self.wish.size or (self.references[0].width, self.references[0].height)

    def picture(self, place: int) -> bytes:
        drawn = draw_picture(self.wish.prompt, f"{self.id} {place}", self.size, "image/jpeg", self.references)
        return drawn if self.mask is None else _filled(drawn, self.references[0], self.mask)

    def seed(self, place: int) -> int:
        return self.wish.seeds[place] if self.wish.seeds else (hash(self.id) + place) % 2**31


_jobs: dict[str, Job] = {}
_uploads: dict[str, Image.Image] = {}
_lock = threading.Lock()


def add_upload(data: bytes) -> str:
    """Keep a reference picture; its id. Raises `Refused` when it cannot be read."""
    try:
        picture = Image.open(io.BytesIO(data)).convert("RGB")
    except (OSError, SyntaxError, ValueError) as error:
        raise Refused(400, "bad_request", "The image cannot be read.") from error
    name = str(uuid.uuid4())
    with _lock:
        _make_room(_uploads)
        _uploads[name] = picture
    return name


def add_job(wish: Wish, fault: Fault) -> Job:
    """Take a job. Raises `Refused` when it names a picture that nobody uploaded, or a mask that does not fit."""
    with _lock:
        named = (*wish.uploads, *filter(None, [wish.mask]))
        missing = [name for name in named if name not in _uploads]
        if missing:
            raise Refused(422, "validation_error", f"The upload {missing[0]} does not exist.")
        mask = _mask(_uploads[wish.mask], _uploads[wish.uploads[0]]) if wish.mask else None
        delivered = wish.count if fault.partial is None else min(fault.partial, wish.count)
        name = f"urn:ff:jobs:eso851211:{secrets.token_hex(16)}"
        failure = "output_media_unsafe" if fault.filtered else ""
        job = Job(name, wish, tuple(_uploads[upload] for upload in wish.uploads), delivered, failure, mask)
        _make_room(_jobs)
        _jobs[job.id] = job
    return job


def find_job(job_id: str) -> Job:
    with _lock:
        job = _jobs.get(job_id)
    if job is None:
        raise Refused(404, "not_found", "The job does not exist.")
    return job


def cancel_job(job_id: str) -> None:
    """Stop a job that is not done yet; a finished one stays as it is."""
    job = find_job(job_id)
    with _lock:
        job.cancelled = job.cancelled or time.monotonic() < job.done_at


def _mask(mask: Image.Image, picture: Image.Image) -> Image.Image:
    """A fill's mask in grey; white is what Adobe draws anew."""
    if mask.size != picture.size:
        raise invalid("mask", message="The input image and mask image must match in pixel dimensions.")
    if max(mask.size) < LEAST_LARGER_SIDE:
        raise invalid("mask", message=f"The larger side must have at least {LEAST_LARGER_SIDE} px.")
    return mask.convert("L")


def _filled(drawn: bytes, picture: Image.Image, mask: Image.Image) -> bytes:
    """The picture with what was drawn where the mask is white."""
    file = io.BytesIO()
    Image.composite(Image.open(io.BytesIO(drawn)).convert("RGB"), picture, mask).save(file, "JPEG", quality=90)
    return file.getvalue()


def _make_room(kept: dict[str, Job] | dict[str, Image.Image]) -> None:
    while len(kept) >= MOST_KEPT:
        kept.pop(next(iter(kept)))
