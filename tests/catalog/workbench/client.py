"""Knows models by their names alone: "free-…" draws any size, "paint-…" changes pictures, "none-…" is not there."""

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
        raise Rejected("capability", "Workbench only describes.")

    def validate_credentials(self, key: Key) -> str:
        return "Fine."

    def quantities(self, request: CloudGenerationRequest, model: ModelEntry) -> Quantities:
        return {"image": request.num_images}

    def billed(self, response: CloudGenerationResponse, model: ModelEntry) -> Quantities:
        return {"image": len(response.images)}
