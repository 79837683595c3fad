"""Read multipart/form-data (RFC 7578) strictly and byte for byte, for vendors that take pictures as files of a form."""

import re
from dataclasses import dataclass, field

_BOUNDARY = re.compile(r'boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))', re.IGNORECASE)
_PARAMETER = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class BadForm(ValueError):
    """The body is not the form that its content type announces."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One field of a form; `filename` is None for plain text."""

    name: str
    data: bytes = field(repr=False)
    filename: str | None = None
    content_type: str = ""

    @property
    def text(self) -> str:
        """The value as UTF-8. Raises `BadForm`."""
        try:
            return self.data.decode()
        except UnicodeDecodeError as error:
            raise BadForm(f"The field {self.name} is not UTF-8 text.") from error


def is_form(content_type: str) -> bool:
    return content_type.lower().startswith("multipart/form-data")


def read_form(content_type: str, body: bytes) -> list[Part]:
    """The parts of a form in order. Raises `BadForm`."""
    found = _BOUNDARY.search(content_type)
    if found is None or not is_form(content_type):
        raise BadForm("The content type names no boundary.")
    mark = b"--" + (found[1] or found[2]).encode("latin-1", "replace")
    # What stands before the first mark is no part; every later mark begins a line.
    pieces = (b"\r\n" + body).split(b"\r\n" + mark)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise BadForm("The form does not end with its boundary.")
    return [_read_part(piece) for piece in pieces[1:-1]]


def _read_part(piece: bytes) -> Part:
    head, gap, data = piece.partition(b"\r\n\r\n")
    if not gap or not head.startswith(b"\r\n"):
        raise BadForm("A part of the form has no header.")
    headers = {}
    for line in head.decode("utf-8", "replace").split("\r\n"):
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    parameters = dict(_PARAMETER.findall(headers.get("content-disposition", "")))
    if "name" not in parameters:
        raise BadForm("A part of the form has no name.")
    return Part(
        name=parameters["name"], data=data, filename=parameters.get("filename"),
        content_type=headers.get("content-type", ""),
    )  # fmt: skip
