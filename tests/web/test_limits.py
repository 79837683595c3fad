"""How large a request may be: refused in words at the socket, before anything is read into memory."""

import http.client
import json
import socket
from collections.abc import Iterator

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError
from django.test import Client
from pytest_django import Settings

from cloudhub.generations.models import Generation
from cloudhub.web.prepare import refuse_own_address
from cloudhub.web.server import MOST_HEADER_BYTES, WebServer
from cloudhub.wsgi import application
from tests.api.caller import caller_of
from tests.conftest import Cast, client_of
from tests.generations.stage import png


@pytest.fixture
def server() -> Iterator[WebServer]:
    web = WebServer("127.0.0.1", 0, application)
    web.begin()
    yield web
    web.stop_listening()
    web.drain()


def announced(server: WebServer, path: str, size: int) -> tuple[int, http.client.HTTPResponse, bytes]:
    """The answer to a request that only says how large it will be."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.putrequest("POST", path)
    connection.putheader("Content-Length", str(size))
    connection.putheader("Content-Type", "application/json")
    connection.endheaders()
    answer = connection.getresponse()
    return answer.status, answer, answer.read()


@pytest.mark.sqlite_only
@pytest.mark.parametrize("path", ["/api/v1/generations", "/v1/images/generations", "/studio/references"])
def test_a_giant_is_refused_before_it_is_sent(server: WebServer, path: str) -> None:
    status, answer, body = announced(server, path, 10**12)
    assert status == 413
    assert answer.getheader("X-Content-Type-Options") == "nosniff"
    words = (
        json.loads(body)["error"] if path != "/studio/references" else {"code": "too_large", "message": body.decode()}
    )
    assert words["code"] == "too_large"
    assert "larger than the hub takes. Nothing was done." in words["message"]
    assert b"waitress" not in body


@pytest.mark.sqlite_only
def test_headers_without_end_are_refused(server: WebServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as line:
        line.sendall(b"GET /api/v1/usage HTTP/1.1\r\nHost: localhost\r\nX-A: " + b"a" * (MOST_HEADER_BYTES + 10))
        assert line.recv(4096).startswith(b"HTTP/1.0 431 ")


@pytest.mark.parametrize("path", ["/api/v1/estimates", "/api/v1/generations", "/v1/images/generations"])
@pytest.mark.parametrize("depth", [90, 980, 1010, 200_000])
@pytest.mark.parametrize("letter", ["", '"\\u0000"'])
def test_a_body_that_is_nested_without_end_is_refused(cast: Cast, path: str, depth: int, letter: str) -> None:
    body = '{"model": "practice-1", "prompt": "a", "options": {"a": ' + "[" * depth + letter + "]" * depth + "}}"
    answer = caller_of(cast.bob).post(path, body)
    assert answer.status_code == 400
    assert not Generation.objects.exists()


def test_options_of_a_form_that_are_nested_without_end_are_refused(cast: Cast) -> None:
    nested = '{"a": ' + "[" * 980 + "]" * 980 + "}"
    form = {"model": "practice-1", "prompt": "a", "image": SimpleUploadedFile("a.png", png()), "options": nested}
    key = {"Authorization": f"Bearer {caller_of(cast.bob).key}"}
    answer = Client().post("/v1/images/edits", form, headers=key)
    assert answer.status_code == 400


@pytest.mark.parametrize("path", ["/api/v1/generations", "/v1/images/generations", "/v1/images/edits"])
def test_a_body_beyond_the_limit_is_413_in_each_envelope(cast: Cast, settings: Settings, path: str) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = caller_of(cast.bob).post(path, {"model": "practice-1", "prompt": "a" * 1001})
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


def test_a_form_of_the_pages_beyond_the_limit_is_refused_in_words(cast: Cast, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    bobs: Client = client_of(cast.bob)
    answer = bobs.post("/studio/price", {"prompt": "a" * 1001})
    assert answer.status_code in (400, 413)
    assert "Nothing was done" in answer.content.decode()


def test_a_form_of_too_many_fields_is_refused(cast: Cast) -> None:
    answer = client_of(cast.bob).post("/studio/price", {f"field{number}": "a" for number in range(1001)})
    assert answer.status_code == 400
    assert "Nothing was done" in answer.content.decode()


@pytest.mark.sqlite_only
@pytest.mark.parametrize("address", ["http://127.0.0.1:9090/v1", "https://hub.example/v1", "http://hub.example:9090"])
def test_a_vendors_address_that_is_the_hubs_own_is_refused_at_the_start(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, address: str
) -> None:
    settings.ALLOWED_HOSTS = ["hub.example"]
    monkeypatch.setenv("OPENAI_BASE_URL", address)
    with pytest.raises(CommandError, match="OPENAI_BASE_URL is the hub's own address"):
        refuse_own_address(9090)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://hub.example:8188")
    refuse_own_address(9090)
