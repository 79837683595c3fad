"""What can come back in place of a vendor's answer, as wishes for the emulator's fault menu."""

from typing import Any

# A fault with a word about the work waits for the costly call; this word changes nothing.
OF_THE_WORK = {"text_only": False}
HTML = "<!doctype html><title>A proxy's page</title>"
# After each of them nobody knows whether the work was done.
UNREADABLE: dict[str, dict[str, Any]] = {
    "a proxy's page": {"status": 200, "body": HTML, **OF_THE_WORK},
    "no JSON": {"status": 200, "body": "this is no JSON", **OF_THE_WORK},
    "JSON that breaks off": {"status": 200, "body": '{"id": "a", "data": [{"b64_', **OF_THE_WORK},
    "nothing": {"status": 200, "body": "", **OF_THE_WORK},
    "another document": {"status": 200, "body": {"unheard": ["of"]}, **OF_THE_WORK},
    "a list": {"status": 200, "body": [], **OF_THE_WORK},
    "a created page": {"status": 201, "body": HTML, **OF_THE_WORK},
    "bad gateway": {"status": 502, "body": HTML, **OF_THE_WORK},
    "gateway time-out": {"status": 504, "body": HTML, **OF_THE_WORK},
    "dropped before the work": {"drop": "before_work"},
    "dropped after the work": {"drop": "after_work"},
    "cut after the head": {"cut_after_bytes": 0, **OF_THE_WORK},
    "cut in the body": {"cut_after_bytes": 10, **OF_THE_WORK},
}
UNKNOWN_CODES = ("unknown_outcome", "provider_5xx", "refused_output", "invalid_output")
# Calls that did arrive, though their answer did not: a vendor that can be asked for them loses no picture.
ARRIVED = ["dropped after the work", "cut after the head", "cut in the body"]
# What a vendor's words in a picture's place may be told as.
CODES_OF_WORDS = ("no_image_text_answer", "invalid_output", "refused_output")
