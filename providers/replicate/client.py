"""The vendor replicate: addresses, headers and calls. What is in a body is `wire`'s business.

https://replicate.com/docs/reference/http. REPLICATE_BASE_URL is the address without a version, as the official SDK has
it. Every prediction is made with `Prefer: wait`, so that a quick one is answered at once, and with `Cancel-After`, so
that nothing is worked on, and charged, after we stopped waiting.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

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
    ProviderError,
    Quantities,
    Rejected,
)
from providers.catalogue import read_catalog, read_privacy_note
from providers.guarded import fetch_result
from providers.http import Answer, Door, header_secret, vendor_address
from providers.reading import Redact, mapping, shown, text
from providers.replicate import abilities, errors, failures, schema, usage, wire
from providers.replicate.checks import check_wish
from providers.replicate.job import Job, is_official, new_job, read_job
from providers.replicate.reading import redactor
from providers.results import fetch_each

CATALOG = Path(__file__).with_name("catalog.toml")
DEFAULT_BASE_URL = "https://api.replicate.com"
# Long enough for the quick models; while we wait we do not know the prediction's id: a crash would lose it, and nobody
# can cancel.
WAIT_SECONDS = 5
READ_SECONDS = 75
# Models that are not kept warm need minutes to start.
DEADLINE_SECONDS = 900
POLL_SECONDS = 1.0
UPLOAD_SECONDS = 120.0
ENDED_BADLY = ("failed", "canceled", "aborted")
NO_KEY = "API key not found for replicate. Please set REPLICATE_API_TOKEN in .env file or environment variables."
MAKE_KEY = (
    f"Make a token in {errors.TOKENS_PAGE}, put it into .env as REPLICATE_API_TOKEN=… and start the hub again. Tokens "
    f"begin with r8_. Predictions need credit: {errors.BILLING_PAGE}."
)
LIMITS_PAGE = "https://replicate.com/docs/topics/predictions/rate-limits"
_MODEL_ID = re.compile(r"(?P<owner>\w[\w.-]*)/(?P<name>\w[\w.-]*)(?::(?P<version>[0-9a-f]{64}))?", re.ASCII)


class Replicate(Provider):
    """Any image model at Replicate by `owner/name` or `owner/name:version`. `transport` is for tests."""

    id = "replicate"
    label = "Replicate"
    error_prefix = "Replicate API"
    key_variables = ("REPLICATE_API_TOKEN",)
    key_help = MAKE_KEY
    address_variables = ("REPLICATE_BASE_URL",)
    longest_wait_seconds = DEADLINE_SECONDS + 60
    status_by_id = True
    can_cancel = True
    billed_on_filter = "unknown"
    billed_on_cancel = "yes"
    # The deadline ends the prediction, which is then canceled and charged.
    billed_on_timeout = "yes"
    result_seconds = 3600
    limits = (Limit(kind="requests", count=600, seconds=60, source=LIMITS_PAGE),)
    open_catalogue = True
    models = read_catalog(CATALOG)
    privacy = read_privacy_note(CATALOG)

    def __init__(
        self, transport: httpx.BaseTransport | None = None, *, fetch: Callable[[str], bytes] = fetch_result
    ) -> None:
        self._door = Door(self.error_prefix, read_seconds=READ_SECONDS, transport=transport)
        self._fetch = fetch

    def prepare(self, request: CloudGenerationRequest, key: Key) -> CloudGenerationRequest:
        """Upload the reference pictures that are too large for a data URI; uploads are free and kept for a day."""
        entry = self._entry(request)
        files = wire.files_of(request, entry)
        if all(len(file.data) <= wire.LARGEST_DATA_URI for file in files):
            return request
        addresses = [
            file.data_uri if len(file.data) <= wire.LARGEST_DATA_URI else self._upload(file, key) for file in files
        ]
        return wire.with_files(request, addresses)

    def start(self, request: CloudGenerationRequest, key: Key) -> Pending | CloudGenerationResponse:
        """Make a prediction. Raises `Rejected`, `Busy` or `OutcomeUnknown`."""
        entry = self._entry(request)
        redact = redactor(key)
        url, body = _create(request, entry)
        headers = {**_headers(key), "Prefer": f"wait={WAIT_SECONDS}", "Cancel-After": f"{DEADLINE_SECONDS}s"}
        answer = self._door.submit("POST", url, headers=headers, json=body)
        if answer.status not in (200, 201, 202):
            raise errors.http_error(answer.status, answer.headers, answer.body, model=entry, redact=redact)
        prediction = _document(answer)
        if not prediction:
            raise OutcomeUnknown("Replicate API answered with something that is not JSON. It may have been billed.")
        job = new_job(text(prediction.get("id")), request, entry, self.quantities(request, entry))
        later = Pending(remote_id=job.remote_id, wait_seconds=POLL_SECONDS, request_id=job.id)
        try:
            return self._outcome(prediction, job, redact)
        except (Busy, OutcomeUnknown):
            # The prediction is made and its id known: what could not be fetched now is fetched in `check`.
            return later

    def check(self, remote_id: str, key: Key) -> Pending | CloudGenerationResponse:
        """Ask for the prediction and, when it succeeded, fetch its pictures. Raises as `start`."""
        job = read_job(remote_id)
        redact = redactor(key)
        answer = self._door.read(f"{_base_url()}/v1/predictions/{job.id}", headers=_headers(key))
        if answer.status == 404:
            message = f"Replicate no longer knows the prediction {job.id}. It may have been carried out and billed."
            raise OutcomeUnknown(message, request_id=job.id)
        if answer.status != 200:
            raise errors.job_error(answer.status, answer.headers, answer.body, redact=redact)
        return self._outcome(_document(answer), job, redact)

    def cancel(self, remote_id: str, key: Key) -> None:
        """Cancel the prediction. Replicate charges cancelled predictions of public models."""
        job = read_job(remote_id)
        url = f"{_base_url()}/v1/predictions/{job.id}/cancel"
        answer = self._door.ask("POST", url, headers=_headers(key))
        if answer.status not in (200, 201, 202, 204):
            raise errors.question_error(answer.status, answer.headers, answer.body, redact=redactor(key))

    def validate_credentials(self, key: Key) -> str:
        """Read the account: free. Raises `Rejected` or `Busy`, never anything that may have cost."""
        answer = self._door.read(f"{_base_url()}/v1/account", headers=_headers(key))
        account = _document(answer)
        if answer.status == 200 and (text(account.get("username")) or text(account.get("type"))):
            name = shown(text(account.get("username")), redactor(key), 100)
            return (
                f"API credentials are valid: Replicate named the account {name}, free of charge. "
                "A success does not prove that there is credit: that shows only with a prediction."
            )
        if answer.status < 400 or answer.status == 404:
            message = f"The address answers (HTTP {answer.status}), but not as Replicate does. Nothing was billed."
            raise Rejected("capability", message, remedy="Check REPLICATE_BASE_URL; unset, it is Replicate's own.")
        raise errors.question_error(answer.status, answer.headers, answer.body, redact=redactor(key))

    def describe(self, model_id: str, key: Key, *, address: str = "") -> ModelEntry:
        """Any image model, as its own schema describes it: which input is what, with which limits."""
        named = _MODEL_ID.fullmatch(model_id)
        if named is None:
            raise Rejected("capability", f"{model_id!r} is no model of Replicate: they are called owner/name.")
        path = f"/v1/models/{quote(named['owner'])}/{quote(named['name'])}"
        model = self._read_model(path, model_id, key)
        version = mapping(model.get("latest_version"))
        if named["version"]:
            version = self._read_model(f"{path}/versions/{named['version']}", model_id, key)
        document = version.get("openapi_schema")
        official = model.get("is_official") is True and not named["version"]
        try:
            if not schema.gives_files(document):
                raise abilities.Unsuitable("Its output is no file.")
            able = abilities.read_abilities(
                schema.read_fields(document), official=official, version=text(version.get("id"))
            )
        except abilities.Unsuitable as error:
            message = f"Replicate's {model_id} cannot be used as an image model. {error}"
            raise Rejected("capability", message, remedy="Choose a model that makes pictures from a prompt.") from error
        life = Lifecycle(source=f"https://replicate.com/{named['owner']}/{named['name']}", read_on=_today())
        description = shown(text(model.get("description")), redactor(key))
        return ModelEntry(
            id=model_id, name=named["name"], description=description, lifecycle=life, capabilities=able
        )  # fmt: skip

    def normalise(self, request: CloudGenerationRequest, model: ModelEntry) -> tuple[CloudGenerationRequest, list[str]]:
        """As the contract says, and what this model asks for besides."""
        fitted, notes = super().normalise(request, model)
        check_wish(fitted, model)
        return fitted, notes

    def quantities(self, request: CloudGenerationRequest, model: ModelEntry) -> Quantities:
        return usage.most_units(request, model)

    def billed(self, response: CloudGenerationResponse, model: ModelEntry) -> Quantities:
        return dict(response.metadata["units"])

    def _entry(self, request: CloudGenerationRequest) -> ModelEntry:
        entry = self.entry_of(request)
        if entry is None:
            raise Rejected(
                "capability", f"The model {request.model!r} of Replicate is not known here. Nothing was sent."
            )
        return entry

    def _outcome(self, prediction: dict[str, Any], job: Job, redact: Redact) -> Pending | CloudGenerationResponse:
        status = text(prediction.get("status"))
        if status in ENDED_BADLY:
            raise failures.ended_badly(prediction, job, redact)
        if status != "succeeded":
            # Also a status that is not known: the hub's own deadline ends the waiting.
            return Pending(remote_id=job.remote_id, wait_seconds=POLL_SECONDS, request_id=job.id)
        addresses = wire.addresses_in(prediction)
        if not addresses:
            raise failures.without_pictures(prediction, job)
        files = fetch_each(
            addresses,
            lambda place: wire.decode_data_uri(place) if place.startswith("data:") else self._fetch(place),
        )
        return wire.from_prediction(prediction, files, job, redact)

    def _upload(self, file: wire.File, key: Key) -> str:
        """https://replicate.com/docs/reference/http#files.create: free, at most 100 MB."""
        name = f"picture.{file.mime_type.removeprefix('image/')}"
        answer = self._door.ask(
            "POST", f"{_base_url()}/v1/files", headers=_headers(key), seconds=UPLOAD_SECONDS,
            files={"content": (name, file.data, file.mime_type)},
        )  # fmt: skip
        address = text(mapping(_document(answer).get("urls")).get("get"))
        if answer.status in (200, 201) and address:
            return address
        error: ProviderError = errors.question_error(answer.status, answer.headers, answer.body, redact=redactor(key))
        raise error

    def _read_model(self, path: str, model_id: str, key: Key) -> dict[str, Any]:
        answer = self._door.read(f"{_base_url()}{path}", headers=_headers(key))
        if answer.status == 404:
            message = f"Replicate has no model {model_id!r}, or does not show it to this token."
            raise Rejected("capability", message, remedy="Look for it in https://replicate.com/explore.")
        if answer.status != 200:
            raise errors.question_error(answer.status, answer.headers, answer.body, redact=redactor(key))
        return _document(answer)


def _create(request: CloudGenerationRequest, entry: ModelEntry) -> tuple[str, dict[str, Any]]:
    """Address and body: official models by owner and name, others by their version."""
    body = {"input": wire.to_input(request, entry)}
    if is_official(entry):
        return f"{_base_url()}/v1/models/{quote(entry.id)}/predictions", body
    version = text(entry.capabilities.facts.get("version")) or entry.id
    return f"{_base_url()}/v1/predictions", {"version": version, **body}


def _base_url() -> str:
    return vendor_address("REPLICATE_BASE_URL", DEFAULT_BASE_URL)


def _headers(key: Key) -> dict[str, str]:
    secret = header_secret(key, missing=NO_KEY, make=MAKE_KEY, check=errors.CHECK_TOKEN)
    return {"Authorization": f"Bearer {secret}"}


def _document(answer: Answer) -> dict[str, Any]:
    try:
        return mapping(answer.json())
    except ValueError:
        return {}


def _today() -> date:
    return datetime.now(UTC).date()
