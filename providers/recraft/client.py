"""The vendor recraft: addresses, headers and calls. What is in a body or an answer is `wire`'s business."""

from pathlib import Path
from typing import Any

import httpx

from providers.base import (
    Busy,
    CloudGenerationRequest,
    CloudGenerationResponse,
    Key,
    Limit,
    ModelEntry,
    Pending,
    Provider,
    Quantities,
    Rejected,
    ReportedCost,
)
from providers.catalogue import read_catalog, read_privacy_note
from providers.http import Answer, Door, header_secret, vendor_address
from providers.openai_form import read_complaint
from providers.reading import mapping, pause_of, redactor, whole
from providers.recraft import errors, fitting, wire

DEFAULT_BASE_URL = "https://external.api.recraft.ai/v1"
LIMITS_PAGE = "https://www.recraft.ai/docs/api-reference/appendix"
REQUEST_ID = "x-recraft-requestid"
# No page names a time-out; the creative upscale is the slowest.
READ_SECONDS = 300
NO_KEY = "API key not found for recraft. Please set RECRAFT_API_TOKEN in .env file or environment variables."
MAKE_KEY = (
    f"Make a token at {errors.ACCOUNT} (it needs API units on the account), put it into .env as RECRAFT_API_TOKEN=… "
    "and start the hub again."
)


class Recraft(Provider):
    """Recraft's raster models and tools, which answer at once. `transport` is for tests."""

    id = "recraft"
    label = "Recraft"
    error_prefix = wire.PREFIX
    key_variables = ("RECRAFT_API_TOKEN",)
    key_help = MAKE_KEY
    address_variables = ("RECRAFT_BASE_URL",)
    longest_wait_seconds = 600
    reports_cost = True
    billed_on_filter = "unknown"
    billed_on_cancel = "yes"
    billed_on_timeout = "unknown"
    limits = (
        Limit(kind="requests", count=5, seconds=1, source=LIMITS_PAGE),
        Limit(kind="images", count=100, seconds=60, source=LIMITS_PAGE),
    )
    models = read_catalog(Path(__file__).with_name("catalog.toml"))
    privacy = read_privacy_note(Path(__file__).with_name("catalog.toml"))

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        self._door = Door(self.error_prefix, read_seconds=READ_SECONDS, transport=transport)

    def start(self, request: CloudGenerationRequest, key: Key) -> Pending | CloudGenerationResponse:
        """Send the wish, once. Raises `Rejected`, `Busy` or `OutcomeUnknown`."""
        entry = self.entry_of(request)
        if entry is None:
            offer = ", ".join(known.id for known in self.models)
            raise Rejected("capability", f"Recraft has no image model {request.model!r} here; it has {offer}.")
        path, body = wire.to_call(request, entry)
        answer = self._door.submit("POST", f"{_base_url()}/{path}", headers=_headers(key), json=body)
        redact, request_id = redactor(key), answer.headers.get(REQUEST_ID, "")[:200]
        if answer.status != 200:
            raise errors.http_error(
                read_complaint(answer.status, answer.body, redact), model=entry.id,
                successor=entry.lifecycle.successor, retry_after=_retry_after(answer), request_id=request_id,
            )  # fmt: skip
        seed = request.seed if request.num_images == 1 else None
        return wire.from_answer(_document(answer, request_id), redact, seed=seed, request_id=request_id)

    def validate_credentials(self, key: Key) -> str:
        """Ask for the account's API units: free. Raises `Rejected` or `Busy`."""
        answer = self._door.read(f"{_base_url()}/users/me", headers=_headers(key))
        units = _units(answer)
        if answer.status == 200 and units is not None:
            return (
                f"API credentials are valid: Recraft told the account's balance, {units} API units "
                "(1,000 for a dollar), free of charge."
            )
        if answer.status < 400 or answer.status == 404:
            message = f"The address answers (HTTP {answer.status}), but not as Recraft does. Nothing was billed."
            raise Rejected("capability", message, remedy=errors.CHECK_ADDRESS)
        if answer.status >= 500 or answer.status in errors.MAYBE_RUN:
            message = errors.sentence(answer.status, "Recraft cannot answer now", "Nothing was billed.")
            raise Busy("provider_5xx", message, remedy="Try again in a few minutes.")
        raise errors.http_error(read_complaint(answer.status, answer.body, redactor(key)))

    def normalise(self, request: CloudGenerationRequest, model: ModelEntry) -> tuple[CloudGenerationRequest, list[str]]:
        """As the contract says, and what Recraft's pages ask of pictures and strength."""
        able, notes = super().normalise(request, model)
        fitted, more = fitting.fitted(able, model)
        return fitted, [*notes, *more]

    def quantities(self, request: CloudGenerationRequest, model: ModelEntry) -> Quantities:
        return {"image": request.num_images}

    def billed(self, response: CloudGenerationResponse, model: ModelEntry) -> Quantities | ReportedCost:
        return wire.charge(response.usage, response.usage.get("image") or len(response.images))


def _base_url() -> str:
    return vendor_address("RECRAFT_BASE_URL", DEFAULT_BASE_URL)


def _headers(key: Key) -> dict[str, str]:
    secret = header_secret(key, missing=NO_KEY, make=MAKE_KEY, check=errors.CHECK_KEY)
    return {"authorization": f"Bearer {secret}", "accept": "application/json"}


def _document(answer: Answer, request_id: str) -> Any:
    try:
        return answer.json()
    except ValueError as error:
        raise wire.unreadable("something that is not JSON", request_id) from error


def _retry_after(answer: Answer) -> float:
    return pause_of(answer.headers.get("retry-after"), errors.USUAL_WAIT_SECONDS)


def _units(answer: Answer) -> int | None:
    try:
        return whole(mapping(answer.json()).get("credits"))
    except ValueError:
        return None
