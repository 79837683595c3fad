"""Bedrock's error answers: the exception's name in a header, its sentence in the body, an id for support.

https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html
"""

import uuid
from collections.abc import Mapping

import orjson

from providers.emulation.contract import Call, Reply

USUAL: Mapping[int, tuple[str, str]] = {
    400: ("ValidationException", "Malformed input request, please reformat your input and try again."),
    401: ("UnrecognizedClientException", "The security token included in the request is invalid."),
    403: ("AccessDeniedException", "You don't have access to the model with the specified model ID."),
    404: ("ResourceNotFoundException", "This model version has reached the end of its life."),
    408: ("ModelTimeoutException", "Model has timed out in processing the request. Try your request again."),
    413: ("RequestEntityTooLargeException", "Request body is too large."),
    424: ("ModelErrorException", "The system encountered an unexpected error during processing. Try again."),
    429: ("ThrottlingException", "Too many requests, please wait before trying again."),
    500: ("InternalServerException", "The system encountered an unexpected error during processing."),
    503: ("ServiceUnavailableException", "Bedrock is unable to process your request."),
}


class Refused(Exception):
    """The vendor's answer to a call that it does not carry out. The gate in front writes "Message"."""

    def __init__(self, status: int, sentence: str = "", kind: str = "", *, by_the_gate: bool = False) -> None:
        usual_kind, usual_sentence = USUAL.get(status, USUAL[500])
        self.status = status
        self.kind = kind or usual_kind
        self.body = {"Message" if by_the_gate else "message": sentence or usual_sentence}
        super().__init__(sentence or usual_sentence)

    def reply(self) -> Reply:
        headers = {"x-amzn-ErrorType": f"{self.kind}:http://internal.amazon.com/coral/com.amazon.bedrock/",
                   "x-amzn-RequestId": str(uuid.uuid4())}  # fmt: skip
        return Reply(status=self.status, body=orjson.dumps(self.body), content_type="application/json", headers=headers)


def usual_failure(call: Call, status: int) -> Reply:
    """Bedrock's usual answer with that status, for a fault that names no body."""
    if status in (502, 504):
        page = f"<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>"
        return Reply(status=status, body=page.encode(), content_type="text/html")
    if status < 400:
        return Reply(status=status, body=b"{}")
    return Refused(status).reply()
