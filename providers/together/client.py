"""The vendor together: addresses, headers and calls. What is in a body or an answer is `wire`'s business.

https://docs.together.ai/reference/post-images-generations, which answers at once. TOGETHER_BASE_URL is the address
without a version, as the official SDK (PyPI: together 3.1.1) has it; older SDKs wanted it with /v1, which is taken as
well.
"""

from collections.abc import Callable
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
)
from providers.catalogue import read_catalog, read_privacy_note
from providers.guarded import fetch_result
from providers.http import Answer, Door, header_secret, vendor_address
from providers.openai_form import Item, complaint_of, fetch_items, holds_error, read_complaint, read_items
from providers.reading import Redact, mapping, redactor
from providers.together import errors, listing, usage, wire

CATALOG = Path(__file__).with_name("catalog.toml")
DEFAULT_BASE_URL = "https://api.together.ai"
# The SDK waits a minute; the slow models take longer, and a call that we left may be charged all the same.
READ_SECONDS = 300
NO_KEY = "API key not found for together. Please set TOGETHER_API_KEY in .env file or environment variables."
MAKE_KEY = (
    f"Make a key at {errors.KEYS_PAGE}, put it into .env as TOGETHER_API_KEY=… and start the hub again. "
    "Most image models also need the organisation's leave to pass prompts on to their makers."
)


class Together(Provider):
    """Together AI's image models, and any other image model of its list by its id. `transport` is for tests."""

    id = "together"
    label = "Together AI"
    error_prefix = wire.PREFIX
    key_variables = ("TOGETHER_API_KEY",)
    key_help = MAKE_KEY
    address_variables = ("TOGETHER_BASE_URL",)
    longest_wait_seconds = READ_SECONDS
    billed_on_filter = "unknown"
    billed_on_cancel = "yes"
    billed_on_timeout = "unknown"
    open_catalogue = True
    # Limits move with the demand and are published nowhere: https://docs.together.ai/docs/serverless/rate-limits
    limits = ()
    models = read_catalog(CATALOG)
    privacy = read_privacy_note(CATALOG)

    def __init__(
        self, transport: httpx.BaseTransport | None = None, *, fetch: Callable[[str], bytes] = fetch_result
    ) -> None:
        self._door = Door(self.error_prefix, read_seconds=READ_SECONDS, transport=transport)
        self._fetch = fetch

    def start(self, request: CloudGenerationRequest, key: Key) -> Pending | CloudGenerationResponse:
        """Draw. Raises `Rejected`, `Busy` or `OutcomeUnknown`."""
        entry = self.entry_of(request)
        if entry is None:
            raise Rejected("capability", f"Together's model {request.model!r} is not registered. Nothing was sent.")
        url = f"{_base_url()}/v1/images/generations"
        answer = self._door.submit("POST", url, headers=_headers(key), json=wire.to_body(request, entry))
        redact, header_id = redactor(key), answer.headers.get("x-request-id", "")
        if answer.status != 200:
            raise errors.http_error(
                read_complaint(answer.status, answer.body, redact), answer.headers, model=entry.id,
                successor=entry.lifecycle.successor, request_id=header_id,
            )  # fmt: skip
        document = _document(answer, redact, header_id)
        found = self._with_bytes(read_items(document), wire.request_id_of(document, redact, header_id))
        return wire.from_answer(document, found, request, entry, redact, header_id)

    def _with_bytes(self, found: list[Item], request_id: str) -> list[Item]:
        """Pictures come inside the answer, as was asked; one that comes as an address is fetched, without the key."""
        try:
            return fetch_items(found, self._fetch, asked_again=False)
        except Busy as error:
            raise OutcomeUnknown(
                f"The picture was made and cannot be fetched: {error.message}", request_id=request_id
            ) from error

    def validate_credentials(self, key: Key) -> str:
        """List the models: free. Raises `Rejected` or `Busy`, never anything that may have cost."""
        found = [model for model in self._listed(key) if listing.is_image_model(model)]
        return (
            f"API credentials are valid: Together listed {len(found)} image model(s), free of charge. "
            "A success does not prove that there is credit, or leave to use the models of other makers."
        )

    def describe(self, model_id: str, key: Key, *, address: str = "") -> ModelEntry:
        """An image model of Together's list, by its exact id."""
        model = next((model for model in self._listed(key) if model["id"] == model_id), None)
        if model is None:
            message = f"Together has no model {model_id!r}, or does not show it to this key."
            raise Rejected("capability", message, remedy=f"Ids are written exactly as in {errors.MODELS_PAGE}.")
        if not listing.is_image_model(model):
            message = f"Together's {model_id} cannot be used as an image model: its list calls it something else."
            raise Rejected("capability", message, remedy="Choose a model that makes pictures from a prompt.")
        return listing.to_entry(model, redactor(key))

    def quantities(self, request: CloudGenerationRequest, model: ModelEntry) -> Quantities:
        return usage.most_units(request, model)

    def billed(self, response: CloudGenerationResponse, model: ModelEntry) -> Quantities:
        return dict(response.metadata["units"])

    def _listed(self, key: Key) -> list[dict[str, Any]]:
        answer = self._door.read(f"{_base_url()}/v1/models", headers=_headers(key))
        found = listing.read_listing(answer.body) if answer.status == 200 else None
        if found is not None:
            return found
        if answer.status < 400 or answer.status == 404:
            message = f"The address answers (HTTP {answer.status}), but not as Together does. Nothing was billed."
            raise Rejected("capability", message, remedy="Check TOGETHER_BASE_URL; unset, it is Together's own.")
        raise errors.question_error(read_complaint(answer.status, answer.body, redactor(key)), answer.headers)


def _base_url() -> str:
    """Read at each call, so that tests and `emulate_vendors` can point the hub elsewhere."""
    return vendor_address("TOGETHER_BASE_URL", DEFAULT_BASE_URL).removesuffix("/v1")


def _headers(key: Key) -> dict[str, str]:
    secret = header_secret(key, missing=NO_KEY, make=MAKE_KEY, check=errors.CHECK_KEY)
    return {"authorization": f"Bearer {secret}", "accept": "application/json"}


def _document(answer: Answer, redact: Redact, request_id: str) -> dict[str, Any]:
    """The decoded HTTP 200. Raises `OutcomeUnknown` when it is no object, or an error all the same."""
    try:
        document = mapping(answer.json())
    except ValueError as error:
        raise wire.unreadable("something that is not JSON", request_id) from error
    if holds_error(document):
        words = complaint_of(answer.status, document, redact).words
        raise wire.unreadable(f"an error inside a success (“{words}”)", request_id)
    return document
