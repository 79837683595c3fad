"""Ideogram's calls: which address a model has, and what its fields for quality and size are called.

Every address is `POST /v2/image/{action}/{model}`: https://developer.ideogram.ai/ideogram-api/api-overview
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Service:
    """`quality` and `size` are the names of fields, empty where the call has none.

    `pictures` are the fields of the input pictures: the first one's, then the one that all further ones repeat; a call
    without is sent as JSON, one with as a form. `counts` says whether it takes a number of pictures.
    """

    path: str
    quality: str = ""
    usual_quality: str = ""
    size: str = ""
    pictures: tuple[str, ...] = ()
    counts: bool = True


SERVICES: Mapping[str, Service] = {
    "ideogram-4-5": Service(path="generate/ideogram-4-5", quality="quality", usual_quality="high", size="size"),
    "ideogram-4": Service(
        path="generate/ideogram-4", quality="rendering_speed", usual_quality="default", size="resolution"
    ),
    "ideogram-3": Service(
        path="generate/ideogram-3", quality="rendering_speed", usual_quality="default", size="resolution"
    ),
    "ideogram-4-5-precise-edit": Service(
        path="precise-edit/ideogram-4-5",
        quality="quality",
        usual_quality="medium",
        pictures=("image", "reference_images"),
    ),  # fmt: skip
    "ideogram-remove-background": Service(path="remove-background/ideogram-1", pictures=("image",), counts=False),
}
