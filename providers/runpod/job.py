"""What is remembered of a job between `start` and its end, as the text of `Pending.remote_id`."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

import orjson

from providers.base import OutcomeUnknown
from providers.reading import mapping, text
from providers.runpod.reading import whole

ENDPOINT_ID = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z-]{0,98}[0-9A-Za-z])?")
_JOB_ID = re.compile(r"[0-9A-Za-z_-]{1,200}")


@dataclass(frozen=True)
class Job:
    """A job of an endpoint; `units` are the bound of its bill, `seed` the one that was sent."""

    endpoint: str
    id: str
    units: Mapping[str, int] = field(default_factory=dict)
    public: bool = False
    seed: int | None = None

    def __post_init__(self) -> None:
        if not ENDPOINT_ID.fullmatch(self.endpoint) or not _JOB_ID.fullmatch(self.id):
            raise OutcomeUnknown("RunPod API took the call and named no job that could be asked for.")

    @property
    def remote_id(self) -> str:
        return orjson.dumps(asdict(self)).decode()


def read_job(remote_id: str) -> Job:
    """The job in a `remote_id`. Raises `OutcomeUnknown` on a text that is not ours."""
    try:
        stored = mapping(orjson.loads(remote_id))
    except ValueError:
        stored = {}
    units = {name: count for name, value in mapping(stored.get("units")).items() if (count := whole(value)) is not None}
    return Job(
        text(stored.get("endpoint")), text(stored.get("id")), units, stored.get("public") is True,
        whole(stored.get("seed")),
    )  # fmt: skip
