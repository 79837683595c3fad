"""The vendor Amazon Bedrock: calls to Stability's models there. What is in a body or an answer is `wire`'s business.

Amazon's own image models are gone and not built: Nova Canvas since 2026-09-30, Titan Image Generator v2 since
2026-06-30 (https://docs.aws.amazon.com/bedrock/latest/userguide/model-lifecycle.html); catalog.toml names what to use
instead. AWS lists models at another address than it draws at; a gateway at BEDROCK_BASE_URL has to serve both.
"""

import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson

from providers.base import (
    Busy,
    CloudGenerationRequest,
    CloudGenerationResponse,
    InvalidField,
    Key,
    Lifecycle,
    ModelEntry,
    Pending,
    Provider,
    Quantities,
    Rejected,
)
from providers.bedrock import access, errors, fitting, wire
from providers.bedrock.services import SERVICES
from providers.catalogue import read_catalog, read_privacy_note
from providers.http import Answer, Door
from providers.reading import items, mapping, pause_of, redactor, text

CATALOG = Path(__file__).with_name("catalog.toml")
# No page names the models' time-out (ModelTimeoutException); the slowest are the upscalers and Ultra.
READ_SECONDS = 300
# The most that InvokeModel takes: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html
LARGEST_BODY = 25_000_000
LISTS = "https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListFoundationModels.html"


class Bedrock(Provider):
    """Stability AI's models on Amazon Bedrock by InvokeModel, one picture a call. `transport` is for tests."""

    id = "amazon-bedrock"
    label = "Amazon Bedrock"
    error_prefix = "Bedrock API"
    key_forms = (access.BEARER_FORM, access.ACCESS_FORM)
    key_help = access.MAKE_KEY
    address_variables = (access.ADDRESS_VARIABLE,)
    longest_wait_seconds = 600
    # No page says that a withheld picture or a call that was given up is free; a call cannot be stopped or asked for.
    billed_on_filter = "unknown"
    billed_on_cancel = "yes"
    billed_on_timeout = "unknown"
    models = read_catalog(CATALOG)
    privacy = read_privacy_note(CATALOG)
    retired: Mapping[str, Lifecycle] = {
        name: Lifecycle(**facts) for name, facts in tomllib.loads(CATALOG.read_text("utf-8"))["retired"].items()
    }

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        self._door = Door(self.error_prefix, read_seconds=READ_SECONDS, transport=transport)

    def start(self, request: CloudGenerationRequest, key: Key) -> Pending | CloudGenerationResponse:
        """Invoke the model, once. Raises `Rejected`, `Busy` or `OutcomeUnknown`."""
        entry = self.entry_of(request)
        if entry is None or entry.id not in SERVICES:
            raise self._unknown_model(request.model)
        body = orjson.dumps(wire.to_body(request, entry, SERVICES[entry.id]))
        if len(body) > LARGEST_BODY:
            message = "The pictures are too large: Bedrock takes 25 MB a call, written as base64. Nothing was sent."
            raise Rejected("capability", message, remedy="Use smaller pictures.")
        url = access.model_url(key, entry.id)
        answer = self._door.submit("POST", url, headers=access.headers("POST", url, body, key), content=body)
        redact = redactor(key)
        complaint = errors.read_complaint(answer.status, answer.headers, answer.body, redact)
        if answer.status != 200:
            raise errors.http_error(
                complaint, model=entry.id, region=access.region_of(key), successor=entry.lifecycle.successor,
                retry_after=pause_of(answer.headers.get("retry-after"), errors.RETRY_SECONDS),
            )  # fmt: skip
        return wire.from_answer(_document(answer, complaint.request_id), redact, complaint.request_id)

    def validate_credentials(self, key: Key) -> str:
        """List the models that give pictures: free. Raises `Rejected` or `Busy`."""
        answer = self._listed(key)
        where = f"region {access.region_of(key)}"
        if answer.status != 200:
            return (
                f"API credentials are valid: AWS knows the key ({where}), which may not list models "
                "(bedrock:ListFoundationModels). Whether it may draw shows only with a picture."
            )
        known = {entry.id for entry in map(self._entry_of_listed, _models_of(answer)) if entry is not None}
        return (
            f"API credentials are valid: Bedrock listed its models ({where}), {len(known)} of the "
            f"{len(self.models)} here among them, free of charge. A success does not prove that the account may use "
            "each of them."
        )

    def read_lifecycles(self, key: Key) -> Mapping[str, Lifecycle]:
        """The ends of life that Bedrock's list of models announces. Raises as `validate_credentials`."""
        found: dict[str, Lifecycle] = {}
        answer = self._listed(key)
        for listed in _models_of(answer) if answer.status == 200 else ():
            entry, end = (
                self._entry_of_listed(listed),
                _date(mapping(listed.get("modelLifecycle")).get("endOfLifeTime")),
            )
            if entry is not None and end is not None:
                found[entry.id] = Lifecycle(shut_down=end, source=LISTS, read_on=datetime.now(UTC).date())
        return found

    def normalise(self, request: CloudGenerationRequest, model: ModelEntry) -> tuple[CloudGenerationRequest, list[str]]:
        """As the contract says, and what the models' pages ask of pictures, strength and options."""
        fitted, notes = super().normalise(request, model)
        problems = fitting.problems(fitted, model, SERVICES[model.id])
        if problems:
            raise InvalidField(problems)
        fitted, more = fitting.fitted(fitted, model, SERVICES[model.id])
        return fitted, [*notes, *more]

    def quantities(self, request: CloudGenerationRequest, model: ModelEntry) -> Quantities:
        return {"image": 1}

    def billed(self, response: CloudGenerationResponse, model: ModelEntry) -> Quantities:
        return {"image": len(response.images)}

    def _listed(self, key: Key) -> Answer:
        """The list of models, or AWS's word that the key is good and may not see it (403)."""
        url = access.list_url(key)
        answer = self._door.read(url, headers=access.headers("GET", url, b"", key))
        if answer.status == 200 and _models_of(answer):
            return answer
        complaint = errors.read_complaint(answer.status, answer.headers, answer.body, redactor(key))
        if answer.status < 400 or (answer.status == 404 and not complaint.kind):
            message = f"The address answers (HTTP {answer.status}), but not as Bedrock does. Nothing was billed."
            raise Rejected("capability", message, remedy="Check BEDROCK_BASE_URL; unset, it is the region's own.")
        if answer.status >= 500 or answer.status in errors.MAYBE_RUN:
            message = errors.sentence(complaint, "Bedrock cannot answer now", "Nothing was billed.")
            raise Busy("provider_5xx", message, remedy="Try again in a few minutes.")
        if complaint.status == 403 and complaint.kind == "AccessDeniedException" and not complaint.blames_key:
            return answer
        raise errors.http_error(complaint, region=access.region_of(key))

    def _entry_of_listed(self, listed: Mapping[str, Any]) -> ModelEntry | None:
        """The catalogue's entry of a listed model; the list has the image services without their "us."."""
        return self.model(text(listed.get("modelId")))

    def _unknown_model(self, model_id: str) -> Rejected:
        ended = self.retired.get(model_id)
        if ended is None:
            offer = ", ".join(SERVICES)
            message = f"Amazon Bedrock has no image model {model_id!r} here; it has {offer}. Nothing was sent."
            return Rejected("capability", message)
        day = f" on {ended.shut_down:%Y-%m-%d}" if ended.shut_down else ""
        message = f"AWS ended {model_id}{day}. Nothing was sent."
        return Rejected("model_retired", message, remedy=f"Choose {ended.successor} instead of {model_id}.")


def _document(answer: Answer, request_id: str) -> Any:
    try:
        return answer.json()
    except ValueError as error:
        raise wire.unreadable("something that is not JSON", request_id) from error


def _models_of(answer: Answer) -> list[dict[str, Any]]:
    """The models of a list, none where the answer holds no list."""
    try:
        return items(mapping(answer.json()).get("modelSummaries"))
    except ValueError:
        return []


def _date(value: Any) -> date | None:
    try:
        return date.fromisoformat(text(value)[:10])
    except ValueError:
        return None
