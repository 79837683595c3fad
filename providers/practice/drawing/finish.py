"""What happens to a drawing afterwards: reference pictures, masks, the cut-out on transparent ground, the lettering."""

import io
from collections.abc import Sequence
from functools import lru_cache

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont, ImageOps, ImageStat

from providers.pictures import open_picture
from providers.practice.drawing.canvas import Scene, scaled, soft
from providers.practice.drawing.palettes import along, mix

Box = tuple[int, int, int, int]
WORD = "PRACTICE"
PREVIEW_SIDE = 384


def read_reference(data: bytes, size: tuple[int, int]) -> Image.Image:
    """A reference picture, upright, cropped to `size` about its middle. Raises as Pillow does."""
    with open_picture(data) as image:
        upright = ImageOps.exif_transpose(image).convert("RGBA")
    return ImageOps.fit(upright, size, Image.Resampling.LANCZOS) if upright.size != size else upright


def read_mask(data: bytes, size: tuple[int, int]) -> Image.Image:
    """The mask as grey, cropped the way its picture is: white is repainted, black and transparent are kept."""
    fitted = read_reference(data, size)
    grey = fitted.convert("RGB").convert("L")
    return ImageChops.multiply(grey, fitted.getchannel("A"))


def out_of_focus(data: bytes, steps: int) -> bytes:
    """A finished picture as it may look on the way, small and blurred: more so with more steps to go."""
    with open_picture(data) as picture:
        small = ImageOps.contain(picture.convert("RGB"), (PREVIEW_SIDE, PREVIEW_SIDE))
    buffer = io.BytesIO()
    small.filter(ImageFilter.GaussianBlur(steps * PREVIEW_SIDE / 60)).save(buffer, "WEBP", quality=80)
    return buffer.getvalue()


def side_by_side(references: Sequence[bytes], size: tuple[int, int], paper: tuple[int, int, int]) -> Image.Image:
    """The reference pictures as upright panels of equal width; a single one fills the whole size."""
    sheet = Image.new("RGBA", size, (*paper, 255))
    edges = [size[0] * index // len(references) for index in range(len(references) + 1)]
    for data, left, right in zip(references, edges, edges[1:], strict=False):
        panel = read_reference(data, (right - left, size[1]))
        sheet.alpha_composite(panel, (left, 0))
    return sheet.convert("RGB")


def repainted(scene: Scene, drawing: Image.Image, reference: Image.Image, strength: float) -> Image.Image:
    """The reference in the drawing's colours and light: at 0 the reference itself, at 1 only its forms are left."""
    palette = scene.palette
    run = (palette.land[-1], palette.land[1], palette.sky[-2], mix(palette.sky[-1], palette.light, 0.6))
    tones = [along(run, level / 255) for level in range(256)]
    grey = ImageOps.autocontrast(reference.convert("L"), cutoff=1)
    tinted = Image.merge("RGB", [grey.point([tone[band] for tone in tones]) for band in range(3)])
    mingled = Image.blend(tinted, ImageChops.soft_light(tinted, drawing), 0.75)
    return Image.blend(reference, mingled, strength)


def inpainted(base: Image.Image, drawing: Image.Image, mask: Image.Image, strength: float) -> Image.Image:
    """The drawing where the mask is white, and every other pixel of `base` as it was."""
    drawing = drawing.convert(base.mode)
    return Image.composite(Image.blend(base, drawing, strength), base, mask)


def heart(mask: Image.Image) -> Box | None:
    """The middle of the white part of a mask, where lettering is cut off neither by a round nor by a ragged edge."""
    box = mask.getbbox()
    if box is None:
        return None
    left, top, right, bottom = box
    across, down = round((right - left) * 0.2), round((bottom - top) * 0.12)
    return left + across, top + down, right - across, bottom - down


def inner_card(scene: Scene) -> Box:
    """The part of the picture that every cut-out keeps at its lower edge."""
    width, height = scene.size
    return round(width * 0.2), 0, round(width * 0.8), round(height - scene.unit * 0.045)


def cut_out(scene: Scene, drawing: Image.Image) -> Image.Image:
    """The drawing as a medallion, an arch or a rounded card on transparent ground."""
    width, height = scene.size
    kind = scene.rng("cut-out").choice(("medallion", "arch", "card"))
    inset = scene.unit * 0.035

    def paint(draw: ImageDraw.ImageDraw, times: float) -> None:
        box = [edge * times for edge in (inset, inset, width - inset - 1, height - inset - 1)]
        if kind == "medallion":
            draw.ellipse(box, fill=255)
        elif kind == "arch":
            draw.rounded_rectangle(box, (scene.unit / 2 - inset - 1) * times, 255, corners=(True, True, False, False))
        else:
            draw.rounded_rectangle(box, scene.unit * 0.09 * times, 255)

    cut = drawing.convert("RGBA")
    cut.putalpha(scene.mask(paint))
    return cut


@lru_cache(maxsize=16)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def lettered(scene: Scene, drawing: Image.Image, region: Box | None = None) -> Image.Image:
    """The drawing signed with the word "practice" at the lower edge of `region`: small, spaced, always readable."""
    left, _, right, bottom = region or (0, 0, *scene.size)
    size = max(9, round(min(scene.unit * 0.0235, (right - left) / 14)))
    font = _font(size)
    gap = size * 0.42
    widths = [font.getlength(letter) for letter in WORD]
    whole = sum(widths) + gap * (len(WORD) - 1)
    x, y = (left + right - whole) / 2, bottom - scene.unit * 0.043
    mask = Image.new("L", drawing.size)
    draw = ImageDraw.Draw(mask)
    for letter, wide in zip(WORD, widths, strict=True):
        draw.text(
            (x, y), letter, fill=255, font=font, anchor="lm" if isinstance(font, ImageFont.FreeTypeFont) else None
        )
        x += wide + gap
    rule = size * 2.0
    thick = max(1, round(size / 16))
    for start in ((left + right - whole) / 2 - size - rule, (left + right + whole) / 2 + size):
        if left <= start and start + rule <= right:
            draw.line((start, y, start + rule, y), fill=170, width=thick)
    place = _around(mask, size)
    letters = mask.crop(place)
    ground = ImageStat.Stat(drawing.crop(place).convert("L")).mean[0]
    palette = scene.palette
    tone, halo = (
        (palette.ink, palette.paper) if ground > 140 else (mix(palette.paper, (255, 255, 255), 0.5), palette.ink)
    )
    signed = drawing.copy()
    signed.paste(halo, place, scaled(soft(letters, size * 0.35), 0.55))
    signed.paste(tone, place, scaled(letters, 0.88))
    return signed


def _around(mask: Image.Image, margin: int) -> Box:
    left, top, right, bottom = mask.getbbox() or (0, 0, 1, 1)
    width, height = mask.size
    return max(0, left - margin), max(0, top - margin), min(width, right + margin), min(height, bottom + margin)
