"""The vendor xai: addresses, headers and calls. What is in a body is `wire`'s business."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from providers.base import (
    Busy,
    CloudGenerationRequest,
    CloudGenerationResponse,
    Key,
    ModelEntry,
    OutcomeUnknown,
    Pending,
    Provider,
    Quantities,
    Rejected,
    ReportedCost,
)
from providers.catalogue import read_catalog, read_privacy_note
from providers.guarded import fetch_result
from providers.http import Answer, Door, header_secret, vendor_address
from providers.openai_form import Item, fetch_items, holds_error, read_addresses, remember_addresses
from providers.reading import mapping, text, texts, whole
from providers.xai import choices, costs, errors, wire

CATALOG = Path(__file__).with_name("catalog.toml")
DEFAULT_BASE_URL = "https://api.x.ai/v1"
# Measured calls took up to 67 seconds a picture; no page names a time-out.
READ_SECONDS = 600
# Ten 2K pictures as base64, should xAI send them as PNG.
LARGEST_ANSWER = 256 * 1024 * 1024
NO_KEY = "API key not found for xai. Please set XAI_API_KEY in .env file or environment variables."
MAKE_KEY = (
    f"Make a key at {errors.KEYS_PAGE}, put it into .env as XAI_API_KEY=… and start the hub again. "
    f"Pictures need credit: {errors.BILLING_PAGE}."
)
KEY_WORKS = (
    "API credentials are valid: xAI described this key, free of charge. "
    "A success does not prove that you can generate: credit shows only then."
)
ENDPOINT = "api-key:endpoint:"
BLOCKS = {
    "api_key_blocked": "xAI has blocked this key", "api_key_disabled": "this key is disabled",
    "team_blocked": "xAI has blocked the key's team",
}  # fmt: skip


class XAI(Provider):
    """xAI's Grok Imagine by images/generations and images/edits. `transport` is for tests."""

    id = "xai"
    label = "xAI"
    error_prefix = "xAI API"
    key_variables = ("XAI_API_KEY",)
    key_help = MAKE_KEY
    address_variables = ("XAI_BASE_URL",)
    longest_wait_seconds = READ_SECONDS
    reports_cost = True
    # Recorded refusals of drawn pictures name their full cost; a call has no id to ask for once its answer is lost.
    billed_on_filter = "yes"
    billed_on_cancel = "unknown"
    billed_on_timeout = "unknown"
    # Pictures that come as addresses all the same.
    result_seconds = 3600
    models = read_catalog(CATALOG)
    privacy = read_privacy_note(CATALOG)
    retired: Mapping[str, Mapping[str, Any]] = {
        gone["id"]: gone for gone in tomllib.loads(CATALOG.read_text("utf-8"))["retired"]
    }

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        self._door = Door(
            self.error_prefix, read_seconds=READ_SECONDS, largest_answer=LARGEST_ANSWER, transport=transport
        )

    def start(self, request: CloudGenerationRequest, key: Key) -> Pending | CloudGenerationResponse:
        """Draw or edit. Raises `Rejected`, `Busy` or `OutcomeUnknown`."""
        entry = self.entry_of(request)
        if entry is None or entry.id in self.retired:
            raise self._unknown_model(request.model)
        path, body = wire.to_call(request, entry)
        answer = self._door.submit("POST", f"{_base_url()}{path}", headers=_headers(key), json=body)
        redact, request_id = errors.redactor_of(key), answer.headers.get("x-request-id", "")
        if answer.status != 200:
            complaint = errors.read_complaint(answer.status, answer.body, redact)
            raise errors.http_error(complaint, model=entry.id, headers=answer.headers, request_id=request_id)
        document = _decoded(answer)
        if not document:
            raise wire.unreadable("something that is not xAI's JSON", request_id)
        if holds_error(document):
            raise errors.in_answer(errors.complaint_in(answer.status, document, redact), request_id)
        found, most = wire.delivered(document), costs.most_units(request, entry)
        if any(item.url for item in found):
            fetched = _fetched(document, found, most, request_id)
            if isinstance(fetched, Pending):
                return fetched
            found = fetched
        return wire.from_answer(document, found, most, redact, request_id)

    def check(self, remote_id: str, key: Key) -> Pending | CloudGenerationResponse:
        """Fetch pictures whose addresses did not give them at once; nothing is billed."""
        try:
            found, facts = read_addresses(remote_id)
            most = {unit: int(number) for unit, number in facts["most"].items()}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise OutcomeUnknown(f"xAI cannot be asked for the job {remote_id[:80]}.") from error
        ticks = whole(facts.get("ticks"))
        document = {} if ticks is None else {"usage": {costs.TICKS: ticks}}
        fetched = fetch_items(found, fetch_result)
        return wire.from_answer(document, fetched, most, errors.redactor_of(key), text(facts.get("request")))

    def validate_credentials(self, key: Key) -> str:
        """Ask xAI for the key's own description: free. Raises `Rejected` or `Busy`, never anything that may cost."""
        answer = self._door.read(f"{_base_url()}/api-key", headers=_headers(key))
        described = _decoded(answer)
        if answer.status == 200 and "api_key_blocked" in described:
            _check_description(described)
            return KEY_WORKS
        if answer.status < 400 or answer.status == 404:
            message = f"The address answers (HTTP {answer.status}), but not as the xAI API does. Nothing was billed."
            raise Rejected("capability", message, remedy="Check XAI_BASE_URL, which ends with /v1.")
        if answer.status >= 500 or answer.status in errors.MAYBE_RUN:
            message = errors.sentence(answer.status, "xAI cannot answer now", "Nothing was billed.")
            raise Busy("provider_5xx", message, remedy="Try again in a few minutes.")
        complaint = errors.read_complaint(answer.status, answer.body, errors.redactor_of(key))
        raise errors.http_error(complaint, model="", headers=answer.headers)

    def normalise(self, request: CloudGenerationRequest, model: ModelEntry) -> tuple[CloudGenerationRequest, list[str]]:
        """As the contract says; a quality is always chosen, and a shape that xAI would ignore is told."""
        chosen, first_notes = choices.fill_in(request, model)
        fitted, notes = super().normalise(chosen, model)
        return fitted, [*first_notes, *notes]

    def quantities(self, request: CloudGenerationRequest, model: ModelEntry) -> Quantities:
        return costs.most_units(request, model)

    def billed(self, response: CloudGenerationResponse, model: ModelEntry) -> Quantities | ReportedCost:
        return costs.billed(response.usage, mapping(response.metadata.get("most_units")))

    def _unknown_model(self, model_id: str) -> Rejected:
        gone = self.retired.get(model_id)
        if gone is None:
            return Rejected("capability", f"xAI has no image model {model_id!r} here. Nothing was sent.")
        successor = gone["successor"]
        message = (
            f"xAI retired {model_id} on {gone['retired_on']} and would answer with another model at that model's "
            "price. Nothing was sent."
        )
        return Rejected("model_retired", message, remedy=f"Choose {successor} instead of {model_id}.")


def _fetched(
    document: Mapping[str, Any], found: Sequence[Item], most: Mapping[str, int], request_id: str
) -> Pending | list[Item]:  # fmt: skip
    """Pictures on another host, fetched without a key: now or, when it is busy, later."""
    try:
        return fetch_items(found, fetch_result)
    except Busy as error:
        facts = {"most": most, "ticks": costs.reported_ticks(document), "request": request_id}
        remembered = remember_addresses(found, facts)
        if not remembered:
            raise OutcomeUnknown(f"The picture was made and cannot be fetched: {error.message}") from error
        return Pending(remote_id=remembered, request_id=request_id)


def _check_description(described: Mapping[str, Any]) -> None:
    """Raises `Rejected` when the key's own description says that it draws nothing.

    A key may be held to some endpoints: https://docs.x.ai/docs/key-information/using-management-api
    """
    stopped = [words for name, words in BLOCKS.items() if described.get(name) is True]
    if stopped:
        message = f"API credentials are invalid: {' and '.join(stopped)}. Nothing was billed."
        raise Rejected("key_invalid", message, remedy=errors.CHECK_RIGHTS)
    endpoints = [name.removeprefix(ENDPOINT) for name in texts(described.get("acls")) if name.startswith(ENDPOINT)]
    if endpoints and not any(name == "*" or name.startswith("image") for name in endpoints):
        message = "Permission denied: the key is not open to xAI's endpoint for images. Nothing was billed."
        raise Rejected("permission_region", message, remedy=errors.CHECK_RIGHTS)


def _base_url() -> str:
    return vendor_address("XAI_BASE_URL", DEFAULT_BASE_URL)


def _headers(key: Key) -> dict[str, str]:
    secret = header_secret(key, missing=NO_KEY, make=MAKE_KEY, check=errors.CHECK_KEY)
    return {"authorization": f"Bearer {secret}", "accept": "application/json"}


def _decoded(answer: Answer) -> dict[str, Any]:
    try:
        return mapping(answer.json())
    except ValueError:
        return {}
