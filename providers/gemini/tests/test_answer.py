"""What is read from an HTTP 200, in which any field may be missing."""

import base64
import json

import pytest

from providers.base import OutcomeUnknown, Rejected
from providers.gemini.client import Gemini
from providers.gemini.tests.answers import (
    CANARY,
    FLAT,
    KEY,
    NEWEST,
    PRO,
    USAGE,
    answer,
    candidate,
    drawn,
    entry,
    image_part,
    picture,
    wish,
)
from providers.gemini.wire import decode, from_answer
from providers.google.reading import redactor


def read(document, model_id=NEWEST, **changes):
    return from_answer(document, wish(model_id, **changes), entry(model_id), redactor(KEY))


def test_type_and_size_come_from_the_bytes_not_from_the_answer():
    part = image_part(picture("PNG", 70, 30))
    response = read(answer(candidate(part)))
    assert response.images == [picture("PNG", 70, 30)]
    assert [(p.mime_type, p.width, p.height) for p in response.pictures] == [("image/png", 70, 30)]


def test_the_last_picture_that_is_no_thought_is_the_result():
    draft, first, final, thought = (picture(shade=shade) for shade in (1, 2, 3, 4))
    parts = [image_part(draft, thought=True), image_part(first), {"text": "Here."}, image_part(final),
             image_part(thought, thought=True)]  # fmt: skip
    response = read(answer(candidate(*parts)), PRO)
    assert response.images == [final]
    assert response.metadata["pictures_in_answer"] == 2


def test_every_picture_of_a_flat_priced_answer_is_kept_and_billed():
    first, second = picture(shade=1), picture(shade=2)
    parts = [image_part(first), {"text": "Then:"}, image_part(second), image_part(b"no picture")]
    response = read(answer(candidate(*parts)), FLAT)
    assert response.images == [first, second]
    assert Gemini().billed(response, entry(FLAT)) == {"image": 3}
    with pytest.raises(Rejected) as rejected:
        read(answer(candidate(image_part(b"none"), image_part(b"neither"))), FLAT)
    assert rejected.value.billed == {"image": 2}


def test_an_unreadable_last_picture_gives_way_to_a_readable_one():
    assert read(answer(candidate(image_part(), image_part(b"no picture")))).images == [picture()]


def test_a_picture_counts_whatever_the_finish_reason_says():
    assert read(answer(candidate(image_part(), finish="MAX_TOKENS"))).images == [picture()]


def test_the_seed_is_recorded_where_it_was_sent_and_only_there():
    assert read(drawn(), PRO, seed=7).pictures[0].seed == 7
    assert read(drawn(), NEWEST, seed=7).pictures[0].seed is None


def test_metadata_keeps_what_identifies_the_work():
    status = {"modelStage": "DEPRECATED", "message": "Move on."}
    document = answer(candidate({"text": "Here is your fox."}, image_part()), modelVersion="v-9", modelStatus=status)
    response = read(document, FLAT)
    assert response.metadata == {
        "modelVersion": "v-9", "modelStatus": status, "responseId": "abc-1", "finishReason": "STOP",
        "text": "Here is your fox.",
    }  # fmt: skip
    assert (response.request_id, response.usage) == ("abc-1", USAGE)


def test_the_stored_answer_has_no_picture_bytes_and_no_thought_signatures():
    part = image_part(thoughtSignature="c2lnbmF0dXJl" * 1000)
    stored = read(answer(candidate({"text": "A fox", "thoughtSignature": "eHg="}, part))).provider_response
    parts = stored["candidates"][0]["content"]["parts"]
    assert parts[1] == {"inlineData": {"mimeType": "image/jpeg", "data": f"[{len(picture())} bytes]"}}
    assert parts[0] == {"text": "A fox"}
    assert "c2lnbmF0" not in json.dumps(stored)


def test_no_key_and_no_nul_reaches_what_is_stored():
    old_key = "AIza" + "x" * 35
    words = f"Your\x00 key {CANARY} or {old_key} at https://example.com/?key=abcdef"
    response = read(answer(candidate({"text": words}, image_part(), finishMessage=words), modelVersion=words))
    stored = json.dumps([response.metadata, response.provider_response, response.usage, response.request_id])
    assert not [secret for secret in (CANARY, old_key, "abcdef", "\\u0000") if secret in stored]


def test_a_one_element_list_around_the_answer_is_opened():
    assert read([drawn()]).images == [picture()]


@pytest.mark.parametrize("url_safe", [True, False])
@pytest.mark.parametrize("padding", [True, False])
def test_base64_is_read_in_either_alphabet_with_or_without_padding(url_safe, padding):
    data = bytes(range(256)) + b"\xfb\xff\xfe"
    encoded = (base64.urlsafe_b64encode if url_safe else base64.b64encode)(data + b"1").decode()
    assert decode(encoded if padding else encoded.rstrip("=")) == data + b"1"


def test_base64_in_lines_is_read():
    assert decode(base64.encodebytes(picture()).decode()) == picture()


@pytest.mark.parametrize("data", [b"GIF89a", b"", b"<html>", picture()[:20]])
def test_a_picture_that_is_none_is_invalid_output_and_was_billed(data):
    if not data:
        data = b"\x00"
    with pytest.raises(Rejected) as rejected:
        read(answer(candidate(image_part(data))))
    assert rejected.value.code == "invalid_output"
    assert rejected.value.billed["image_output_token"] == 1120
    assert rejected.value.request_id == "abc-1"


@pytest.mark.parametrize("encoded", ["%%%", "ab\ud800", "ä"])
def test_a_picture_that_is_no_base64_is_invalid_output(encoded):
    part = {"inlineData": {"mimeType": "image/png", "data": encoded}}
    with pytest.raises(Rejected) as rejected:
        read(answer(candidate(part)), FLAT)
    assert (rejected.value.code, rejected.value.billed) == ("invalid_output", {"image": 1})


@pytest.mark.parametrize(
    "document",
    [
        None, 7, "picture", [], {}, [{}, {}], {"candidates": None}, {"candidates": "none"}, {"candidates": {}},
        {"candidates": [None]}, {"candidates": [[]]}, {"candidates": [{}]}, {"candidates": [{"content": "x"}]},
        {"candidates": [{"content": {"parts": "x"}}]}, {"candidates": [{"content": {"parts": [None, 3, {}]}}]},
        {"candidates": [{"content": {"parts": [{"inlineData": "x"}, {"inlineData": {"data": 5}}, {"text": 3}]}}]},
        {"candidates": [{"finishReason": 7}], "promptFeedback": [], "responseId": 9, "usageMetadata": []},
        {"promptFeedback": {"blockReason": ["SAFETY"]}}, {"error": {"message": "odd"}}, {"data": [{"b64_json": "x"}]},
    ],
)  # fmt: skip
def test_json_that_says_nothing_understandable_is_an_unknown_outcome(document):
    with pytest.raises(OutcomeUnknown) as unknown:
        read(document)
    assert "may have been made and billed" in unknown.value.message


def test_a_deeply_nested_answer_is_cut_not_followed():
    deep = []
    for _ in range(900):
        deep = [deep]
    stored = json.dumps(read(drawn(extra=deep)).provider_response, ensure_ascii=False)
    assert '["[…]"]' in stored
