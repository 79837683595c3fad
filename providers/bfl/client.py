"""The vendor black-forest-labs: addresses, headers and calls. What is in a body is `wire`'s business.

Every call is a task: it is submitted once and asked for until it is ready; the picture lies at an address that ends
after ten minutes and is fetched without the key. BFL has three entrances, of which `BFL_BASE_URL` chooses one for the
whole hub, because where data is processed is the owner's decision: https://api.bfl.ai (wherever there is room),
https://api.eu.bfl.ai and https://api.us.bfl.ai. https://docs.bfl.ai/integration_guidelines
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
    Pending,
    Provider,
    ProviderError,
    Quantities,
    Rejected,
    ReportedCost,
)
from providers.bfl import errors, fitting, jobs, megapixels, wire
from providers.bfl.models import ENDPOINTS, Endpoint
from providers.bfl.reading import figure
from providers.catalogue import read_catalog, read_privacy_note
from providers.guarded import fetch_result
from providers.http import Answer, Door, header_secret, vendor_address
from providers.reading import Redact, decoded, mapping, redactor

DEFAULT_BASE_URL = "https://api.bfl.ai"
# A submission only puts the task into a queue; reference pictures of many megabytes travel with it.
READ_SECONDS = 120
ASK_EVERY_SECONDS = 1.0
NO_KEY = "API key not found for black-forest-labs. Please set BFL_API_KEY in .env file or environment variables."
MAKE_KEY = (
    f"Make a key at {errors.DASHBOARD}, put it into .env as BFL_API_KEY=… and start the hub again. "
    "Without BFL_BASE_URL BFL works wherever it has room; https://api.eu.bfl.ai keeps the work in the EU, "
    "https://api.us.bfl.ai in the US."
)


class BlackForestLabs(Provider):
    """BFL's FLUX.2 family, FLUX 3 Image and FLUX.1 Fill, a picture a task. `transport` and `results` are for tests."""

    id = "black-forest-labs"
    label = "Black Forest Labs"
    error_prefix = "BFL API"
    key_variables = ("BFL_API_KEY",)
    key_help = MAKE_KEY
    address_variables = ("BFL_BASE_URL",)
    # FLUX 3 at 4k may take minutes.
    longest_wait_seconds = 600
    status_by_id = True
    reports_cost = True
    billed_on_filter = "no"
    # A task cannot be stopped, and it costs when it becomes ready.
    billed_on_cancel = "yes"
    billed_on_timeout = "yes"
    result_seconds = 600
    limits = (Limit(kind="parallel", count=24, source="https://docs.bfl.ai/api_integration/errors"),)
    models = read_catalog(Path(__file__).with_name("catalog.toml"))
    privacy = read_privacy_note(Path(__file__).with_name("catalog.toml"))

    def __init__(self, transport: httpx.BaseTransport | None = None, results: Door | None = None) -> None:
        self._door = Door(self.error_prefix, read_seconds=READ_SECONDS, transport=transport)
        self._results = results

    def start(self, request: CloudGenerationRequest, key: Key) -> Pending:
        """Submit the task, once. Raises `Rejected`, `Busy` or `OutcomeUnknown`."""
        entry, endpoint = self.entry_of(request), self._endpoint(request.model)
        if entry is None or endpoint is None:
            offer = ", ".join(ENDPOINTS)
            raise Rejected("capability", f"BFL has no image model {request.model!r}; it has {offer}.")
        body = wire.to_body(request, entry, endpoint)
        answer = self._door.submit("POST", f"{_base_url()}/v1/{entry.id}", headers=_headers(key), json=body)
        redact = redactor(key)
        if not 200 <= answer.status < 300:
            complaint = errors.read_complaint(answer.status, answer.body, redact)
            raise errors.submit_error(
                complaint, model=entry.id, successor=entry.lifecycle.successor, retry_after=_retry_after(answer)
            )
        job = wire.to_job(_document(answer), request, megapixels.most_units(request, entry, endpoint))
        return Pending(remote_id=job.to_text(), wait_seconds=ASK_EVERY_SECONDS, request_id=job.id)

    def check(self, remote_id: str, key: Key) -> Pending | CloudGenerationResponse:
        """Ask how a task stands, and fetch its picture when it is ready. Raises as `start`."""
        job, redact = jobs.from_text(remote_id), redactor(key)
        answer = self._door.read(jobs.question_address(job, _base_url()), headers=_headers(key))
        # BFL may tell a task's state with an HTTP error: the body is read first.
        complaint = errors.read_complaint(answer.status, answer.body, redact)
        if complaint.state == errors.READY:
            return self._finished(decoded(answer.body), job, redact)
        if complaint.state in errors.END_STATES:
            raise errors.state_error(complaint, job.id, job.most)
        if complaint.state:
            return Pending(remote_id=remote_id, wait_seconds=ASK_EVERY_SECONDS, request_id=job.id)
        if answer.status < 300:
            raise Busy("provider_5xx", "BFL answered the question after the task with something that is no state.")
        raise errors.question_error(complaint, job.id)

    def validate_credentials(self, key: Key) -> str:
        """Ask for the account's credits: free. Raises `Rejected` or `Busy`."""
        answer = self._door.read(f"{_base_url()}/v1/credits", headers=_headers(key))
        credits = _credits(answer)
        if answer.status == 200 and credits is not None:
            return (
                f"API credentials are valid: BFL told the account's balance, {credits} credits of $0.01, free of "
                "charge. A success does not prove that every model is open to the key."
            )
        if answer.status < 400 or answer.status == 404:
            message = f"The address answers (HTTP {answer.status}), but not as BFL does. Nothing was billed."
            raise Rejected("capability", message, remedy="Check BFL_BASE_URL; unset, it is BFL's own.")
        raise _as_question(errors.read_complaint(answer.status, answer.body, redactor(key)))

    def normalise(self, request: CloudGenerationRequest, model: ModelEntry) -> tuple[CloudGenerationRequest, list[str]]:
        """As the contract says; besides, every wish gets a size by which its price is known."""
        wish, notes = super().normalise(request, model)
        problems = fitting.problems(wish, self._known(model.id))
        if problems:
            raise InvalidField(problems)
        fitted, more = fitting.fitted(wish, model, self._known(model.id), asked_resolution=request.resolution)
        return fitted, [*notes, *more]

    def quantities(self, request: CloudGenerationRequest, model: ModelEntry) -> Quantities:
        return megapixels.most_units(request, model, self._known(model.id))

    def billed(self, response: CloudGenerationResponse, model: ModelEntry) -> Quantities | ReportedCost:
        """BFL's own figure; without one, the most that the task could cost."""
        return megapixels.reported_cost(response.usage) or mapping(response.metadata.get("most_units"))

    def _finished(self, document: Any, job: jobs.Job, redact: Redact) -> CloudGenerationResponse:
        address = wire.sample_address(document, job)
        image = fetch_result(address, door=self._results) if self._results else fetch_result(address)
        return wire.to_response(document, image, job, redact)

    def _endpoint(self, model_id: str) -> Endpoint | None:
        entry = self.model(model_id)
        return ENDPOINTS.get(entry.id if entry else model_id)

    def _known(self, model_id: str) -> Endpoint:
        return self._endpoint(model_id) or Endpoint()


def _base_url() -> str:
    return vendor_address("BFL_BASE_URL", DEFAULT_BASE_URL)


def _headers(key: Key) -> dict[str, str]:
    secret = header_secret(key, missing=NO_KEY, make=MAKE_KEY, check=errors.CHECK_KEY)
    return {"x-key": secret, "accept": "application/json"}


def _document(answer: Answer) -> Any:
    try:
        return decoded(answer.body)
    except ValueError as error:
        raise wire.unreadable("something that is not JSON") from error


def _retry_after(answer: Answer) -> float | None:
    seconds = answer.headers.get("retry-after", "")
    return float(seconds) if seconds.isascii() and seconds.isdigit() and len(seconds) < 6 else None


def _credits(answer: Answer) -> str | None:
    try:
        found = figure(mapping(decoded(answer.body)).get("credits"))
    except ValueError:
        return None
    return None if found is None else str(found)


def _as_question(complaint: errors.Complaint) -> ProviderError:
    """An error to a call that costs nothing: never one that may have cost."""
    if complaint.status >= 500 or complaint.status in errors.MAYBE_RUN:
        message = errors.sentence(complaint.status, "BFL cannot answer now", "Nothing was billed.")
        return Busy("provider_5xx", message, remedy="Try again in a few minutes.")
    return errors.submit_error(complaint)
