"""The vendor ideogram: addresses, headers and calls. What is in a body or an answer is `wire`'s business.

Calls are answered when the pictures are made (https://developer.ideogram.ai/ideogram-api/responses-and-metadata). They
lie at addresses that work for 24 hours and are fetched without the key; what cannot be fetched at once is asked for
again by the generation's id, which is free and gives fresh addresses.

There is no idempotency key, every call that Ideogram takes is billed, and one that nobody waits for goes on:
https://developer.ideogram.ai/ideogram-api/idempotency. Ideogram publishes no SDK for Python or any other language:
https://developer.ideogram.ai/ideogram-api/sdks. Ideogram's terms want a notice that pictures are made by AI.
"""

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
    Quantities,
    Rejected,
)
from providers.catalogue import read_catalog, read_privacy_note
from providers.guarded import fetch_result
from providers.http import Answer, Door, header_secret, vendor_address
from providers.ideogram import errors, fitting, wire
from providers.ideogram.job import Job, read_job, usable_id
from providers.ideogram.prices import unit_of
from providers.ideogram.services import SERVICES, Service
from providers.reading import Redact, mapping, redactor, text
from providers.results import fetch_each

CATALOG = Path(__file__).with_name("catalog.toml")
DEFAULT_BASE_URL = "https://api.ideogram.ai"
# No page names a time-out; eight pictures of the highest quality take more than a minute.
READ_SECONDS = 300
ASK_EVERY_SECONDS = 2.0
NO_KEY = "API key not found for ideogram. Please set IDEOGRAM_API_KEY in .env file or environment variables."
MAKE_KEY = (
    f"Make a key at {errors.SETTINGS}, put it into .env as IDEOGRAM_API_KEY=… and start the hub again. "
    "A key needs prepaid credit."
)


class Ideogram(Provider):
    """Ideogram's own image models, precise edits and background removal. `transport` and `results` are for tests."""

    id = "ideogram"
    label = "Ideogram"
    error_prefix = "Ideogram API"
    key_variables = ("IDEOGRAM_API_KEY",)
    key_help = MAKE_KEY
    address_variables = ("IDEOGRAM_BASE_URL",)
    longest_wait_seconds = 600
    status_by_id = True
    # Every call that Ideogram takes is billed, whoever goes away and whatever its safety check keeps back.
    billed_on_filter = "yes"
    billed_on_cancel = "yes"
    billed_on_timeout = "yes"
    result_seconds = 24 * 3600
    # Counted are the pictures in progress, not the calls: calls for several meet the limit earlier, and wait.
    limits = (Limit(kind="parallel", count=10, source=errors.RATE_LIMITS),)
    models = read_catalog(CATALOG)
    privacy = read_privacy_note(CATALOG)

    def __init__(self, transport: httpx.BaseTransport | None = None, results: Door | None = None) -> None:
        self._door = Door(self.error_prefix, read_seconds=READ_SECONDS, transport=transport)
        self._results = results

    def start(self, request: CloudGenerationRequest, key: Key) -> Pending | CloudGenerationResponse:
        """Send the wish, once, and fetch its pictures. Raises `Rejected`, `Busy` or `OutcomeUnknown`."""
        entry, service = self.entry_of(request), self._service(request.model)
        if entry is None or service is None:
            offer = ", ".join(SERVICES)
            raise Rejected("capability", f"Ideogram has no image model {request.model!r}; it has {offer}.")
        url, redact = f"{_base_url()}/v2/image/{service.path}", redactor(key)
        answer = self._door.submit("POST", url, headers=_headers(key), **_body(request, entry, service))
        if answer.status != 200:
            raise errors.http_error(
                errors.read_complaint(answer.status, answer.body, redact), model=entry.id,
                successor=entry.lifecycle.successor, retry_after=answer.headers.get("retry-after"),
            )  # fmt: skip
        document = _document(answer)
        generation = usable_id(document.get("generation_id"))
        job = Job(generation, unit_of(request, service), wire.prompt_mark(request.prompt))
        try:
            return self._finished(document, job, redact, again=bool(generation))
        except (Busy, OutcomeUnknown) as error:
            # The pictures are made: what could not be fetched or read now is asked for by the generation's id.
            if not generation:
                raise wire.unfetched(error) from error
            return Pending(remote_id=job.remote_id, wait_seconds=ASK_EVERY_SECONDS, request_id=generation)

    def check(self, remote_id: str, key: Key) -> Pending | CloudGenerationResponse:
        """Ask for the generation and, when it is completed, fetch its pictures. Raises as `start`."""
        job, redact = read_job(remote_id), redactor(key)
        answer = self._door.read(f"{_base_url()}/v2/generations/{job.id}", headers=_headers(key))
        if answer.status != 200:
            raise errors.generation_error(errors.read_complaint(answer.status, answer.body, redact), job.id)
        document = _document(answer)
        status = text(document.get("status"))
        if status == "failed":
            message = "Ideogram failed to make the pictures. It does not bill a generation that fails."
            raise Rejected("provider_5xx", message, remedy="Nothing was billed: try again.", request_id=job.id)
        if status != "completed":
            # Pending, and whatever is not known: the hub's own deadline ends the waiting.
            return Pending(remote_id=remote_id, wait_seconds=ASK_EVERY_SECONDS, request_id=job.id)
        return self._finished(document, job, redact, again=False)

    def validate_credentials(self, key: Key) -> str:
        """List the account's keys: free. Raises `Rejected` or `Busy`.

        Keys of people without access to the workspace's billing get a 404 there
        (https://developer.ideogram.ai/ideogram-api/authentication), so that the list of custom models is asked next.
        A price quote (`dry_run`) would tell more, and is the costly call itself but for a word in its address.
        """
        answer = self._ask("/v2/account/api-keys", key)
        if answer.status == 200 and _holds_list(answer):
            return (
                "API credentials are valid: Ideogram listed the account's keys, free of charge. "
                "A success does not prove that there is credit."
            )
        if answer.status == 404:
            answer = self._ask("/models", key)
            if answer.status == 200 and _holds_list(answer):
                return (
                    "API credentials are valid: Ideogram knows the key, which may not look at the account's billing. "
                    "A success does not prove that there is credit."
                )
        if answer.status < 400 or answer.status == 404:
            message = f"The address answers (HTTP {answer.status}), but not as Ideogram does. Nothing was billed."
            raise Rejected("capability", message, remedy="Check IDEOGRAM_BASE_URL; unset, it is Ideogram's own.")
        raise errors.question_error(errors.read_complaint(answer.status, answer.body, redactor(key)))

    def normalise(self, request: CloudGenerationRequest, model: ModelEntry) -> tuple[CloudGenerationRequest, list[str]]:
        """As the contract says, and what Ideogram's pages ask of pictures and masks; a wish gets a definite size."""
        wish, notes = super().normalise(request, model)
        service = self._known(model.id)
        problems = fitting.problems(wish, model)
        if problems:
            raise InvalidField(problems)
        fitted, more = fitting.fitted(wish, model, service)
        return fitted, [*notes, *more]

    def quantities(self, request: CloudGenerationRequest, model: ModelEntry) -> Quantities:
        return {"image": request.num_images, unit_of(request, self._known(model.id)): request.num_images}

    def billed(self, response: CloudGenerationResponse, model: ModelEntry) -> Quantities:
        """Every picture that was made, also one that the safety check keeps back."""
        return mapping(response.metadata.get("units"))

    def _finished(self, document: dict[str, Any], job: Job, redact: Redact, *, again: bool) -> CloudGenerationResponse:
        """The pictures of an answer. With `again` the first one that is missing ends it, as asking for the generation
        gives fresh addresses; without, a lost one leaves the others. Raises `Rejected`, `Busy` or `OutcomeUnknown`.
        """
        told = wire.told_pictures(document, job)
        addresses = [one.address for one in told if one.address]
        if again:
            images = [self._fetched(address) for address in addresses]
        else:
            images = fetch_each(addresses, self._fetched, asked_again=bool(job.id))
        return wire.to_response(document, told, images, job, redact)

    def _fetched(self, address: str) -> bytes:
        return fetch_result(address, door=self._results) if self._results else fetch_result(address)

    def _ask(self, path: str, key: Key) -> Answer:
        return self._door.read(f"{_base_url()}{path}", headers=_headers(key))

    def _service(self, model_id: str) -> Service | None:
        entry = self.model(model_id)
        return SERVICES.get(entry.id if entry else model_id)

    def _known(self, model_id: str) -> Service:
        return self._service(model_id) or Service(path="")


def _base_url() -> str:
    return vendor_address("IDEOGRAM_BASE_URL", DEFAULT_BASE_URL)


def _headers(key: Key) -> dict[str, str]:
    secret = header_secret(key, missing=NO_KEY, make=MAKE_KEY, check=errors.CHECK_KEY)
    return {"api-key": secret, "accept": "application/json"}


def _body(request: CloudGenerationRequest, entry: ModelEntry, service: Service) -> dict[str, Any]:
    if service.pictures:
        return {"files": wire.to_form(request, entry, service)}
    return {"json": wire.to_body(request, entry, service)}


def _document(answer: Answer) -> dict[str, Any]:
    try:
        return mapping(answer.json())
    except ValueError as error:
        raise wire.unreadable("something that is not JSON") from error


def _holds_list(answer: Answer) -> bool:
    """Whether an answer is a list, or an object that holds one: the page of keys does not name its field."""
    try:
        document = answer.json()
    except ValueError:
        return False
    return any(isinstance(value, list) for value in (document, *mapping(document).values()))
