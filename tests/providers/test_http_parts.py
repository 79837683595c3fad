"""The door's smaller parts: free calls of any method, a look at an answer as it arrives, previews, accepted calls."""

import logging
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from providers.base import Busy, OutcomeUnknown
from providers.http import Door, NotSent, boot_clock, show_preview, transmission
from tests.providers.loopback import Behaviour, answering, loopback

SECRET = "sk-very-secret-0123456789"
PIECES = [b"first ", b"second ", b"third"]


def in_pieces(*, status: int = 200, gate: threading.Event | None = None, cut: bool = False) -> Behaviour:
    """Answers in three chunks; after the first it waits for `gate`; a cut answer lacks its end."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(
            f"HTTP/1.1 {status} Status\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        )
        for piece in PIECES:
            connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
            if gate is not None:
                gate.wait(5)
        if not cut:
            connection.sendall(b"0\r\n\r\n")

    return behave


# Free calls


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_a_free_call_may_have_any_method_and_a_body(method: str) -> None:
    with loopback(answering(b"{}")) as vendor:
        answer = Door("Vendor API").ask(method, f"{vendor.url}/token", headers={"x-key": SECRET}, json={"a": 1})
    assert answer.status == 200
    assert vendor.requests[0].startswith(f"{method} /token HTTP/1.1\r\n".encode())
    assert vendor.requests[0].endswith(b'{"a":1}')


def test_a_form_a_file_and_bytes_are_bodies_too() -> None:
    door = Door("Vendor API")
    with loopback(answering(b"{}")) as vendor:
        door.ask("POST", vendor.url, headers={}, data={"grant_type": "client_credentials"})
        door.ask("POST", vendor.url, headers={}, files={"content": ("a.png", b"the picture", "image/png")})
        door.ask("PUT", vendor.url, headers={"content-type": "image/png"}, content=b"the picture")
    form, upload, plain = vendor.requests
    assert form.endswith(b"\r\n\r\ngrant_type=client_credentials")
    assert b'name="content"; filename="a.png"' in upload
    assert plain.endswith(b"\r\n\r\nthe picture")


@pytest.mark.parametrize("behave", [
    lambda connection: connection.recv(1), lambda connection: connection.shutdown(socket.SHUT_RDWR),
    answering(b"x", length=99),
], ids=["silence", "hang-up", "cut"])  # fmt: skip
def test_a_free_call_that_breaks_may_be_repeated_whatever_its_method(behave: Behaviour) -> None:
    with loopback(behave) as vendor, pytest.raises(Busy, match="only a question, nothing was billed") as broken:
        Door("Vendor API").ask("POST", vendor.url, headers={"x-key": SECRET}, seconds=0.3, json={})
    assert len(vendor.requests) == 1
    assert SECRET not in f"{broken.value!r}"


def test_a_free_call_has_its_own_time_out() -> None:
    begun = time.monotonic()
    with loopback(lambda connection: time.sleep(3)) as vendor, pytest.raises(Busy):
        Door("Vendor API", read_seconds=600).ask("POST", vendor.url, headers={}, seconds=0.2)
    assert time.monotonic() - begun < 2


def test_a_free_call_keeps_no_file_and_is_not_bound_to_the_leave(tmp_path: Path) -> None:
    leave = transmission(tmp_path / "a", send_before=boot_clock() - 60)
    with loopback(answering(b"{}")) as vendor, leave as granted:
        Door("Vendor API").ask("POST", vendor.url, headers={}, json={})
    assert (granted.calls, granted.accepted, list(tmp_path.iterdir())) == (0, False, [])


def test_a_free_call_that_cannot_be_written_is_not_sent_and_shows_no_key() -> None:
    with loopback(answering(b"{}")) as vendor, pytest.raises(NotSent) as refused:
        Door("Vendor API").ask("POST", vendor.url, headers={"x-key": f"ü\n{SECRET}"})
    assert vendor.requests == []
    assert SECRET not in f"{refused.value!r}"


# An answer as it arrives


def test_an_answer_is_watched_piece_by_piece_while_it_arrives() -> None:
    gate, seen = threading.Event(), []

    def watch(piece: bytes) -> None:
        seen.append(piece)
        gate.set()

    with loopback(in_pieces(gate=gate)) as vendor:
        answer = Door("Vendor API").submit("POST", vendor.url, headers={}, watch=watch, json={})
    assert b"".join(seen) == answer.body == b"".join(PIECES)
    assert len(seen) > 1


def test_a_watcher_that_fails_does_not_cost_the_answer(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    def watch(piece: bytes) -> None:
        raise ZeroDivisionError("a mistake in the adapter")

    with loopback(in_pieces()) as vendor, transmission(tmp_path / "a") as leave:
        answer = Door("Vendor API").submit("POST", vendor.url, headers={}, watch=watch, json={})
    assert answer.body == b"".join(PIECES)
    assert leave.accepted
    assert "could not be watched" in caplog.text


def test_an_error_is_not_watched() -> None:
    seen: list[bytes] = []
    with loopback(in_pieces(status=400)) as vendor:
        Door("Vendor API").submit("POST", vendor.url, headers={}, watch=seen.append, json={})
    assert seen == []


def test_an_answer_that_is_given_again_is_not_watched(tmp_path: Path) -> None:
    seen: list[bytes] = []
    door = Door("Vendor API")
    with loopback(in_pieces()) as vendor:
        with transmission(tmp_path / "a"):
            door.submit("POST", vendor.url, headers={}, watch=seen.append, json={})
        before = list(seen)
        with transmission(tmp_path / "a", replay=True):
            answer = door.submit("POST", vendor.url, headers={}, watch=seen.append, json={})
    assert (seen, answer.body) == (before, b"".join(PIECES))
    assert len(vendor.requests) == 1


# Previews


def test_a_preview_goes_to_whoever_waits_for_the_call(tmp_path: Path) -> None:
    shown: list[tuple[bytes, int]] = []
    with transmission(tmp_path / "a", on_preview=lambda picture, number: shown.append((picture, number))):
        show_preview(b"half", 0)
        show_preview(b"nearly", 1)
    show_preview(b"nobody waits", 2)
    assert shown == [(b"half", 0), (b"nearly", 1)]


def test_a_preview_outside_of_a_call_or_of_another_thread_is_nobodys(tmp_path: Path) -> None:
    shown: list[int] = []
    show_preview(b"x", 0)
    with transmission(tmp_path / "a", on_preview=lambda picture, number: shown.append(number)):
        thread = threading.Thread(target=show_preview, args=(b"x", 1))
        thread.start()
        thread.join()
    with transmission(tmp_path / "a"):
        show_preview(b"x", 2)
    assert shown == []


def test_an_answer_that_is_given_again_shows_no_previews(tmp_path: Path) -> None:
    shown: list[int] = []
    with transmission(tmp_path / "a", replay=True, on_preview=lambda picture, number: shown.append(number)):
        show_preview(b"x", 0)
    assert shown == []


def test_a_preview_that_cannot_be_shown_is_logged_and_the_call_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def show(picture: bytes, number: int) -> None:
        raise OSError("the disk is full")

    with caplog.at_level(logging.ERROR), transmission(tmp_path / "a", on_preview=show):
        show_preview(b"x", 0)
    assert "A preview could not be shown; the call goes on." in caplog.text


# Accepted calls


@pytest.mark.parametrize(("status", "accepted"), [
    (200, True), (201, True), (202, True), (204, True), (302, False), (400, False), (429, False), (500, False),
])  # fmt: skip
def test_a_call_is_accepted_by_a_success_alone(tmp_path: Path, status: int, accepted: bool) -> None:
    body = b"" if status == 204 else b"{}"
    with loopback(answering(body, status=status)) as vendor, transmission(tmp_path / "a") as leave:
        Door("Vendor API").submit("POST", vendor.url, headers={}, json={})
    assert leave.accepted is accepted
    with loopback(answering(b"{}")) as vendor, transmission(tmp_path / "a", replay=True) as again:
        Door("Vendor API").submit("POST", vendor.url, headers={}, json={})
    assert again.accepted is accepted


def test_a_later_refusal_does_not_take_the_acceptance_back(tmp_path: Path) -> None:
    door = Door("Vendor API")
    with loopback(answering(b"{}")) as vendor, transmission(tmp_path / "a") as leave:
        door.submit("POST", vendor.url, headers={}, json={})
        vendor.behave = answering(b"", status=503)
        door.submit("POST", vendor.url, headers={}, json={})
        with suppress(OutcomeUnknown):
            vendor.behave = answering(b"x", length=99)
            door.submit("POST", vendor.url, headers={}, json={})
    assert leave.accepted


@pytest.mark.parametrize("behave", [answering(b"x", length=99), lambda connection: None], ids=["cut", "hang-up"])
def test_an_answer_that_broke_off_is_unknown_by_itself(tmp_path: Path, behave: Behaviour) -> None:
    with loopback(behave) as vendor, transmission(tmp_path / "a"), pytest.raises(OutcomeUnknown):
        Door("Vendor API").submit("POST", vendor.url, headers={}, json={})
