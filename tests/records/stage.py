"""What the tests of records do over and over: make something, let it grow old, carry out what is due."""

import os
import threading
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from cloudhub.generations import storage
from cloudhub.generations.models import Generation, Image
from cloudhub.records.retention import carry_out

NEVER = threading.Event()


def make_older(days: float, *generations: Generation) -> None:
    """Move generations, their pictures and files into the past."""
    for generation in generations:
        moment = timezone.now() - timedelta(days=days)
        finished = moment if generation.is_finished else None
        Generation.objects.filter(id=generation.id).update(created_at=moment, finished_at=finished)
        for image in Image.objects.filter(generation=generation):
            make_image_older(days, image)


def make_image_older(days: float, image: Image) -> None:
    moment = timezone.now() - timedelta(days=days)
    Image.objects.filter(id=image.id).update(created_at=moment)
    make_file_older(image.sha256, days)


def make_file_older(sha256: str, days: float = 1) -> None:
    moment = (timezone.now() - timedelta(days=days)).timestamp()
    os.utime(storage.object_path(sha256), (moment, moment))


def images_of(generation: Generation) -> list[Image]:
    return list(Image.objects.filter(generation=generation).order_by("index", "id"))


def now_image(image_id: UUID) -> Image:
    return Image.objects.get(id=image_id)


def has_file(sha256: str) -> bool:
    return storage.object_path(sha256).exists()


def carry_out_now() -> None:
    carry_out(NEVER)
