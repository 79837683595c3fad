"""The stream's events, read in any pieces; previews only of whole pictures."""

import pytest

from providers.openai.stream import EventReader, preview_watcher, read_stream
from providers.openai.tests.answers import completed, encoded, frame, partial, picture

BODY = partial(0) + partial(1) + completed()


def pieces(body, size):
    return [body[start : start + size] for start in range(0, len(body), size)]


@pytest.mark.parametrize("size", [1, 7, 64, 10_000_000])
@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
def test_events_are_the_same_in_any_pieces(size, ending):
    body = BODY.replace(b"\n", ending)
    reader = EventReader()
    events = [event for piece in pieces(body, size) for event in reader.feed(piece)] + reader.finish()
    assert [event["type"] for event in events] == [
        "image_generation.partial_image", "image_generation.partial_image", "image_generation.completed",
    ]  # fmt: skip
    assert [event.get("partial_image_index") for event in events] == [0, 1, None]


def test_comments_missing_spaces_many_data_lines_and_the_end_mark_are_read():
    body = b': hello\nevent:x.completed\ndata:{"b64_json":\ndata: "aGk="}\n\ndata: [DONE]\n\n'
    reader = EventReader()
    assert reader.feed(body) == [{"type": "x.completed", "b64_json": "aGk="}]


def test_the_last_event_needs_no_empty_line():
    document, failed = read_stream(BODY.rstrip(b"\n"))
    assert document is not None
    assert failed is None


@pytest.mark.parametrize("data", [b"{", b"[]", b"7", b'"x"', b"", b"\xff"])
def test_what_is_no_object_is_no_event(data):
    assert EventReader().feed(b"data: " + data + b"\n\n") == []


def test_the_final_event_is_read_as_an_answer_without_a_stream():
    document, _ = read_stream(BODY)
    assert document["data"][0]["b64_json"] == encoded()
    assert (document["created"], document["size"], document["usage"]["output_tokens"]) == (2, "1024x1024", 6240)
    assert document["partial_images"] == 2


@pytest.mark.parametrize("body", [b"", partial(0), b"<html>", BODY[:-400]])
def test_a_stream_without_its_end_has_no_answer(body):
    assert read_stream(body) == (None, None)


def test_an_error_event_is_told():
    document, failed = read_stream(partial(0) + frame("error", error={"code": "moderation_blocked"}))
    assert document is None
    assert failed["error"]["code"] == "moderation_blocked"


@pytest.mark.parametrize("size", [3, 500, 10_000_000])
def test_each_unfinished_picture_is_shown_with_its_number(size):
    shown = []
    watch = preview_watcher(lambda data, number: shown.append((number, data)))
    for piece in pieces(partial(0) + partial(1, picture(shade=10)) + completed(), size):
        watch(piece)
    assert shown == [(0, picture()), (1, picture(shade=10))]


def test_what_is_no_picture_is_not_shown():
    shown = []
    watch = preview_watcher(lambda data, number: shown.append(number))
    watch(partial(0, b"not a picture") + partial(-1) + partial(10) + frame("x.partial_image", b64_json="%%%"))
    assert shown == []
