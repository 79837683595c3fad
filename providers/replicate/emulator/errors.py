"""Replicate's errors: RFC 7807 documents. https://replicate.com/docs/reference/http"""

from typing import Any

from providers.emulation.contract import Call, Reply, json_reply

TITLES = {
    400: "Bad request",
    401: "Unauthenticated",
    402: "Insufficient credit",
    403: "Forbidden",
    404: "Not found",
    413: "Payload too large",
    422: "Input validation failed",
    429: "",
    500: "Internal server error",
    503: "Service unavailable",
}
DETAILS = {
    401: "You did not pass a valid authentication token",
    402: "You have insufficient credit to run this model. Go to https://replicate.com/account/billing#billing to "
    "purchase credit. Once you purchase credit, please wait a few minutes before trying again.",
    404: "The requested resource could not be found.",
    429: "Request was throttled. Your rate limit resets in ~1s.",
}


class Refused(Exception):
    """The vendor answers an error instead of working."""

    def __init__(self, status: int, detail: str = "", *, title: str = "", **more: Any) -> None:
        self.status = status
        self.document = {"detail": detail or DETAILS.get(status, "Something went wrong."), "status": status, **more}
        if title or TITLES.get(status):
            self.document["title"] = title or TITLES[status]
        super().__init__(self.document["detail"])

    def reply(self) -> Reply:
        return json_reply(self.document, status=self.status)


def invalid_input(problems: list[tuple[str, str, str]]) -> Refused:
    """A 422 that names every problem: (type, field, description)."""
    fields = [{"type": kind, "field": field, "description": words} for kind, field, words in problems]
    detail = "".join(f"- {field}: {words}\n" if field else f"- {words}\n" for _, field, words in problems)
    return Refused(422, detail, invalid_fields=fields)


def usual_failure(call: Call, status: int) -> Reply:
    """Replicate's usual answer with that status."""
    more: dict[str, Any] = {"retry_after": 1} if status == 429 else {}
    reply = Refused(status, **more).reply()
    return Reply(status=status, body=reply.body, headers={"Retry-After": "1"}) if status == 429 else reply
