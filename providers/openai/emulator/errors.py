"""OpenAI's errors: an envelope with message, type, param and code.

https://developers.openai.com/api/docs/guides/error-codes, https://help.openai.com/en/articles/6614457 and the recorded
answers of https://github.com/openai/openai-dotnet (tests/SessionRecords). Texts that no source gives are our own.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from providers.emulation.contract import Call, Reply, json_reply
from providers.emulation.invoice import Charge

INVALID = "invalid_request_error"


class Refused(Exception):
    """The vendor answers an error instead of a picture. `charge` is what the work before it cost."""

    def __init__(
        self, status: int, message: str, *, kind: str | None = INVALID, code: str | None = None,
        param: str | None = None, charge: Charge | None = None, **more: Any,
    ) -> None:  # fmt: skip
        self.status = status
        self.error = {"message": message, "type": kind, "param": param, "code": code, **more}
        self.charge = charge
        super().__init__(message)

    def reply(self, headers: Mapping[str, str] | None = None) -> Reply:
        body = orjson.dumps({"error": self.error})
        more = {"WWW-Authenticate": 'Bearer realm="OpenAI API"'} if self.status == 401 else {}
        return Reply(status=self.status, body=body, content_type="application/json",
                     headers={**(headers or {}), **more}, charge=self.charge)  # fmt: skip


def wrong_key(key: str) -> Refused:
    """The real message repeats the key, whole or masked in the middle."""
    told = key if len(key) < 9 else f"{key[:8]}{'*' * (len(key) - 12)}{key[-4:]}"
    where = "You can find your API key at https://platform.openai.com/account/api-keys."
    return Refused(401, f"Incorrect API key provided: {told}. {where}", code="invalid_api_key")


def missing_key() -> Refused:
    return Refused(401, "You didn't provide an API key. Provide it in an Authorization header using Bearer auth.")


def no_such_model(model: str) -> Refused:
    return Refused(404, f"The model '{model}' does not exist", code="model_not_found", param="model")


def unknown_parameter(name: str) -> Refused:
    return Refused(400, f"Unknown parameter: '{name}'.", code="unknown_parameter", param=name)


def wrong_value(name: str, message: str) -> Refused:
    return Refused(400, message, kind="image_generation_user_error", code="invalid_value", param=name)


def blocked(stage: str, request_id: str, charge: Charge | None = None) -> Refused:
    """The safety system refuses a prompt ("input"), or withholds the picture that was drawn ("output")."""
    message = (
        "Your request was rejected by the safety system. If you believe this is an error, contact us at "
        f"help.openai.com and include the request ID {request_id}. safety_violations=[violence]."
    )
    details = {"moderation_stage": stage, "categories": ["violence"]}
    return Refused(400, message, kind="image_generation_user_error", code="moderation_blocked", charge=charge,
                   moderation_details=details)  # fmt: skip


_USUAL = {
    400: ("Invalid value.", "invalid_value", INVALID),
    401: ("Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys.",
          "invalid_api_key", INVALID),
    402: ("Your account has no credit left.", "credit_balance_exhausted", "insufficient_quota"),
    403: ("Your organization must be verified to use the model. Please go to: "
          "https://platform.openai.com/settings/organization/general and click on Verify Organization.", None, INVALID),
    404: ("The model does not exist or you do not have access to it.", "model_not_found", INVALID),
    429: ("Rate limit reached for images per minute: Limit 5, Used 5, Requested 1. Please try again in 400ms.",
          "rate_limit_exceeded", "input-images"),
    500: ("The server had an error while processing your request. Sorry about that!", None, "server_error"),
    503: ("The engine is currently overloaded, please try again later.", "server_is_overloaded",
          "service_unavailable_error"),
}  # fmt: skip


def usual_failure(call: Call, status: int) -> Reply:
    """OpenAI's usual answer with that status, for a fault that names no body. Gateways before it answer pages."""
    if status in (502, 504, 520, 524, 408, 413, 499):
        page = f"<html><head><title>{status}</title></head><body><h1>Error {status}</h1>cloudflare</body></html>"
        return Reply(status=status, body=page.encode(), content_type="text/html; charset=UTF-8")
    if status < 400:
        return json_reply({}, status=status)
    message, code, kind = _USUAL.get(status, ("The service answered with an error.", None, INVALID))
    headers = {"retry-after-ms": "400", "retry-after": "1"} if status in (429, 503) else {}
    return Refused(status, message, code=code, kind=kind).reply(headers)
