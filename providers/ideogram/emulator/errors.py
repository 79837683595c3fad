"""Ideogram's error answers: bodies of 402 and 429 have a stated form, all others hold a sentence.

https://developer.ideogram.ai/ideogram-api/errors and …/rate-limits
"""

from collections.abc import Mapping
from typing import Any

from providers.emulation.contract import Call, Reply, json_reply

SENTENCES: Mapping[int, str] = {
    400: "Invalid input provided.",
    401: "Access denied. Please verify your API key.",
    402: "Not enough credits.",
    403: "No access to this endpoint.",
    404: "Not found.",
    413: "An upload is too large.",
    422: "Prompt or provided image failed the safety checks",
    429: "Too many generations in progress.",
    500: "Internal server error.",
    503: "The endpoint is temporarily unavailable.",
}
REASONS: Mapping[int, Mapping[str, Any]] = {
    402: {"reject_reason": "insufficient_funds"},
    429: {"reject_reason": "inflight_limit", "max_inflight_requests": 10, "task_completion_speed": "fast"},
}


class Refused(Exception):
    """The vendor's answer to a call that it does not carry out."""

    def __init__(self, status: int, sentence: str = "") -> None:
        self.status = status
        self.sentence = sentence or SENTENCES.get(status, SENTENCES[500])
        super().__init__(self.sentence)

    def reply(self) -> Reply:
        name = "message" if self.status == 401 else "error"
        return json_reply({name: self.sentence, **REASONS.get(self.status, {})}, status=self.status)


def usual_failure(call: Call, status: int) -> Reply:
    """Ideogram's usual answer with that status, for a fault that names no body."""
    if status in (502, 504):
        page = f"<!DOCTYPE html><html><title>{status}</title></html>"
        return Reply(status=status, body=page.encode(), content_type="text/html; charset=UTF-8")
    if status < 400:
        return Reply(status=status, body=b"{}")
    return Refused(status).reply()
