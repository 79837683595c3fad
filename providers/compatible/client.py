"""The vendor openai-compatible: addresses that the owner names, keys, calls. What is in a body is `wire`'s business."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx

from providers.base import (
    Busy,
    Capabilities,
    CloudGenerationRequest,
    CloudGenerationResponse,
    FreeSize,
    Key,
    KeyForm,
    ModelEntry,
    OutcomeUnknown,
    Pending,
    Provider,
    Quantities,
    Rejected,
)
from providers.catalogue import read_catalog
from providers.compatible import errors, wire
from providers.guarded import GuardedTransport, fetch_result
from providers.http import Answer, Door, is_header_safe
from providers.openai_form import (
    Item,
    complaint_of,
    count,
    fetch_items,
    holds_error,
    read_addresses,
    read_complaint,
    read_items,
    redactor,
    remember_addresses,
)
from providers.reading import Redact, items, mapping, text
from providers.self_hosted import base_address, own_server, same_origin

ADDRESS, KEY = "OPENAI_COMPATIBLE_BASE_URL", "OPENAI_COMPATIBLE_API_KEY"
# A server in the house may draw for minutes on a small machine, or wait in a line.
READ_SECONDS = 600
LARGEST_ANSWER = 256 * 1024 * 1024
EXAMPLE = "http://127.0.0.1:8080/v1"
KEY_HELP = (
    f"Put the server's address into .env as {ADDRESS}={EXAMPLE}, and if it wants a key {KEY}=…; "
    "that key goes to that server alone."
)
# What can be said of a model before its owner says more: prompts, and sizes on the grid that all such models share.
USUAL = Capabilities(free_size=FreeSize(step=8))


class Compatible(Provider):
    """Servers and gateways that speak OpenAI's images form. `transport` is for tests.

    Private addresses are connected to only where the owner listed them: OPENAI_COMPATIBLE_BASE_URL lists itself, a
    registration's own address stands in HUB_LISTED_ADDRESSES.
    """

    id = "openai-compatible"
    label = "OpenAI-compatible server"
    error_prefix = wire.PREFIX
    key_forms = (KeyForm(name="server", optional=(KEY,), help=KEY_HELP),)
    key_help = KEY_HELP
    address_variables = (ADDRESS,)
    longest_wait_seconds = READ_SECONDS
    open_catalogue = True
    takes_address = True
    models = read_catalog(Path(__file__).with_name("catalog.toml"))
    privacy = own_server("OpenAI-compatible")

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        self._door = Door(
            self.error_prefix, read_seconds=READ_SECONDS, largest_answer=LARGEST_ANSWER,
            transport=transport or GuardedTransport(most_seconds=READ_SECONDS),
        )  # fmt: skip

    def start(self, request: CloudGenerationRequest, key: Key) -> Pending | CloudGenerationResponse:
        """Draw or edit. Raises `Rejected`, `Busy` or `OutcomeUnknown`."""
        entry = request.entry
        if entry is None:
            raise Rejected("capability", f"The model {request.model!r} is not registered. Nothing was sent.")
        base = _base_url(entry.address)
        answer = self._send(request, entry, base, _headers(key, base))
        redact, request_id = redactor(key), answer.headers.get("x-request-id", "")
        if answer.status != 200:
            raise errors.http_error(
                read_complaint(answer.status, answer.body, redact), model=entry.id,
                retry_after=_retry_after(answer), request_id=request_id,
            )  # fmt: skip
        document = _document(answer, redact, request_id)
        found = _with_whole_addresses(read_items(document), base)
        seed = request.seed if entry.capabilities.seed != "not_sent" else None
        if any(item.url for item in found):
            return _from_addresses(document, found, seed, redact, request_id)
        return wire.from_answer(document, found, seed, redact, request_id)

    def _send(
        self, request: CloudGenerationRequest, entry: ModelEntry, base: str, headers: Mapping[str, str]
    ) -> Answer:
        if not request.input_images:
            body = wire.to_body(request, entry)
            return self._door.submit("POST", f"{base}/images/generations", headers=headers, json=body)
        fields, files = wire.to_form(request, entry)
        return self._door.submit("POST", f"{base}/images/edits", headers=headers, data=fields, files=files)

    def check(self, remote_id: str, key: Key) -> Pending | CloudGenerationResponse:
        """Fetch the pictures that their addresses did not give at once; no key goes along."""
        try:
            found, facts = read_addresses(remote_id)
        except (ValueError, KeyError, TypeError) as error:
            raise OutcomeUnknown(f"The server cannot be asked for the job {remote_id[:80]}.") from error
        fetched = fetch_items(found, fetch_result)
        return wire.from_answer({}, fetched, count(facts.get("seed")), redactor(key), text(facts.get("request")))

    def validate_credentials(self, key: Key) -> str:
        """List the models of the usual server: a free read. Raises `Rejected` or `Busy`."""
        base = _base_url("")
        listed = self._listed(base, key)
        if listed is None:
            return f"The server at {base} answers; it has no list of models by which a key could be checked."
        return f"The server at {base} listed {len(listed)} models. Whether they draw shows only then."

    def describe(self, model_id: str, key: Key, *, address: str = "") -> ModelEntry:
        """A model as its server's list has it, where it has one; abilities and price are the owner's word."""
        listed = self._listed(_base_url(address), key)
        description = ""
        if listed is not None and model_id not in listed:
            offer = ", ".join(list(listed)[:8]) or "none"
            description = f"The server's list of models does not name it; it has: {offer}."
        name = (listed or {}).get(model_id) or model_id
        return ModelEntry(
            id=model_id, name=name[:120], description=description, capabilities=USUAL, address=address.rstrip("/")
        )

    def _listed(self, base: str, key: Key) -> dict[str, str] | None:
        """Names by id from the server's /models, None where it has no such route."""
        answer = self._door.read(f"{base}/models", headers=_headers(key, base))
        models = mapping(_decoded(answer)).get("data") if answer.status == 200 else None
        if isinstance(models, list):
            return {text(model.get("id")): text(model.get("name")) for model in items(models) if text(model.get("id"))}
        if answer.status in (401, 402, 403):
            raise errors.http_error(read_complaint(answer.status, answer.body, redactor(key)), model="")
        if answer.status == 429 or answer.status >= 500:
            message = f"{wire.PREFIX} error (HTTP {answer.status}): the server cannot answer now. Nothing was billed."
            raise Busy("provider_5xx", message, remedy="Try again in a few minutes.")
        return None

    def quantities(self, request: CloudGenerationRequest, model: ModelEntry) -> Quantities:
        return {"image": request.num_images}

    def billed(self, response: CloudGenerationResponse, model: ModelEntry) -> Quantities:
        """The owner's price for each picture that came, readable or not; a server's own figures are not charged."""
        return {"image": int(response.metadata["delivered"])}


def _document(answer: Answer, redact: Redact, request_id: str) -> dict[str, Any]:
    """The decoded HTTP 200. Raises `OutcomeUnknown` for what is none, or an error all the same."""
    document = _decoded(answer)
    if holds_error(document):
        raise wire.without_picture(request_id, complaint_of(answer.status, document, redact).words)
    if not document:
        raise wire.unreadable("something that is not JSON", request_id)
    return mapping(document)


def _from_addresses(
    document: Mapping[str, Any], found: Sequence[Item], seed: int | None, redact: Redact, request_id: str
) -> Pending | CloudGenerationResponse:
    """Pictures at addresses, fetched without the key: now or, when their server is busy, later."""
    try:
        fetched = fetch_items(found, fetch_result)
    except Busy as error:
        remembered = remember_addresses(found, {"seed": seed, "request": request_id})
        if not remembered:
            raise OutcomeUnknown(f"The picture was made and cannot be fetched: {error.message}") from error
        return Pending(remote_id=remembered, request_id=request_id)
    return wire.from_answer(document, fetched, seed, redact, request_id)


def _with_whole_addresses(found: Sequence[Item], base: str) -> list[Item]:
    """Some servers give an address as a path of their own."""
    return [
        Item(data=item.data, url=urljoin(f"{base}/", item.url) if item.url else "", revised_prompt=item.revised_prompt)
        for item in found
    ]


def _base_url(address: str) -> str:
    """A registration's own address, else the usual one; read at each call. Raises `Rejected` without one."""
    return base_address(address, ADDRESS, label="the OpenAI-compatible server", example=EXAMPLE)


def _headers(key: Key, base: str) -> dict[str, str]:
    """The key belongs to the server of OPENAI_COMPATIBLE_BASE_URL: no other scheme, host or port gets it."""
    headers = {"accept": "application/json"}
    secret = key.get(KEY).strip()
    if not secret or not same_origin(base, os.environ.get(ADDRESS, "").strip()):
        return headers
    if not is_header_safe(secret):
        message = "API credentials are invalid: the key holds white space or other characters that no key has."
        raise Rejected("key_invalid", message, remedy=errors.CHECK_KEY)
    return headers | {"authorization": f"Bearer {secret}"}


def _retry_after(answer: Answer) -> float | None:
    value = answer.headers.get("retry-after", "").strip()
    return float(value) if re.fullmatch(r"\d{1,6}(?:\.\d{1,6})?", value) else None


def _decoded(answer: Answer) -> Any:
    try:
        return answer.json()
    except ValueError:
        return {}
