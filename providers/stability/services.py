"""The one table of Stability's services: where each lives and what its form calls its parts.

What a service can do besides (seed, styles, options and their ranges) stands in catalog.toml; an option's name is the
form's own. https://platform.stability.ai/docs/api-reference
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

WIDEST_INPUT = 2.5


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service's path below `/v2beta/stable-image/` and the names in its form.

    `pictures` are the names of its file parts in the order of a wish's input pictures, `least_pictures` how many of
    them it needs. `prompt` is what it calls the prompt. `fixed` are fields with one value. Of `needs_one` at least one
    option must be given, and not be 0. `widest` is the largest ratio of a picture's longer side to the shorter one.
    With `keeps_shape` a wish with a picture takes no ratio and needs a strength.
    """

    path: str
    pictures: tuple[str, ...] = ("image",)
    least_pictures: int = 1
    prompt: str = "prompt"
    fixed: Mapping[str, str] = field(default_factory=dict)
    needs_one: tuple[str, ...] = ()
    widest: float = WIDEST_INPUT
    keeps_shape: bool = False


def _diffusion(model: str) -> Service:
    fixed = {"model": model}
    return Service(path="generate/sd3", least_pictures=0, fixed=fixed, widest=1000.0, keeps_shape=True)


SERVICES: Mapping[str, Service] = {
    "stable-image-core": Service(path="generate/core", pictures=(), least_pictures=0),
    "stable-image-ultra": Service(path="generate/ultra", least_pictures=0, widest=1000.0, keeps_shape=True),
    "sd3.5-large": _diffusion("sd3.5-large"),
    "sd3.5-large-turbo": _diffusion("sd3.5-large-turbo"),
    "sd3.5-medium": _diffusion("sd3.5-medium"),
    "sd3.5-flash": _diffusion("sd3.5-flash"),
    "stable-image-inpaint": Service(path="edit/inpaint", widest=1000.0),
    "stable-image-erase": Service(path="edit/erase", widest=1000.0),
    "stable-image-outpaint": Service(path="edit/outpaint", needs_one=("left", "right", "up", "down")),
    "stable-image-remove-background": Service(path="edit/remove-background", widest=1000.0),
    "stable-image-search-and-replace": Service(path="edit/search-and-replace", needs_one=("search_prompt",)),
    "stable-image-search-and-recolor": Service(path="edit/search-and-recolor", needs_one=("select_prompt",)),
    "stable-image-replace-background": Service(
        path="edit/replace-background-and-relight", pictures=("subject_image", "background_reference"),
        prompt="background_prompt",
    ),
    "stable-image-control-sketch": Service(path="control/sketch"),
    "stable-image-control-structure": Service(path="control/structure"),
    "stable-image-control-style": Service(path="control/style"),
    "stable-image-style-transfer": Service(
        path="control/style-transfer", pictures=("init_image", "style_image"), least_pictures=2
    ),
    "stable-image-upscale-fast": Service(path="upscale/fast", widest=1000.0),
    "stable-image-upscale-conservative": Service(path="upscale/conservative"),
    "stable-image-upscale-creative": Service(path="upscale/creative"),
}  # fmt: skip
