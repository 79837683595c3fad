"""Small dark shapes for landscapes: trees, towers, a boat, a lighthouse, birds."""

import math
import random
from collections.abc import Sequence

from PIL import Image, ImageDraw

from providers.practice.drawing.canvas import Point, Scene, glow, lit, scaled
from providers.practice.drawing.palettes import Colour, mix

Box = tuple[float, float, float, float]


def pines(
    rng: random.Random, scene: Scene, draw: ImageDraw.ImageDraw, times: float, line: Sequence[Point], *,
    count: int = 46, tall: float = 1.0,
) -> None:  # fmt: skip
    """Firs of many heights along a line, in groups rather than evenly; `count` for each length of the shorter side."""
    width, height = scene.size
    groups = [rng.random() * width for _ in range(5)]
    for _ in range(round(count * width / scene.unit)):
        x = rng.gauss(rng.choice(groups), width * 0.055) if rng.random() * 120 > count else rng.random() * width
        if not 0 <= x < width:
            continue
        base = line[min(len(line) - 1, round(x / width * (len(line) - 1)))][1] + height * 0.006
        _pine(rng, draw, times, (x, base), scene.unit * tall * rng.uniform(0.035, 0.12) * rng.uniform(0.7, 1.15))


def _pine(rng: random.Random, draw: ImageDraw.ImageDraw, times: float, foot: Point, tall: float) -> None:
    x, base = foot
    tiers = 9
    wide = tall * rng.uniform(0.15, 0.21)
    left: list[Point] = []
    right: list[Point] = []
    for tier in range(tiers + 1):
        share = tier / tiers
        y = base - tall * (1 - share)
        spread = wide * share**0.85
        left += [(x - spread * rng.uniform(0.75, 1.1), y), (x - spread * 0.52, y - tall * 0.012)]
        right += [(x + spread * rng.uniform(0.75, 1.1), y), (x + spread * 0.52, y - tall * 0.012)]
    points = [(x, base - tall * 1.04), *right, *reversed(left)]
    draw.polygon([(a * times, b * times) for a, b in points], fill=255)


def skyline(rng: random.Random, scene: Scene, floor: float, depth: float) -> list[Box]:
    """Towers as boxes, farthest rows lower and denser; tallest about a centre that is off the middle."""
    width, height = scene.size
    centre = width * rng.uniform(0.35, 0.65)
    towers: list[Box] = []
    x = -width * 0.02
    while x < width:
        wide = scene.unit * rng.uniform(0.022, 0.06) * (0.8 + 0.5 * depth)
        peak = math.exp(-(((x - centre) / (width * 0.28)) ** 2))
        tall = height * (0.06 + 0.26 * peak * rng.random() ** 0.8 + 0.05 * rng.random()) * (1.25 - 0.45 * depth)
        towers.append((x, floor - tall, x + wide, floor + height * 0.05))
        if rng.random() < 0.25:
            middle = x + wide / 2
            towers.append((middle - wide * 0.03, floor - tall * 1.18, middle + wide * 0.03, floor - tall))
        x += wide * rng.uniform(0.85, 1.25)
    return towers


def windows(rng: random.Random, scene: Scene, towers: Sequence[Box], floor: float) -> Image.Image:
    """The lighted windows of the towers above `floor`, as a mask."""
    step = scene.unit * 0.0105

    def paint(draw: ImageDraw.ImageDraw, times: float) -> None:
        for left, top, right, _ in towers:
            columns = int((right - left) / step) - 1
            for row in range(1, int((floor - top) / (step * 1.25))):
                y = top + row * step * 1.25
                for place in range(columns):
                    if rng.random() < 0.34:
                        x = left + step * (0.7 + place)
                        draw.rectangle(
                            (x * times, y * times, (x + step * 0.48) * times, (y + step * 0.62) * times),
                            fill=rng.randrange(70, 255),
                        )

    return scene.mask(paint)


def boat(rng: random.Random, scene: Scene, image: Image.Image, dark: Colour) -> Image.Image:
    """A small sailing boat on the water, with its reflection."""
    width, height = scene.size
    x, y = width * rng.choice((0.30, 0.42, 0.58, 0.70)), height * 0.775
    long = scene.unit * 0.075
    hull = [(x - long, y - long * 0.24), (x + long * 1.05, y - long * 0.28), (x + long * 0.72, y), (x - long * 0.75, y)]
    sail = [(x + long * 0.06, y - long * 1.9), (x + long * 0.06, y - long * 0.36), (x + long * 0.92, y - long * 0.38)]
    jib = [(x - long * 0.04, y - long * 1.7), (x - long * 0.04, y - long * 0.36), (x - long * 0.72, y - long * 0.36)]
    ghost = [(a, y + (y - b) * 0.75) for a, b in sail]
    image.paste(mix(dark, scene.palette.light, 0.35), (0, 0), scaled(scene.shape(ghost), 0.30))
    image.paste(dark, (0, 0), scaled(scene.shape([(a, y + (y - b) * 0.8) for a, b in hull]), 0.45))
    image.paste(dark, (0, 0), scene.shape(hull))
    cloth = mix(scene.palette.light, scene.palette.sky[-1], 0.25)
    image.paste(cloth, (0, 0), scene.shape(sail))
    image.paste(mix(cloth, dark, 0.22), (0, 0), scene.shape(jib))
    return image


def lighthouse(scene: Scene, image: Image.Image, dark: Colour, side: int) -> Image.Image:
    """A lighthouse on a rock at the left (-1) or right (1), its lamp lit and its beam across the sky."""
    width, height = scene.size
    x, foot = width * (0.5 + 0.27 * side), height * 0.70
    tall, wide = height * 0.27, scene.unit * 0.026
    top = foot - tall
    reach = width * 0.75
    beam = scene.shape([(x, top), (x + side * reach, top - height * 0.20), (x + side * reach, top - height * 0.01)])
    far = glow(scene.size, (x, top), reach, 1.5)
    light = mix(scene.palette.light, (255, 244, 200), 0.5)
    image = lit(image, light, scaled(Image.composite(far, Image.new("L", scene.size), beam), 0.42))
    rock = ((-7.0, -0.16), (-4.2, -0.03), (-2.4, 0.02), (2.2, 0.01), (3.9, -0.05), (6.4, -0.16))
    image.paste(dark, (0, 0), scene.shape([(x + wide * across, foot - tall * up) for across, up in rock]))

    def block(colour: Colour, low: float, high: float, half_low: float, half_high: float) -> None:
        """A piece of the tower between two heights (shares of it) with its half widths."""
        corners = ((-half_low, low), (half_low, low), (half_high, high), (-half_high, high))
        image.paste(colour, (0, 0), scene.shape([(x + wide * across, foot - tall * up) for across, up in corners]))

    stripes = (mix(scene.palette.paper, dark, 0.22), mix(scene.palette.accents[2], dark, 0.35))
    for band in range(6):
        block(stripes[band % 2], 0.15 * band, 0.15 * (band + 1), 1 - 0.07 * band, 0.93 - 0.07 * band)
    block(light, 0.91, 0.99, 0.42, 0.42)
    block(dark, 0.89, 0.915, 0.75, 0.75)
    block(dark, 0.99, 1.06, 0.57, 0.0)
    return lit(image, light, scaled(glow(scene.size, (x, foot - tall * 0.95), scene.unit * 0.12, 2.2), 0.85))


def birds(rng: random.Random, scene: Scene, draw: ImageDraw.ImageDraw, times: float) -> None:
    """A loose flock of a few strokes each."""
    width, height = scene.size
    x, y = width * rng.uniform(0.2, 0.7), height * rng.uniform(0.14, 0.30)
    for _ in range(rng.randrange(5, 9)):
        wing = scene.unit * rng.uniform(0.008, 0.017)
        left, top = x + rng.gauss(0, 0.07) * scene.unit, y + rng.gauss(0, 0.03) * scene.unit
        tilt = rng.uniform(-0.25, 0.25) * wing
        points = [
            (left - wing, top - wing * 0.35 + tilt), (left - wing * 0.5, top - wing * 0.52 + tilt / 2), (left, top),
            (left + wing * 0.5, top - wing * 0.52 - tilt / 2), (left + wing, top - wing * 0.35 - tilt),
            (left + wing * 0.45, top - wing * 0.30), (left, top + wing * 0.16), (left - wing * 0.45, top - wing * 0.30),
        ]  # fmt: skip
        draw.polygon([(a * times, b * times) for a, b in points], fill=255)
