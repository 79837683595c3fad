"""The vendor adobe-firefly: addresses, tokens, uploads and calls. What is in a body is `wire`'s business."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

from providers.base import (
    Busy,
    CloudGenerationRequest,
    CloudGenerationResponse,
    InputImage,
    InvalidField,
    Key,
    KeyForm,
    Limit,
    ModelEntry,
    Pending,
    Picture,
    Provider,
    Quantities,
    Rejected,
)
from providers.catalogue import read_catalog, read_privacy_note
from providers.firefly import errors, ims, wire
from providers.guarded import fetch_result
from providers.http import Answer, Door, vendor_address
from providers.pictures import UnreadablePicture, read_picture
from providers.reading import Redact, items, kept, mapping, redactor, seconds_to_wait, text
from providers.results import fetch_each

DEFAULT_BASE_URL = "https://firefly-api.adobe.io"
USAGE_NOTES = "https://developer.adobe.com/firefly-services/docs/firefly-api/getting-started/usage-notes/"
READ_SECONDS = 60
# Adobe's usual contract, by its usage notes: uploads and questions about jobs count as submissions do.
REQUESTS_A_MINUTE, REQUESTS_A_DAY = 4, 9000
# Two uploads, the submission and the first question.
REQUESTS_A_JOB = 4
# Adobe's own Retry-After shortens or lengthens these. Most jobs are done at the first question; the second one comes
# when the minute of the submission is over.
FIRST_WAIT_SECONDS, LATER_WAIT_SECONDS = 15.0, 45.0
KEY_WORKS = (
    "API credentials are valid: Adobe gave a token for them, free of charge. A success does not prove that you can "
    "generate: the contract and the project's product profile show only then."
)
_LOCALE = re.compile(r"[a-z]{2}-[A-Z]{2}")
Call = Callable[[str], Answer]


class Firefly(Provider):
    """Adobe's image models by asynchronous jobs. `transport` is for tests.

    `prepare` fetches the token and uploads the reference pictures, `start` submits the job, `check` asks for it and
    fetches the pictures. Adobe limits an organisation to 4 requests a minute, uploads and questions included, and lanes
    count submissions: one job a minute, of up to four pictures, is what surely fits. An owner whose contract gives
    more sets the lane's limits.
    """

    id = "adobe-firefly"
    label = "Adobe Firefly"
    error_prefix = "Firefly API"
    key_forms = (
        KeyForm(name="client", required=(ims.CLIENT_ID, ims.CLIENT_SECRET), public=(ims.CLIENT_ID,), help=ims.MAKE_KEY),
    )
    key_help = ims.MAKE_KEY
    address_variables = ("FIREFLY_BASE_URL", "FIREFLY_IMS_URL")
    status_by_id = True
    can_cancel = True
    result_seconds = 3600
    limits = (
        Limit(kind="requests", count=REQUESTS_A_MINUTE // REQUESTS_A_JOB, seconds=60, source=USAGE_NOTES),
        Limit(kind="requests", count=REQUESTS_A_DAY // REQUESTS_A_JOB, seconds=86_400, source=USAGE_NOTES),
    )
    models = read_catalog(Path(__file__).with_name("catalog.toml"))
    privacy = read_privacy_note(Path(__file__).with_name("catalog.toml"))

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        self._door = Door(self.error_prefix, read_seconds=READ_SECONDS, transport=transport)
        self._tokens = ims.Tokens(Door("Adobe IMS", transport=transport))

    def prepare(self, request: CloudGenerationRequest, key: Key) -> CloudGenerationRequest:
        """Fetch the token where none is kept, and upload pictures and mask, whose ids live for seven days."""
        kept_token = self._tokens.known(key)
        self._tokens.get(key)
        uploads = [self._upload(image, key) for image in wire.files(request)]
        token = self._tokens.get(key)
        return replace(request, prepared={"token": token, "is_fresh": token != kept_token, "uploads": uploads})

    def start(self, request: CloudGenerationRequest, key: Key) -> Pending:
        """Submit the job. Raises `Rejected`, `Busy` or `OutcomeUnknown`.

        A 401 with a token that was kept is about the token, which Adobe may end early: the next attempt brings a new
        one. With a token of a moment ago it is about the credentials.
        """
        entry = self.entry_of(request)
        if entry is None:
            offer = ", ".join(known.id for known in self.models)
            raise Rejected(
                "capability", f"Adobe Firefly has no model {request.model!r}; it has {offer}. Nothing was sent."
            )
        token = str(request.prepared.get("token", ""))
        body = wire.to_body(request, entry, request.prepared.get("uploads", ()))
        headers = _headers(key, token) | ({} if wire.fills(entry) else {"x-model-version": entry.id})
        answer = self._door.submit(
            "POST", f"{_base_url()}{entry.capabilities.facts['path']}", headers=headers, json=body
        )
        redact, request_id = redactor(key, token), answer.headers.get("x-request-id", "")
        if answer.status not in (200, 201, 202):
            if answer.status == 401:
                self._tokens.forget(key, token)
                if not request.prepared.get("is_fresh"):
                    raise errors.stale_token(_json(answer), redact, request_id)
            waits = answer.headers.get("retry-after")
            raise errors.http_error(answer.status, _json(answer), redact, retry_after=waits, request_id=request_id)
        job = wire.read_submission(_json(answer), base=_base_url(), pictures=request.num_images, model=entry.id)
        return Pending(remote_id=job.text, wait_seconds=_wait(answer, FIRST_WAIT_SECONDS), request_id=job.id)

    def check(self, remote_id: str, key: Key) -> Pending | CloudGenerationResponse:
        """Ask for the job once, and fetch its pictures when it is done. Raises as `start`."""
        job = wire.job_of_text(remote_id)
        # The base address may be another one than when the job was taken.
        status = wire.trusted(job.status, _base_url(), job.id, "status")
        answer, redact = self._ask_about_job(key, lambda token: self._door.read(status, headers=_headers(key, token)))
        if answer.status not in (200, 202):
            waits = answer.headers.get("retry-after")
            raise errors.read_failure(answer.status, _json(answer), redact, retry_after=waits)
        document = mapping(_json(answer))
        outcome = wire.outcome(document)
        if outcome == "failed":
            raise errors.failed_job(document, job.pictures, redact, job.id)
        if outcome == "cancelled":
            raise errors.cancelled_job(job.pictures, job.id)
        if outcome == "working":
            return Pending(remote_id=remote_id, wait_seconds=_wait(answer, LATER_WAIT_SECONDS), request_id=job.id)
        return _response(document, job, redact)

    def cancel(self, remote_id: str, key: Key) -> None:
        """PUT to the job's own address; whether a cancelled job counts is not documented."""
        job = wire.job_of_text(remote_id)
        address = wire.trusted(job.cancel, _base_url(), job.id, "cancel")
        answer, redact = self._ask_about_job(
            key, lambda token: self._door.ask("PUT", address, headers=_headers(key, token))
        )
        if answer.status >= 300:
            raise errors.read_failure(answer.status, _json(answer), redact)

    def validate_credentials(self, key: Key) -> str:
        """Fetch a fresh token: free. There is no free call to Firefly itself."""
        self._tokens.get(key, fresh=True)
        return KEY_WORKS

    def normalise(self, request: CloudGenerationRequest, model: ModelEntry) -> tuple[CloudGenerationRequest, list[str]]:
        """As the contract says; Image 5 keeps the shape of the picture that it edits."""
        fitted, notes = super().normalise(request, model)
        problems = {}
        longest = model.capabilities.facts.get("longest_negative", 0)
        if len(request.negative_prompt or "") > longest:
            problems["negative_prompt"] = f"{model.name} takes at most {longest} characters."
        if not _LOCALE.fullmatch(str(request.options.get("locale", "en-US"))):
            problems["options.locale"] = "A locale is a language and a region, such as en-US."
        for name in ("use_picture_as", "reference_strength"):
            if name in request.options and not request.input_images:
                problems[f"options.{name}"] = "This is about a reference picture; add one."
        if problems:
            raise InvalidField(problems)
        if fitted.input_images and fitted.aspect_ratio and wire.speaks_v4(model):
            notes.append(
                f"{model.name} keeps the shape of the picture that it edits: {fitted.aspect_ratio} is not sent."
            )
            fitted = replace(fitted, aspect_ratio=None)
        return fitted, notes

    def quantities(self, request: CloudGenerationRequest, model: ModelEntry) -> Quantities:
        return {"image": request.num_images}

    def billed(self, response: CloudGenerationResponse, model: ModelEntry) -> Quantities:
        return {"image": int(response.usage["image"])}

    def _upload(self, image: InputImage, key: Key) -> str:
        """Store a reference picture at Adobe, free of charge; its id."""
        url = f"{_base_url()}/v2/storage/image"
        answer, redact = self._ask_with_token(
            key,
            lambda token: self._door.ask(
                "POST", url, headers=_headers(key, token) | {"Content-Type": image.mime_type}, content=image.data,
                seconds=READ_SECONDS,
            ),
        )  # fmt: skip
        document = _json(answer)
        ids = [text(item.get("id")) for item in items(mapping(document).get("images"))]
        if answer.status in (200, 201) and ids and ids[0]:
            return ids[0]
        if answer.status < 400 or answer.status >= 500 or answer.status == 408:
            message = errors.sentence(answer.status, "The reference picture could not be stored", errors.NOT_BILLED)
            raise Busy("provider_5xx", message, remedy="Try again in a minute.")
        raise errors.http_error(answer.status, document, redact, retry_after=answer.headers.get("retry-after"))

    def _ask_about_job(self, key: Key, call: Call) -> tuple[Answer, Redact]:
        """As `_ask_with_token`. What refuses the question, such as IMS the token, says nothing of the job."""
        try:
            return self._ask_with_token(key, call)
        except Rejected as error:
            reason = error.message.removesuffix(" Nothing was billed.")
            message = f"Adobe has the job and could not be asked for it. {reason} It is asked again."
            raise Busy("provider_5xx", message, retry_after=FIRST_WAIT_SECONDS, remedy=error.remedy) from error

    def _ask_with_token(self, key: Key, call: Call) -> tuple[Answer, Redact]:
        """A free call with a token, and once more with a fresh one where Adobe does not accept it."""
        token = self._tokens.get(key)
        answer = call(token)
        if answer.status == 401:
            self._tokens.forget(key, token)
            token = self._tokens.get(key)
            answer = call(token)
        return answer, redactor(key, token)


def _base_url() -> str:
    return vendor_address("FIREFLY_BASE_URL", DEFAULT_BASE_URL)


def _headers(key: Key, token: str) -> dict[str, str]:
    client_id, _ = ims.credentials(key)
    return {"Authorization": f"Bearer {token}", "x-api-key": client_id, "Accept": "application/json"}


def _wait(answer: Answer, usual: float) -> float:
    return seconds_to_wait(answer.headers.get("retry-after"), usual)


def _json(answer: Answer) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


def _response(document: dict[str, Any], job: wire.Job, redact: Redact) -> CloudGenerationResponse:
    """The pictures of a job that succeeded, fetched without the token.

    Raises `Rejected` when none can be read, `Busy` and `OutcomeUnknown` as `fetch_each`.
    """
    images: list[bytes] = []
    pictures: list[Picture] = []
    outputs = wire.outputs(document)
    for output, data in zip(outputs, fetch_each(outputs, lambda output: fetch_result(output.url)), strict=True):
        try:
            picture = read_picture(data, seed=output.seed)
        except UnreadablePicture:
            continue
        images.append(data)
        pictures.append(picture)
    if not images:
        message = "Firefly API: The job succeeded and holds no readable picture. It is booked as counted."
        raise Rejected("invalid_output", message, request_id=job.id, billed={"image": job.pictures})
    return CloudGenerationResponse(
        images=images, pictures=tuple(pictures), metadata=kept(wire.remarks(document, job.model), redact),
        provider_response=kept(document, redact), usage={"image": job.pictures}, request_id=job.id,
    )  # fmt: skip
