"""The hub's side of the depot: an upload, then a costly call whose answer words in the prompt make go wrong."""

import base64
import os
from dataclasses import replace

from providers.base import (
    Busy,
    CloudGenerationRequest,
    CloudGenerationResponse,
    Key,
    Pending,
    Rejected,
)
from providers.http import Door
from providers.pictures import read_picture
from tests.generations.errand.client import MODEL, Errand


class Depot(Errand):
    """`prepare` puts the prompt on the shelf; `start` names the shelf and reads the picture."""

    id = "depot"
    label = "Depot"
    error_prefix = "Depot API"
    key_variables = ("DEPOT_KEY",)
    models = (replace(MODEL, id="depot-1", name="Depot"),)

    def __init__(self) -> None:
        super().__init__()
        self._door = Door(self.error_prefix, read_seconds=5)

    def prepare(self, request: CloudGenerationRequest, key: Key) -> CloudGenerationRequest:
        answer = self._door.ask("PUT", f"{_url()}/uploads", headers={"x-key": key.secret}, content=request.prompt)
        if answer.status == 401:
            raise Rejected("key_invalid", "Depot does not know the key.")
        if answer.status != 200:
            raise Busy("provider_5xx", "Depot's shelves are full.")
        return replace(request, prepared={"shelf": answer.json()["shelf"]})

    def start(self, request: CloudGenerationRequest, key: Key) -> Pending | CloudGenerationResponse:
        wish = {"shelf": request.prepared.get("shelf"), "n": request.num_images}
        answer = self._door.submit("POST", f"{_url()}/pictures", headers={"x-key": key.secret}, json=wish)
        if answer.status == 503:
            raise Busy("provider_5xx", "Depot is busy.")
        if "#busy-afterwards" in request.prompt:
            raise Busy("rate_minute", "Depot's picture cannot be fetched now.", retry_after=0.01)
        if "#second-call" in request.prompt:
            self._door.submit("POST", "http://127.0.0.1:9/", headers={}, json={})
        document = answer.json()
        images = [base64.b64decode(picture) for picture in document["pictures"]]
        return CloudGenerationResponse(
            images=images, pictures=tuple(read_picture(image) for image in images), usage={"billed": len(images)},
            request_id=document["id"],
        )  # fmt: skip


def _url() -> str:
    return os.environ["DEPOT_BASE_URL"]
