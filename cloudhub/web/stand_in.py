"""Pictures that stand in for those that nobody has chosen yet, so that a price can be told before."""

import io
import math
from functools import lru_cache
from typing import Any

from PIL import Image as PillowImage

from providers.base import Capabilities, InputImage

USUAL_SIDE = 1024
FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP"}


def stand_ins(able: Capabilities) -> dict[str, Any]:
    """The pictures without which a model does nothing, of a usual size within its limits; empty for most models."""
    if "text-to-image" in able.modes or not able.most_input_images:
        return {}
    limits = able.input_limits
    least, most = math.isqrt(max(limits.least_pixels - 1, 0)) + 1, math.isqrt(limits.most_pixels)
    side = max(limits.least_side, least, min(USUAL_SIDE, limits.most_side, most))
    picture = _square(side, next((kind for kind in limits.formats if kind in FORMATS), "image/png"))
    mask = {"mask": picture} if able.modes == ("inpaint",) else {}
    return {"input_images": [picture], **mask}


@lru_cache(maxsize=16)
def _square(side: int, mime_type: str) -> InputImage:
    buffer = io.BytesIO()
    PillowImage.new("RGB", (side, side)).save(buffer, FORMATS[mime_type])
    return InputImage(data=buffer.getvalue(), mime_type=mime_type, width=side, height=side)
