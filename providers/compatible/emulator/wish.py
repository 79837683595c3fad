"""Read a call to a compatible server: JSON or a form, fields that the model's kind of server takes, nothing else."""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from PIL import Image

from providers.compatible.emulator.models import PLAIN, ServedModel, find_model
from providers.emulation.contract import Call
from providers.emulation.multipart import BadForm, is_form, read_form

USUAL_SIZE = (512, 512)
NUMBERS = ("n", "seed", "step", "num_inference_steps")


class Refused(Exception):
    """The server answers an error in OpenAI's envelope."""

    def __init__(self, status: int, message: str, *, code: str | None = None, param: str | None = None) -> None:
        self.status, self.code, self.param = status, code, param
        super().__init__(message)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """One call that the server can carry out."""

    model: ServedModel
    prompt: str
    number: int
    size: tuple[int, int]
    form_of_answer: str
    references: tuple[Image.Image, ...] = field(default=(), repr=False)


def read_wish(call: Call, *, is_edit: bool) -> Wish:
    """Raises `Refused`."""
    given, files = _read_body(call)
    model = find_model(str(given.get("model", "")))
    if model is None:
        raise Refused(404, f"The model '{given.get('model')}' does not exist.", code="model_not_found", param="model")
    if is_edit and not model.edits:
        raise Refused(404, "Not Found")
    if is_edit and not files:
        raise Refused(422, "Field required: image", param="image")
    _refuse_unknown(given, model)
    number = given.get("n", 1)
    if not isinstance(number, int) or not 1 <= number <= model.most_at_once:
        raise Refused(400, f"n must be between 1 and {model.most_at_once}.", param="n")
    prompt = given.get("prompt")
    if not isinstance(prompt, str) or not prompt:
        raise Refused(422, "Field required: prompt", param="prompt")
    return Wish(
        model=model, prompt=prompt, number=number, size=_read_size(given.get("size")),
        form_of_answer=_form_of_answer(given.get("response_format"), model), references=files,
    )  # fmt: skip


def _read_body(call: Call) -> tuple[dict[str, Any], tuple[Image.Image, ...]]:
    content_type = call.headers.get("content-type", "")
    try:
        if not is_form(content_type):
            document = orjson.loads(call.body)
            return (document if isinstance(document, dict) else {}), ()
        parts = read_form(content_type, call.body)
        given = {part.name: _plain(part.name, part.text) for part in parts if part.filename is None}
        pictures = [part.data for part in parts if part.filename is not None and part.name in ("image", "image[]")]
        strange = [part.name for part in parts if part.filename is not None
                   and part.name not in ("image", "image[]", "mask")]  # fmt: skip
    except (BadForm, orjson.JSONDecodeError) as error:
        raise Refused(422, "There was an error parsing the body") from error
    if strange:
        raise Refused(422, f"Extra inputs are not permitted: {strange[0]}", param=strange[0])
    return given, tuple(_open(data) for data in pictures)


def _plain(name: str, value: str) -> Any:
    return int(value) if name in NUMBERS and re.fullmatch("[0-9]{1,10}", value) else value


def _open(data: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data)).convert("RGB")
    except (OSError, SyntaxError, ValueError) as error:
        raise Refused(400, "The image could not be decoded.", param="image") from error


def _refuse_unknown(given: Mapping[str, Any], model: ServedModel) -> None:
    known = PLAIN | model.fields | (frozenset() if model.refuses_form else frozenset({"response_format"}))
    for name in given:
        if name not in known:
            raise Refused(400, f"Unknown parameter: '{name}'.", code="unknown_parameter", param=name)


def _form_of_answer(wanted: Any, model: ServedModel) -> str:
    if wanted is None:
        return model.forms[0]
    if wanted not in model.forms:
        raise Refused(400, f"response_format '{wanted}' is not supported.", param="response_format")
    return str(wanted)


def _read_size(text: Any) -> tuple[int, int]:
    """LocalAI's rule, which others share: what cannot be parsed is the usual size."""
    found = re.fullmatch(r"([1-9][0-9]{1,3})x([1-9][0-9]{1,3})", str(text or ""))
    return (int(found[1]), int(found[2])) if found else USUAL_SIZE
