"""Read a picture's real type and size from its bytes, with Pillow and only for the formats that the hub serves."""

import io

from PIL import Image

from providers.request import Picture

MIME_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
MOST_PIXELS = 80_000_000


class UnreadablePicture(ValueError):
    """The bytes are no picture that the hub serves; the text says why."""


def read_picture(data: bytes, *, seed: int | None = None, revised_prompt: str | None = None) -> Picture:
    """Type and size of a PNG, JPEG or WebP from its bytes; pixels are not decoded. Raises `UnreadablePicture`."""
    try:
        with Image.open(io.BytesIO(data), formats=tuple(MIME_TYPES)) as image:
            kind, (width, height), frames = image.format or "", image.size, getattr(image, "n_frames", 1)
    # Pillow warns from 89 megapixels on, which is an exception only where warnings are errors; the limit below is ours.
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UnreadablePicture("The file is not a readable PNG, JPEG or WebP picture.") from error
    if width * height > MOST_PIXELS:
        raise UnreadablePicture(f"The picture has more than {MOST_PIXELS} pixels.")
    if kind == "MPO":
        # A JPEG with a second picture behind it, such as a gain map; every viewer shows the first.
        kind, frames = "JPEG", 1
    if frames > 1:
        raise UnreadablePicture("An animated picture cannot be used here.")
    return Picture(mime_type=MIME_TYPES[kind], width=width, height=height, seed=seed, revised_prompt=revised_prompt)
