"""Streams of the OpenAI-compatible door: events on the way, honest failures, and work that nobody's leaving ends."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import orjson
import pybase64
import pytest
from django.db import connection
from django.http import HttpResponse

from cloudhub.api.openai import images as door
from cloudhub.api.openai import stream
from cloudhub.billing.models import Hold, LedgerEntry
from cloudhub.generations import engine as engine_module
from cloudhub.generations import storage
from cloudhub.generations.models import Generation, Image
from providers.pictures import read_picture
from tests.api.caller import Caller

pytestmark = pytest.mark.sqlite_only

PATH = "/v1/images/generations"
WISH = {"model": "practice-1", "prompt": "a red fox", "resolution": "0.5K", "stream": True}
Event = dict[str, Any]


def read_event(frame: bytes) -> Event:
    name, data = frame.decode().rstrip("\n").split("\n")
    event = orjson.loads(data.removeprefix("data: "))
    assert name == f"event: {event['type']}"
    return event


def frames_of(answer: Any) -> Iterator[bytes]:
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "text/event-stream"
    yield from answer.streaming_content


def events_of(answer: Any) -> list[Event]:
    return [read_event(frame) for frame in frames_of(answer) if not frame.startswith(b":")]


def names_of(events: list[Event]) -> list[str]:
    return [event["type"].removeprefix("image_generation.") for event in events]


def await_all_ends() -> None:
    last = time.monotonic() + 15
    while Generation.objects.filter(state="running").exists() and time.monotonic() < last:
        time.sleep(0.05)


def edge(answer: HttpResponse) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_a_picture_comes_as_one_event_that_tells_the_cost(waiting: Caller) -> None:
    answer = waiting.post(PATH, {**WISH, "quality": "fine"})
    (event,) = events_of(answer)
    generation = Generation.objects.get()
    picture = read_picture(pybase64.b64decode(event["b64_json"]))
    assert (picture.width, picture.height) == (512, 512)
    assert event["cloudhub"] == {"cost": "0.005000", "currency": "XTS", "generation": str(generation.id)}
    assert {name: event[name] for name in ("type", "size", "quality", "background", "output_format", "usage")} == {
        "type": "image_generation.completed", "size": "512x512", "quality": "fine", "background": "auto",
        "output_format": "png", "usage": None,
    }  # fmt: skip
    assert abs(event["created_at"] - time.time()) < 60


def test_a_streams_headers_carry_the_estimate(waiting: Caller) -> None:
    limit = {"name": "day", "scope": "hub", "window": "day", "limit": "1.000000", "currency": "XTS"}
    waiting.post("/api/v1/budgets", limit)
    answer = waiting.post(PATH, WISH)
    assert (answer["X-CloudHub-Estimate"], answer["X-CloudHub-Currency"]) == ("0.005000", "XTS")
    assert answer["X-CloudHub-Generation"] == str(Generation.objects.get().id)
    assert "X-CloudHub-Budget-Remaining" in answer
    assert "X-CloudHub-Cost" not in answer
    assert answer["X-Accel-Buffering"] == "no"
    assert answer["X-Request-Id"]
    list(frames_of(answer))


def test_previews_come_first_and_are_gone_afterwards(waiting: Caller) -> None:
    events = events_of(waiting.post(PATH, {**WISH, "prompt": "#slow:2 a fox", "partial_images": 3}))
    assert names_of(events) == [*["partial_image"] * 3, "completed"]
    assert [event["partial_image_index"] for event in events[:3]] == [0, 1, 2]
    sizes = [read_picture(pybase64.b64decode(event["b64_json"])) for event in events[:3]]
    assert [f"{size.width}x{size.height}" for size in sizes] == [event["size"] for event in events[:3]]
    generation = Generation.objects.get()
    assert generation.sent["options"] == {"partial_images": 3}
    assert storage.previews(generation.attempts.get().pk) == []


def test_a_model_without_previews_says_so_in_a_note(waiting: Caller, gemini: object) -> None:
    waiting.post("/api/v1/cloud_models", {"provider": "google-gemini", "cloud_model_id": "gemini-2.5-flash-image"})
    wish = {"model": "gemini-2.5-flash-image", "prompt": "a fox", "stream": True, "partial_images": 2}
    (event,) = events_of(waiting.post(PATH, wish))
    note = "Gemini 2.5 Flash Image shows no unfinished pictures: partial_images 2 is not sent."
    assert note in event["cloudhub"]["notes"]
    assert note in Generation.objects.get().notes
    assert event["cloudhub"]["cost"] == "0.039000"


def test_each_of_several_pictures_has_its_event_and_only_the_last_tells_the_cost(
    waiting: Caller, gemini: object
) -> None:
    waiting.post("/api/v1/cloud_models", {"provider": "google-gemini", "cloud_model_id": "gemini-3.1-flash-image"})
    events = events_of(waiting.post(PATH, {**WISH, "model": "gemini-3.1-flash-image", "n": 3, "resolution": None}))
    assert names_of(events) == ["completed"] * 3
    assert [("cloudhub" in event, event["usage"] is not None) for event in events] == [(False, False)] * 2 + [
        (True, True)
    ]
    assert len({event["b64_json"] for event in events}) == 3


def test_some_pictures_are_still_a_success(waiting: Caller) -> None:
    events = events_of(waiting.post(PATH, {**WISH, "prompt": "#partial a fox", "n": 3}))
    assert names_of(events) == ["completed"] * 2
    assert events[-1]["cloudhub"]["cost"] == "0.010000"


def test_pictures_may_come_as_links(waiting: Caller) -> None:
    (event,) = events_of(waiting.post(PATH, {**WISH, "response_format": "url"}))
    assert "b64_json" not in event
    assert Caller().get(event["url"].removeprefix("http://testserver")).status_code == 200


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [("#refuse a fox", (400, "refused_prompt")), ("#lost a fox", (502, "unknown_outcome")),
     ("#slow:1 #refuse a fox", (400, "refused_prompt"))],
)  # fmt: skip
def test_a_failure_before_the_first_event_keeps_its_status(
    waiting: Caller, prompt: str, expected: tuple[int, str]
) -> None:
    answer = waiting.post(PATH, {**WISH, "prompt": prompt})
    assert edge(answer) == expected
    assert answer["x-should-retry"] == "false"
    assert "X-CloudHub-Estimate" not in answer
    assert answer["X-CloudHub-Cost"] == "0.000000"


@pytest.mark.parametrize(
    ("change", "expected"),
    [({"model": "none"}, (404, "model_not_found")), ({"n": 99}, (400, "invalid")), ({"stream": 1}, (400, "invalid"))],
)
def test_a_refused_wish_keeps_its_status(waiting: Caller, change: Event, expected: tuple[int, str]) -> None:
    assert edge(waiting.post(PATH, {**WISH, **change})) == expected


def test_a_failure_after_a_preview_is_an_error_event(waiting: Caller) -> None:
    wish = {**WISH, "prompt": "#slow:2 #lost a fox", "partial_images": 1}
    *previews, last = events_of(waiting.post(PATH, wish))
    assert names_of(previews) == ["partial_image"]
    assert (last["type"], last["error"]["code"]) == ("error", "unknown_outcome")
    assert last["cloudhub"]["cost"] == "0.000000"


def test_a_late_failure_is_an_error_event_behind_signs_of_life(
    waiting: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "FIRST_SECONDS", 0.1)
    monkeypatch.setattr(stream, "LIFE_SECONDS", 0.2)
    frames = list(frames_of(waiting.post(PATH, {**WISH, "prompt": "#slow:2 #refuse a fox"})))
    assert frames[0] == stream.SIGN_OF_LIFE
    assert read_event(frames[-1])["error"]["code"] == "refused_prompt"


def test_a_missing_file_is_told_inside_the_stream(waiting: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting.post(PATH, {**WISH, "stream": False}, **{"Idempotency-Key": "one"})
    storage.object_path(Image.objects.get().sha256).unlink()
    answer = waiting.post(PATH, WISH, **{"Idempotency-Key": "one"})
    assert edge(answer) == (404, "file_missing")
    monkeypatch.setattr(stream, "FIRST_SECONDS", 0.1)
    monkeypatch.setattr(stream, "LIFE_SECONDS", 0.1)
    frames = frames_of(waiting.post(PATH, {**WISH, "prompt": "#slow:1 a fox"}))
    assert next(frames) == stream.SIGN_OF_LIFE
    await_all_ends()
    storage.object_path(Image.objects.latest("created_at").sha256).unlink()
    *_, last = frames
    assert read_event(last)["error"]["code"] == "file_missing"


def test_whoever_leaves_ends_the_stream_and_not_the_work(waiting: Caller) -> None:
    answer = waiting.post(PATH, {**WISH, "prompt": "#slow:2 a fox", "partial_images": 1})
    assert names_of([read_event(next(frames_of(answer)))]) == ["partial_image"]
    answer.close()
    await_all_ends()
    assert Generation.objects.get().state == "succeeded"
    assert LedgerEntry.objects.filter(kind="settle").count() == 1


def test_streams_are_capped_with_all_who_wait_and_give_their_place_back(
    waiting: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "_waiting", threading.BoundedSemaphore(1))
    first = waiting.post(PATH, {**WISH, "prompt": "#slow:2 a fox", "partial_images": 1})
    holds = Hold.objects.count()
    refused = waiting.post(PATH, WISH)
    assert (edge(refused), refused["x-should-retry"]) == ((503, "unavailable"), "true")
    assert Hold.objects.count() == holds
    first.close()
    assert names_of(events_of(waiting.post(PATH, WISH))) == ["completed"]
    assert edge(waiting.post(PATH, {**WISH, "prompt": "#refuse a fox"}))[0] == 400
    assert edge(waiting.post(PATH, {**WISH, "model": "none"}))[0] == 404
    assert names_of(events_of(waiting.post(PATH, WISH))) == ["completed"]


def test_no_connection_is_held_while_a_stream_waits_or_writes(waiting: Caller) -> None:
    answer = waiting.post(PATH, {**WISH, "prompt": "#slow:2 a fox", "partial_images": 2})
    held = []
    for _ in frames_of(answer):
        held.append(connection.connection is not None)
    assert held
    assert not any(held)


def test_a_replay_streams_the_same_picture_and_an_automatic_repeat_joins(waiting: Caller) -> None:
    key = {"Idempotency-Key": "one"}
    (first,) = events_of(waiting.post(PATH, WISH, **key))
    again = waiting.post(PATH, WISH, **key)
    assert again["Idempotent-Replayed"] == "true"
    assert events_of(again) == [first]
    (joined,) = events_of(waiting.post(PATH, WISH, **{"x-stainless-retry-count": "1"}))
    assert joined["b64_json"] == first["b64_json"]
    assert waiting.post(PATH, {**WISH, "stream": False}, **key).json()["data"][0]["b64_json"] == first["b64_json"]
    assert Generation.objects.count() == 1


def test_a_replay_works_after_the_model_was_switched_off(waiting: Caller) -> None:
    key = {"Idempotency-Key": "one"}
    first = events_of(waiting.post(PATH, {**WISH, "partial_images": 1}, **key))[-1]
    waiting.patch("/api/v1/cloud_models/practice-1", {"enabled": False})
    assert events_of(waiting.post(PATH, {**WISH, "partial_images": 1}, **key))[-1] == first


def test_when_nobody_waits_any_longer_the_stream_says_that_it_is_in_progress(
    waiting: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "LONGEST_WAIT", 0.5)
    assert edge(waiting.post(PATH, {**WISH, "prompt": "#slow:3 a fox"})) == (409, "idempotency_in_progress")
    monkeypatch.setattr(stream, "FIRST_SECONDS", 0.1)
    (event,) = events_of(waiting.post(PATH, {**WISH, "prompt": "#slow:3 another fox"}))
    assert (event["type"], event["error"]["code"]) == ("error", "idempotency_in_progress")
    await_all_ends()


def test_an_edit_streams_under_its_own_name(waiting: Caller, png: bytes) -> None:
    image = f"data:image/png;base64,{pybase64.b64encode_as_string(png)}"
    wish = {**WISH, "prompt": "#slow:1 a fox", "partial_images": 1, "images": [image]}
    events = events_of(waiting.post("/v1/images/edits", wish))
    assert [event["type"] for event in events] == ["image_edit.partial_image", "image_edit.completed"]
