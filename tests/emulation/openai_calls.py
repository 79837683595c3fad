"""What the tests send to the emulated OpenAI API, and how they look at its answers."""

import base64
import io
from typing import Any

import httpx
from PIL import Image

NEWEST, MIDDLE, SECOND = "gpt-image-2.6-flare", "gpt-image-2.5-sunburst", "gpt-image-2"
LATE, FIRST, DALL_E = "gpt-image-1.5", "gpt-image-1", "dall-e-3"
ALL = (
    NEWEST, "gpt-image-2.6-sunburst", "gpt-image-2.5-flare", MIDDLE, SECOND, LATE, "chatgpt-image-latest",
    "gpt-image-1-mini", FIRST,
)  # fmt: skip
PROMPT = "A red fox in fresh snow – at dawn"


def wish(model: str = NEWEST, **fields: Any) -> dict[str, Any]:
    """A body of images/generations at the smallest cost."""
    return {"model": model, "prompt": PROMPT, "size": "1024x1024", "quality": "low"} | fields


def files(*pictures: bytes, mask: bytes | None = None) -> list[tuple[str, tuple[str, bytes, str]]]:
    """The files of an edit, as a form has them."""
    parts = [("image[]", (f"{number}.png", data, "image/png")) for number, data in enumerate(pictures)]
    return parts + ([("mask", ("mask.png", mask, "image/png"))] if mask else [])


def edit(openai: httpx.Client, *pictures: bytes, mask: bytes | None = None, **fields: Any) -> httpx.Response:
    plain = {name: str(value) for name, value in wish(**fields).items()}
    return openai.post("/images/edits", data=plain, files=files(*pictures, mask=mask))


def see_through(width: int = 64, height: int = 64) -> bytes:
    """A mask as OpenAI wants it: the right half is see-through and shall change."""
    picture = Image.new("RGBA", (width, height), (255, 255, 255, 255))
    picture.paste((0, 0, 0, 0), (width // 2, 0, width, height))
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def first_picture(answer: httpx.Response) -> Image.Image:
    picture = Image.open(io.BytesIO(base64.b64decode(answer.json()["data"][0]["b64_json"])))
    picture.load()
    return picture
