"""What the body of each model on Bedrock calls its pictures, and what of a wish it needs.

What a model can do besides (seed, styles, options and their ranges) stands in catalog.toml; an option's name is the
body's own. https://docs.aws.amazon.com/bedrock/latest/userguide/stable-image-services.html, and for the three models
that draw from words the pages that catalog.toml names.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

US = "us.stability."
SIDES = ("left", "right", "up", "down")


@dataclass(frozen=True, kw_only=True)
class Service:
    """A model's body. `pictures` are its fields for pictures, in the order of a wish's, of which it needs `least`.

    `fixed` is always sent, `with_picture` beside a picture. Of the options `needs_one` at least one is given and not 0.
    `widest` is the largest ratio of a picture's longer side to the shorter one. A model that draws from words too
    `keeps_shape` of a picture that it is given, and takes no ratio beside it; without a wished strength it gets
    `strength` then.
    """

    pictures: tuple[str, ...] = ("image",)
    least: int = 1
    fixed: Mapping[str, str] = field(default_factory=dict)
    with_picture: Mapping[str, str] = field(default_factory=dict)
    needs_one: tuple[str, ...] = ()
    widest: float = 2.5
    keeps_shape: bool = False
    strength: float | None = None


SERVICES: Mapping[str, Service] = {
    "stability.stable-image-core-v1:1": Service(pictures=(), least=0),
    "stability.sd3-5-large-v1:0": Service(
        least=0, widest=1000.0, keeps_shape=True, with_picture={"mode": "image-to-image"}, strength=0.5
    ),
    "stability.stable-image-ultra-v1:1": Service(least=0, widest=1000.0, keeps_shape=True),
    f"{US}stable-image-inpaint-v1:0": Service(),
    f"{US}stable-image-erase-object-v1:0": Service(),
    f"{US}stable-outpaint-v1:0": Service(needs_one=SIDES),
    f"{US}stable-image-remove-background-v1:0": Service(),
    f"{US}stable-image-search-replace-v1:0": Service(needs_one=("search_prompt",)),
    f"{US}stable-image-search-recolor-v1:0": Service(needs_one=("select_prompt",)),
    f"{US}stable-image-control-sketch-v1:0": Service(),
    f"{US}stable-image-control-structure-v1:0": Service(),
    f"{US}stable-image-style-guide-v1:0": Service(),
    f"{US}stable-style-transfer-v1:0": Service(pictures=("init_image", "style_image"), least=2),
    # Listed among the required fields, and with a default: it is sent always.
    f"{US}stable-fast-upscale-v1:0": Service(fixed={"output_format": "png"}, widest=1000.0),
    f"{US}stable-conservative-upscale-v1:0": Service(),
    f"{US}stable-creative-upscale-v1:0": Service(widest=1000.0),
}
