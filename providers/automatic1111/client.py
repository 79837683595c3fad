"""The vendor automatic1111: addresses, Basic auth and calls. What is in a body is `wire`'s business."""

import os
from typing import Any

import httpx
import pybase64

from providers.automatic1111 import errors, wire
from providers.base import (
    Busy,
    CloudGenerationRequest,
    CloudGenerationResponse,
    Key,
    KeyForm,
    Limit,
    ModelEntry,
    Provider,
    ProviderError,
    Quantities,
    Rejected,
)
from providers.guarded import GuardedTransport
from providers.http import Answer, Door
from providers.reading import Redact, items, redactor
from providers.self_hosted import ELECTRICITY, base_address, normalise_local, own_server, same_origin, unreachable

ADDRESS, AUTH = "AUTOMATIC1111_BASE_URL", "AUTOMATIC1111_API_AUTH"
EXAMPLE = "http://127.0.0.1:7860"
# The server draws one call after the other; a slow card with a few calls before ours needs patience.
READ_SECONDS = 1200
SETUP = (
    f"Start AUTOMATIC1111 or Forge with --api and set {ADDRESS} (usually {EXAMPLE}). No key is needed; with --api-auth "
    f"set {AUTH} to its user:password as well. {ELECTRICITY}"
)
SOURCE = "https://github.com/AUTOMATIC1111/stable-diffusion-webui/blob/master/modules/api/api.py"


class Automatic1111(Provider):
    """Checkpoints of AUTOMATIC1111 or Forge, one synchronous call for up to four pictures. `transport` is for tests.

    A registration may have an address of its own, so that several servers stand side by side. The password goes to the
    address in AUTOMATIC1111_BASE_URL alone. Nothing is cancelled: /sdapi/v1/interrupt stops whatever the server draws
    at that moment, which may be somebody else's picture.
    """

    id = "automatic1111"
    label = "AUTOMATIC1111 and Forge"
    error_prefix = "AUTOMATIC1111 API"
    key_forms = (KeyForm(name="server", optional=(AUTH,), help=SETUP),)
    key_help = SETUP
    address_variables = (ADDRESS,)
    longest_wait_seconds = READ_SECONDS
    billed_on_filter = "no"
    billed_on_cancel = "no"
    billed_on_timeout = "no"
    limits = (Limit(kind="parallel", count=1, source=SOURCE),)
    open_catalogue = True
    takes_address = True
    models: tuple[ModelEntry, ...] = ()
    privacy = own_server("AUTOMATIC1111")

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        guarded = transport or GuardedTransport(most_seconds=READ_SECONDS)
        self._door = Door(self.error_prefix, read_seconds=READ_SECONDS, transport=guarded)

    def prepare(self, request: CloudGenerationRequest, key: Key) -> CloudGenerationRequest:
        """Look whether the checkpoint is still there: without it the server would draw with another one, silently."""
        entry = self._entry(request)
        models = self._listed(entry.address, key, "sd-models")
        if wire.find_checkpoint(models, entry.id) is None:
            message = f"AUTOMATIC1111 API: The checkpoint {entry.id} is not there (any more). Nothing was sent."
            raise Rejected("model_retired", message, remedy=_offer(models))
        return request

    def start(self, request: CloudGenerationRequest, key: Key) -> CloudGenerationResponse:
        """Draw up to four pictures. Raises `Rejected`, `Busy` or `OutcomeUnknown`."""
        entry = self._entry(request)
        base = _base(entry.address)
        call, body = wire.to_body(request, entry)
        answer = self._door.submit("POST", f"{base}/sdapi/v1/{call}", headers=_headers(base, key), json=body)
        if answer.status != 200:
            raise errors.http_error(answer.status, _json(answer), _redactor(key), model=entry.id)
        document = _json(answer)
        if document is None:
            raise wire.unreadable("something that is not JSON")
        return wire.from_answer(document, request, entry.id, _redactor(key))

    def validate_credentials(self, key: Key) -> str:
        """Whether the server answers, and with how many checkpoints."""
        base = _base("")
        models = self._listed("", key, "sd-models")
        count = len(items(models))
        return f"No key is needed: the server at {base} answers and has {count} checkpoint{'' if count == 1 else 's'}."

    def describe(self, model_id: str, key: Key, *, address: str = "") -> ModelEntry:
        """A checkpoint by its name or title, with the server's samplers and schedulers."""
        models = self._listed(address, key, "sd-models")
        found = wire.find_checkpoint(models, model_id)
        if found is None:
            raise Rejected("capability", f"The server has no checkpoint {model_id!r}.", remedy=_offer(models))
        samplers = self._listed(address, key, "samplers")
        schedulers = self._listed(address, key, "schedulers", optional=True)
        return wire.to_entry(found, samplers, schedulers, address=address)

    def normalise(self, request: CloudGenerationRequest, model: ModelEntry) -> tuple[CloudGenerationRequest, list[str]]:
        return normalise_local(request, model)

    def quantities(self, request: CloudGenerationRequest, model: ModelEntry) -> Quantities:
        return {"image": request.num_images}

    def billed(self, response: CloudGenerationResponse, model: ModelEntry) -> Quantities:
        """The pictures that came, at the owner's electricity price; no vendor bills anything."""
        return {"image": int(response.usage["image"])}

    def _entry(self, request: CloudGenerationRequest) -> ModelEntry:
        """The registration's description; a bare id means the server in the environment."""
        return request.entry or wire.to_entry({"model_name": request.model}, [], [], address="")

    def _listed(self, address: str, key: Key, what: str, *, optional: bool = False) -> Any:
        """A list of the server, a free read. `optional`: older servers do not have it."""
        base = _base(address)
        try:
            answer = self._door.read(f"{base}/sdapi/v1/{what}", headers=_headers(base, key))
        except Busy as error:
            raise unreachable(error, base, SETUP) from error
        document = _json(answer)
        if answer.status == 200 and isinstance(document, list):
            return document
        if optional and answer.status == 404:
            return []
        raise _refusal(answer, document, _redactor(key))


def _refusal(answer: Answer, document: Any, redact: Redact) -> ProviderError:
    """Why a free read brought no list."""
    if answer.status < 400:
        message = f"The address answers (HTTP {answer.status}), but not as AUTOMATIC1111's API does."
        return Rejected("capability", message, remedy=errors.START_API)
    if answer.status >= 500:
        message = errors.sentence(answer.status, "The server cannot answer now", errors.FREE)
        return Busy("provider_5xx", message, remedy=errors.LOOK)
    return errors.http_error(answer.status, document, redact)


def _base(address: str) -> str:
    return base_address(address, ADDRESS, label="AUTOMATIC1111", example=EXAMPLE)


def _headers(base: str, key: Key) -> dict[str, str]:
    """Basic auth for the server in the environment, and for no other: a password must not reach a foreign host."""
    pair = key.get(AUTH).strip()
    if not pair or not same_origin(base, os.environ.get(ADDRESS, "").strip()):
        return {"Accept": "application/json"}
    return {"Accept": "application/json", "Authorization": f"Basic {_encoded(pair)}"}


def _encoded(pair: str) -> str:
    return pybase64.b64encode(pair.encode()).decode("ascii")


def _redactor(key: Key) -> Redact:
    pair = key.get(AUTH).strip()
    return redactor(key, pair.partition(":")[2], _encoded(pair)) if pair else redactor(key)


def _offer(models: Any) -> str:
    names = [wire.names_of(model)[0] for model in items(models)]
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return f"It has {', '.join(names[:10])}{more}." if names else "It has none; put one into its models folder."


def _json(answer: Answer) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None
