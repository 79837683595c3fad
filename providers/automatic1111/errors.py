"""The web UI's error answers as errors of ours. No vendor bills a call, so that one without a picture costs nothing.

Forms, from modules/api/api.py: {"error", "detail", "body", "errors"} for everything that its own code refuses or that
fails in it, FastAPI's {"detail": …} for fields and addresses. An error in its own form means that the call has ended.
"""

from typing import Any

from providers.base import OutcomeUnknown, ProviderError, Rejected
from providers.reading import Redact, items, mapping, quotation, shown, text

FREE = "No picture was made, nothing is charged."
START_API = "Start the web UI with --api, and check AUTOMATIC1111_BASE_URL."
CHECK_AUTH = (
    "Set AUTOMATIC1111_API_AUTH to user:password as the server's --api-auth has it. It is sent to the address in "
    "AUTOMATIC1111_BASE_URL only."
)
LESS_MEMORY = "Ask for a smaller size or fewer pictures at once; the server's graphics memory is full."
LOOK = "Look at the server's console, and try again."
CHANGE = "Change what the server names."


def read_error(document: Any) -> tuple[str, str, bool]:
    """The kind of error, its words, and whether the form is the web UI's own."""
    answer = mapping(document)
    detail = answer.get("detail")
    words = text(detail) or "; ".join(
        f"{'.'.join(str(part) for part in fault.get('loc') or () if part != 'body')}: {text(fault.get('msg'))}"
        for fault in items(detail)
    )
    return text(answer.get("error")), words or text(answer.get("errors")), "error" in answer and "errors" in answer


def http_error(status: int, document: Any, redact: Redact, *, model: str = "") -> ProviderError:
    """The error for an answer other than HTTP 200."""
    kind, words, is_own = read_error(document)
    said = quotation(shown(words or kind, redact), "The server")
    if status < 300 or status >= 500 or status in (408, 499):
        return _failed(status, kind, words, said, is_own)
    if status == 401:
        return _rejected("key_invalid", status, "User or password not accepted", said, CHECK_AUTH)
    if status == 403:
        return _rejected("permission_region", status, "Access is denied", said, "Ask whoever runs the server.")
    if status == 404 and "model" in words.lower():
        headline = f"The checkpoint {model} is not there (any more)" if model else "Model not found"
        return _rejected("model_retired", status, headline, said, "Register a checkpoint that the server has.")
    if status in (404, 405) and words in ("", "Not Found", "Method Not Allowed"):
        return _rejected("capability", status, "The address answers, but its API is not switched on", said, START_API)
    return _rejected("capability", status, "Request not accepted", said, CHANGE)


def _failed(status: int, kind: str, words: str, said: str, is_own: bool) -> ProviderError:
    if not is_own:
        # A proxy's page, or a server that went down: the picture may be under way.
        message = sentence(
            status, "The server cannot be reached or has failed", said, "The picture may have been made."
        )
        return OutcomeUnknown(message, code="provider_5xx" if status >= 500 else "unknown_outcome", remedy=LOOK)
    if kind == "HTTPException":
        return _rejected("capability", status, "Request not accepted", said, CHANGE)
    if "OutOfMemory" in kind or "out of memory" in words.lower():
        return _rejected("provider_5xx", status, "Out of memory", said, LESS_MEMORY)
    return _rejected("provider_5xx", status, "The server failed while drawing", said, LOOK)


def _rejected(code: str, status: int, headline: str, said: str, remedy: str) -> Rejected:
    return Rejected(code, sentence(status, headline, said, FREE), remedy=remedy)


def sentence(status: int, headline: str, *rest: str) -> str:
    """The form that users know."""
    return " ".join((f"AUTOMATIC1111 API error (HTTP {status}): {headline}.", *(part for part in rest if part)))
