"""The recipe of a picture: what was asked, of which model, at what cost. Written into PNG downloads and read back.

The stored original is never touched. Chunks after the header of a PNG need no decoding and lose nothing:
https://www.w3.org/TR/png-3/#11iTXt
"""

import json
import struct
import zlib
from typing import Any

from cloudhub.core.money import format_amount
from cloudhub.generations import storage
from cloudhub.generations.models import Image
from cloudhub.generations.sharing import without_metadata
from providers.pictures import open_picture

KEYWORD = "cloudhub"
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER_END = len(_SIGNATURE) + 25


def recipe_of(image: Image) -> dict[str, Any]:
    """What the picture was made from; empty for an upload. Amounts are six-place strings."""
    generation = image.generation
    if generation is None:
        return {}
    return {
        "generation": str(generation.id),
        "image": str(image.id),
        "model": generation.model.key,
        "provider": generation.model.provider,
        "cloud_model_id": generation.model.cloud_model_id,
        "prompt": generation.prompt,
        "parameters": {name: value for name, value in generation.request.items() if name not in ("prompt", "model")},
        "seed": image.seed,
        "revised_prompt": image.revised_prompt or None,
        "cost": format_amount(generation.cost_micros),
        "currency": generation.currency,
        "created_at": generation.created_at.isoformat(),
    }


def has_lost_its_words(image: Image) -> bool:
    """Whether what was asked for the picture has been erased. Its file may hold it too, as it came."""
    made = image.generation
    return image.prompt_erased_at is not None or (made is not None and made.recipe_erased_at is not None)


def original_of(image: Image) -> bytes:
    """The stored bytes; once the picture has lost its words, without those in its file. Raises FileNotFoundError."""
    return to_pass_on(image) if has_lost_its_words(image) else storage.read_bytes(image.sha256)


def with_recipe(image: Image) -> bytes:
    """The picture for the files of whoever asked for it: as for passing on, and a PNG gets text with its recipe.

    Raises FileNotFoundError when the file is missing.
    """
    data = to_pass_on(image)
    recipe = recipe_of(image)
    if not recipe or not data.startswith(_SIGNATURE):
        return data
    texts = {KEYWORD: json.dumps(recipe, ensure_ascii=False), "parameters": _common_parameters(image, recipe)}
    chunks = b"".join(_text_chunk(keyword, text) for keyword, text in texts.items())
    return data[:_HEADER_END] + chunks + data[_HEADER_END:]


def to_pass_on(image: Image) -> bytes:
    """The picture without metadata: neither the recipe nor what a camera, an editor or a vendor wrote into the file.

    A vendor's signed statement that a machine made it stays; one in an upload may tell of its photographer and goes.
    Raises FileNotFoundError when the file is missing.
    """
    return without_metadata(storage.read_bytes(image.sha256), with_credentials=image.generation_id is not None)


def read_recipe(data: bytes) -> dict[str, Any] | None:
    """The recipe that a downloaded PNG carries, None when it carries none that we wrote."""
    try:
        with open_picture(data, formats=("PNG",)) as image:
            stored = json.loads(image.info.get(KEYWORD, "null"))
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None
    return stored if isinstance(stored, dict) else None


def _common_parameters(image: Image, recipe: dict[str, Any]) -> str:
    """The one-line text that image browsers understand, first written by AUTOMATIC1111's web interface."""
    negative = recipe["parameters"].get("negative_prompt")
    lines = [recipe["prompt"], *([f"Negative prompt: {negative}"] if negative else [])]
    seed = f"Seed: {image.seed}, " if image.seed is not None else ""
    return "\n".join([*lines, f"{seed}Size: {image.width}x{image.height}, Model: {recipe['model']}"])


def _text_chunk(keyword: str, text: str) -> bytes:
    """An international text chunk, compressed: keyword, flag and method, empty language and translation, UTF-8 text."""
    body = keyword.encode("latin-1") + b"\0\1\0\0\0" + zlib.compress(text.encode())
    return struct.pack(">I", len(body)) + b"iTXt" + body + struct.pack(">I", zlib.crc32(b"iTXt" + body))
