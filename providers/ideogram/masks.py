"""Ideogram's mask: BLACK is what shall change and white what stays, the opposite of the hub's and Stability's.

A mask has the very size of its picture and only these two: Ideogram rounds what lies between to the nearer of the two,
which is done here already, so that what is checked is what is meant.
https://developer.ideogram.ai/ideogram-api/masked-edits
"""

import io

from PIL import Image

from providers.base import InputImage
from providers.masks import black_changes
from providers.pictures import open_picture

_MIDDLE = 128


def to_mask(mask: InputImage, picture: InputImage) -> Image.Image:
    """The mask with 0 for what shall change and 255 for what stays, in the size of `picture`."""
    with open_picture(black_changes(mask, (picture.width, picture.height))) as grey:
        return grey.convert("L").point(lambda level: 0 if level < _MIDDLE else 255)


def mask_bytes(mask: InputImage, picture: InputImage) -> bytes:
    """The mask as the PNG that is sent."""
    file = io.BytesIO()
    to_mask(mask, picture).save(file, "PNG")
    return file.getvalue()
