"""One meaning of a mask for people, turned into each vendor's own.

The hub's mask: where it has see-through parts, those shall change (OpenAI's way); else white shall change and black
stays (the way of Stability and of most local tools). Grey is a soft edge.
"""

import io

from PIL import Image, ImageChops

from providers.pictures import open_picture
from providers.request import InputImage


def white_changes(mask: InputImage, size: tuple[int, int] | None = None) -> bytes:
    """A grey PNG in which white shall change, scaled to `size` when given."""
    return _png(_changing(mask, size))


def black_changes(mask: InputImage, size: tuple[int, int] | None = None) -> bytes:
    """A grey PNG in which black shall change."""
    return _png(ImageChops.invert(_changing(mask, size)))


def see_through_changes(mask: InputImage, size: tuple[int, int] | None = None) -> bytes:
    """A PNG with an alpha channel whose see-through parts shall change; what stays is white."""
    changing = _changing(mask, size)
    picture = Image.new("RGBA", changing.size, (255, 255, 255, 255))
    picture.putalpha(ImageChops.invert(changing))
    return _png(picture)


def has_see_through_parts(image: InputImage) -> bool:
    """Whether a picture's own alpha channel could stand for a mask."""
    with open_picture(image.data) as picture:
        return _alpha(picture) is not None


def _changing(mask: InputImage, size: tuple[int, int] | None) -> Image.Image:
    with open_picture(mask.data) as picture:
        alpha = _alpha(picture)
        changing = ImageChops.invert(alpha) if alpha is not None else _grey(picture)
    return changing if size in (None, changing.size) else changing.resize(size or changing.size)


def _grey(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I"):
        # 16 bits a pixel: Pillow would cut off what is above 255 and make white of every grey.
        return picture.convert("I").point(lambda level: level * (1 / 257)).convert("L")
    return picture.convert("L")


def _alpha(picture: Image.Image) -> Image.Image | None:
    """The alpha channel when any of it is see-through."""
    if "A" not in picture.getbands() and "transparency" not in picture.info:
        return None
    alpha = picture.convert("RGBA").getchannel("A")
    least, _ = alpha.getextrema()
    return alpha if isinstance(least, int | float) and least < 255 else None


def _png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()
