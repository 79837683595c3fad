"""What the bodies of BFL's models have in common and where they differ. Each model has an address of its own.

FLUX.2 bodies: https://docs.bfl.ai/flux_2/flux2_image_editing. FLUX 3: https://docs.bfl.ai/flux_3/flux3_image_generate,
whose schema answers 422 to any key that it does not know. FLUX.1 Fill: https://docs.bfl.ai/flux_tools/flux_1_fill.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A model's way of being asked. `upsampling` is its field for prompt upsampling, empty without one."""

    family: Literal["flux-2", "flux-3", "fill"] = "flux-2"
    upsampling: Literal["", "disable_pup", "prompt_upsampling"] = ""
    most_guidance: int = 10


ENDPOINTS: Mapping[str, Endpoint] = {
    "flux-3-image": Endpoint(family="flux-3"),
    "flux-2-max": Endpoint(upsampling="disable_pup"),
    "flux-2-pro": Endpoint(upsampling="disable_pup"),
    "flux-2-pro-preview": Endpoint(upsampling="disable_pup"),
    "flux-2-flex": Endpoint(upsampling="prompt_upsampling"),
    "flux-2-klein-9b": Endpoint(),
    "flux-2-klein-9b-preview": Endpoint(),
    "flux-2-klein-4b": Endpoint(),
    "flux-pro-1.0-fill": Endpoint(family="fill", upsampling="prompt_upsampling", most_guidance=100),
}
