"""The vendor openai: addresses, headers and calls. What is in a body is `wire`'s business."""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx

from providers.base import (
    Busy,
    CloudGenerationRequest,
    CloudGenerationResponse,
    InvalidField,
    Key,
    Lifecycle,
    ModelEntry,
    OutcomeUnknown,
    Pending,
    Provider,
    Quantities,
    Rejected,
)
from providers.catalogue import read_catalog, read_privacy_note
from providers.guarded import fetch_result
from providers.http import Answer, Door, header_secret, show_preview, vendor_address
from providers.openai import choices, errors, limits, stream, usage, wire
from providers.openai_form import (
    Item,
    complaint_of,
    fetch_items,
    holds_error,
    read_addresses,
    read_complaint,
    read_items,
    redactor,
    remember_addresses,
)
from providers.reading import Redact, items, mapping, text

CATALOG = Path(__file__).with_name("catalog.toml")
DEFAULT_BASE_URL = "https://api.openai.com/v1"
# As OpenAI's own SDKs wait; pictures of the dearest qualities have taken five minutes.
READ_SECONDS = 600
# Four 4K pictures as base64 in one stream: three unfinished ones and the final one.
LARGEST_ANSWER = 256 * 1024 * 1024
NO_KEY = "API key not found for openai. Please set OPENAI_API_KEY in .env file or environment variables."
MAKE_KEY = (
    f"Make a key at {errors.KEYS_PAGE}, put it into .env as OPENAI_API_KEY=… and start the hub again. "
    "Image models need credit, and the organisation may have to be verified."
)
KEY_WORKS = (
    "API credentials are valid: OpenAI listed its models for this key, free of charge. "
    "A success does not prove that you can generate: credit, verification and access to a model show only then."
)
LIFECYCLE_SOURCE = "https://api.openai.com/v1/models"


class OpenAI(Provider):
    """OpenAI's image models by images/generations and images/edits. `transport` is for tests."""

    id = "openai"
    label = "OpenAI"
    error_prefix = "OpenAI API"
    key_variables = ("OPENAI_API_KEY",)
    key_help = MAKE_KEY
    address_variables = ("OPENAI_BASE_URL",)
    longest_wait_seconds = READ_SECONDS
    # No page of OpenAI's says what a withheld picture or a lost connection costs; a call has no id to ask for.
    billed_on_filter = "unknown"
    billed_on_cancel = "unknown"
    billed_on_timeout = "unknown"
    # Of the retired models, whose pictures could come as addresses.
    result_seconds = 3600
    models = read_catalog(CATALOG)
    privacy = read_privacy_note(CATALOG)
    retired: Mapping[str, str] = tomllib.loads(CATALOG.read_text("utf-8"))["retired"]

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        self._door = Door(
            self.error_prefix, read_seconds=READ_SECONDS, largest_answer=LARGEST_ANSWER, transport=transport
        )

    def start(self, request: CloudGenerationRequest, key: Key) -> Pending | CloudGenerationResponse:
        """Draw or edit. Raises `Rejected`, `Busy` or `OutcomeUnknown`."""
        entry = self.entry_of(request)
        if entry is None:
            raise self._unknown_model(request.model)
        answer = self._send(request, entry, key)
        redact, request_id = redactor(key), answer.headers.get("x-request-id", "")
        if answer.status != 200:
            raise errors.http_error(
                read_complaint(answer.status, answer.body, redact), model=entry.id,
                successor=entry.lifecycle.successor, is_past=_is_past(entry.lifecycle),
                retry_after=limits.wait_of_headers(answer.headers), request_id=request_id,
            )  # fmt: skip
        document = _document(answer, redact, request_id)
        found, most = read_items(document), usage.most_units(request, entry)
        if any(item.url for item in found):
            return _from_addresses(document, found, entry, most, redact, request_id)
        return wire.from_answer(document, found, entry, most, redact, request_id)

    def _send(self, request: CloudGenerationRequest, entry: ModelEntry, key: Key) -> Answer:
        """The one costly call; with a stream, unfinished pictures are shown as they come."""
        headers = _headers(key)
        watch = stream.preview_watcher(show_preview) if wire.wants_stream(request) else None
        if not request.input_images:
            url = f"{_base_url()}/images/generations"
            return self._door.submit("POST", url, headers=headers, watch=watch, json=wire.to_body(request, entry))
        fields, files = wire.to_form(request, entry)
        return self._door.submit(
            "POST", f"{_base_url()}/images/edits", headers=headers, watch=watch, data=fields, files=files
        )

    def check(self, remote_id: str, key: Key) -> Pending | CloudGenerationResponse:
        """Fetch the picture of a retired model that its address did not give at once; nothing is billed."""
        try:
            found, facts = read_addresses(remote_id)
            entry, most = self.model(facts["model"]), {unit: int(number) for unit, number in facts["most"].items()}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise OutcomeUnknown(f"OpenAI cannot be asked for the job {remote_id[:80]}.") from error
        if entry is None:
            raise OutcomeUnknown(f"The picture was made by {facts['model']}, which is no longer in the catalogue.")
        fetched = fetch_items(found, fetch_result)
        return wire.from_answer({}, fetched, entry, most, redactor(key), text(facts.get("request")))

    def validate_credentials(self, key: Key) -> str:
        """List the models: free, no tokens. Raises `Rejected` or `Busy`, never anything that may have cost.

        A key that may not list them, or whose account has no credit, is valid all the same.
        """
        answer = self._ask_models(key)
        limits_of_key = errors.limits_of_known_key(read_complaint(answer.status, answer.body, redactor(key)))
        if limits_of_key:
            return f"API credentials are valid, with limits: {limits_of_key}"
        self._read_models(answer, key)
        return KEY_WORKS

    def read_lifecycles(self, key: Key) -> Mapping[str, Lifecycle]:
        """The shut-down dates that OpenAI's list of models announces. Raises as `validate_credentials`."""
        read_on = datetime.now(UTC).date()
        dates = {
            text(model.get("id")): _date(model.get("shutdown_date"))
            for model in self._read_models(self._ask_models(key), key)
        }
        return {
            model_id: Lifecycle(shut_down=shut_down, source=LIFECYCLE_SOURCE, read_on=read_on)
            for model_id, shut_down in dates.items()
            if shut_down is not None
        }

    def _ask_models(self, key: Key) -> Answer:
        return self._door.read(f"{_base_url()}/models", headers=_headers(key))

    def _read_models(self, answer: Answer, key: Key) -> list[dict[str, Any]]:
        if answer.status == 200 and isinstance(_decoded(answer).get("data"), list):
            return items(_decoded(answer)["data"])
        if answer.status < 400 or answer.status == 404:
            message = f"The address answers (HTTP {answer.status}), but not as the OpenAI API does. Nothing was billed."
            raise Rejected("capability", message, remedy="Check OPENAI_BASE_URL, which ends with /v1.")
        if answer.status >= 500 or answer.status in errors.MAYBE_RUN:
            message = f"OpenAI API error (HTTP {answer.status}): OpenAI cannot answer now. Nothing was billed."
            raise Busy("provider_5xx", message, remedy="Try again in a few minutes.")
        raise errors.http_error(
            read_complaint(answer.status, answer.body, redactor(key)), model="", successor="", is_past=False,
            retry_after=limits.wait_of_headers(answer.headers),
        )  # fmt: skip

    def normalise(self, request: CloudGenerationRequest, model: ModelEntry) -> tuple[CloudGenerationRequest, list[str]]:
        """As the contract says; size and quality are always chosen, and what OpenAI refuses late is refused here."""
        chosen, first_notes = choices.fill_in(request, model)
        fitted, notes = super().normalise(chosen, model)
        problems = choices.conflicts(fitted)
        if problems:
            raise InvalidField(problems)
        return fitted, [*first_notes, *notes]

    def quantities(self, request: CloudGenerationRequest, model: ModelEntry) -> Quantities:
        return usage.most_units(request, model)

    def billed(self, response: CloudGenerationResponse, model: ModelEntry) -> Quantities:
        most = mapping(response.metadata.get("most_units"))
        drawn = int(response.metadata.get("delivered", len(response.images)))
        return usage.billed_units(response.usage, model, pictures=drawn, most=most)

    def _unknown_model(self, model_id: str) -> Rejected:
        successor = self.retired.get(model_id, "")
        if not successor:
            return Rejected("capability", f"OpenAI has no image model {model_id!r} here. Nothing was sent.")
        message = f"OpenAI has shut down {model_id}. Its successor is {successor}. Nothing was sent."
        return Rejected("model_retired", message, remedy=f"Choose {successor} instead of {model_id}.")


def _document(answer: Answer, redact: Redact, request_id: str) -> dict[str, Any]:
    """The decoded HTTP 200, of a stream its final event. Raises the error in it, or `OutcomeUnknown`."""
    if answer.headers.get("content-type", "").lower().startswith("text/event-stream"):
        document, failed = stream.read_stream(answer.body)
        if document is None and failed is not None:
            raise errors.stream_error(complaint_of(answer.status, failed, redact), request_id)
        if document is None:
            raise wire.unreadable("a stream that ended without its picture", request_id)
        return document
    document = _decoded(answer)
    if holds_error(document):
        raise errors.stream_error(complaint_of(answer.status, document, redact), request_id)
    if not document:
        raise wire.unreadable("something that is not JSON", request_id)
    return document


def _from_addresses(
    document: Mapping[str, Any], found: Sequence[Item], entry: ModelEntry, most: Mapping[str, int], redact: Redact,
    request_id: str,
) -> Pending | CloudGenerationResponse:  # fmt: skip
    """A retired model's pictures lie on another host: fetched without a key, now or, when it is busy, later."""
    try:
        fetched = fetch_items(found, fetch_result)
    except Busy as error:
        remembered = remember_addresses(found, {"model": entry.id, "most": most, "request": request_id})
        if not remembered:
            raise OutcomeUnknown(f"The picture was made and cannot be fetched: {error.message}") from error
        return Pending(remote_id=remembered, request_id=request_id)
    return wire.from_answer(document, fetched, entry, most, redact, request_id)


def _is_past(life: Lifecycle) -> bool:
    return life.shut_down is not None and life.shut_down <= datetime.now(UTC).date()


def _date(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _base_url() -> str:
    return vendor_address("OPENAI_BASE_URL", DEFAULT_BASE_URL)


def _headers(key: Key) -> dict[str, str]:
    secret = header_secret(key, missing=NO_KEY, make=MAKE_KEY, check=errors.CHECK_KEY)
    return {"authorization": f"Bearer {secret}", "accept": "application/json, text/event-stream"}


def _decoded(answer: Answer) -> dict[str, Any]:
    try:
        return mapping(answer.json())
    except ValueError:
        return {}
