"""RunPod's errors. https://docs.runpod.io/serverless/endpoints/send-requests documents the statuses of the jobs' host,
https://docs.runpod.io/api-reference the documents of the management API."""

from typing import Any

from providers.emulation.contract import Call, Reply, json_reply

WORDS = {
    400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 404: "Not Found",
    413: "Payload Too Large", 429: "Too Many Requests", 500: "Internal Server Error",
}  # fmt: skip


class Refused(Exception):
    """The vendor answers an error instead of working. `management` gives the account API's form."""

    def __init__(self, status: int, detail: str = "", *, management: bool = False) -> None:
        title = WORDS.get(status, "Error")
        self.status = status
        self.document: dict[str, Any] = {"error": detail or title}
        if management:
            self.document = {"title": title, "status": status, "detail": detail or title.lower()}
        super().__init__(detail)

    def reply(self) -> Reply:
        return json_reply(self.document, status=self.status)


def usual_failure(call: Call, status: int) -> Reply:
    """RunPod's usual answer with that status."""
    reply = Refused(status, management=call.path.startswith("/management/")).reply()
    return Reply(status=status, body=reply.body, headers={"Retry-After": "1"}) if status == 429 else reply
