"""A vendor's finished answer, durable before it is settled: picture files plus one small record per attempt.

The record stays after the settlement: it alone holds the vendor's own figures, also those that were not charged.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID

import orjson

from cloudhub.core.redaction import redact_all
from cloudhub.generations import storage
from providers.base import CloudGenerationResponse, Quantities, ReportedCost


@dataclass(frozen=True)
class KeptPicture:
    sha256: str
    size_bytes: int
    width: int
    height: int
    mime_type: str
    seed: int | None
    revised_prompt: str


@dataclass(frozen=True)
class KeptAnswer:
    """What settlement needs. `billed` is units by name, or {"amount", "currency"} as the vendor reports it."""

    attempt_id: str
    pictures: tuple[KeptPicture, ...]
    billed: dict[str, Any]
    reported: bool
    usage: dict[str, Any]
    request_id: str
    provider_response: dict[str, Any]


def keep_answer(attempt_id: UUID, response: CloudGenerationResponse, billed: Quantities | ReportedCost) -> KeptAnswer:
    """Write the pictures and the record; from here on the answer survives any crash. Raises OSError."""
    pictures = tuple(
        KeptPicture(storage.keep_bytes(data), len(data), picture.width, picture.height, picture.mime_type, picture.seed,
                    picture.revised_prompt or "")
        for data, picture in zip(response.images, response.pictures, strict=True)
    )  # fmt: skip
    answer = KeptAnswer(
        attempt_id=str(attempt_id),
        pictures=pictures,
        billed=asdict(billed) if isinstance(billed, ReportedCost) else dict(billed),
        reported=isinstance(billed, ReportedCost),
        usage=dict(response.usage),
        request_id=response.request_id,
        # Adapters take the call's own key out; this takes out what they miss, and every other key of the hub.
        provider_response=redact_all(response.provider_response),
    )
    storage.write_durably(storage.record_path(attempt_id), orjson.dumps(asdict(answer)))
    return answer


def strip_answer(attempt_id: UUID) -> None:
    """Leave of a record only its figures: the vendor's wording of the prompt and its answer in words go."""
    answer = kept_answer(attempt_id)
    if answer is not None:
        pictures = tuple(replace(picture, revised_prompt="") for picture in answer.pictures)
        bare = replace(answer, pictures=pictures, provider_response={})
        storage.write_durably(storage.record_path(attempt_id), orjson.dumps(asdict(bare)))


def kept_answer(attempt_id: UUID) -> KeptAnswer | None:
    """The record of an attempt whose answer was kept, None when there is none."""
    path = storage.record_path(attempt_id)
    if not path.exists():
        return None
    stored = orjson.loads(path.read_bytes())
    pictures = tuple(KeptPicture(**picture) for picture in stored.pop("pictures"))
    return KeptAnswer(pictures=pictures, **stored)
