"""OpenAI's images form, for OpenAI itself and every server that speaks it: reading answers, writing edits. Pure.

Any field of an answer may be missing or odd: gateways rename, leave out and add. What is shown or kept holds no key.
Pages: https://developers.openai.com/api/reference/resources/images/methods/generate and …/methods/edit
"""

import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
import pybase64

from providers import reading
from providers.base import CloudGenerationRequest, InputImage, Key
from providers.masks import see_through_changes
from providers.reading import Redact, items, mapping, shown, text
from providers.results import fetch_each

File = tuple[str, tuple[str, bytes, str]]

LARGEST_COUNT = 2**31 - 1
LARGEST_ERROR = 200_000
LONGEST_REMOTE_ID = 2000
# Keys as OpenAI makes them, also where its own error repeats one with stars in the middle.
_ANY_KEY = re.compile(r"\bsk-[0-9A-Za-z_*.-]{8,}")
_DATA_URI = re.compile(r"data:[\w.+/-]*(?:;[\w=.+-]+)*;base64,", re.IGNORECASE)
_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}


def redactor(key: Key) -> Redact:
    """A function that takes every key out of a text: the one in use, and whatever else looks like one of OpenAI's."""
    usual = reading.redactor(key)
    return lambda words: _ANY_KEY.sub("[key]", usual(words))


def count(value: Any) -> int | None:
    """A number of tokens; None when it is no whole number from 0."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST_COUNT:
        return None
    return value


def kept(value: Any, redact: Redact) -> Any:
    """An answer for storage: redacted and cut, picture bytes replaced by their number."""
    return reading.kept(_without_bytes(value), redact)


def _without_bytes(value: Any, depth: int = 0) -> Any:
    if depth > reading.DEEPEST_KEPT:
        return value
    if isinstance(value, dict):
        return {name: _counted(item) if name == "b64_json" or _is_data_uri(item) else _without_bytes(item, depth + 1)
                for name, item in value.items()}  # fmt: skip
    return [_without_bytes(item, depth + 1) for item in value] if isinstance(value, list) else value


def _is_data_uri(value: Any) -> bool:
    return isinstance(value, str) and _DATA_URI.match(value) is not None


def _counted(value: Any) -> Any:
    encoded = _DATA_URI.sub("", value, count=1).rstrip("=") if isinstance(value, str) else ""
    return f"[{len(encoded) * 3 // 4} bytes]" if encoded else value


@dataclass(frozen=True, kw_only=True)
class Complaint:
    """An error answer, read. `message` is as it came, `words` is fit to be shown; `is_envelope` that it had the form.

    `details` holds whatever else stands in the error, such as `moderation_details`.
    """

    status: int
    message: str
    words: str
    code: str = ""
    kind: str = ""
    param: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    is_envelope: bool = False

    @property
    def signs(self) -> str:
        """Everything that tells one case from another."""
        return f"{self.code} {self.kind} {self.param} {self.message}"


def read_complaint(status: int, body: bytes, redact: Redact) -> Complaint:
    """An error body of any kind: OpenAI's envelope, other JSON, plain words or a proxy's page. Never raises."""
    try:
        document = orjson.loads(body)
    except ValueError:
        page = body[:LARGEST_ERROR].decode("utf-8", "replace")
        message = "" if "<" in page[:200] else page
        return Complaint(status=status, message=message, words=shown(message, redact))
    return complaint_of(status, document, redact)


def complaint_of(status: int, document: Any, redact: Redact) -> Complaint:
    """The error in a decoded answer; `error` may be an object or plain text."""
    fields = mapping(document)
    error = mapping(fields.get("error"))
    source = error or fields
    message = text(fields.get("error")) or _first_text(source, "message", "detail", "error_description")
    code = source.get("code")
    return Complaint(
        status=status,
        message=message,
        words=shown(message, redact),
        code=str(code) if isinstance(code, str | int) and not isinstance(code, bool) else "",
        kind=text(source.get("type")),
        param=text(source.get("param")),
        details=source,
        is_envelope=bool(error),
    )


def _first_text(source: Mapping[str, Any], *names: str) -> str:
    for name in names:
        value = source.get(name)
        if isinstance(value, str) and value:
            return value
        if isinstance(value, list) and value:
            # The list of complaints that servers built on FastAPI send.
            return "; ".join(text(mapping(item).get("msg")) or str(item) for item in value)
    return ""


def holds_error(document: Any) -> bool:
    """Whether an answer with HTTP 200 is an error all the same."""
    return bool(mapping(document).get("error"))


@dataclass(frozen=True, kw_only=True)
class Item:
    """One picture of an answer: its bytes, or the address where they are."""

    data: bytes | None = field(default=None, repr=False)
    url: str = ""
    revised_prompt: str | None = None


def read_items(document: Any) -> list[Item]:
    """The pictures of an answer, in order; what holds neither bytes nor an address is left out.

    Base64 may stand in `b64_json`, or as a data URI in either field.
    """
    found = []
    for entry in items(mapping(document).get("data")):
        revised = text(entry.get("revised_prompt")).replace("\x00", "") or None
        encoded, url = text(entry.get("b64_json")), text(entry.get("url"))
        if not encoded and _DATA_URI.match(url):
            encoded, url = url, ""
        if encoded:
            found.append(Item(data=decode(encoded), revised_prompt=revised))
        elif url:
            found.append(Item(url=url, revised_prompt=revised))
    return found


def decode(encoded: str) -> bytes:
    """Base64 of either alphabet, with or without padding or a data URI's head; empty when it is none."""
    encoded = _DATA_URI.sub("", encoded, count=1) if encoded[:5].lower() == "data:" else encoded
    try:
        return pybase64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        plain = "".join(encoded.split()).rstrip("=").replace("-", "+").replace("_", "/")
        try:
            return pybase64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
        except (binascii.Error, ValueError):
            return b""


def fetch_items(items: Sequence[Item], fetch: Callable[[str], bytes], *, asked_again: bool = True) -> list[Item]:
    """The pictures with their bytes; those at an address are fetched, free of charge. Raises as `fetch_each`."""
    found = fetch_each(items, lambda item: fetch(item.url) if item.url else item.data or b"", asked_again=asked_again)
    return [replace(item, data=data) for item, data in zip(items, found, strict=True)]


def remember_addresses(items: Sequence[Item], facts: Mapping[str, Any]) -> str:
    """Text for `Pending.remote_id`: the addresses of made pictures, to be fetched later, and `facts` about the call.

    Long revised prompts are cut. Empty when the addresses are too long to be remembered, or bytes are among them.
    """
    for longest in (LONGEST_REMOTE_ID, 300, 0):
        pictures = [[item.url, (item.revised_prompt or "")[:longest]] for item in items]
        remembered = orjson.dumps({"pictures": pictures, **facts}).decode()
        if len(remembered) <= LONGEST_REMOTE_ID:
            return remembered if all(item.url for item in items) else ""
    return ""


def read_addresses(remembered: str) -> tuple[list[Item], dict[str, Any]]:
    """The pictures and facts that `remember_addresses` wrote. Raises ValueError."""
    facts = mapping(orjson.loads(remembered))
    pairs = facts.pop("pictures")
    return [Item(url=url, revised_prompt=revised or None) for url, revised in pairs], facts


def edit_files(request: CloudGenerationRequest, picture_field: str = "", mask_field: str = "mask") -> list[File]:
    """The parts of a multipart edit that are files: the pictures, and the mask over the first of them.

    OpenAI's mask is a PNG of the first picture's size whose see-through parts shall change. One picture is sent as
    `image` and several as `image[]`, as the official SDKs do, unless `picture_field` names the part. `mask_field` names
    the mask's.
    """
    name = picture_field or ("image" if len(request.input_images) == 1 else "image[]")
    files: list[File] = [(name, _file(f"picture-{at}", image)) for at, image in enumerate(request.input_images, 1)]
    if request.mask is not None:
        first = request.input_images[0]
        mask = see_through_changes(request.mask, (first.width, first.height))
        files.append((mask_field, ("mask.png", mask, "image/png")))
    return files


def _file(name: str, image: InputImage) -> tuple[str, bytes, str]:
    return f"{name}.{_ENDINGS.get(image.mime_type, 'png')}", image.data, image.mime_type


def form_fields(body: Mapping[str, Any]) -> dict[str, str]:
    """A JSON body's plain fields as the text parts of a form: true and false in small letters."""
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in body.items()}
