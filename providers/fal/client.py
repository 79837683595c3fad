"""The vendor fal: addresses, headers and calls. What is in a body is `wire`'s business.

https://fal.ai/docs/api-reference/inference-api: a wish goes into the queue (FAL_QUEUE_BASE_URL); its state and
result are asked for at the addresses that the answer names. The platform API (FAL_API_BASE_URL, without /v1) describes
endpoints and reads the account. By default fal tries a failed request up to ten times and may send it to another
endpoint; both are switched off for every wish, as is the keeping of pictures for ever
(https://fal.ai/docs/documentation/model-apis/common-parameters.md).
"""

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx

from providers.base import (
    Busy,
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
)
from providers.catalogue import read_catalog, read_privacy_note
from providers.fal import abilities, errors, schema, usage, wire
from providers.fal.job import Job, new_job, read_job
from providers.guarded import fetch_result
from providers.http import Answer, Door, header_secret, vendor_address
from providers.reading import Redact, items, mapping, redactor, shown, text
from providers.results import fetch_each

CATALOG = Path(__file__).with_name("catalog.toml")
QUEUE_URL, PLATFORM_URL = "https://queue.fal.run", "https://api.fal.ai"
READ_SECONDS = 60
POLL_SECONDS = 1.0
# A request that no runner has begun by then is ended by fal, without charge.
START_SECONDS = 600.0
RESULT_SECONDS = 24 * 3600
NO_KEY = "API key not found for fal. Please set FAL_KEY in .env file or environment variables."
MAKE_KEY = (
    f"Make a key with the scope API in {errors.KEYS_PAGE}, put it into .env as FAL_KEY=… and start the hub again. "
    f"Calls need credit: {errors.BILLING_PAGE}."
)
LIMITS_PAGE = "https://fal.ai/docs/documentation/model-apis/faq.md"
_ENDPOINT = re.compile(r"\w[\w.-]*(?:/\w[\w.-]*){1,6}", re.ASCII)


class Fal(Provider):
    """Any image endpoint of fal by its id. `transport` and `fetch` are for tests."""

    id = "fal"
    label = "fal"
    error_prefix = "fal API"
    key_variables = ("FAL_KEY",)
    key_help = MAKE_KEY
    address_variables = ("FAL_QUEUE_BASE_URL", "FAL_API_BASE_URL")
    longest_wait_seconds = int(START_SECONDS) + 300
    status_by_id = True
    can_cancel = True
    billed_on_filter = "unknown"
    billed_on_cancel = "unknown"
    # The queue goes on with a request whether we wait or not.
    billed_on_timeout = "yes"
    result_seconds = RESULT_SECONDS
    # More is taken and waits in the queue, which no second call of ours makes quicker.
    limits = (Limit(kind="parallel", count=40, source=LIMITS_PAGE),)
    open_catalogue = True
    models = read_catalog(CATALOG)
    privacy = read_privacy_note(CATALOG)

    def __init__(
        self, transport: httpx.BaseTransport | None = None, *, fetch: Callable[[str], bytes] = fetch_result
    ) -> None:
        self._door = Door(self.error_prefix, read_seconds=READ_SECONDS, transport=transport)
        self._fetch = fetch

    def start(self, request: CloudGenerationRequest, key: Key) -> Pending:
        """Put a wish into the queue. Raises `Rejected`, `Busy` or `OutcomeUnknown`."""
        entry = self._entry(request)
        headers = {**_headers(key), **_wish_headers()}
        url = f"{_queue_url()}/{entry.id}"
        answer = self._door.submit("POST", url, headers=headers, json=wire.to_input(request, entry))
        if answer.status not in (200, 201, 202):
            raise errors.submit_error(answer.status, answer.headers, answer.body, model=entry, redact=redactor(key))
        document = _document(answer)
        if not document:
            raise OutcomeUnknown("fal API answered with something that is not JSON. It may have been billed.")
        job = new_job(document, entry.id, self.quantities(request, entry), request.num_images)
        return _later(job)

    def check(self, remote_id: str, key: Key) -> Pending | CloudGenerationResponse:
        """Ask how the request stands and, when it is done, for its result and pictures. Raises as `start`."""
        job, redact = read_job(remote_id), redactor(key)
        answer = self._door.read(job.address("status", _queue_url()), headers=_headers(key))
        if answer.status == 404:
            raise _forgotten(job)
        if answer.status not in (200, 202):
            raise errors.job_error(answer.status, answer.headers, answer.body, redact=redact)
        progress = _document(answer)
        if not progress:
            raise Busy("provider_5xx", "fal answered with something that is not JSON; it is asked again.")
        if text(progress.get("status")) != "COMPLETED":
            # Also a state that is not known: the hub's own deadline ends the waiting.
            return _later(job)
        result = self._door.read(job.address("response", _queue_url()), headers=_headers(key))
        return self._result(result, progress, job, redact)

    def cancel(self, remote_id: str, key: Key) -> None:
        """Take the request out of the queue, or tell its runner to stop, which the model may or may not do."""
        job = read_job(remote_id)
        answer = self._door.ask("PUT", job.address("cancel", _queue_url()), headers=_headers(key))
        # 400: it has ended already. 404: fal does not know it any more.
        if answer.status not in (200, 202, 204, 400, 404):
            raise errors.question_error(answer.status, answer.headers, answer.body, redact=redactor(key))

    def validate_credentials(self, key: Key) -> str:
        """Read the account: free. A key without the scope for it is answered with 403 and is valid all the same."""
        url = f"{_platform_url()}/v1/account/billing"
        answer = self._door.read(url, headers=_headers(key), params={"expand": "credits"})
        account, redact = _document(answer), redactor(key)
        proof = "A success does not prove that there is credit: that shows only with a picture."
        if answer.status == 200 and text(account.get("username")):
            name = shown(text(account.get("username")), redact, 100)
            return f"API credentials are valid: fal named the account {name}, free of charge. {proof}"
        if answer.status == 403:
            return f"API credentials are valid: fal knows the key, which may not read the account. {proof}"
        if answer.status < 400 or answer.status == 404:
            message = f"The address answers (HTTP {answer.status}), but not as fal does. Nothing was billed."
            raise Rejected("capability", message, remedy="Check FAL_API_BASE_URL; unset, it is fal's own.")
        raise errors.question_error(answer.status, answer.headers, answer.body, redact=redact)

    def describe(self, model_id: str, key: Key, *, address: str = "") -> ModelEntry:
        """Any image endpoint, as its own schema describes it: which input is what, with which limits.

        The price stays open: fal's list names one unit price, and an endpoint's page several that depend on the wish.
        """
        if not _ENDPOINT.fullmatch(model_id):
            raise Rejected("capability", f"{model_id!r} is no endpoint of fal: they are called owner/app/path.")
        model = self._read_model(model_id, key)
        document, facts = model.get("openapi"), mapping(model.get("metadata"))
        try:
            if not schema.gives_pictures(document):
                raise abilities.Unsuitable("Its result holds no pictures.")
            able = abilities.read_abilities(schema.read_fields(document, model_id), model_id)
        except abilities.Unsuitable as error:
            message = f"fal's {model_id} cannot be used as an image model. {error}"
            raise Rejected("capability", message, remedy="Choose one that makes pictures from a prompt.") from error
        note = "fal calls it deprecated." if facts.get("status") == "deprecated" else ""
        return ModelEntry(
            id=model_id, name=shown(text(facts.get("display_name")), redactor(key), 100) or model_id,
            description=shown(text(facts.get("description")), redactor(key)), capabilities=able,
            lifecycle=Lifecycle(source=f"https://fal.ai/models/{model_id}", read_on=_today(), note=note),
        )  # fmt: skip

    def normalise(self, request: CloudGenerationRequest, model: ModelEntry) -> tuple[CloudGenerationRequest, list[str]]:
        """As the contract says, and what this endpoint asks for besides."""
        fitted, notes = super().normalise(request, model)
        wire.check_wish(fitted, model)
        return fitted, notes

    def quantities(self, request: CloudGenerationRequest, model: ModelEntry) -> Quantities:
        return usage.most_units(request, model)

    def billed(self, response: CloudGenerationResponse, model: ModelEntry) -> Quantities:
        return dict(response.metadata["units"])

    def _entry(self, request: CloudGenerationRequest) -> ModelEntry:
        entry = self.entry_of(request)
        if entry is None:
            raise Rejected("capability", f"The model {request.model!r} of fal is not known here. Nothing was sent.")
        return entry

    def _result(self, answer: Answer, progress: dict[str, Any], job: Job, redact: Redact) -> CloudGenerationResponse:
        if answer.status != 200:
            if errors.tells_of_the_request(answer.status, answer.headers, answer.body, progress):
                raise errors.request_failed(
                    answer.status, answer.headers, answer.body, progress, job, redact=redact
                )  # fmt: skip
            if answer.status == 404:
                raise _forgotten(job)
            raise errors.job_error(answer.status, answer.headers, answer.body, redact=redact)
        output = _document(answer)
        if not output:
            raise Busy("provider_5xx", "fal gave a result that is not JSON; it is asked again.")
        addresses = wire.addresses_in(output)
        if not addresses and (progress.get("error") or progress.get("error_type")):
            raise errors.request_failed(0, answer.headers, answer.body, progress, job, redact=redact)
        flags = wire.flags_of(output, len(addresses))
        shown_ones = [place for place, flagged in zip(addresses, flags, strict=True) if not flagged]
        files = fetch_each(shown_ones, self._file)
        return wire.from_result(output, files, job, usage.billable_units(answer.headers), redact)

    def _file(self, address: str) -> bytes:
        """Results lie at open addresses: fetched by the guarded door, without the key."""
        return wire.decode_data_uri(address) if address.startswith("data:") else self._fetch(address)

    def _read_model(self, model_id: str, key: Key) -> dict[str, Any]:
        query = {"endpoint_id": model_id, "expand": "openapi-3.0"}
        answer = self._door.read(f"{_platform_url()}/v1/models", headers=_headers(key), params=query)
        listed = items(_document(answer).get("models"))
        found = next((one for one in listed if one.get("endpoint_id") == model_id), None)
        if answer.status == 404 or (answer.status == 200 and found is None):
            message = f"fal has no endpoint {model_id!r}, or does not show it to this key."
            raise Rejected("capability", message, remedy="Look for it in https://fal.ai/models.")
        if answer.status != 200 or found is None:
            raise errors.question_error(answer.status, answer.headers, answer.body, redact=redactor(key))
        return found


def _later(job: Job) -> Pending:
    return Pending(remote_id=job.remote_id, wait_seconds=POLL_SECONDS, request_id=job.id)


def _forgotten(job: Job) -> OutcomeUnknown:
    message = f"fal no longer knows the request {job.id}. It may have been carried out and billed."
    return OutcomeUnknown(message, request_id=job.id)


def _queue_url() -> str:
    """Read at each call, so that tests and `emulate_vendors` can point the hub elsewhere."""
    return vendor_address("FAL_QUEUE_BASE_URL", QUEUE_URL)


def _platform_url() -> str:
    return vendor_address("FAL_API_BASE_URL", PLATFORM_URL)


def _headers(key: Key) -> dict[str, str]:
    secret = header_secret(key, missing=NO_KEY, make=MAKE_KEY, check=errors.CHECK_KEY)
    return {"Authorization": f"Key {secret}"}


def _wish_headers() -> dict[str, str]:
    """No second try, no other endpoint, pictures for a day only, and an end of the waiting in the queue."""
    return {
        "X-Fal-No-Retry": "1",
        "x-app-fal-disable-fallback": "1",
        "X-Fal-Object-Lifecycle-Preference": json.dumps({"expiration_duration_seconds": RESULT_SECONDS}),
        "X-Fal-Request-Timeout": str(START_SECONDS),
    }


def _document(answer: Answer) -> dict[str, Any]:
    try:
        return mapping(answer.json())
    except ValueError:
        return {}


def _today() -> date:
    return datetime.now(UTC).date()
