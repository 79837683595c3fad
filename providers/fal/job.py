"""What is remembered of a queued request between `start` and its end, as the text of `Pending.remote_id`.

fal names the addresses of status, result and cancelling in its answer and asks not to build them
(https://fal.ai/docs/api-reference/inference-api). The key goes with each question, so that a named address is followed
only where it is the queue's own; else the documented one is built below the base address.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson

from providers.base import OutcomeUnknown, Quantities
from providers.reading import mapping, text, whole

LONGEST_ADDRESS = 400
# The queue and its backup host: https://fal.ai/docs/api-reference/inference-api/openapi/queue.json
OWN_HOSTS = ("queue.fal.run", "queue.falrun.com")
# Endpoints of these begin with one more part: fal_client.client.APP_NAMESPACES.
NAMESPACES = ("workflows", "comfy")
_ID = re.compile(r"[0-9A-Za-z_-]{1,100}")


@dataclass(frozen=True)
class Job:
    """A request's id, its endpoint, the addresses that fal named, and the units that were held for `count` pictures."""

    id: str
    endpoint: str = ""
    status_url: str = ""
    response_url: str = ""
    cancel_url: str = ""
    units: Mapping[str, int] = field(default_factory=dict)
    count: int = 1

    @property
    def remote_id(self) -> str:
        return orjson.dumps(asdict(self)).decode()

    def address(self, kind: str, base: str) -> str:
        """Where to ask: `kind` is status, response or cancel."""
        named = {"status": self.status_url, "response": self.response_url, "cancel": self.cancel_url}[kind]
        if is_own(named, base):
            return named
        ending = "" if kind == "response" else f"/{kind}"
        return f"{base}/{_app(self.endpoint)}/requests/{self.id}{ending}"


def new_job(answer: Mapping[str, Any], endpoint: str, units: Quantities, count: int) -> Job:
    """The job of an accepted wish. Raises `OutcomeUnknown` when the answer names none that could be asked for."""
    job_id = text(answer.get("request_id"))
    if not _ID.fullmatch(job_id):
        raise OutcomeUnknown("fal API took the call and named no request that could be asked for. It may be billed.")
    named = {name: text(answer.get(name)) for name in ("status_url", "response_url", "cancel_url")}
    short = {name: address if len(address) <= LONGEST_ADDRESS else "" for name, address in named.items()}
    return Job(job_id, endpoint, **short, units=dict(units), count=count)


def read_job(remote_id: str) -> Job:
    """The job in a `remote_id`. Raises `OutcomeUnknown` on a text that is not ours."""
    try:
        stored = mapping(orjson.loads(remote_id))
    except ValueError:
        stored = {}
    if not _ID.fullmatch(text(stored.get("id"))):
        raise OutcomeUnknown(f"fal cannot be asked for the job {remote_id[:100]}.")
    texts = {name: text(stored.get(name)) for name in ("endpoint", "status_url", "response_url", "cancel_url")}
    units = {name: count for name, value in mapping(stored.get("units")).items() if (count := whole(value)) is not None}
    return Job(stored["id"], **texts, units=units, count=whole(stored.get("count")) or 1)


def is_own(address: str, base: str) -> bool:
    """Whether the key may go there: below `base`, or at fal's queue where `base` is fal's queue too."""
    # What different readers of addresses take differently is not trusted with a key.
    if not (address.isascii() and address.isprintable()) or {" ", "\\", "@"} & set(address) or "/.." in address:
        return False
    return address.startswith(f"{base}/") or (_is_fal(address) and _is_fal(base))


def _is_fal(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme == "https" and parts.hostname in OWN_HOSTS and parts.port in (None, 443)
    except ValueError:
        return False


def _app(endpoint: str) -> str:
    """Owner and app: "fal-ai/flux" of "fal-ai/flux/dev/image-to-image"."""
    parts = endpoint.split("/")
    return "/".join(parts[: 3 if parts[0] in NAMESPACES else 2])
