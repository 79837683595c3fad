"""The one table of Recraft's tools: calls that no model is chosen for, under the hub's own ids.

https://www.recraft.ai/docs/api-reference/endpoints. What a tool takes besides stands in catalog.toml.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A tool's path below the base address. `model` is the one that draws where the tool draws from words."""

    path: str
    model: str = ""


TOOLS: Mapping[str, Tool] = {
    "recraft-erase-region": Tool(path="images/eraseRegion"),
    "recraft-remove-background": Tool(path="images/removeBackground"),
    "recraft-replace-background": Tool(path="images/replaceBackground", model="recraftv3"),
    "recraft-crisp-upscale": Tool(path="images/crispUpscale"),
    "recraft-creative-upscale": Tool(path="images/creativeUpscale"),
}
GENERATE, FROM_A_PICTURE, INPAINT = "images/generations", "images/imageToImage", "images/inpaint"
