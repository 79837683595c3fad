"""Stability's error answers: one envelope, with the names and sentences of its pages where they give any."""

import secrets
from collections.abc import Mapping

import orjson

from providers.emulation.contract import Call, Reply

NAMES: Mapping[int, tuple[str, str]] = {
    400: ("bad_request", "some-field: is required"),
    401: ("unauthorized", "missing or invalid authorization header value"),
    402: ("payment_required", "You lack sufficient credits to make this request."),
    403: (
        "content_moderation",
        "Your request was flagged by our content moderation system, as a result your request was denied and you were "
        "not charged.",
    ),
    404: ("not_found", "The requested resource was not found."),
    413: ("payload_too_large", "Your request was larger than 10MiB."),
    422: ("invalid_language", "English is the only supported language for this service."),
    429: (
        "rate_limit_exceeded",
        "You have exceeded the rate limit of 150 requests within a 10 second period, and have been timed out for 60 "
        "seconds.",
    ),
    500: ("internal_error", "An unexpected server error has occurred, please try again later."),
}


class Refused(Exception):
    """The vendor's answer to a call that it does not carry out."""

    def __init__(self, status: int, *sentences: str, name: str = "") -> None:
        usual_name, usual = NAMES.get(status, NAMES[500])
        self.status = status
        self.name = name or usual_name
        self.sentences = sentences or (usual,)
        super().__init__(*self.sentences)

    def reply(self) -> Reply:
        support_id = secrets.token_hex(16)
        body = {"id": support_id, "name": self.name, "errors": list(self.sentences)}
        return Reply(
            status=self.status,
            body=orjson.dumps(body),
            content_type="application/json; charset=utf-8",
            headers={"x-request-id": support_id},
        )


def usual_failure(call: Call, status: int) -> Reply:
    """Stability's usual answer with that status, for a fault that names no body."""
    if status in (502, 503, 504):
        page = f"<!DOCTYPE html><html><title>{status}</title><p>error code: {status}</p></html>"
        return Reply(status=status, body=page.encode(), content_type="text/html; charset=UTF-8")
    if status < 400:
        return Reply(status=status, body=b"{}")
    return Refused(status).reply()
