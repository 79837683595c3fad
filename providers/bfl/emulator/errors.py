"""BFL's error answers, in the two shapes of `detail` that its pages have."""

from collections.abc import Mapping
from typing import Any

from providers.emulation.contract import Call, Reply, json_reply

DETAILS: Mapping[int, Any] = {
    400: "Bad request.",
    401: "Invalid API key.",
    402: "Insufficient credits. Please add credits to your account.",
    403: "Not authenticated - Invalid Authentication",
    404: "Not Found",
    422: [{"type": "missing", "loc": ["body", "prompt"], "msg": "Field required"}],
    429: "You have exceeded the limit of 24 active tasks.",
    500: "Internal Server Error",
    503: "Service unavailable.",
}


class Refused(Exception):
    """BFL's answer to a call that it does not carry out."""

    def __init__(self, status: int, detail: Any = None) -> None:
        self.status = status
        self.detail = DETAILS.get(status, "Error") if detail is None else detail
        super().__init__(str(self.detail))

    def reply(self) -> Reply:
        return json_reply({"detail": self.detail}, status=self.status)


def at(field: str, message: str, kind: str = "value_error") -> dict[str, Any]:
    """One entry of a 422's list."""
    return {"type": kind, "loc": ["body", field], "msg": message}


def usual_failure(call: Call, status: int) -> Reply:
    """BFL's usual answer with that status, for a fault that names no body."""
    if status in (502, 504):
        page = f"<!DOCTYPE html><html><title>{status}</title></html>"
        return Reply(status=status, body=page.encode(), content_type="text/html; charset=UTF-8")
    if status < 400:
        return json_reply({}, status=status)
    return Refused(status).reply()
