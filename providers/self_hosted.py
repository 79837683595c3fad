"""What vendors on machines of one's own have in common: their address, their sizes, and what a picture costs there."""

import math
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from providers.errors import Busy, ProviderError, Rejected
from providers.models import FreeSize, ModelEntry
from providers.normalise import normalise
from providers.privacy import PrivacyNote
from providers.request import CloudGenerationRequest, InvalidField

FREE_SIZE = FreeSize(step=8, least_side=64, most_side=2048, most_pixels=2048 * 2048)
# Shapes that the two great families of local models were trained on: 512 pixels a side, and 1024.
SIZES: Mapping[str, Mapping[str, tuple[int, int]]] = {
    "512": {
        "1:1": (512, 512), "4:3": (640, 480), "3:4": (480, 640), "3:2": (768, 512), "2:3": (512, 768),
        "16:9": (912, 512), "9:16": (512, 912),
    },
    "1024": {
        "1:1": (1024, 1024), "4:3": (1152, 896), "3:4": (896, 1152), "3:2": (1216, 832), "2:3": (832, 1216),
        "16:9": (1344, 768), "9:16": (768, 1344),
    },
}  # fmt: skip
_LARGE = re.compile(r"xl|flux|sd_?3|pony|illustrious|noob", re.IGNORECASE)
ELECTRICITY = (
    "No vendor bills it. Its price is unknown until the owner sets price_per_image: to what the electricity of a "
    'picture costs, or to "0".'
)
USUAL_STRENGTH = 0.75


def base_address(entry_address: str, variable: str, *, label: str, example: str) -> str:
    """The registration's own address, else the environment's. Raises `Rejected` (no_key) naming the variable."""
    address = (entry_address or os.environ.get(variable, "")).strip().rstrip("/")
    if not address:
        raise Rejected(
            "no_key",
            f"Address not found for {label}. Please set {variable} in .env file or environment variables.",
            remedy=f"Put {variable}={example} into .env and start the hub again; no key is needed.",
        )
    return address


def own_server(label: str) -> PrivacyNote:
    """The note of a server at an address of the owner's; the address is filled in where it is shown."""
    return PrivacyNote(
        goes_to=f"your own {label} server",
        kept="how long they are kept is for its owner to say",
        training="nothing is sent to anybody else by the hub",
    )


def same_origin(one: str, other: str) -> bool:
    """Whether two addresses name the same scheme, host and port."""
    try:
        first, second = urlsplit(one), urlsplit(other)
        return bool(first.hostname) and (first.scheme, first.hostname, first.port) == (
            second.scheme, second.hostname, second.port,
        )  # fmt: skip
    except ValueError:
        return False


def usual_resolution(checkpoint: str) -> str:
    """The side that a checkpoint draws best, by its name; only a default, every size can be asked."""
    return "1024" if _LARGE.search(checkpoint) else "512"


def picture_size(request: CloudGenerationRequest, model: ModelEntry) -> tuple[int, int]:
    """Width and height for a normalised wish, which the server must be told in any case."""
    if request.width and request.height:
        return request.width, request.height
    able = model.capabilities
    table = able.sizes.get(request.resolution or able.default_resolution) or SIZES["512"]
    return table[request.aspect_ratio or next(iter(table))]


def normalise_local(request: CloudGenerationRequest, model: ModelEntry) -> tuple[CloudGenerationRequest, list[str]]:
    """As the contract says; without a wished size the picture gets the first reference picture's shape."""
    fitted, notes = normalise(request, model)
    if request.strength is not None and not request.input_images:
        raise InvalidField({"strength": "This says how much of a reference picture may change; add one."})
    if fitted.input_images and not fitted.width and not fitted.aspect_ratio and model.capabilities.free_size:
        first = fitted.input_images[0]
        width, height = _shape_of(first.width, first.height, picture_size(fitted, model), model.capabilities.free_size)
        fitted = replace(fitted, width=width, height=height)
        if (width, height) != (first.width, first.height):
            notes.append(f"The reference is {first.width}×{first.height}; the picture is drawn as {width}×{height}.")
    return fitted, notes


def _shape_of(width: int, height: int, usual: tuple[int, int], rules: FreeSize) -> tuple[int, int]:
    """A picture's own size where it is near the usual one, else its shape; on the grid and within the sides."""
    times = usual[0] * usual[1] / (width * height)
    scale = 1.0 if 0.5 <= times <= 2 else math.sqrt(times)

    def side(pixels: int) -> int:
        # A wish's sides lie between 256 and 2048 pixels.
        stepped = round(pixels * scale / rules.step) * rules.step
        return min(max(stepped, 256), rules.most_side)

    return side(width), side(height)


def unreachable(error: Busy, address: str, remedy: str) -> ProviderError:
    """A failed question to a server of one's own, with what to do about it."""
    message = f"{error.message.rstrip('.')}. Its address is {address}."
    return Busy(error.code, message, remedy=remedy)
