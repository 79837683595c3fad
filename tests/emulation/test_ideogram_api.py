"""What the emulated Ideogram accepts, refuses, delivers and charges, as the vendor's pages have it."""

import io
from typing import Any

import httpx
import pytest
from PIL import Image

from providers.emulation.server import RunningServer
from tests.emulation.calls import amounts, opened, png

pytestmark = pytest.mark.sqlite_only
# One client for all tests: each new one reads the machine's certificates again.
_connections = httpx.Client(trust_env=False, timeout=30, limits=httpx.Limits(max_keepalive_connections=0))
KEY, PROMPT = "ideogram-test-0123456789", "A ceramic mug on a wooden table"
PICTURE = png(96, 64)
NEWEST, FOUR, THREE = "generate/ideogram-4-5", "generate/ideogram-4", "generate/ideogram-3"
EDIT, CUT = "precise-edit/ideogram-4-5", "remove-background/ideogram-1"


def half(changes: int = 0, stays: int = 255, size: tuple[int, int] = (96, 64)) -> bytes:
    """A mask whose left half is `changes`: black is what shall be edited."""
    drawn, file = Image.new("L", size, stays), io.BytesIO()
    drawn.paste(changes, (0, 0, size[0] // 2, size[1]))
    drawn.save(file, "PNG")
    return file.getvalue()


def draw(emulator: RunningServer, path: str = NEWEST, query: str = "", **fields: Any) -> httpx.Response:
    """A call with words alone, as JSON; without a prompt where it is None."""
    body = {name: value for name, value in ({"prompt": PROMPT} | fields).items() if value is not None}
    return _connections.post(f"{emulator.url}/ideogram/v2/image/{path}{query}", headers={"Api-Key": KEY}, json=body)


def edit(emulator: RunningServer, path: str = EDIT, data: Any = None, **files: Any) -> httpx.Response:
    """A call with pictures, as a form; several of one name are a list."""
    sent = [(name, (f"{name}.png", one, "image/png")) for name, given in files.items()
            for one in (given if isinstance(given, list) else [given])]  # fmt: skip
    url = f"{emulator.url}/ideogram/v2/image/{path}"
    return _connections.post(url, headers={"Api-Key": KEY}, data={"prompt": PROMPT} if data is None else data,
                             files=sent)  # fmt: skip


def get(address: str, key: str = KEY) -> httpx.Response:
    return _connections.get(address, headers={"Api-Key": key} if key else {})


def pictures(answer: httpx.Response) -> list[bytes]:
    """The pictures behind an answer's addresses, fetched without a key."""
    assert answer.status_code == 200, answer.text
    return [get(entry["url"], key="").content for entry in answer.json()["data"]]


@pytest.mark.parametrize(
    ("path", "fields", "price", "size"),
    [
        (NEWEST, {"size": "720x1280"}, "0.100000", (720, 1280)),
        (NEWEST, {"size": "1024x1024", "quality": "low", "num_images": 2, "seed": 0}, "0.060000", (1024, 1024)),
        (NEWEST, {"quality": "medium", "magic_prompt": "on", "enable_copyright_detection": True}, "0.060000",
         (2048, 2048)),
        (FOUR, {"resolution": "512x1536"}, "0.060000", (512, 1536)),
        (FOUR, {"resolution": "800x1280", "rendering_speed": "quality"}, "0.100000", (800, 1280)),
        (THREE, {"resolution": "832x960", "style_type": "design", "negative_prompt": "rain"}, "0.060000", (832, 960)),
        (THREE, {"resolution": "1536x512", "rendering_speed": "quality"}, "0.090000", (1536, 512)),
    ],
)  # fmt: skip
def test_words_become_pictures_of_the_size_and_price(
    emulator: RunningServer, path: str, fields: dict[str, Any], price: str, size: tuple[int, int]
) -> None:
    answer = draw(emulator, path, **fields)
    drawn = pictures(answer)
    assert len({*drawn}) == fields.get("num_images", 1)
    assert {opened(data).size for data in drawn} == {size}
    assert amounts(emulator) == [price]
    if "seed" in fields:
        assert [entry["seed"] for entry in answer.json()["data"]] == [0, 1]


@pytest.mark.parametrize(
    ("path", "fields", "word"),
    [
        (NEWEST, {"prompt": None}, "prompt"),
        (NEWEST, {"prompt": ""}, "prompt"),
        (NEWEST, {"prompt": "x" * 10_001}, "prompt"),
        (NEWEST, {"size": "1000x1000"}, "size"),
        (NEWEST, {"size": "512x1536"}, "size"),
        (NEWEST, {"size": "source"}, "size"),
        (NEWEST, {"quality": "very_low"}, "quality"),
        (NEWEST, {"rendering_speed": "turbo"}, "rendering_speed"),
        (NEWEST, {"num_images": 9}, "num_images"),
        (NEWEST, {"num_images": True}, "num_images"),
        (NEWEST, {"seed": 2**31}, "seed"),
        (NEWEST, {"private": "yes"}, "private"),
        (NEWEST, {"negative_prompt": "x"}, "negative_prompt"),
        (FOUR, {"rendering_speed": "TURBO"}, "rendering_speed"),
        (FOUR, {"size": "1024x1024"}, "size"),
        (THREE, {"resolution": "2048x2048"}, "resolution"),
        (THREE, {"style_type": "anime"}, "style_type"),
    ],
)
def test_what_the_document_does_not_have_is_refused_and_free(
    emulator: RunningServer, path: str, fields: dict[str, Any], word: str
) -> None:
    answer = draw(emulator, path, **fields)
    assert (answer.status_code, word in answer.json()["error"]) == (400, True)
    assert amounts(emulator) == []


@pytest.mark.parametrize(
    ("quality", "price"), [("very_low", "0.008000"), ("", "0.060000"), ("high", "0.220000")]
)  # fmt: skip
def test_an_edit_keeps_the_pictures_size_and_costs_by_its_quality(
    emulator: RunningServer, quality: str, price: str
) -> None:
    data = {"prompt": PROMPT, **({"quality": quality} if quality else {})}
    (drawn,) = pictures(edit(emulator, data=data, image=PICTURE, reference_images=[png(8, 8)] * 4))
    assert opened(drawn).size == (96, 64)
    assert amounts(emulator) == [price]


def test_only_what_is_black_in_the_mask_changes(emulator: RunningServer) -> None:
    (drawn,) = pictures(edit(emulator, image=PICTURE, mask=half()))
    before, after = opened(PICTURE).convert("RGB"), opened(drawn).convert("RGB")
    assert after.crop((48, 0, 96, 64)).tobytes() == before.crop((48, 0, 96, 64)).tobytes()
    assert after.crop((0, 0, 48, 64)).tobytes() != before.crop((0, 0, 48, 64)).tobytes()


@pytest.mark.parametrize(
    ("files", "word"),
    [
        ({"mask": half()}, "image"),
        ({"image": [PICTURE] * 2}, "image"),
        ({"image": b"no picture"}, "image"),
        ({"image": png(70, 10)}, "aspect ratio"),
        ({"image": PICTURE, "mask": half(size=(48, 32))}, "width and height"),
        ({"image": PICTURE, "mask": half(255)}, "black and white"),
        ({"image": PICTURE, "reference_images": [PICTURE] * 5}, "reference_images"),
        ({"image": PICTURE, "mask": half(), "reference_images": [PICTURE] * 4}, "reference_images"),
        ({"image": PICTURE, "images": PICTURE}, "images"),
    ],
)
def test_an_edit_that_the_page_forbids_is_refused_and_free(
    emulator: RunningServer, files: dict[str, Any], word: str
) -> None:
    answer = edit(emulator, **files)
    assert (answer.status_code, word in answer.json()["error"]) == (400, True)
    assert amounts(emulator) == []


def test_a_background_is_removed_for_a_cent_without_prompt_or_seed(emulator: RunningServer) -> None:
    answer = edit(emulator, CUT, data={"private": "true"}, image=PICTURE)
    assert set(answer.json()["data"][0]) == {"is_image_safe", "url"}
    assert opened(pictures(answer)[0]).size == (96, 64)
    assert amounts(emulator) == ["0.010000"]
    assert edit(emulator, CUT, image=PICTURE).status_code == 400


def test_a_price_quote_is_free_and_draws_nothing(emulator: RunningServer) -> None:
    quote = draw(emulator, query="?dry_run=true", quality="medium", num_images=2).json()
    assert (quote["object"], quote["usd_micros"], quote["quantity"]) == ("price_quote", 120_000, 2)
    assert amounts(emulator) == []


def test_a_generation_is_told_again_to_its_own_key_alone(emulator: RunningServer) -> None:
    answer = draw(emulator, size="720x1280", **{"async": True}).json()
    assert "data" not in answer
    address = f"{emulator.url}/ideogram/v2/generations/{answer['generation_id']}"
    again = get(address).json()
    assert (again["status"], len(again["data"])) == ("completed", 1)
    assert get(address, key="another-key").status_code == 404
    unsigned = again["data"][0]["url"].partition("?")[0]
    assert get(unsigned, key="").status_code == 403


def test_without_a_good_key_nothing_is_told(emulator: RunningServer) -> None:
    for path in ("v2/account/api-keys", "models", "v2/generations/x"):
        assert get(f"{emulator.url}/ideogram/{path}", key="").status_code == 401
        assert get(f"{emulator.url}/ideogram/{path}", key="an-invalid-key").status_code == 401
    assert get(f"{emulator.url}/ideogram/v2/account/api-keys", key="key-without-billing").status_code == 404
    assert get(f"{emulator.url}/ideogram/models", key="key-without-billing").json() == {"models": []}


@pytest.mark.parametrize(
    ("wish", "status", "charged"),
    [
        ({"filtered": "prompt"}, 422, []),
        ({"filtered": True}, 200, ["0.060000"]),
        ({"partial": 0}, 500, []),
        ({"partial": 1}, 200, ["0.030000"]),
        ({"status": 429}, 429, []),
        ({"status": 402}, 402, []),
        ({"status": 502}, 502, []),
    ],
)
def test_faults_answer_and_charge_as_the_pages_say(
    emulator: RunningServer, control: httpx.Client, wish: dict[str, Any], status: int, charged: list[str]
) -> None:
    assert control.post("/faults", json={"vendor": "ideogram", **wish}).status_code == 201
    answer = draw(emulator, size="720x1280", quality="low", num_images=2)
    assert (answer.status_code, amounts(emulator)) == (status, charged)
    if status in (402, 429):
        assert answer.json()["reject_reason"]
    if wish.get("filtered") is True:
        assert [(entry["is_image_safe"], entry["url"]) for entry in answer.json()["data"]] == [(False, None)] * 2
