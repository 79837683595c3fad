"""A failure as it is stored and shown: code, sentence, was it billed, may it be repeated, what to do."""

from typing import Any

from cloudhub.core.redaction import redact
from providers.base import FAILURES, Busy, OutcomeUnknown, ProviderError


def error_json(error: ProviderError, *, billed: str | None = None) -> dict[str, Any]:
    """The stored form. What surely did not run is not billed, whatever its code says in general."""
    failure = FAILURES[error.code]
    words, retry = billed or failure.billed, failure.retry
    if isinstance(error, Busy):
        words, retry = "no", "after"
    elif isinstance(error, OutcomeUnknown):
        words, retry = "unknown", "no"
    elif error.billed and billed is None:
        words = "yes"
    return describe(error.code, error.message, billed=words, retry=retry, remedy=error.remedy,
                    answer_text=error.answer_text)  # fmt: skip


def describe(code: str, message: str, **changes: str) -> dict[str, Any]:
    """An error by its code with the taxonomy's words where `changes` says nothing else; no secret is stored with it."""
    failure = FAILURES[code]
    words = {"billed": failure.billed, "retry": failure.retry, "remedy": failure.remedy, "answer_text": "", **changes}
    return {"code": code, **{name: redact(text) for name, text in {"message": message, **words}.items()}}
