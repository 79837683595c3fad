"""Files: named by their content, whole or not there, original for ever, small pictures beside them."""

import hashlib
import io
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings
from PIL import Image as PillowImage

from cloudhub.generations import finish, storage
from cloudhub.generations.answers import kept_answer
from cloudhub.generations.engine import engine
from cloudhub.generations.run import submit_and_wait
from providers.emulation.server import RunningServer
from tests.canary import TEST_KEY
from tests.conftest import Cast
from tests.generations.books import check_invoice_against_ledger
from tests.generations.stage import FLASH, again, attempts_of, carry_out, png, states_of, submit


def test_a_picture_is_named_by_its_content() -> None:
    sha256 = storage.keep_bytes(b"picture")
    assert sha256 == hashlib.sha256(b"picture").hexdigest()
    assert storage.object_path(sha256) == Path(settings.DATA_DIR) / "objects" / sha256[:2] / sha256
    assert storage.read_bytes(sha256) == b"picture"


def test_the_same_picture_is_one_file_that_is_renewed() -> None:
    path = storage.object_path(storage.keep_bytes(b"twice"))
    os.utime(path, (0, 0))
    storage.keep_bytes(b"twice")
    assert path.stat().st_mtime > 0
    assert list(path.parent.glob(f"*{path.name}*")) == [path]


def test_a_file_is_flushed_before_it_gets_its_name_and_its_folder_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def flush(descriptor: int) -> None:
        steps.append("flush " + Path(os.readlink(f"/proc/self/fd/{descriptor}")).name.split(".")[-1][:6])
        fsync(descriptor)

    def rename(path: Path, target: Path) -> Path:
        steps.append("rename")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", flush)
    monkeypatch.setattr(Path, "replace", rename)
    storage.write_durably(tmp_path / "ab" / "file", b"data")
    above, data, name, folder = steps
    assert (above, name, folder) == (f"flush {tmp_path.name[:6]}", "rename", "flush ab")
    assert data.startswith("flush ")


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()
    with pytest.raises(OSError, match="file"):
        storage.write_durably(tmp_path / "file", b"data")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_what_the_vendor_sent_is_kept_byte_for_byte(gemini: RunningServer, gemini_flash: object, cast: Cast) -> None:
    image = carry_out(cast.bob, FLASH).images.get()
    data = storage.read_bytes(image.sha256)
    assert (hashlib.sha256(data).hexdigest(), len(data)) == (image.sha256, image.size_bytes)
    with PillowImage.open(io.BytesIO(data)) as opened:
        assert opened.size == (image.width, image.height)


def test_after_settling_the_answer_goes_and_the_record_with_the_usage_stays(
    gemini: RunningServer, gemini_flash: object, cast: Cast
) -> None:
    attempt = attempts_of(carry_out(cast.bob, FLASH))[0]
    record = kept_answer(attempt.pk)
    assert record is not None
    assert record.usage["candidatesTokenCount"] > 1000
    assert record.request_id == attempt.vendor_request_id
    assert len(str(record.provider_response)) < 5_000
    assert TEST_KEY not in storage.record_path(attempt.pk).read_text()
    assert not list(storage.folder("incoming").glob(f"{attempt.pk}*"))


def test_a_paid_picture_that_cannot_be_filed_is_tried_until_it_can(
    gemini: RunningServer, gemini_flash: object, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([True] * 6)
    keep = finish.keep_answer

    def fail_six_times(*arguments: object) -> object:
        if next(answers, False):
            raise OSError(28, "No space left on device")
        return keep(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(finish, "keep_answer", fail_six_times)
    generation = carry_out(cast.bob, FLASH)
    assert (generation.state, states_of(generation)) == ("succeeded", ["settled"])
    check_invoice_against_ledger(gemini)


def test_meanwhile_it_says_that_the_picture_is_paid_and_kept(
    gemini: RunningServer, gemini_flash: object, committed_cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> object:
        raise OSError(28, "No space left on device")

    keep = finish.keep_answer
    monkeypatch.setattr(finish, "keep_answer", fail)
    asked = submit_and_wait(
        actor=committed_cast.bob, model=FLASH, fields={"prompt": "a fox"}, route="door", seconds=10
    ).generation
    assert (asked.state, asked.error["code"], asked.error["billed"]) == ("unknown", "save_failed_paid", "yes")
    monkeypatch.setattr(finish, "keep_answer", keep)
    last = time.monotonic() + 10
    while engine.in_flight:
        assert time.monotonic() < last, "the call never ended"
        time.sleep(0.01)
    assert again(asked).state == "succeeded"


def test_a_full_disk_in_the_spool_loses_no_picture(gemini: RunningServer, gemini_flash: object, cast: Cast) -> None:
    generation = submit(cast.bob, FLASH).generation
    (storage.folder("incoming") / f"{attempts_of(generation)[0].pk}-1.part").symlink_to("/dev/full")
    engine.run_once()
    assert again(generation).state == "succeeded"


@pytest.mark.parametrize(
    ("kind", "mode"), [("PNG", "RGB"), ("PNG", "P"), ("PNG", "LA"), ("JPEG", "L"), ("WEBP", "RGBA")]
)
def test_a_thumbnail_is_a_small_webp_that_is_made_once(kind: str, mode: str) -> None:
    buffer = io.BytesIO()
    PillowImage.new(mode, (1600, 800)).save(buffer, kind)
    sha256 = storage.keep_bytes(buffer.getvalue())
    small = storage.thumbnail(sha256)
    with PillowImage.open(io.BytesIO(small)) as opened:
        assert (opened.format, opened.size) == ("WEBP", (640, 320))
    storage.object_path(sha256).unlink()
    assert storage.thumbnail(sha256) == small


def test_a_small_picture_is_not_blown_up() -> None:
    with PillowImage.open(io.BytesIO(storage.thumbnail(storage.keep_bytes(png(size=(300, 200)))))) as opened:
        assert opened.size == (300, 200)


def test_a_picture_that_is_missing_or_broken_is_said_to_be() -> None:
    broken = storage.keep_bytes(png("red", (2000, 2000))[:200])
    for sha256 in ("0" * 64, broken):
        with pytest.raises(FileNotFoundError):
            storage.thumbnail(sha256)


@pytest.mark.sqlite_only
def test_a_new_data_folder_is_for_its_own_account_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "DATA_DIR", tmp_path / "data")
    before = os.umask(0o022)
    try:
        made = [storage.folder("objects"), settings.DATA_DIR]
    finally:
        os.umask(before)
    assert [path.stat().st_mode & 0o777 for path in made] == [0o700, 0o700]


@pytest.mark.sqlite_only
def test_what_a_command_writes_is_for_its_own_account_alone(tmp_path: Path) -> None:
    written, data = tmp_path / "written", tmp_path / "data"
    data.mkdir()
    environment = {
        **os.environ,
        "CLOUDHUB_DATA_DIR": str(tmp_path / "data"),
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }
    said = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", f"open({str(written)!r}, 'w').close()"],
        cwd=Path(__file__).resolve().parents[2], env=environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    assert written.stat().st_mode & 0o777 == 0o600
