"""The vendor stability: addresses, headers and calls. What is in a form or an answer is `wire`'s business."""

import json
from pathlib import Path
from typing import Any

import httpx

from providers.base import (
    Busy,
    CloudGenerationRequest,
    CloudGenerationResponse,
    InvalidField,
    Key,
    Limit,
    ModelEntry,
    OutcomeUnknown,
    Pending,
    Provider,
    ProviderError,
    Quantities,
    Rejected,
)
from providers.catalogue import read_catalog, read_privacy_note
from providers.http import Answer, Door, header_secret, vendor_address
from providers.reading import mapping, redactor
from providers.stability import errors, fitting, wire
from providers.stability.services import SERVICES

DEFAULT_BASE_URL = "https://api.stability.ai"
REFERENCE = "https://platform.stability.ai/docs/api-reference"
# No service documents a time-out; the slowest that answers at once are the conservative upscaler and Ultra.
READ_SECONDS = 300
# Asking more often than every ten seconds is against the interface's rules.
ASK_EVERY_SECONDS = 10.0
LARGEST_FORM = 10 * 1024 * 1024
NO_KEY = "API key not found for stability. Please set STABILITY_API_KEY in .env file or environment variables."
MAKE_KEY = (
    f"Make a key at {errors.ACCOUNT}/keys, put it into .env as STABILITY_API_KEY=… and start the hub again. "
    "New accounts have 25 credits."
)


class Stability(Provider):
    """Stability AI's image services, one picture a call. `transport` is for tests."""

    id = "stability"
    label = "Stability AI"
    error_prefix = "Stability API"
    key_variables = ("STABILITY_API_KEY",)
    key_help = MAKE_KEY
    address_variables = ("STABILITY_BASE_URL",)
    longest_wait_seconds = 600
    # A blurred picture comes as a success and no page says that it is free: it is booked as charged.
    billed_on_filter = "unknown"
    billed_on_cancel = "yes"
    billed_on_timeout = "unknown"
    result_seconds = 24 * 3600
    limits = (Limit(kind="requests", count=150, seconds=10, source=REFERENCE),)
    models = read_catalog(Path(__file__).with_name("catalog.toml"))
    privacy = read_privacy_note(Path(__file__).with_name("catalog.toml"))

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        self._door = Door(self.error_prefix, read_seconds=READ_SECONDS, transport=transport)

    def start(self, request: CloudGenerationRequest, key: Key) -> Pending | CloudGenerationResponse:
        """Send the form, once. Raises `Rejected`, `Busy` or `OutcomeUnknown`."""
        entry, service = self.entry_of(request), SERVICES.get(self._own_id(request.model))
        if entry is None or service is None:
            offer = ", ".join(SERVICES)
            raise Rejected("capability", f"Stability has no image model {request.model!r}; it has {offer}.")
        parts = wire.to_form(request, entry, service)
        if wire.form_bytes(parts) > LARGEST_FORM:
            message = "The pictures are too large: Stability takes 10 MiB a call, mask included. Nothing was sent."
            raise Rejected("capability", message, remedy=errors.CASES[413].remedy)
        url = f"{_base_url()}/v2beta/stable-image/{service.path}"
        answer = self._door.submit("POST", url, headers=_headers(key), files=parts)
        request_id = answer.headers.get("x-request-id", "")
        if answer.status != 200:
            complaint = errors.read_complaint(answer.status, answer.body, redactor(key), request_id)
            raise errors.http_error(
                complaint, model=entry.id, successor=entry.lifecycle.successor, retry_after=_retry_after(answer)
            )
        document = _document(answer, request_id)
        job = wire.job_id(document)
        if job:
            return Pending(remote_id=job[:200], wait_seconds=ASK_EVERY_SECONDS, request_id=job[:200])
        return wire.from_answer(document, redactor(key), request_id)

    def check(self, remote_id: str, key: Key) -> Pending | CloudGenerationResponse:
        """Ask for a job's result by its id and the key that started it; free. Raises as `start`."""
        if not (remote_id.isascii() and remote_id.replace("-", "").isalnum()):
            raise OutcomeUnknown("Stability named its job by something that is no id; the result cannot be fetched.")
        answer = self._door.read(f"{_base_url()}/v2beta/results/{remote_id}", headers=_headers(key), seconds=120.0)
        if answer.status == 202:
            return Pending(remote_id=remote_id, wait_seconds=ASK_EVERY_SECONDS, request_id=remote_id)
        if answer.status != 200:
            raise errors.job_error(errors.read_complaint(answer.status, answer.body, redactor(key), remote_id))
        return wire.from_answer(_document(answer, remote_id), redactor(key), remote_id)

    def validate_credentials(self, key: Key) -> str:
        """Ask for the account's credits: free. Raises `Rejected` or `Busy`."""
        answer = self._door.read(f"{_base_url()}/v1/user/balance", headers=_headers(key))
        credits = _credits(answer)
        if answer.status == 200 and credits is not None:
            return (
                f"API credentials are valid: Stability told the account's balance, {credits} credits, free of charge. "
                "A success does not prove that every service is open to the key."
            )
        if answer.status < 400 or answer.status == 404:
            message = f"The address answers (HTTP {answer.status}), but not as Stability does. Nothing was billed."
            raise Rejected("capability", message, remedy="Check STABILITY_BASE_URL; unset, it is Stability's own.")
        raise _as_question(errors.read_complaint(answer.status, answer.body, redactor(key)))

    def normalise(self, request: CloudGenerationRequest, model: ModelEntry) -> tuple[CloudGenerationRequest, list[str]]:
        """As the contract says, and what Stability's pages ask of pictures, strength and options."""
        fitted, notes = super().normalise(request, model)
        service = SERVICES[self._own_id(model.id)]
        problems = fitting.problems(fitted, model, service)
        if problems:
            raise InvalidField(problems)
        fitted, more = fitting.fitted(fitted, model, service)
        return fitted, [*notes, *more]

    def quantities(self, request: CloudGenerationRequest, model: ModelEntry) -> Quantities:
        return {"image": 1}

    def billed(self, response: CloudGenerationResponse, model: ModelEntry) -> Quantities:
        return {"image": len(response.images)}

    def _own_id(self, model_id: str) -> str:
        entry = self.model(model_id)
        return entry.id if entry else model_id


def _base_url() -> str:
    return vendor_address("STABILITY_BASE_URL", DEFAULT_BASE_URL)


def _headers(key: Key) -> dict[str, str]:
    secret = header_secret(key, missing=NO_KEY, make=MAKE_KEY, check=errors.CHECK_KEY)
    return {"authorization": f"Bearer {secret}", "accept": "application/json"}


def _document(answer: Answer, request_id: str) -> Any:
    try:
        return answer.json()
    except ValueError as error:
        raise wire.unreadable("something that is not JSON", request_id) from error


def _retry_after(answer: Answer) -> float:
    seconds = answer.headers.get("retry-after", "")
    return float(seconds) if seconds.isascii() and seconds.isdigit() and len(seconds) < 6 else 0.0


def _credits(answer: Answer) -> str | None:
    """The balance as it was written, for a sentence; None when the answer holds none."""
    try:
        credits = mapping(json.loads(answer.body, parse_float=str)).get("credits")
    except ValueError:
        return None
    found = credits if isinstance(credits, str) else str(credits) if type(credits) is int else ""
    return found[:20] or None


def _as_question(complaint: errors.Complaint) -> ProviderError:
    """An error to a call that costs nothing: never one that may have cost."""
    if complaint.status >= 500 or complaint.status in errors.MAYBE_RUN:
        message = errors.sentence(complaint.status, "Stability cannot answer now", "Nothing was billed.")
        return Busy("provider_5xx", message, remedy="Try again in a few minutes.")
    return errors.http_error(complaint)
