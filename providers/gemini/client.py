"""The vendor google-gemini: addresses, headers and calls. What is in a body is `wire`'s business."""

import os
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from providers.base import (
    Busy,
    CloudGenerationRequest,
    CloudGenerationResponse,
    InvalidField,
    Key,
    ModelEntry,
    Provider,
    Quantities,
    Rejected,
)
from providers.catalogue import read_catalog
from providers.gemini import errors, quota, usage, wire
from providers.gemini.reading import mapping, redactor
from providers.http import Answer, Door

CATALOG = Path(__file__).with_name("catalog.toml")
DEFAULT_BASE_URL = "https://generativelanguage.googleapis.com"
# Nine calls of ten end within 252 s even at 4K with reference pictures, by the slowest measurement known.
READ_SECONDS = 300
NO_KEY = "API key not found for google-gemini. Please set GOOGLE_API_KEY in .env file or environment variables."
MAKE_KEY = (
    f"Make a key in Google AI Studio ({errors.AI_STUDIO_KEYS}), put it into .env as GOOGLE_API_KEY=… and start the hub "
    "again. New keys begin with AQ., older ones with AIza. Image models need billing switched on."
)
KEY_WORKS = (
    "API credentials are valid: Google listed its models for this key, free of charge. "
    "A success does not prove that you can generate: quota, billing and access to a model show only then."
)


class Gemini(Provider):
    """Google's Gemini image models by `generateContent`, one picture a call. `transport` is for tests."""

    id = "google-gemini"
    label = "Google Gemini"
    error_prefix = "Gemini API"
    key_variables = ("GOOGLE_API_KEY",)
    key_help = MAKE_KEY
    address_variables = ("GOOGLE_GEMINI_BASE_URL",)
    longest_wait_seconds = READ_SECONDS
    # Google's pages say nothing of charges for withheld pictures: what `usageMetadata` counts is what is booked.
    billed_on_filter = "unknown"
    # A client that leaves does not end the work, and resellers report that it is charged (docs.laozhang.ai, 2026).
    billed_on_cancel = "yes"
    billed_on_timeout = "unknown"
    models = read_catalog(CATALOG)
    retired: Mapping[str, str] = tomllib.loads(CATALOG.read_text("utf-8"))["retired"]

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        self._door = Door(self.error_prefix, read_seconds=READ_SECONDS, transport=transport)

    def start(self, request: CloudGenerationRequest, key: Key) -> CloudGenerationResponse:
        """Draw one picture. Raises `Rejected`, `Busy` or `OutcomeUnknown`."""
        entry = self.model(request.model)
        if entry is None:
            raise self._unknown_model(request.model)
        url = f"{_base_url()}/v1beta/models/{entry.id}:generateContent"
        answer = self._door.submit("POST", url, headers=_headers(key), json=wire.to_body(request, entry))
        redact, request_id = redactor(key), answer.headers.get("x-request-id", "")
        if answer.status != 200:
            raise errors.http_error(
                answer.status, answer.body, model=entry.id, successor=entry.lifecycle.successor, redact=redact,
                seconds_to_reset=quota.seconds_to_reset(datetime.now(UTC)), request_id=request_id,
            )  # fmt: skip
        try:
            document = answer.json()
        except ValueError as error:
            raise wire.unreadable("something that is not JSON", request_id) from error
        return wire.from_answer(document, request, entry, redact)

    def validate_credentials(self, key: Key) -> str:
        """List one model: free, no tokens. Raises `Rejected` or `Busy`, never anything that may have cost."""
        answer = self._door.read(f"{_base_url()}/v1beta/models", headers=_headers(key), params={"pageSize": 1})
        if answer.status == 200 and isinstance(_document(answer).get("models"), list):
            return KEY_WORKS
        if answer.status < 400 or answer.status == 404:
            message = f"The address answers (HTTP {answer.status}), but not as the Gemini API does. Nothing was billed."
            raise Rejected("capability", message, remedy="Check GOOGLE_GEMINI_BASE_URL; unset, it is Google's own.")
        if answer.status >= 500 or answer.status in errors.MAYBE_RUN:
            message = f"Gemini API error (HTTP {answer.status}): Google cannot answer now. Nothing was billed."
            raise Busy("provider_5xx", message, remedy="Try again in a few minutes.")
        raise errors.http_error(
            answer.status, answer.body, model="", successor="", redact=redactor(key),
            seconds_to_reset=quota.seconds_to_reset(datetime.now(UTC)),
        )  # fmt: skip

    def normalise(self, request: CloudGenerationRequest, model: ModelEntry) -> tuple[CloudGenerationRequest, list[str]]:
        """As the contract says, and the reference pictures of one call stay within `most_input_bytes`."""
        fitted, notes = super().normalise(request, model)
        size = sum(len(image.data) for image in request.input_images)
        most = model.capabilities.facts["most_input_bytes"]
        if size > most:
            sentence = f"The reference pictures have {size:,} bytes together; at most {most:,} can be sent."
            raise InvalidField({"input_images": sentence})
        return fitted, notes

    def quantities(self, request: CloudGenerationRequest, model: ModelEntry) -> Quantities:
        return usage.most_units(request, model)

    def billed(self, response: CloudGenerationResponse, model: ModelEntry) -> Quantities:
        most = mapping(response.metadata.get("most_units"))
        return usage.billed_units(response.usage, model, pictures=len(response.images), most=most)

    def _unknown_model(self, model_id: str) -> Rejected:
        successor = self.retired.get(model_id, "")
        if not successor:
            return Rejected("capability", f"Google Gemini has no image model {model_id!r}. Nothing was sent.")
        message = f"Google has shut down {model_id}. Its successor is {successor}. Nothing was sent."
        return Rejected("model_retired", message, remedy=f"Choose {successor} instead of {model_id}.")


def _base_url() -> str:
    """Read at each call, so that tests and `emulate_vendors` can point the hub elsewhere."""
    return (os.environ.get("GOOGLE_GEMINI_BASE_URL", "").strip() or DEFAULT_BASE_URL).rstrip("/")


def _headers(key: Key) -> dict[str, str]:
    """The key travels in this header alone, never in an address, which ends in logs.

    Google's own SDK sends X-Server-Timeout too, so that the vendor does not work for longer than we wait.
    """
    secret = key.secret.strip()
    if not secret:
        raise Rejected("no_key", NO_KEY, remedy=MAKE_KEY)
    if not (secret.isascii() and secret.isprintable()) or " " in secret:
        message = "API credentials are invalid: the key holds white space or other characters that no key has."
        raise Rejected("key_invalid", message, remedy=errors.CHECK_KEY)
    return {"x-goog-api-key": secret, "X-Server-Timeout": str(READ_SECONDS)}


def _document(answer: Answer) -> dict[str, Any]:
    try:
        return mapping(answer.json())
    except ValueError:
        return {}
