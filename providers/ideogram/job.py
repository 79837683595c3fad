"""What is remembered of a generation between `start` and its end, as the text of `Pending.remote_id`.

Ideogram answers a call at once; what is kept is for the case that its pictures cannot be fetched at once too.
"""

import re
from dataclasses import asdict, dataclass

import orjson

from providers.base import OutcomeUnknown
from providers.reading import mapping, text

_ID = re.compile(r"[0-9A-Za-z_-]{1,100}")


@dataclass(frozen=True)
class Job:
    """`id` is the generation's, empty when the answer named none that could be asked for.

    `unit` is what each picture is charged as. `prompt_mark` tells whether the prompt that Ideogram drew from is ours.
    """

    id: str
    unit: str = "image"
    prompt_mark: str = ""

    @property
    def remote_id(self) -> str:
        return orjson.dumps(asdict(self)).decode()

    def units(self, pictures: int) -> dict[str, int]:
        """What so many pictures are charged as."""
        return {"image": pictures, self.unit: pictures}


@dataclass(frozen=True)
class Told:
    """One entry of an answer: where its picture lies, empty when it was withheld, and what it was drawn from."""

    address: str
    is_safe: bool
    seed: int | None = None
    prompt: str = ""


def usable_id(value: object) -> str:
    """The id of a generation, empty when it is none that could stand in an address."""
    found = text(value)
    return found if _ID.fullmatch(found) else ""


def read_job(remote_id: str) -> Job:
    """The job in a `remote_id`. Raises `OutcomeUnknown` on a text that is not ours."""
    try:
        stored = mapping(orjson.loads(remote_id))
    except ValueError:
        stored = {}
    if not usable_id(stored.get("id")):
        raise OutcomeUnknown(f"Ideogram cannot be asked for the generation {remote_id[:100]}.")
    return Job(stored["id"], text(stored.get("unit")) or "image", text(stored.get("prompt_mark")))
