"""What is passed on is the picture and nothing else; what is asked for as the original is untouched."""

import io
import struct
from typing import Any

import pytest
from PIL import Image as PillowImage
from PIL import ImageCms
from PIL.PngImagePlugin import PngInfo

from cloudhub.api.pictures import _signer
from cloudhub.generations import storage
from cloudhub.generations.images import upload_image
from cloudhub.generations.models import Image
from cloudhub.generations.recipe import read_recipe
from cloudhub.generations.sharing import is_whole, without_metadata
from tests.api.caller import Caller, caller_of
from tests.conftest import Cast, client_of
from tests.generations.stage import carry_out
from tests.providers.hostile_pictures import CUT_OFF, SIGNATURE, chunk, encoded

pytestmark = pytest.mark.sqlite_only
KINDS = ("PNG", "JPEG", "WEBP")
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
WORDS = (b"Ada Lovelace", b"a secret prompt", b"51.178", b"UniqueCamera", b"<x:xmpmeta")
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>a secret prompt</x:xmpmeta>"


def exif(turn: int = 6) -> bytes:
    told = PillowImage.Exif()
    told[0x0112], told[0x013B], told[0x0110] = turn, "Ada Lovelace", "UniqueCamera"
    told[0x8825] = {1: "N", 2: (51.0, 10.0, 43.0), 29: "51.178"}
    return told.tobytes()


def talkative(kind: str, turn: int = 6, mode: str = "RGB", **more: Any) -> bytes:
    """A picture of two halves with everything in it that programs and cameras write."""
    picture = PillowImage.new(mode, (60, 40), "red")
    picture.paste(1 if mode == "P" else "blue", (0, 0, 30, 40))
    options: dict[str, Any] = {"exif": exif(turn), "icc_profile": PROFILE, **more}
    if kind == "PNG":
        texts = PngInfo()
        texts.add_text("parameters", "a secret prompt")
        texts.add_itxt("workflow", "a secret prompt", zip=True)
        texts.add_itxt("XML:com.adobe.xmp", XMP.decode())
        options["pnginfo"] = texts
    else:
        options["xmp"] = XMP
    if kind == "JPEG":
        options["comment"] = b"a secret prompt"
    if kind == "WEBP":
        options["lossless"] = True
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def opened(data: bytes) -> PillowImage.Image:
    picture = PillowImage.open(io.BytesIO(data))
    picture.load()
    return picture


@pytest.mark.parametrize("kind", KINDS)
def test_place_person_program_and_prompt_are_gone_and_the_pixels_are_the_same(kind: str) -> None:
    data = talkative(kind)
    assert b"Ada Lovelace" in data
    passed_on = without_metadata(data)
    assert [word for word in WORDS if word in passed_on] == []
    before, after = opened(data), opened(passed_on)
    assert (after.format, after.mode, after.tobytes()) == (before.format, before.mode, before.tobytes())
    assert dict(after.getexif()) == {0x0112: 6}
    assert after.info["icc_profile"] == PROFILE
    assert not set(after.info) & {"xmp", "comment", "parameters", "workflow", "XML:com.adobe.xmp", "photoshop"}
    assert is_whole(passed_on)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("turn", [1, 3, 8])
def test_the_turn_of_the_camera_stays_and_nothing_where_it_was_held_upright(kind: str, turn: int) -> None:
    told = dict(opened(without_metadata(talkative(kind, turn))).getexif())
    assert told == ({} if turn == 1 else {0x0112: turn})


@pytest.mark.parametrize(("kind", "mode", "more"), [
    ("PNG", "RGBA", {}), ("PNG", "P", {"transparency": 0}), ("PNG", "L", {}), ("PNG", "RGB", {"dpi": (300, 300)}),
    ("WEBP", "RGBA", {}), ("JPEG", "L", {}), ("JPEG", "CMYK", {}), ("JPEG", "RGB", {"progressive": True}),
    ("JPEG", "RGB", {"dpi": (300, 300), "restart_marker_rows": 1}),
])  # fmt: skip
def test_all_kinds_of_pixels_come_through(kind: str, mode: str, more: dict[str, Any]) -> None:
    data = talkative(kind, mode=mode, **more)
    before, after = opened(data), opened(without_metadata(data))
    assert (after.mode, after.tobytes()) == (before.mode, before.tobytes())
    assert after.info.get("transparency") == before.info.get("transparency")
    assert after.info.get("dpi") == before.info.get("dpi")


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_that_tells_nothing_is_not_changed(kind: str) -> None:
    assert without_metadata(encoded(kind)) == encoded(kind)


def test_the_small_picture_inside_of_a_large_one_goes() -> None:
    data = encoded("JPEG")
    head = b"\xff\xe0" + (16 + 3).to_bytes(2, "big") + data[6:18] + b"\x01\x01" + b"RGB"
    passed_on = without_metadata(data[:2] + head + data[20:])
    assert b"RGB" not in passed_on
    assert opened(passed_on).size == (32, 20)


@pytest.mark.parametrize("data", [*CUT_OFF.values(), SIGNATURE, b"\xff\xd8", b"RIFF", b"", b"\xff\xd8\xff\xe1\xff\xff"])
def test_a_broken_file_gives_what_there_is_and_never_more(data: bytes) -> None:
    assert len(without_metadata(data)) <= len(data) + 12
    assert not is_whole(data) or data == b""


CREDENTIALS = chunk(b"caBX", b"signed by a vendor")


def test_a_vendors_statement_that_a_machine_made_it_stays_only_where_a_machine_did() -> None:
    data = encoded("PNG")
    signed = data[:33] + CREDENTIALS + data[33:]
    assert without_metadata(signed, with_credentials=True) == signed
    assert without_metadata(signed) == data


@pytest.fixture
def photograph(cast: Cast) -> Image:
    return upload_image(cast.bob, talkative("JPEG"))


def test_an_upload_is_downloaded_and_shared_without_its_place(cast: Cast, photograph: Image) -> None:
    bobs, caller = client_of(cast.bob), caller_of(cast.bob)
    media, rest = f"/media/{photograph.id}", f"/api/v1/images/{photograph.id}"
    shared = [bobs.get(f"{media}.download"), bobs.get(f"{media}.download?shared=1"), caller.get(rest)]
    for answer in [*shared, caller.get(f"{rest}?shared=1")]:
        assert answer.status_code == 200
        assert [word for word in WORDS if word in answer.content] == []
    for answer in (bobs.get(f"{media}.original"), caller.get(f"{rest}?original=1")):
        assert answer.content == storage.read_bytes(photograph.sha256) == talkative("JPEG")


def test_a_thumbnail_tells_nothing_and_stands_upright(cast: Cast, photograph: Image) -> None:
    small = opened(client_of(cast.bob).get(f"/media/{photograph.id}.thumb").content)
    assert small.size == (40, 60)
    assert dict(small.getexif()) == {}


def test_what_is_shared_carries_no_recipe_and_a_download_does(cast: Cast) -> None:
    image = carry_out(cast.bob, prompt="a secret prompt").images.get()
    caller = caller_of(cast.bob)
    shared, download = (caller.get(f"/api/v1/images/{image.id}{query}") for query in ("?shared=1", ""))
    assert read_recipe(download.content)["prompt"] == "a secret prompt"
    assert b"a secret prompt" not in shared.content
    assert read_recipe(shared.content) is None
    assert shared["ETag"] != download["ETag"]


def test_a_signed_link_gives_the_picture_to_pass_on(cast: Cast, photograph: Image) -> None:
    answer = Caller().get(f"/images/signed/{_signer.sign(str(photograph.id))}")
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.status_code == 200
    assert [word for word in WORDS if word in answer.content] == []


def test_parts_that_no_program_knows_are_not_passed_on() -> None:
    png = encoded("PNG")
    hidden = png[:33] + chunk(b"PRMt", b"a secret prompt") + png[33:]
    assert without_metadata(hidden) == without_metadata(png)
    jpeg = encoded("JPEG")

    def with_segment(marker: int, body: bytes) -> bytes:
        return jpeg[:2] + bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body + jpeg[2:]

    for marker in (0x05, 0xC8, 0xEE, *range(0xF0, 0xFE)):
        assert without_metadata(with_segment(marker, b"a secret prompt")) == without_metadata(jpeg)
    colours = b"Adobe\0\x64\0\0\0\0\1"
    passed_on = without_metadata(with_segment(0xEE, colours + b"a secret prompt"))
    assert colours in passed_on
    assert b"secret" not in passed_on
    assert opened(passed_on).size == (32, 20)


def test_every_colour_coding_of_a_jpeg_looks_the_same_afterwards() -> None:
    buffer = io.BytesIO()
    PillowImage.new("CMYK", (32, 20), (10, 200, 30, 40)).save(buffer, "JPEG", progressive=True)
    assert opened(without_metadata(buffer.getvalue())).tobytes() == opened(buffer.getvalue()).tobytes()
