"""A job at BFL as text that outlives a restart: its id, where it is asked for, and what it may cost.

The key goes with every question, so the address that an answer names is used only where it is BFL's own.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from urllib.parse import quote, urlsplit

from providers.base import OutcomeUnknown

LONGEST = 2000
LONGEST_ID = 200
OWN_DOMAIN = "bfl.ai"


@dataclass(frozen=True, kw_only=True)
class Job:
    """`quoted_cost` is BFL's figure in credits at submission, as text; `most` the units that were held.

    `prompt_mark` tells whether BFL's prompt is still ours.
    """

    id: str
    address: str = ""
    quoted_cost: str | None = None
    input_mp: str | None = None
    output_mp: str | None = None
    most: Mapping[str, int] = field(default_factory=dict)
    prompt_mark: str = ""

    def to_text(self) -> str:
        """At most 2,000 characters: an address that is too long is left out and built again."""
        written = json.dumps(asdict(self), separators=(",", ":"))
        return written if len(written) <= LONGEST else replace(self, address="").to_text()


def from_text(remote_id: str) -> Job:
    """The job again. Raises `OutcomeUnknown` when the text is none of ours."""
    try:
        return Job(**json.loads(remote_id))
    except (ValueError, TypeError) as error:
        raise OutcomeUnknown("The job's text cannot be read; the vendor cannot be asked for it.") from error


def question_address(job: Job, base: str) -> str:
    """Where to ask: the address that BFL gave when it is BFL's own, else the usual one below `base`."""
    if _is_own(job.address, base):
        return job.address
    return f"{base}/v1/get_result?id={quote(job.id, safe='')}"


def _is_own(address: str, base: str) -> bool:
    """On `base` itself, or on one of BFL's hosts where `base` is one too: a gateway's key is not for BFL."""
    if address.startswith(f"{base}/"):
        return True
    return _is_bfl(address) and _is_bfl(base)


def _is_bfl(address: str) -> bool:
    try:
        parts = urlsplit(address)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return False
    is_bfl = host == OWN_DOMAIN or host.endswith(f".{OWN_DOMAIN}")
    # What different readers of addresses take differently is not trusted with a key.
    plain = address.isascii() and address.isprintable() and not {" ", "\\", "@"} & set(address)
    return parts.scheme == "https" and is_bfl and plain and port in (None, 443)
