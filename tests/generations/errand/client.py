"""The hub's side of the errand vendor: up to four pictures a job, $0.05 each, a job can be cancelled."""

import base64
import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, ClassVar

from django.db import connection

from providers.base import (
    Busy,
    Capabilities,
    CloudGenerationRequest,
    CloudGenerationResponse,
    Key,
    ModelEntry,
    OutcomeUnknown,
    Pending,
    PriceLine,
    PriceList,
    Provider,
    Quantities,
    Rejected,
)
from providers.http import Answer, Door
from providers.pictures import read_picture

MODEL = ModelEntry(
    id="errand-1",
    name="Errand",
    capabilities=Capabilities(images_per_call=4, seed="guaranteed"),
    prices=(
        PriceList(
            currency="USD",
            effective_from=datetime(2026, 1, 1, tzinfo=UTC),
            lines=(PriceLine(unit="image", amount="0.05"),),
            source="the tests",
            read_on=date(2026, 1, 1),
        ),
    ),
)


class Errand(Provider):
    """`during_call` runs in the calling thread while the vendor works; tests look around there."""

    id = "errand"
    label = "Errand"
    error_prefix = "Errand API"
    key_variables = ("ERRAND_KEY",)
    longest_wait_seconds = 20
    status_by_id = True
    can_cancel = True
    billed_on_cancel = "no"
    models = (MODEL,)
    connections_during_calls: ClassVar[list[bool]] = []
    billing_fails: ClassVar[bool] = False
    busy_seconds: ClassVar[float] = 0.01

    def __init__(self) -> None:
        self._door = Door(self.error_prefix, read_seconds=5)

    def start(self, request: CloudGenerationRequest, key: Key) -> Pending | CloudGenerationResponse:
        self.connections_during_calls.append(connection.connection is not None or connection.in_atomic_block)
        wish = {"prompt": request.prompt, "n": request.num_images, "seed": request.seed}
        return self._read(self._door.submit("POST", self._url(), headers=_headers(key), json=wish))

    def check(self, remote_id: str, key: Key) -> Pending | CloudGenerationResponse:
        self.connections_during_calls.append(connection.connection is not None or connection.in_atomic_block)
        return self._read(self._door.read(f"{self._url()}/{remote_id}", headers=_headers(key)))

    def cancel(self, remote_id: str, key: Key) -> None:
        self._door.read(f"{self._url()}/{remote_id}/cancel", headers=_headers(key))

    def validate_credentials(self, key: Key) -> str:
        self.connections_during_calls.append(connection.connection is not None or connection.in_atomic_block)
        return "Fine."

    def quantities(self, request: CloudGenerationRequest, model: ModelEntry) -> Quantities:
        return {"image": request.num_images}

    def billed(self, response: CloudGenerationResponse, model: ModelEntry) -> Quantities:
        if self.billing_fails:
            raise ZeroDivisionError("a mistake in the adapter")
        return {"image": response.usage["billed"]}

    def _url(self) -> str:
        return f"{os.environ['ERRAND_BASE_URL']}/jobs"

    def _read(self, answer: Answer) -> Pending | CloudGenerationResponse:
        raisers: dict[int, Callable[[], Exception]] = {
            400: lambda: Rejected("refused_prompt", "Errand refused this."),
            401: lambda: Rejected("key_invalid", "Errand does not know the key."),
            415: lambda: Rejected("capability", "Errand does not speak JSON."),
            422: lambda: Rejected("capability", "Errand's job has no such colour.", request_id="job-1"),
            429: lambda: Busy("rate_minute", "Errand is busy.", retry_after=self.busy_seconds),
            430: lambda: Busy("rate_day", "Errand is busy for today."),
        }
        if answer.status != 200:
            raise raisers.get(answer.status, lambda: OutcomeUnknown("Errand failed."))()
        job: dict[str, Any] = answer.json()
        if job.get("cancelled"):
            raise Rejected("cancelled_before_send", "Errand stopped the job; it was not billed.")
        if "pictures" not in job:
            return Pending(remote_id=job["id"], wait_seconds=0.02, request_id=job["id"])
        images = [base64.b64decode(picture) for picture in job["pictures"]]
        return CloudGenerationResponse(
            images=images, pictures=tuple(read_picture(image) for image in images), usage={"billed": len(images)},
            request_id=job["id"],
        )  # fmt: skip


def _headers(key: Key) -> dict[str, str]:
    if not key.secret:
        raise Rejected("no_key", "Errand wants a key.")
    return {"x-key": key.secret}
