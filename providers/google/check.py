"""What a free check of credentials says when the answer is not the one that was hoped for."""

from datetime import UTC, datetime

from providers.base import Busy, Key, ProviderError, Rejected
from providers.google import errors, quota
from providers.google.reading import redactor
from providers.google.services import Service
from providers.http import Answer


def check_answer(answer: Answer, service: Service, key: Key, *tokens: str, what: str) -> ProviderError:
    """`Rejected` or `Busy`, never anything that may have cost. `what` is the service that should have answered."""
    if answer.status < 400 or answer.status == 404:
        message = f"The address answers (HTTP {answer.status}), but not as {what} does. Nothing was billed."
        remedy = f"Check {service.address_variable}; unset, it is Google's own."
        return Rejected("capability", message, remedy=remedy)
    if answer.status >= 500 or answer.status in errors.MAYBE_RUN:
        message = f"{service.prefix} error (HTTP {answer.status}): Google cannot answer now. Nothing was billed."
        return Busy("provider_5xx", message, remedy="Try again in a few minutes.")
    return errors.http_error(
        answer.status, answer.body, service=service, model="", successor="", redact=redactor(key, *tokens),
        seconds_to_reset=quota.seconds_to_reset(datetime.now(UTC)),
    )  # fmt: skip
