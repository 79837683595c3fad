"""The vendor runpod: addresses, headers and calls. What is in a body is `wire`'s business.

RunPod has two hosts: jobs at https://api.runpod.ai/v2/{endpoint}/… and the account at https://api.runpod.io/v2/….
RUNPOD_BASE_URL replaces both: jobs are then at {base}/v2/{endpoint}/…, the account at {base}/management/v2/….

A job is made by `/run`, whose answer is its id at once; only one too large for that goes to `/runsync`, which takes
twice as much and is waited for. https://docs.runpod.io/serverless/endpoints/operation-reference
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson

from providers.base import (
    Busy,
    Capabilities,
    CloudGenerationRequest,
    CloudGenerationResponse,
    Key,
    Lifecycle,
    Limit,
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
from providers.http import Door, header_secret, vendor_address
from providers.reading import Redact, mapping, shown, text
from providers.results import fetch_each
from providers.runpod import errors, failures, template, usage, wire
from providers.runpod.checks import HOW_TO_REGISTER, check_wish
from providers.runpod.job import ENDPOINT_ID, Job, read_job
from providers.runpod.reading import decoded, redactor

CATALOG = Path(__file__).with_name("catalog.toml")
JOBS_URL = "https://api.runpod.ai"
MANAGEMENT_URL = "https://api.runpod.io"
MOST_BYTES_RUN = 10_000_000
MOST_BYTES_RUNSYNC = 20_000_000
SYNC_WAIT_MS = 60_000
READ_SECONDS = 120
# A worker that has to start first, with its models, needs minutes.
LONGEST_WAIT_SECONDS = 1200
POLL_SECONDS = 0.5
NO_KEY = "API key not found for runpod. Please set RUNPOD_API_KEY in .env file or environment variables."
MAKE_KEY = (
    f"Make a key in {errors.KEYS_PAGE}, put it into .env as RUNPOD_API_KEY=… and start the hub again. Keys begin with "
    f"rpa_. Endpoints need credit: {errors.BILLING_PAGE}."
)
SEND_REQUESTS = "https://docs.runpod.io/serverless/endpoints/send-requests"


class RunPod(Provider):
    """RunPod's public image endpoints, and a person's own serverless endpoints by their id. `transport` is for tests.

    An own endpoint is registered by its id with capabilities that hold its workflow or input: see `wire`.
    """

    id = "runpod"
    label = "RunPod"
    error_prefix = "RunPod API"
    key_variables = ("RUNPOD_API_KEY",)
    key_help = MAKE_KEY
    address_variables = ("RUNPOD_BASE_URL",)
    longest_wait_seconds = LONGEST_WAIT_SECONDS
    status_by_id = True
    can_cancel = True
    reports_cost = True
    # Public endpoints charge no failed generation; an own endpoint charges its workers' time whatever comes out.
    billed_on_filter = "unknown"
    billed_on_cancel = "unknown"
    billed_on_timeout = "unknown"
    # The address of a picture lives seven days, the answer that names it half an hour.
    result_seconds = 1800
    limits = (
        Limit(kind="requests", count=1000, seconds=10, source=SEND_REQUESTS),
        Limit(kind="parallel", count=200, source=SEND_REQUESTS),
    )
    open_catalogue = True
    models = read_catalog(CATALOG)
    privacy = read_privacy_note(CATALOG)

    def __init__(
        self, transport: httpx.BaseTransport | None = None, *, fetch: Callable[[str], bytes] = fetch_result
    ) -> None:
        self._door = Door(self.error_prefix, read_seconds=READ_SECONDS, transport=transport)
        self._fetch = fetch

    def prepare(self, request: CloudGenerationRequest, key: Key) -> CloudGenerationRequest:
        """Draw a seed for a workflow that needs one and got none: every ComfyUI sampler wants a number."""
        workflow = self._entry(request).capabilities.facts.get("workflow")
        if request.seed is not None or "seed" not in template.places(workflow):
            return request
        return replace(request, prepared={**request.prepared, "seed": secrets.randbelow(2**31)})

    def start(self, request: CloudGenerationRequest, key: Key) -> Pending | CloudGenerationResponse:
        """Make a job. Raises `Rejected`, `Busy` or `OutcomeUnknown`."""
        entry = self._entry(request)
        redact = redactor(key)
        answer = self._door.submit("POST", **_run(entry.id, _body(request, entry), key))
        if answer.status not in (200, 201, 202):
            raise errors.http_error(answer.status, answer.headers, answer.body, model=entry, redact=redact)
        document = mapping(decoded(answer.body))
        seed = request.seed if request.seed is not None else request.prepared.get("seed")
        units = self.quantities(request, entry)
        job = Job(entry.id, text(document.get("id")), dict(units), usage.is_public(entry), seed)
        try:
            return self._outcome(document, job, redact)
        except (Busy, OutcomeUnknown):
            # The job is made and its id known: what could not be fetched now is fetched in `check`.
            return Pending(remote_id=job.remote_id, wait_seconds=POLL_SECONDS, request_id=job.id)

    def check(self, remote_id: str, key: Key) -> Pending | CloudGenerationResponse:
        """Ask for the job and, when it is completed, fetch its pictures. Raises as `start`."""
        job = read_job(remote_id)
        redact = redactor(key)
        answer = self._door.read(f"{_jobs_url(job.endpoint)}/status/{job.id}", headers=_headers(key))
        if answer.status == 404:
            message = (
                f"RunPod no longer knows the job {job.id}: it keeps one for half an hour. It may have been billed."
            )
            raise OutcomeUnknown(message, request_id=job.id)
        if answer.status != 200:
            raise errors.question_error(answer.status, answer.headers, answer.body, redact=redact)
        return self._outcome(mapping(decoded(answer.body)), job, redact)

    def cancel(self, remote_id: str, key: Key) -> None:
        """Cancel the job: one in the queue is not charged, one at work may be."""
        job = read_job(remote_id)
        answer = self._door.ask("POST", f"{_jobs_url(job.endpoint)}/cancel/{job.id}", headers=_headers(key))
        if answer.status != 200:
            raise errors.question_error(answer.status, answer.headers, answer.body, redact=redactor(key))

    def validate_credentials(self, key: Key) -> str:
        """List the account's endpoints: free. Raises `Rejected` or `Busy`, never anything that may have cost."""
        answer = self._door.read(f"{_management_url()}/v2/serverless", headers=_headers(key))
        document = decoded(answer.body)
        if answer.status == 200 and (
            isinstance(document, list) or isinstance(mapping(document).get("endpoints"), list)
        ):
            found = document if isinstance(document, list) else document["endpoints"]
            return (
                f"API credentials are valid: RunPod listed {len(found)} endpoint(s) of the account, free of charge. "
                "A success does not prove that there is credit: that shows only with a job."
            )
        if answer.status == 403:
            return (
                "API credentials are valid, with limits: RunPod knows the key and does not let it see the account. "
                "It may still run the endpoints that it was made for."
            )
        if answer.status < 400 or answer.status == 404:
            message = f"The address answers (HTTP {answer.status}), but not as RunPod does. Nothing was billed."
            raise Rejected(
                "capability", message, remedy="Check RUNPOD_BASE_URL; unset, the addresses are RunPod's own."
            )
        raise errors.question_error(answer.status, answer.headers, answer.body, redact=redactor(key))

    def describe(self, model_id: str, key: Key, *, address: str = "") -> ModelEntry:
        """An endpoint by its id: that it is there. What it can do its owner says, with its workflow or input."""
        if not ENDPOINT_ID.fullmatch(model_id):
            raise Rejected("capability", f"{model_id!r} is no endpoint of RunPod: their ids are letters and digits.")
        answer = self._door.read(f"{_jobs_url(model_id)}/health", headers=_headers(key))
        if answer.status in (400, 404):
            message = f"RunPod has no endpoint {model_id!r}, or not for this key."
            raise Rejected("capability", message, remedy="Its id stands in https://console.runpod.io/serverless.")
        if answer.status != 200:
            raise errors.question_error(answer.status, answer.headers, answer.body, redact=redactor(key))
        source = f"https://console.runpod.io/serverless/user/endpoint/{model_id}"
        return ModelEntry(
            id=model_id, name=self._name(model_id, key), description=f"An own endpoint. {HOW_TO_REGISTER}",
            lifecycle=Lifecycle(source=source, read_on=_today()), capabilities=Capabilities(),
        )  # fmt: skip

    def normalise(self, request: CloudGenerationRequest, model: ModelEntry) -> tuple[CloudGenerationRequest, list[str]]:
        """As the contract says, and what this endpoint's input has a place for."""
        fitted, notes = super().normalise(request, model)
        check_wish(fitted, model)
        return fitted, notes

    def quantities(self, request: CloudGenerationRequest, model: ModelEntry) -> Quantities:
        return usage.most_units(request, model)

    def billed(self, response: CloudGenerationResponse, model: ModelEntry) -> Quantities | ReportedCost:
        return usage.reported_cost(response.usage) or dict(response.metadata["units"])

    def _entry(self, request: CloudGenerationRequest) -> ModelEntry:
        entry = self.entry_of(request)
        if entry is None:
            raise Rejected(
                "capability", f"The endpoint {request.model!r} of RunPod is not known here. Nothing was sent."
            )
        return entry

    def _outcome(self, document: Mapping[str, Any], job: Job, redact: Redact) -> Pending | CloudGenerationResponse:
        status = text(document.get("status")).upper()
        if status == "FAILED":
            raise failures.failed(document, job, redact)
        if status == "TIMED_OUT":
            raise failures.timed_out(document, job)
        if status == "CANCELLED":
            raise failures.cancelled(document, job)
        if status != "COMPLETED":
            # IN_QUEUE, IN_PROGRESS, RUNNING, and one that is not known: the hub's own deadline ends the waiting.
            return Pending(remote_id=job.remote_id, wait_seconds=POLL_SECONDS, request_id=job.id)
        if failures.error_words({"output": document.get("output")}):
            raise failures.failed(document, job, redact)
        pictures = wire.found_pictures(document.get("output"))
        if not pictures:
            raise failures.without_pictures(document, job, redact)
        files = fetch_each(pictures, lambda place: self._fetch(place) if wire.is_address(place) else wire.decode(place))
        return wire.from_output(document, files, job, redact)

    def _name(self, endpoint: str, key: Key) -> str:
        """The endpoint's own name, where the key may see it."""
        try:
            answer = self._door.read(f"{_management_url()}/v2/serverless/{endpoint}", headers=_headers(key))
        except Busy:
            return endpoint
        found = mapping(decoded(answer.body)) if answer.status == 200 else {}
        return shown(text(found.get("name")), redactor(key), 100) or endpoint


def _body(request: CloudGenerationRequest, entry: ModelEntry) -> bytes:
    body: dict[str, Any] = {"input": wire.to_input(request, entry)}
    if not usage.is_public(entry):
        # After we stopped waiting nothing shall begin that is charged by the second.
        body["policy"] = {"ttl": LONGEST_WAIT_SECONDS * 1000}
    written = orjson.dumps(body)
    if len(written) > MOST_BYTES_RUNSYNC:
        message = f"The call has {len(written):,} bytes; RunPod takes at most {MOST_BYTES_RUNSYNC:,}. Nothing was sent."
        raise Rejected("capability", message, remedy="Use fewer or smaller reference pictures.")
    return written


def _run(endpoint: str, body: bytes, key: Key) -> dict[str, Any]:
    """Address, headers and content of the call that makes a job."""
    headers = {**_headers(key), "content-type": "application/json"}
    if len(body) <= MOST_BYTES_RUN:
        return {"url": f"{_jobs_url(endpoint)}/run", "headers": headers, "content": body}
    wait = {"wait": SYNC_WAIT_MS}
    return {"url": f"{_jobs_url(endpoint)}/runsync", "headers": headers, "content": body, "params": wait}


def _base_url() -> str:
    """Read at each call, so that tests and `emulate_vendors` can point the hub elsewhere."""
    return vendor_address("RUNPOD_BASE_URL", "")


def _jobs_url(endpoint: str) -> str:
    return f"{_base_url() or JOBS_URL}/v2/{endpoint}"


def _management_url() -> str:
    base = _base_url()
    return f"{base}/management" if base else MANAGEMENT_URL


def _headers(key: Key) -> dict[str, str]:
    secret = header_secret(key, missing=NO_KEY, make=MAKE_KEY, check=errors.CHECK_KEY)
    return {"Authorization": f"Bearer {secret}"}


def _today() -> date:
    return datetime.now(UTC).date()
