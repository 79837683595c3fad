"""Firefly's errors, {"error_code", "message"}, and those of the gateway and of IMS before it.

The codes are those of the OpenAPI document in https://www.npmjs.com/package/@adobe/firefly-apis.
"""

from dataclasses import replace
from typing import Any

from providers.emulation.contract import Call, Reply, json_reply

CODES = {
    400: "bad_request", 401: "401013", 403: "access_error", 404: "not_found", 408: "timeout_error", 413: "bad_request",
    415: "invalid_content_type", 422: "validation_error", 429: "429001", 451: "access_error", 500: "runtime_error",
    501: "not_implemented", 503: "model_not_loaded",
}  # fmt: skip
MESSAGES = {
    401: "Oauth token is not valid", 403: "Access is denied", 429: "Too many requests",
    451: "Unavailable for legal reasons",
}  # fmt: skip


class Refused(Exception):
    """Adobe answers an error instead of working."""

    def __init__(self, status: int, code: str, message: str = "", faults: list[dict[str, Any]] | None = None) -> None:
        self.status, self.code, self.message, self.faults = status, code, message, faults or []
        super().__init__(message or code)

    def reply(self) -> Reply:
        return error_reply(self.status, self.code, self.message, self.faults)


def invalid(*places: str, message: str, kind: str = "value_error") -> Refused:
    """A body that does not fit: where, why, and the kind of fault."""
    return Refused(
        422, "validation_error", "Request validation failed", [{"loc": ["body", *places], "msg": message, "type": kind}]
    )


def error_reply(status: int, code: str, message: str = "", faults: list[dict[str, Any]] | None = None) -> Reply:
    error: dict[str, Any] = {"error_code": code}
    if message:
        error["message"] = message
    if faults:
        error["validation_errors"] = faults
    return json_reply(error, status=status)


def oauth_error(status: int, error: str, description: str) -> Reply:
    return json_reply({"error": error, "error_description": description}, status=status)


def usual_failure(call: Call, status: int) -> Reply:
    """Adobe's usual answer with that status, for a fault that names no body."""
    if status < 400:
        return json_reply({}, status=status)
    if status in (502, 504):
        page = f"<html><head><title>{status}</title></head><body><center>Adobe I/O gateway</center></body></html>"
        return Reply(status=status, body=page.encode(), content_type="text/html")
    if call.mount == "ims":
        reply = oauth_error(status, "invalid_client" if status < 429 else "server_error", "The token was not given.")
    else:
        reply = error_reply(status, CODES.get(status, "bad_request"), MESSAGES.get(status, ""))
    return replace(reply, headers={"Retry-After": "1"}) if status == 429 else reply
