"""Files under the data folder: pictures by their content, vendors' answers as they arrive, small records, thumbnails.

A file is written under a temporary name, flushed to the disk and renamed, so that a name always means a whole file.
"""

import hashlib
import io
import os
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from django.conf import settings
from PIL import ImageOps

from cloudhub.generations import wake
from cloudhub.generations.crash_points import reach
from providers.pictures import open_picture

THUMBNAIL_SIDE = 640
# Longer than any time between a file and the row that names it.
YOUNG_SECONDS = 3600.0


def folder(name: str) -> Path:
    """A folder of the data folder, made when missing."""
    path = Path(settings.DATA_DIR) / name
    if not path.is_dir():
        Path(settings.DATA_DIR).mkdir(mode=0o700, parents=True, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
    return path


def object_path(sha256: str) -> Path:
    return folder("objects") / sha256[:2] / sha256


def keep_bytes(data: bytes) -> str:
    """Store a picture's original bytes durably; returns their SHA-256, which is their name. Raises OSError."""
    sha256 = hashlib.sha256(data).hexdigest()
    # Written anew even when it exists: that renews its age, so that clearing away old files cannot race with it.
    write_durably(object_path(sha256), data)
    return sha256


def read_bytes(sha256: str) -> bytes:
    """The original bytes of a stored picture. Raises FileNotFoundError."""
    return object_path(sha256).read_bytes()


def write_durably(path: Path, data: bytes) -> None:
    """Temporary name, fsync, rename, fsync of the folder: after this the file survives a power cut. Raises OSError."""
    if not path.parent.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _sync_folder(path.parent.parent)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        reach("during_file_store")
        temporary.replace(path)
    except OSError:
        # A full disk is not filled further by what could not be finished.
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(path: Path) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def incoming_path(attempt_id: UUID) -> Path:
    """Where the HTTP door keeps an attempt's answers as they arrive, without the ending that it adds."""
    return folder("incoming") / str(attempt_id)


def first_answer(attempt_id: UUID) -> Path:
    """The first of the kept answers; its presence means that the vendor's words arrived whole."""
    return incoming_path(attempt_id).with_name(f"{attempt_id}-1.answer")


def record_path(attempt_id: UUID) -> Path:
    # The last digits of an id are random, the first ones are its time.
    return folder("answers") / str(attempt_id)[-2:] / f"{attempt_id}.json"


def remove_object(sha256: str, is_wanted: Callable[[], bool]) -> bool:
    """Remove a picture's file and thumbnail, unless a living picture `is_wanted` with the same bytes.

    False when that cannot be told yet, because the same bytes were written within the hour: their row may be about to
    come. The file is moved aside before the last look, so that a rival writer makes a new one instead of losing his.
    """
    path = object_path(sha256)
    aside = path.with_name(f".{sha256}.going")
    with suppress(FileNotFoundError):
        # A process ended in the middle of this.
        aside.replace(path)
    if is_wanted():
        return True
    try:
        if _is_young(path):
            return False
        path.rename(aside)
        if _is_young(aside) or is_wanted():
            os.utime(aside)
            aside.replace(path)
            return False
        aside.unlink()
    except FileNotFoundError:
        # Gone already, or a rival does the same.
        pass
    thumbnail_path(sha256).unlink(missing_ok=True)
    return True


def _is_young(path: Path) -> bool:
    return path.stat().st_mtime > time.time() - YOUNG_SECONDS


def clear_answer(attempt_id: UUID) -> None:
    """Remove a vendor's answer as it arrived, and its previews, once it is settled. Pictures and record stay."""
    for name in ("incoming", "previews"):
        for path in folder(name).glob(f"{attempt_id}-*"):
            path.unlink(missing_ok=True)


def preview_writer(attempt_id: UUID) -> Callable[[bytes, int], None]:
    """Keeps each unfinished picture of a call, by its number, for whoever looks on while the vendor works.

    Previews need not survive a power cut, but half of one must never be shown.
    """

    def write(picture: bytes, number: int) -> None:
        path = folder("previews") / f"{attempt_id}-{number}"
        unfinished = path.with_suffix(".part")
        unfinished.write_bytes(picture)
        unfinished.replace(path)
        wake.announce_end()

    return write


def previews(attempt_id: UUID) -> list[tuple[int, Path]]:
    """The previews that came so far of a call under way, by number."""
    paths = (path for path in folder("previews").glob(f"{attempt_id}-*") if path.suffix != ".part")
    return sorted((int(path.name.rpartition("-")[2]), path) for path in paths)


def thumbnail_path(sha256: str) -> Path:
    return folder("thumbnails") / sha256[:2] / f"{sha256}.webp"


def thumbnail(sha256: str) -> bytes:
    """A WebP of at most 640 pixels a side, made at the first look and kept.

    Raises FileNotFoundError when the picture is missing, or broken behind its header.
    """
    path = thumbnail_path(sha256)
    if path.exists():
        return path.read_bytes()
    original = read_bytes(sha256)
    try:
        data = _small(original)
    except (OSError, SyntaxError, ValueError) as error:
        raise FileNotFoundError(f"The picture {sha256} cannot be drawn small: {error}") from error
    write_durably(path, data)
    return data


def _small(original: bytes) -> bytes:
    with open_picture(original) as image:
        image.draft("RGB", (THUMBNAIL_SIDE, THUMBNAIL_SIDE))
        image.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
        # What a camera noted about how it was held is not in the small file, so the pixels are turned.
        ImageOps.exif_transpose(image, in_place=True)
        small = image if image.mode in ("RGB", "RGBA") else image.convert("RGBA" if "A" in image.getbands() else "RGB")
        buffer = io.BytesIO()
        small.save(buffer, "WEBP", quality=82, method=2)
        return buffer.getvalue()
