"""Carry out a wish: pictures, the answer around them with its JSON inside a text, and no charge."""

import base64
import io
import secrets
import threading
from typing import Any

import orjson
from PIL import Image

from providers.automatic1111.emulator.errors import out_of_memory
from providers.automatic1111.emulator.wish import Wish
from providers.emulation.contract import Reply, json_reply
from providers.emulation.drawing import draw_picture
from providers.emulation.faults import Fault

MOST_PIXELS = 2048 * 2048 * 4
# The server draws one call after the other.
_queue_lock = threading.Lock()


def carry_out(wish: Wish, fault: Fault) -> Reply:
    """Raises `Refused` when the pictures do not fit into the memory."""
    parameters = wish.parameters
    count = parameters["batch_size"] * parameters["n_iter"]
    width, height = wish.size
    if width * height * parameters["batch_size"] > MOST_PIXELS:
        raise out_of_memory(width * height * parameters["batch_size"])
    seed = parameters["seed"] if parameters["seed"] >= 0 else secrets.randbelow(2**32 - 8)
    delivered = count if fault.partial is None else min(fault.partial, count)
    with _queue_lock:
        pictures = [_draw(wish, seed + place) for place in range(delivered)]
    has_sheet = bool(parameters.get("save_images")) and len(pictures) > 1
    if has_sheet:
        pictures.insert(0, _contact_sheet(pictures))
    info = _info(wish, seed, delivered, first=int(has_sheet))
    encoded = [base64.b64encode(picture).decode("ascii") for picture in pictures]
    if not parameters.get("send_images", True):
        encoded = []
    given = {name: None if name in ("init_images", "mask") else value for name, value in parameters.items()}
    return json_reply({"images": encoded, "parameters": given, "info": orjson.dumps(info).decode()})


def _draw(wish: Wish, seed: int) -> bytes:
    """A picture that is new each time. With a mask only what is white in it changes."""
    words = f"{wish.parameters['prompt']} {wish.checkpoint.name}"
    mark = f"{seed} {secrets.token_hex(8)}"
    references = [wish.picture] if wish.picture else []
    drawn = draw_picture(words, mark, wish.size, "image/png", references)
    if wish.mask is None or wish.picture is None:
        return drawn
    white = wish.mask.convert("L").resize(wish.size)
    if wish.parameters.get("inpainting_mask_invert"):
        white = white.point(lambda value: 255 - value)
    new = Image.open(io.BytesIO(draw_picture(words, mark, wish.size, "image/png"))).convert("RGB")
    return _png(Image.composite(new, wish.picture.resize(wish.size), white))


def _contact_sheet(pictures: list[bytes]) -> bytes:
    opened = [Image.open(io.BytesIO(picture)) for picture in pictures]
    sheet = Image.new("RGB", (sum(picture.width for picture in opened), opened[0].height))
    for place, picture in enumerate(opened):
        sheet.paste(picture, (place * opened[0].width, 0))
    return _png(sheet)


def _png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=1)
    return file.getvalue()


def _info(wish: Wish, seed: int, delivered: int, *, first: int) -> dict[str, Any]:
    parameters = wish.parameters
    width, height = wish.size
    seeds = [seed + place for place in range(delivered)]
    names = ("prompt", "negative_prompt", "sampler_name", "cfg_scale", "steps", "batch_size")
    return {name: parameters[name] for name in names} | {
        "seed": seed, "all_seeds": seeds, "subseed": -1, "width": width, "height": height,
        "sd_model_name": wish.checkpoint.name.rpartition("/")[2].rpartition(".")[0],
        "sd_model_hash": wish.checkpoint.shorthash, "index_of_first_image": first,
        "infotexts": [f"Seed: {one}, Size: {width}x{height}" for one in seeds], "version": "v1.10.1",
    }  # fmt: skip
