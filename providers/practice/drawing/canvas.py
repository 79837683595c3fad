"""Techniques shared by the styles: gradients, noise, ridges, glows, soft edges.

Everything heavy is one of Pillow's C operations.
"""

import hashlib
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from providers.practice.drawing.palettes import Colour, Palette, along

Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What to paint. `size` is in pixels; `key` decides every accident; `sharpness` is the oversampling of edges."""

    size: tuple[int, int]
    key: str
    palette: Palette
    features: frozenset[str] = frozenset()
    sharpness: int = 2

    def rng(self, purpose: str) -> random.Random:
        """A stream of its own for each purpose, so that one detail more does not shift all the others."""
        seed = hashlib.sha256(f"{self.key}\n{purpose}".encode()).digest()
        return random.Random(int.from_bytes(seed))  # noqa: S311 - a drawing must come out the same, not unguessable

    @property
    def unit(self) -> float:
        """The shorter side in pixels, the measure of things that must look alike in every ratio."""
        return float(min(self.size))

    def mask(self, paint: Callable[[ImageDraw.ImageDraw, float], None]) -> Image.Image:
        """A grey mask with smooth edges: `paint` draws at the given multiple of the picture's pixels."""
        times = self.sharpness
        image = Image.new("L", (self.size[0] * times, self.size[1] * times))
        paint(ImageDraw.Draw(image), float(times))
        return image.reduce(times) if times > 1 else image

    def shape(self, points: Sequence[Point]) -> Image.Image:
        """The mask of one polygon, in pixels of the picture."""
        return self.mask(lambda draw, times: draw.polygon([(x * times, y * times) for x, y in points], fill=255))

    def disc(self, centre: Point, radius: float) -> Image.Image:
        """The mask of a disc, in pixels of the picture."""
        box = (centre[0] - radius, centre[1] - radius, centre[0] + radius, centre[1] + radius)
        return self.mask(lambda draw, times: draw.ellipse([edge * times for edge in box], fill=255))


def column(size: tuple[int, int], colours: Sequence[Colour], top: float = 0.0, bottom: float = 1.0) -> Image.Image:
    """A vertical gradient between the heights `top` and `bottom` (shares of the whole height)."""
    rows = min(size[1], 256)
    span = max(bottom - top, 1e-6)
    strip = Image.new("RGB", (1, rows))
    strip.putdata([along(colours, ((row + 0.5) / rows - top) / span) for row in range(rows)])
    return strip.resize((1, size[1]), Image.Resampling.BILINEAR).resize(size, Image.Resampling.NEAREST)


def fade(size: tuple[int, int], stops: Sequence[tuple[float, int]]) -> Image.Image:
    """A grey vertical gradient through (height share, value) stops."""

    def value(place: float) -> int:
        before = max((stop for stop in stops if stop[0] <= place), default=stops[0])
        after = min((stop for stop in stops if stop[0] >= place), default=stops[-1])
        share = 0.0 if after[0] == before[0] else (place - before[0]) / (after[0] - before[0])
        return round(before[1] + (after[1] - before[1]) * share)

    strip = Image.new("L", (1, size[1]))
    strip.putdata([value((row + 0.5) / size[1]) for row in range(size[1])])
    return strip.resize(size, Image.Resampling.NEAREST)


def noise(rng: random.Random, size: tuple[int, int], cells: tuple[int, int], octaves: int = 3) -> Image.Image:
    """Smooth fractal noise, grey, stretched over its whole range. `cells` are the features across and down."""
    width, height = (max(2, count << (octaves - 1)) for count in cells)
    total = Image.new("L", (width, height))
    for octave in range(octaves):
        grid = (max(2, cells[0] << octave), max(2, cells[1] << octave))
        cloud = Image.frombytes("L", grid, rng.randbytes(grid[0] * grid[1]))
        share = 0.55**octave * (0.45 if octave < octaves - 1 else 1.0)
        total = ImageChops.add(total, scaled(cloud.resize((width, height), Image.Resampling.BICUBIC), share))
    return ImageOps.autocontrast(total).resize(size, Image.Resampling.BICUBIC)


def steps(low: float, high: float) -> list[int]:
    """A point table that rises smoothly from 0 at `low` to 255 at `high` (both 0 to 255)."""

    def value(level: int) -> int:
        share = min(max((level - low) / (high - low), 0.0), 1.0)
        return round(255 * share * share * (3 - 2 * share))

    return [value(level) for level in range(256)]


def scaled(mask: Image.Image, share: float) -> Image.Image:
    """The mask at `share` of its strength."""
    return mask.point([round(level * share) for level in range(256)])


def crest(rng: random.Random, steps_across: int, roughness: float) -> list[float]:
    """A ridge line as steps_across + 1 heights about 0, within -1 to 1: mid-points moved by ever smaller amounts."""
    count = 1
    heights = [rng.uniform(-0.5, 0.5), rng.uniform(-0.5, 0.5)]
    reach = 0.8
    while count < steps_across:
        between = [(a + b) / 2 + rng.uniform(-reach, reach) for a, b in zip(heights, heights[1:], strict=False)]
        heights = [height for pair in zip(heights, between, strict=False) for height in pair] + [heights[-1]]
        count *= 2
        reach *= roughness
    peak = max(abs(height) for height in heights) or 1.0
    return [height / peak for height in heights]


def swell(rng: random.Random, points: int, waves: float) -> list[float]:
    """A soft hill line of points + 1 heights within -1 to 1: a few sines."""
    parts = [(waves * rate * rng.uniform(0.8, 1.2), rng.uniform(0, math.tau), 1 / rate) for rate in (1.0, 1.9, 3.1)]
    whole = sum(part[2] for part in parts)
    return [
        sum(size * math.sin(turns * math.tau * index / points + start) for turns, start, size in parts) / whole
        for index in range(points + 1)
    ]


def outline(heights: Sequence[float], size: tuple[int, int], level: float, reach: float) -> list[Point]:
    """The polygon below a line of heights: `level` and `reach` in pixels, closed along the lower edge."""
    width, height = size
    last = len(heights) - 1
    line = [(width * index / last, level - reach * value) for index, value in enumerate(heights)]
    return [(-2.0, height + 2.0), (-2.0, line[0][1]), *line, (width + 2.0, line[-1][1]), (width + 2.0, height + 2.0)]


def glow(size: tuple[int, int], centre: Point, radius: float, power: float = 2.0) -> Image.Image:
    """A soft round light, 255 at its centre and 0 at `radius` pixels."""
    # Pillow's radial gradient reaches 255 in its corners, so 180 at the middle of its sides.
    disc = Image.radial_gradient("L").point([round(255 * max(0.0, 1 - level / 180) ** power) for level in range(256)])
    side = max(2, round(radius * 2))
    mask = Image.new("L", size)
    mask.paste(
        disc.resize((side, side), Image.Resampling.BICUBIC), (round(centre[0] - radius), round(centre[1] - radius))
    )
    return mask


def lit(image: Image.Image, colour: Colour, mask: Image.Image) -> Image.Image:
    """Light of `colour` added where the mask is bright, as a projector would."""
    layer = Image.composite(Image.new("RGB", image.size, colour), Image.new("RGB", image.size), mask)
    return ImageChops.screen(image, layer)


def soft(mask: Image.Image, radius: float) -> Image.Image:
    """The mask blurred by `radius` pixels, worked out on a smaller copy when the blur is wide."""
    factor = max(1, min(8, int(radius // 3)))
    if factor == 1:
        return mask.filter(ImageFilter.GaussianBlur(radius))
    small = mask.reduce(factor).filter(ImageFilter.GaussianBlur(radius / factor))
    return small.resize(mask.size, Image.Resampling.BICUBIC)


def textured(scene: Scene, image: Image.Image, strength: int, blur: float = 0.5) -> Image.Image:
    """A paper tooth: fine relief lit from the upper left; a draft goes without."""
    if scene.sharpness == 1:
        return image
    width, height = scene.size
    grains = Image.frombytes("L", scene.size, scene.rng("tooth").randbytes(width * height))
    tooth = grains.filter(ImageFilter.GaussianBlur(blur))
    relief = ImageChops.add(tooth, ImageChops.invert(ImageChops.offset(tooth, 1, 1)), scale=2)
    levels = [min(255, max(0, round(128 + (level - 127.5) * strength / 12))) for level in range(256)]
    grey = relief.point(levels)
    return ImageChops.soft_light(image, Image.merge("RGB", (grey, grey, grey)))


def film(scene: Scene, image: Image.Image, strength: float = 0.09, corners: int = 46) -> Image.Image:
    """Fine film grain and slightly darker corners; a draft goes without. The grain hides the bands of gradients."""
    if scene.sharpness == 1:
        return image
    width, height = scene.size
    rng = scene.rng("film")
    first, second = (Image.frombytes("L", scene.size, rng.randbytes(width * height)) for _ in range(2))
    grains = ImageChops.add(first, second, scale=2).point(
        [round(128 + (level - 127.5) * strength) for level in range(256)]
    )
    image = ImageChops.soft_light(image, Image.merge("RGB", (grains, grains, grains)))
    darker = Image.radial_gradient("L").point([round(255 - corners * (level / 255) ** 2.4) for level in range(256)])
    shade = darker.resize(scene.size, Image.Resampling.BILINEAR)
    return ImageChops.multiply(image, Image.merge("RGB", (shade, shade, shade)))
