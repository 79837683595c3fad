"""Knows models by their names alone: "free-…" draws any size, "paint-…" and "upscale-…" work on pictures, "none-…" is
not there. Its pictures are of one colour and of the size that was asked, or that of the first reference."""

import io

from PIL import Image

from providers.base import (
    Capabilities,
    CloudGenerationRequest,
    CloudGenerationResponse,
    FreeSize,
    InputLimits,
    Key,
    ModelEntry,
    Provider,
    Quantities,
    Rejected,
)
from providers.pictures import read_picture

FREE = Capabilities(free_size=FreeSize(step=64, least_side=512, most_side=2048, most_pixels=2048 * 1536, widest=3.0))
PAINT = Capabilities(
    modes=("image-to-image", "inpaint"), prompt="optional", most_input_images=2, strength=True,
    input_limits=InputLimits(formats=("image/png",), least_side=64, most_side=1024, most_bytes=2**20),
)  # fmt: skip
UPSCALE = Capabilities(modes=("image-to-image",), prompt="not_sent", most_input_images=1)
KINDS = {"free": FREE, "paint": PAINT, "upscale": UPSCALE}


class Workbench(Provider):
    id = "workbench"
    label = "Workbench"
    error_prefix = "Workbench API error"
    open_catalogue = True
    takes_address = True
    models = ()

    def describe(self, model_id: str, key: Key, *, address: str = "") -> ModelEntry:
        kind = model_id.partition("-")[0]
        if kind == "none":
            raise Rejected("capability", f"Workbench has no model {model_id}.", remedy="Look at its list.")
        return ModelEntry(
            id=model_id, name=model_id.title(), capabilities=KINDS.get(kind, Capabilities()), address=address
        )

    def start(self, request: CloudGenerationRequest, key: Key) -> CloudGenerationResponse:
        first = request.input_images[0] if request.input_images else None
        usual = (first.width, first.height) if first else (512, 512)
        size = (request.width or usual[0], request.height or usual[1])
        buffer = io.BytesIO()
        Image.new("RGB", size, "teal").save(buffer, "PNG")
        images = [buffer.getvalue()] * request.num_images
        return CloudGenerationResponse(images=images, pictures=tuple(read_picture(image) for image in images))

    def validate_credentials(self, key: Key) -> str:
        return "Fine."

    def quantities(self, request: CloudGenerationRequest, model: ModelEntry) -> Quantities:
        return {"image": request.num_images}

    def billed(self, response: CloudGenerationResponse, model: ModelEntry) -> Quantities:
        return {"image": len(response.images)}
