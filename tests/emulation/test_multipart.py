"""Forms are read byte for byte, and what is no form is refused."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.emulation.multipart import BadForm, read_form


def written(data: dict[str, str], files: list[tuple[str, tuple[str, bytes, str]]]) -> tuple[str, bytes]:
    request = httpx.Request("POST", "http://x.example", data=data, files=files)
    return request.headers["content-type"], request.read()


@given(st.binary(max_size=300), st.text(max_size=50).filter(lambda text: text.isprintable()))
def test_any_bytes_and_text_come_back(data: bytes, text: str) -> None:
    parts = read_form(*written({"prompt": text}, [("image[]", ("a.png", data, "image/png"))]))
    assert [(part.name, part.data, part.filename, part.content_type) for part in parts] == [
        ("prompt", text.encode(), None, ""), ("image[]", data, "a.png", "image/png"),
    ]  # fmt: skip
    assert parts[0].text == text


def test_line_ends_around_the_bytes_belong_to_them() -> None:
    data = b"\r\n--almost\r\n\r\n"
    (part,) = read_form(*written({}, [("image", ("a.png", data, "image/png"))]))
    assert part.data == data


def test_parts_of_one_name_keep_their_order() -> None:
    files = [("image[]", (f"{number}.png", bytes([number]), "image/png")) for number in range(3)]
    assert [part.data for part in read_form(*written({}, files))] == [b"\x00", b"\x01", b"\x02"]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"--x--"),
        ("application/json; boundary=x", b"--x--"),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nhalf"),
        ("multipart/form-data; boundary=x", b"--x\r\nno header\r\n--x--"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--"),
    ],
)  # fmt: skip
def test_what_is_no_form_is_refused(content_type: str, body: bytes) -> None:
    with pytest.raises(BadForm):
        read_form(content_type, body)


def test_text_that_is_not_utf_8_is_refused() -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\r\n--x--'
    with pytest.raises(BadForm):
        _ = read_form("multipart/form-data; boundary=x", body)[0].text
