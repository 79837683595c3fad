"""Each fault of the menu, seen from the other end of the connection."""

import base64
import json
import socket
import threading
import time
from urllib.parse import urlsplit

import httpx
import pytest

from providers.emulation.server import RunningServer, serve
from tests.emulation.calls import FLASH_2_5, NANO_BANANA, amounts, body, generate, pictures


def raw_exchange(emulator: RunningServer, request: dict[str, object]) -> bytes:
    """Everything that arrives on a bare socket until the emulator closes it."""
    address = urlsplit(emulator.url)
    content = json.dumps(request).encode()
    head = (
        f"POST /google/v1beta/models/{FLASH_2_5}:generateContent HTTP/1.1\r\nHost: {address.netloc}\r\n"
        f"x-goog-api-key: k\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(head.encode() + content)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def post(control: httpx.Client, **fault: object) -> None:
    assert control.post("/faults", json={"vendor": "google-gemini"} | fault).status_code == 201


def test_drop_before_work_closes_without_a_byte_and_costs_nothing(
    emulator: RunningServer, control: httpx.Client
) -> None:
    post(control, drop="before_work")
    assert raw_exchange(emulator, body()) == b""
    assert amounts(emulator) == []


def test_drop_after_work_closes_without_a_byte_and_is_billed(emulator: RunningServer, control: httpx.Client) -> None:
    post(control, drop="after_work")
    assert raw_exchange(emulator, body()) == b""
    assert amounts(emulator) == ["0.039000"]


def test_httpx_sees_a_dropped_call_as_a_broken_connection(control: httpx.Client, google: httpx.Client) -> None:
    post(control, drop="after_work")
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        generate(google)


@pytest.mark.parametrize("count", [0, 1, 1000])
def test_a_cut_answer_announces_all_and_sends_that_many_bytes(
    emulator: RunningServer, control: httpx.Client, count: int
) -> None:
    post(control, cut_after_bytes=count)
    head, _, sent = raw_exchange(emulator, body()).partition(b"\r\n\r\n")
    announced = int(head.lower().partition(b"content-length: ")[2].split()[0])
    assert head.startswith(b"HTTP/1.1 200")
    assert len(sent) == count
    assert announced > 10_000
    assert amounts(emulator) == ["0.039000"]


def test_httpx_sees_a_cut_answer_as_incomplete(control: httpx.Client, google: httpx.Client) -> None:
    post(control, cut_after_bytes=500)
    with pytest.raises(httpx.RemoteProtocolError, match="incomplete|without sending complete"):
        generate(google)


def test_a_cut_behind_the_end_changes_nothing(control: httpx.Client, google: httpx.Client) -> None:
    post(control, cut_after_bytes=2**31 - 1)
    assert len(pictures(generate(google))) == 1


def test_a_delay_comes_after_the_work(emulator: RunningServer, control: httpx.Client, google: httpx.Client) -> None:
    post(control, delay_ms=400)
    with pytest.raises(httpx.ReadTimeout):
        google.post(f"/v1beta/models/{FLASH_2_5}:generateContent", json=body(), timeout=httpx.Timeout(5, read=0.3))
    assert amounts(emulator) == ["0.039000"]


def test_a_delayed_answer_still_comes(control: httpx.Client, google: httpx.Client) -> None:
    post(control, delay_ms=150)
    started = time.monotonic()
    assert len(pictures(generate(google))) == 1
    assert time.monotonic() - started >= 0.15


def test_a_given_status_and_body_replace_the_work(
    emulator: RunningServer, control: httpx.Client, google: httpx.Client
) -> None:
    post(control, status=418, body={"error": {"code": 418}})
    answer = generate(google)
    assert (answer.status_code, answer.json()) == (418, {"error": {"code": 418}})
    assert amounts(emulator) == []


def test_a_given_body_alone_is_answered_with_200(control: httpx.Client, google: httpx.Client) -> None:
    post(control, body="<html>proxy</html>")
    answer = generate(google)
    assert (answer.status_code, answer.text) == (200, "<html>proxy</html>")
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (400, "INVALID_ARGUMENT"),
        (401, "UNAUTHENTICATED"),
        (403, "PERMISSION_DENIED"),
        (404, "NOT_FOUND"),
        (429, "RESOURCE_EXHAUSTED"),
        (500, "INTERNAL"),
        (503, "UNAVAILABLE"),
        (504, "DEADLINE_EXCEEDED"),
    ],
)
def test_a_status_alone_brings_googles_usual_body(
    emulator: RunningServer, control: httpx.Client, google: httpx.Client, status: int, word: str
) -> None:
    post(control, status=status)
    answer = generate(google)
    assert answer.status_code == answer.json()["error"]["code"] == status
    assert answer.json()["error"]["status"] == word
    assert amounts(emulator) == []


def test_the_usual_429_is_the_quota_a_minute_with_a_time_to_wait(control: httpx.Client, google: httpx.Client) -> None:
    post(control, status=429)
    details = {part["@type"].rpartition(".")[2]: part for part in generate(google).json()["error"]["details"]}
    assert details["RetryInfo"]["retryDelay"] == "1.5s"
    violation = details["QuotaFailure"]["violations"][0]
    assert "PerMinute" in violation["quotaId"]
    assert violation["quotaDimensions"]["model"] == FLASH_2_5


def test_a_502_is_a_web_page(control: httpx.Client, google: httpx.Client) -> None:
    post(control, status=502)
    assert generate(google).text.startswith("<!DOCTYPE html>")


def test_the_oldest_matching_fault_comes_first(control: httpx.Client, google: httpx.Client) -> None:
    for status in (500, 503):
        post(control, status=status)
    assert [generate(google).status_code for _ in range(3)] == [500, 503, 200]


def test_a_fault_lasts_its_times(control: httpx.Client, google: httpx.Client) -> None:
    post(control, status=500, times=2)
    assert [generate(google).status_code for _ in range(3)] == [500, 500, 200]


def test_a_fault_with_null_times_lasts_until_cleared(control: httpx.Client, google: httpx.Client) -> None:
    post(control, status=500, times=None)
    assert {generate(google).status_code for _ in range(4)} == {500}
    control.delete("/faults")
    assert generate(google).status_code == 200


def test_a_read_meets_a_status_fault_too(control: httpx.Client, google: httpx.Client) -> None:
    post(control, status=403)
    assert google.get("/v1beta/models").status_code == 403


def test_a_read_leaves_a_fault_about_the_work(control: httpx.Client, google: httpx.Client) -> None:
    post(control, drop="after_work")
    assert google.get("/v1beta/models").status_code == 200
    with pytest.raises(httpx.RemoteProtocolError):
        generate(google)


def test_partial_zero_delivers_no_picture(emulator: RunningServer, control: httpx.Client, google: httpx.Client) -> None:
    post(control, partial=0)
    candidate = generate(google).json()["candidates"][0]
    assert candidate["finishReason"] == "NO_IMAGE"
    assert "parts" not in candidate["content"]
    assert amounts(emulator) == []


def test_filtered_withholds_the_picture_and_reports_usage(
    emulator: RunningServer, control: httpx.Client, google: httpx.Client
) -> None:
    post(control, filtered=True)
    answer = generate(google).json()
    assert answer["candidates"][0]["finishReason"] == "IMAGE_SAFETY"
    assert "content" not in answer["candidates"][0]
    assert answer["usageMetadata"]["promptTokenCount"] > 0
    assert amounts(emulator) == []


def test_a_filtered_prompt_has_no_candidates(control: httpx.Client, google: httpx.Client) -> None:
    post(control, filtered="prompt")
    answer = generate(google)
    assert answer.status_code == 200
    assert answer.json()["promptFeedback"] == {"blockReason": "PROHIBITED_CONTENT"}
    assert "candidates" not in answer.json()


def test_text_only_answers_in_words(emulator: RunningServer, control: httpx.Client, google: httpx.Client) -> None:
    post(control, text_only=True)
    answer = generate(google)
    candidate = answer.json()["candidates"][0]
    assert candidate["finishReason"] == "STOP"
    assert candidate["content"]["parts"][0]["text"]
    assert pictures(answer) == []
    assert amounts(emulator) == []


@pytest.mark.parametrize("fault", [{"partial": 0}, {"filtered": True}, {"filtered": "prompt"}, {"text_only": True}])
def test_a_model_priced_by_tokens_bills_them_without_a_picture(
    emulator: RunningServer, control: httpx.Client, google: httpx.Client, fault: dict[str, object]
) -> None:
    post(control, **fault)
    usage = generate(google, model=NANO_BANANA).json()["usageMetadata"]
    output = usage.get("candidatesTokenCount", 0) + usage.get("thoughtsTokenCount", 0)
    tenths = usage["promptTokenCount"] * 15 + output * 75
    assert amounts(emulator) == [f"0.{-(-tenths // 10):06d}"]


def test_a_wrong_cost_scales_what_is_reported_and_billed(
    emulator: RunningServer, control: httpx.Client, google: httpx.Client
) -> None:
    right = generate(google, model=NANO_BANANA).json()["usageMetadata"]
    post(control, wrong_cost="2")
    wrong = generate(google, model=NANO_BANANA).json()["usageMetadata"]
    assert wrong["thoughtsTokenCount"] == 2 * right["thoughtsTokenCount"]
    assert wrong["candidatesTokensDetails"] == [{"modality": "IMAGE", "tokenCount": 2240}]
    first, second = (int(amount.replace(".", "")) for amount in amounts(emulator))
    assert 2 * first - 1 <= second <= 2 * first


def test_a_wrong_cost_leaves_a_flat_price_alone(
    emulator: RunningServer, control: httpx.Client, google: httpx.Client
) -> None:
    post(control, wrong_cost=3)
    usage = generate(google).json()["usageMetadata"]
    assert usage["candidatesTokensDetails"] == [{"modality": "IMAGE", "tokenCount": 3870}]
    assert amounts(emulator) == ["0.039000"]


def test_faults_join(emulator: RunningServer, control: httpx.Client, google: httpx.Client) -> None:
    post(control, wrong_cost=2, delay_ms=50, cut_after_bytes=10)
    with pytest.raises(httpx.RemoteProtocolError):
        generate(google, model=NANO_BANANA)
    assert int(amounts(emulator)[0].replace(".", "")) > 67_200


def test_a_chunked_request_is_read(emulator: RunningServer, google: httpx.Client) -> None:
    content = json.dumps(body()).encode()
    chunks = (content[start : start + 7] for start in range(0, len(content), 7))
    answer = google.post(f"/v1beta/models/{FLASH_2_5}:generateContent", content=chunks)
    assert len(pictures(answer)) == 1


def test_a_request_that_breaks_off_does_no_work(emulator: RunningServer) -> None:
    address = urlsplit(emulator.url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        path = f"/google/v1/models/{FLASH_2_5}:generateContent"
        connection.sendall(f"POST {path} HTTP/1.1\r\nx-goog-api-key: k\r\nContent-Length: 900\r\n\r\n{{".encode())
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 400")
    assert amounts(emulator) == []


def test_a_closed_emulator_breaks_open_connections() -> None:
    with serve() as server, httpx.Client(base_url=server.url) as client:
        assert client.get("/").status_code == 200
        server.close()
        with pytest.raises(httpx.TransportError):
            client.get("/")


def test_a_closed_emulator_ends_its_delays() -> None:
    server = serve()
    httpx.post(f"{server.url}/faults", json={"delay_ms": 60_000})
    threading.Timer(0.3, server.close).start()
    started = time.monotonic()
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{server.url}/google/v1/models", timeout=30)
    assert time.monotonic() - started < 10


def test_answers_are_base64_of_whole_pictures(google: httpx.Client) -> None:
    part = generate(google).json()["candidates"][0]["content"]["parts"][-1]
    data = part["inlineData"]["data"]
    assert base64.b64encode(base64.b64decode(data, validate=True)).decode() == data
