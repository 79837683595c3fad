"""The door to vendors: what surely did not leave, what nobody knows, and answers kept on disk."""

import gzip
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from providers.base import Busy, OutcomeUnknown, ProviderError
from providers.http import Answer, Door, NotSent, boot_clock, transmission
from tests.providers.loopback import Behaviour, answering, loopback

SECRET = "sk-very-secret-0123456789"
PICTURE = b'{"picture": "bytes"}'


def submit(door: Door, url: str, **body: Any) -> Answer:
    return door.submit("POST", f"{url}/v1/pictures", headers={"x-key": SECRET}, **(body or {"json": {"prompt": "fox"}}))


def hang_up(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_RDWR)


def stay_silent(connection: socket.socket) -> None:
    connection.recv(1)


def texts_of(error: BaseException | None) -> str:
    """Everything that a log would print of an error: its own words and those of its causes."""
    words = ""
    while error is not None:
        words += f"{error!r} {error} "
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return words


def test_an_answer_comes_back_whole_with_lower_case_headers() -> None:
    with loopback(answering(PICTURE, headers="X-Request-Id: r-1\r\n")) as vendor:
        answer = submit(Door("Vendor API"), vendor.url)
    assert (answer.status, answer.json(), answer.headers["x-request-id"]) == (200, {"picture": "bytes"}, "r-1")
    assert b'{"prompt":"fox"}' in vendor.requests[0]


def test_an_answer_shows_only_the_start_of_its_text() -> None:
    assert Answer(500, {}, b"x" * 3000 + b"\xff").text == "x" * 2000


def test_i12_a_leave_that_is_too_old_sends_nothing(tmp_path: Path) -> None:
    with loopback(answering(PICTURE)) as vendor, transmission(tmp_path / "a", send_before=boot_clock() - 0.001):
        with pytest.raises(NotSent, match="held up for too long"):
            submit(Door("Vendor API"), vendor.url)
        time.sleep(0.1)
        assert vendor.requests == []


def test_i12_a_leave_that_ends_while_connecting_sends_nothing(tmp_path: Path) -> None:
    door, leave = Door("Vendor API"), transmission(tmp_path / "a")
    with loopback(answering(PICTURE)) as vendor, leave as granted:
        connect = httpx.HTTPTransport.handle_request

        def slow(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
            granted.send_before = boot_clock() - 0.001
            return connect(transport, request)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(httpx.HTTPTransport, "handle_request", slow)
            with pytest.raises(NotSent):
                submit(door, vendor.url)
        time.sleep(0.1)
        assert vendor.requests == []


def test_a_leave_lasts_ten_seconds_by_default(tmp_path: Path) -> None:
    with transmission(tmp_path / "a") as leave:
        assert 9.5 < leave.send_before - boot_clock() <= 10


def test_a_refused_connection_sent_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(NotSent, match=r"Vendor API could not be reached .* nothing was sent"):
        submit(Door("Vendor API"), f"http://127.0.0.1:{port}")


@pytest.mark.parametrize("address", ["ftp://127.0.0.1", "http://", "http://127.0.0.1:1:1"])
def test_an_unusable_address_sent_nothing(address: str) -> None:
    with pytest.raises(NotSent):
        submit(Door("Vendor API"), address)


@pytest.mark.parametrize("key", ["line\nbreak-" + SECRET, "ümlaut-" + SECRET, "nul\0-" + SECRET])
def test_a_header_that_cannot_be_written_sends_nothing_and_shows_no_key(key: str) -> None:
    with loopback(answering(PICTURE)) as vendor, pytest.raises(NotSent) as refused:
        Door("Vendor API").submit("POST", vendor.url, headers={"x-key": key}, json={})
    assert vendor.requests == []
    assert SECRET not in texts_of(refused.value)


def test_a_body_that_is_no_json_sends_nothing() -> None:
    with loopback(answering(PICTURE)) as vendor, pytest.raises(NotSent):
        submit(Door("Vendor API"), vendor.url, json={"prompt": object()})
    assert vendor.requests == []


@pytest.mark.parametrize(
    ("behave", "words"),
    [
        (stay_silent, "did not answer in time"),
        (hang_up, "broke"),
        (answering(PICTURE, length=len(PICTURE) + 10), "broke"),
        (lambda connection: connection.sendall(b"this is no HTTP\r\n\r\n"), "broke"),
        (answering(b"no gzip at all", headers="Content-Encoding: gzip\r\n"), "broke"),
    ],
    ids=["silence", "hang-up", "cut-body", "no-http", "bad-encoding"],
)
def test_i20_what_breaks_after_sending_is_unknown(behave: Behaviour, words: str) -> None:
    with loopback(behave) as vendor, pytest.raises(OutcomeUnknown, match=words) as lost:
        submit(Door("Vendor API", read_seconds=0.3), vendor.url)
    assert len(vendor.requests) == 1
    assert lost.value.code == "unknown_outcome"
    assert SECRET not in texts_of(lost.value)


def test_i12_nothing_is_repeated_by_itself() -> None:
    with loopback(answering(b"", status=503)) as vendor:
        assert submit(Door("Vendor API"), vendor.url).status == 503
        assert len(vendor.requests) == 1


def test_a_redirect_is_an_answer_and_not_followed() -> None:
    with loopback(answering(PICTURE)) as other:
        with loopback(answering(b"", status=307, headers=f"Location: {other.url}/\r\n")) as vendor:
            assert submit(Door("Vendor API"), vendor.url).status == 307
        assert other.requests == []


def test_a_cookie_of_one_answer_does_not_go_with_the_next_call() -> None:
    door = Door("Vendor API")
    with loopback(answering(PICTURE, headers="Set-Cookie: session=of-one-key\r\n")) as vendor:
        submit(door, vendor.url)
        submit(door, vendor.url)
    assert not any(b"of-one-key" in request for request in vendor.requests)


def test_an_answer_that_is_too_large_is_unknown_and_says_so() -> None:
    endless = answering(b"x" * 5000, headers="X-Request-Id: r-9\r\n")
    with loopback(endless) as vendor, pytest.raises(OutcomeUnknown, match="more than 4096 bytes") as large:
        submit(Door("Vendor API", largest_answer=4096), vendor.url)
    assert large.value.request_id == "r-9"


def packed(count: int, layers: int = 1) -> bytes:
    data = b"0" * count
    for _ in range(layers):
        data = gzip.compress(data, mtime=0)
    return data


@pytest.mark.parametrize(
    ("encoding", "body", "words"),
    [
        ("gzip", packed(50_000_000), "more than 4096 bytes"),
        ("gzip, gzip", packed(50_000_000, layers=2), "broke"),
        ("br", b"0" * 100, "broke"),
        ("gzip", packed(3000)[:-9], "broke"),
    ],
    ids=["large", "packed twice", "another packing", "cut"],
)
def test_a_packed_answer_is_counted_as_it_is_unpacked(encoding: str, body: bytes, words: str) -> None:
    with loopback(answering(body, headers=f"Content-Encoding: {encoding}\r\n")) as vendor:
        tracemalloc.start()
        with pytest.raises(OutcomeUnknown, match=words):
            submit(Door("Vendor API", largest_answer=4096), vendor.url)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert most < 5_000_000


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_an_answer_that_is_packed_unasked_is_read(encoding: str, pack: Callable[[bytes], bytes]) -> None:
    body = PICTURE * 10_000
    with loopback(answering(pack(body), headers=f"Content-Encoding: {encoding}\r\n")) as vendor:
        assert submit(Door("Vendor API"), vendor.url).body == body
    assert b"accept-encoding: identity\r\n" in vendor.requests[0].lower()


def test_an_answer_is_on_disk_under_its_final_name_only_when_it_is_whole(tmp_path: Path) -> None:
    with loopback(answering(PICTURE)) as vendor, transmission(tmp_path / "a"):
        submit(Door("Vendor API"), vendor.url)
    assert [path.name for path in tmp_path.iterdir()] == ["a-1.answer"]
    assert (tmp_path / "a-1.answer").read_bytes().endswith(b"\n" + PICTURE)


def test_a_cut_answer_stays_as_a_part_for_the_person_who_decides(tmp_path: Path) -> None:
    cut, leave = loopback(answering(PICTURE, length=999)), transmission(tmp_path / "a")
    with cut as vendor, leave, pytest.raises(OutcomeUnknown):
        submit(Door("Vendor API"), vendor.url)
    assert [path.name for path in tmp_path.iterdir()] == ["a-1.part"]
    assert PICTURE in (tmp_path / "a-1.part").read_bytes()


def test_several_calls_under_one_leave_are_kept_in_order(tmp_path: Path) -> None:
    with loopback(answering(PICTURE)) as vendor, transmission(tmp_path / "a"):
        submit(Door("Vendor API"), vendor.url)
        submit(Door("Vendor API"), vendor.url)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a-1.answer", "a-2.answer"]


def test_a_replay_gives_the_kept_answer_and_sends_nothing(tmp_path: Path) -> None:
    door = Door("Vendor API")
    with loopback(answering(PICTURE, status=201, headers="X-Request-Id: r-1\r\n")) as vendor:
        with transmission(tmp_path / "a"):
            first = submit(door, vendor.url)
        with transmission(tmp_path / "a", replay=True):
            assert submit(door, vendor.url) == first
        assert len(vendor.requests) == 1


def test_a_replay_without_a_kept_answer_is_unknown_and_sends_nothing(tmp_path: Path) -> None:
    with loopback(answering(PICTURE)) as vendor, transmission(tmp_path / "a", replay=True):
        with pytest.raises(OutcomeUnknown, match="not kept whole"):
            submit(Door("Vendor API"), vendor.url)
        assert vendor.requests == []


def test_an_answer_is_not_lost_when_the_disk_takes_no_file(tmp_path: Path) -> None:
    with loopback(answering(PICTURE)) as vendor, transmission(tmp_path / "missing" / "a"):
        assert submit(Door("Vendor API"), vendor.url).body == PICTURE


def test_an_answer_is_not_lost_when_the_disk_fills_up_half_way(tmp_path: Path) -> None:
    # /dev/full takes no byte: what is written to it fails as on a full disk.
    (tmp_path / "a-1.part").symlink_to("/dev/full")
    large = b"x" * 1_000_000
    with loopback(answering(large)) as vendor, transmission(tmp_path / "a"):
        assert submit(Door("Vendor API"), vendor.url).body == large
    assert list(tmp_path.iterdir()) == []


def test_an_answer_is_not_lost_when_its_file_cannot_be_renamed(tmp_path: Path) -> None:
    (tmp_path / "a-1.answer").mkdir()
    with loopback(answering(PICTURE)) as vendor, transmission(tmp_path / "a"):
        assert submit(Door("Vendor API"), vendor.url).body == PICTURE


def test_a_leave_belongs_to_its_thread_alone(tmp_path: Path) -> None:
    with loopback(answering(PICTURE)) as vendor, transmission(tmp_path / "a"):
        thread = threading.Thread(target=submit, args=(Door("Vendor API"), vendor.url))
        thread.start()
        thread.join()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("behave", [stay_silent, hang_up, answering(PICTURE, length=999)])
def test_a_read_that_breaks_may_be_repeated(behave: Behaviour) -> None:
    with loopback(behave) as vendor, pytest.raises(Busy, match="only a question, nothing was billed") as broken:
        Door("Vendor API").read(vendor.url, headers={"x-key": SECRET}, seconds=0.3)
    assert SECRET not in texts_of(broken.value)


def test_a_read_is_a_get_that_keeps_no_file(tmp_path: Path) -> None:
    with loopback(answering(PICTURE)) as vendor, transmission(tmp_path / "a"):
        answer = Door("Vendor API").read(f"{vendor.url}/models", headers={}, params={"pageSize": 1})
    assert answer.body == PICTURE
    assert vendor.requests[0].startswith(b"GET /models?pageSize=1 ")
    assert list(tmp_path.iterdir()) == []


def test_a_given_transport_that_fails_is_never_taken_for_not_sent() -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("late", request=request)

    with pytest.raises(ProviderError) as error:
        submit(Door("Vendor API", transport=httpx.MockTransport(fail)), "http://vendor.invalid")
    assert isinstance(error.value, OutcomeUnknown)


def test_many_calls_at_once_share_one_client() -> None:
    door = Door("Vendor API")
    answers: list[Answer] = []
    with loopback(answering(PICTURE)) as vendor:
        threads = [threading.Thread(target=lambda: answers.append(submit(door, vendor.url))) for _ in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [answer.status for answer in answers] == [200] * 40
    assert len(vendor.requests) == 40
