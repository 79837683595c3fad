"""Recraft's error answers. Only 401 and 404 stand on its page, both in plain words; the others are JSON as seen.

https://www.recraft.ai/docs/api-reference/error-handling. The words of 402 and of a refusal by the filter are ours: no
page has them.
"""

import secrets
from collections.abc import Mapping

import orjson

from providers.emulation.contract import Call, Reply
from providers.emulation.invoice import Charge

PLAIN: Mapping[int, str] = {401: "request unauthorized", 404: "404 page not found"}
CODES: Mapping[int, tuple[str, str]] = {
    400: ("bad_request", "The request cannot be processed."),
    402: ("not_enough_credits", "Not enough API units."),
    403: ("forbidden", "Access is denied."),
    413: ("payload_too_large", "The request body is too large."),
    429: ("rate_limit_exceeded", "Rate limit exceeded."),
}
MODERATED = ("content_moderation", "The request was rejected by content moderation.")


class Refused(Exception):
    """The vendor's answer to a call that brings no picture; with a `charge` it was carried out all the same."""

    def __init__(self, status: int, message: str = "", code: str = "", charge: Charge | None = None) -> None:
        usual_code, usual = CODES.get(status, ("internal_error", "Internal server error."))
        self.status = status
        self.code, self.message = code or usual_code, message or usual
        self.charge = charge
        super().__init__(self.message)

    def reply(self) -> Reply:
        request_id = self.charge.request_id if self.charge else secrets.token_hex(16)
        headers = {"x-recraft-requestid": request_id}
        if self.status in PLAIN:
            body, kind = PLAIN[self.status].encode(), "text/plain; charset=utf-8"
        else:
            body, kind = orjson.dumps({"code": self.code, "message": self.message}), "application/json"
        return Reply(status=self.status, body=body, content_type=kind, headers=headers, charge=self.charge)


def usual_failure(call: Call, status: int) -> Reply:
    """Recraft's usual answer with that status, for a fault that names no body."""
    if status < 400:
        return Reply(status=status, body=b"{}")
    return Refused(status).reply()
