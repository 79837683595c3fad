"""What is remembered of a prediction between `start` and its end, as the text of `Pending.remote_id`."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

import orjson

from providers.base import CloudGenerationRequest, ModelEntry, OutcomeUnknown, Quantities
from providers.reading import mapping, text
from providers.replicate.reading import whole

_ID = re.compile(r"[0-9A-Za-z_-]{1,100}")


@dataclass(frozen=True)
class Job:
    """A prediction's id and what its end is billed by: `units` asked for, and whether its model is an official one."""

    id: str
    units: Mapping[str, int] = field(default_factory=dict)
    official: bool = False
    model: str = ""

    @property
    def remote_id(self) -> str:
        return orjson.dumps(asdict(self)).decode()


def new_job(prediction_id: str, request: CloudGenerationRequest, model: ModelEntry, units: Quantities) -> Job:
    """The job of an accepted wish. Raises `OutcomeUnknown` when the vendor's id is none that could be asked for."""
    if not _ID.fullmatch(prediction_id):
        raise OutcomeUnknown("Replicate API took the call and named no prediction that could be asked for.")
    return Job(prediction_id, dict(units), is_official(model), request.model)


def read_job(remote_id: str) -> Job:
    """The job in a `remote_id`. Raises `OutcomeUnknown` on a text that is not ours."""
    try:
        stored = mapping(orjson.loads(remote_id))
    except ValueError:
        stored = {}
    if not _ID.fullmatch(text(stored.get("id"))):
        raise OutcomeUnknown(f"Replicate cannot be asked for the job {remote_id[:100]}.")
    units = {name: count for name, value in mapping(stored.get("units")).items() if (count := whole(value)) is not None}
    return Job(stored["id"], units, stored.get("official") is True, text(stored.get("model")))


def is_official(model: ModelEntry) -> bool:
    """Official models are priced by what they give; all others by the seconds that they run."""
    return model.capabilities.facts.get("official") is True
