"""fal's errors. A model's: https://fal.ai/docs/documentation/model-apis/errors.md; the platform's: {"error": {…}}."""

from typing import Any

from providers.emulation.contract import Call, Reply, json_reply

DETAILS = {
    400: "Bad request.",
    401: "Cannot access application. Authentication is required to access this application.",
    402: "Payment required.",
    403: "User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/dashboard/billing.",
    404: "Application not found.",
    429: "Too many requests.",
    500: "Internal Server Error",
}
PLATFORM_TYPES = {401: "authorization_error", 403: "authorization_error", 404: "not_found", 429: "rate_limited"}


class Refused(Exception):
    """The vendor answers an error instead of working."""

    def __init__(self, status: int, detail: str | list[dict[str, Any]] = "") -> None:
        self.status = status
        self.detail = detail or DETAILS.get(status, "Something went wrong.")
        super().__init__(str(self.detail))

    def reply(self) -> Reply:
        return json_reply({"detail": self.detail}, status=self.status)


def problem(kind: str, name: str, words: str) -> dict[str, Any]:
    """One of a model's details about an input."""
    return {"loc": ["body", name], "msg": words, "type": kind, "url": f"https://docs.fal.ai/errors#{kind}", "ctx": {}}


def platform_error(status: int) -> Reply:
    kind = PLATFORM_TYPES.get(status, "server_error")
    return json_reply({"error": {"type": kind, "message": DETAILS.get(status, "Something went wrong.")}}, status=status)


def usual_failure(call: Call, status: int) -> Reply:
    """fal's usual answer with that status."""
    reply = platform_error(status) if call.mount == "fal-api" else Refused(status).reply()
    headers = {"Retry-After": "1"} if status == 429 else {}
    return Reply(status=status, body=reply.body, headers=headers)
