"""xAI's errors: `{"code": "…", "error": "text"}`, OpenAI's envelope, and plain words for a body that does not fit.

https://docs.x.ai/developers/debugging has the statuses; the words are recorded ones (continuedev/continue#10373 for
429, crazyrouter's page for `size`) or, where no source gives any, our own.
"""

from collections.abc import Mapping

import orjson

from providers.emulation.contract import Call, Reply, json_reply
from providers.emulation.invoice import Charge

INVALID = "Client specified an invalid argument"
NO_PERMISSION = "The caller does not have permission to execute the specified operation"
NOT_FOUND = "Some requested entity was not found"
EXHAUSTED = "Some resource has been exhausted"
KEYS = "You can obtain an API key from https://console.x.ai."


class Refused(Exception):
    """The vendor answers an error instead of a picture. `charge` and `ticks` are what the work before it cost."""

    def __init__(
        self, status: int, message: str, code: str = INVALID, *, charge: Charge | None = None, ticks: int | None = None,
        is_envelope: bool = False,
    ) -> None:  # fmt: skip
        self.status = status
        self.document: dict[str, object] = {"code": code, "error": message}
        if is_envelope:
            self.document = {"error": {"message": message, "type": "invalid_request_error", "code": code}}
        if ticks is not None:
            self.document["usage"] = {"cost_in_usd_ticks": ticks}
        self.charge = charge
        super().__init__(message)

    def reply(self, headers: Mapping[str, str] | None = None) -> Reply:
        return Reply(status=self.status, body=orjson.dumps(self.document), content_type="application/json",
                     headers=dict(headers or {}), charge=self.charge)  # fmt: skip


class Unfit(Refused):
    """A field of the wrong kind or with another value: 422, in plain words."""

    def __init__(self, why: str) -> None:
        super().__init__(422, f"Failed to deserialize the JSON body into the target type: {why}")

    def reply(self, headers: Mapping[str, str] | None = None) -> Reply:
        return Reply(status=422, body=str(self).encode(), content_type="text/plain; charset=utf-8",
                     headers=dict(headers or {}))  # fmt: skip


def wrong_key(key: str) -> Refused:
    """The real message repeats both ends of the key."""
    return Refused(400, f"Incorrect API key provided: {key[:2]}***{key[-2:]}. {KEYS}")


def missing_key() -> Refused:
    return Refused(401, f"No API key provided. {KEYS}", "Unauthenticated", is_envelope=True)


def no_such_model(name: str) -> Refused:
    message = f"The model {name} does not exist or your team emulated does not have access to it."
    return Refused(404, message, NOT_FOUND)


_USUAL = {
    400: ("Argument not supported: style", INVALID),
    401: (f"No API key provided. {KEYS}", "Unauthenticated"),
    402: ("Your team has no credits left.", EXHAUSTED),
    403: ("Your API key is not allowed to access this endpoint for the model.", NO_PERMISSION),
    404: ("The model grok-imagine-image-0 does not exist or your team emulated does not have access to it.", NOT_FOUND),
    429: ("Too many requests: your team has reached 5 requests per second for this model.", EXHAUSTED),
    500: ("Internal error. Please try again later.", "Internal error"),
    503: ("The service is currently at capacity. Please try again later.", "The service is currently unavailable"),
}


def usual_failure(call: Call, status: int) -> Reply:
    """xAI's usual answer with that status, for a fault that names no body. Gateways before it answer pages."""
    if status in (502, 504, 520, 524, 408, 413, 499):
        page = f"<html><head><title>{status}</title></head><body><h1>Error {status}</h1>cloudflare</body></html>"
        return Reply(status=status, body=page.encode(), content_type="text/html; charset=UTF-8")
    if status < 400:
        return json_reply({}, status=status)
    if status == 422:
        return Unfit("unknown variant `1K`, expected `1k` or `2k`").reply()
    message, code = _USUAL.get(status, ("The service answered with an error.", INVALID))
    return Refused(status, message, code).reply({"retry-after": "1"} if status == 429 else {})
