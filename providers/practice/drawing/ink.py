"""The style "ink": a brush landscape in a few washes on rice paper, with one red sun."""

import math
import random

from PIL import Image, ImageChops, ImageDraw

from providers.practice.drawing.canvas import Point, Scene, crest, noise, outline, scaled, soft, steps, swell, textured
from providers.practice.drawing.palettes import Colour, mix
from providers.practice.drawing.silhouettes import birds, pines


def ink(scene: Scene) -> Image.Image:
    """Misty peaks, a sun, birds, and reeds or pines in front."""
    rng = scene.rng("ink")
    width, height = scene.size
    tone = mix(scene.palette.ink, (24, 26, 30), 0.35)
    image = _sheet(scene)
    sun = (width * rng.choice((0.30, 0.36, 0.64, 0.70)), height * rng.uniform(0.24, 0.36))
    image = _sun(scene, image, sun)
    grain = _grain(scene, "peaks", 120)
    for index in range(5):
        image = _peak(rng, scene, image, index / 4, tone, grain)
    image.paste(tone, (0, 0), scaled(scene.mask(lambda draw, times: birds(rng, scene, draw, times)), 0.75))
    if "pines" in scene.features or rng.random() < 0.35:
        image = _bank(rng, scene, image, tone)
    else:
        image = _reeds(rng, scene, image, tone)
    return textured(scene, image, 8)


def _sheet(scene: Scene) -> Image.Image:
    """Rice paper: warm, a little cloudy, with long fibres."""
    rng = scene.rng("sheet")
    width, height = scene.size
    base = mix(scene.palette.paper, (244, 238, 224), 0.6)
    image = Image.new("RGB", scene.size, base)
    clouds = noise(rng, (width // 4, height // 4), (4, 4), 3).resize(scene.size, Image.Resampling.BICUBIC)
    image.paste(mix(base, (196, 178, 146), 0.5), (0, 0), scaled(clouds, 0.35))

    def fibres(draw: ImageDraw.ImageDraw, times: float) -> None:
        for _ in range(160):
            x, y, angle = (
                rng.random() * width,
                rng.random() * height,
                rng.uniform(-0.6, 0.6) + rng.choice((0, math.pi / 2)),
            )
            bend, long = rng.uniform(-0.5, 0.5), scene.unit * rng.uniform(0.01, 0.05)
            middle = (x + math.cos(angle) * long, y + math.sin(angle) * long)
            end = (middle[0] + math.cos(angle + bend) * long, middle[1] + math.sin(angle + bend) * long)
            points = [(a * times, b * times) for a, b in ((x, y), middle, end)]
            draw.line(points, fill=rng.randrange(20, 60), width=max(1, round(times * scene.unit / 1400)))

    image.paste((150, 128, 96), (0, 0), scene.mask(fibres))
    return image


def _wash(scene: Scene, image: Image.Image, colour: Colour, mask: Image.Image, grain: Image.Image) -> Image.Image:
    """Pigment laid through the mask: it multiplies with what is below and settles unevenly."""
    settled = ImageChops.multiply(mask, grain)
    layer = Image.composite(
        Image.new("RGB", scene.size, colour), Image.new("RGB", scene.size, (255, 255, 255)), settled
    )
    return ImageChops.multiply(image, layer)


def _grain(scene: Scene, purpose: str, low: int) -> Image.Image:
    small = (max(32, scene.size[0] // 2), max(32, scene.size[1] // 2))
    cells = (max(3, round(7 * scene.size[0] / scene.unit)), max(3, round(7 * scene.size[1] / scene.unit)))
    clouds = noise(scene.rng(purpose), small, cells, 5)
    return clouds.point([low + round((255 - low) * level / 255) for level in range(256)]).resize(
        scene.size, Image.Resampling.BICUBIC
    )


def _sun(scene: Scene, image: Image.Image, centre: Point) -> Image.Image:
    rng = scene.rng("sun")
    x, y = centre
    radius = scene.unit * rng.uniform(0.085, 0.12)
    edge = swell(rng, 120, 3.0)
    points = [
        (x + math.cos(math.tau * step / 120) * radius * (1 + 0.012 * edge[step % 120]),
         y + math.sin(math.tau * step / 120) * radius * (1 + 0.012 * edge[(step * 7) % 120]))
        for step in range(120)
    ]  # fmt: skip
    disc = scene.shape(points)
    rim = ImageChops.subtract(disc, scaled(soft(disc, radius * 0.10), 0.45))
    colour = mix(max(scene.palette.accents[:3], key=lambda accent: accent[0] - accent[1]), (206, 52, 38), 0.75)
    grain = _grain(scene, "sun wash", 150)
    return _wash(scene, image, colour, ImageChops.lighter(scaled(disc, 0.72), rim), grain)


def _peak(
    rng: random.Random, scene: Scene, image: Image.Image, depth: float, tone: Colour, grain: Image.Image
) -> Image.Image:
    """One range: dark along its crest, melting into mist below. `depth` is 0 for the farthest, 1 for the nearest."""
    width, height = scene.size
    level = height * (0.50 + 0.36 * depth + rng.uniform(-0.02, 0.02))
    reach = height * rng.uniform(0.13, 0.20) * (1.05 - 0.62 * depth)
    heights = crest(rng, 512, 0.50)
    if depth > 0.6:
        side = rng.choice((-1, 1))
        heights = [value * 0.55 + side * (index / 256 - 1) * 1.5 - 0.45 for index, value in enumerate(heights)]
    shape = scene.shape(outline(heights, scene.size, level, reach))
    long = height * (0.10 + 0.09 * depth)
    below = Image.new("L", scene.size)
    below.paste(soft(shape, long * 0.55), (0, round(long)))
    body = ImageChops.subtract(shape, below)
    edge = Image.new("L", scene.size)
    edge.paste(soft(shape, height * 0.008), (0, round(height * 0.012)))
    rim = scaled(ImageChops.subtract(shape, edge), 0.55)
    turn = (Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.FLIP_TOP_BOTTOM, Image.Transpose.ROTATE_180)[
        round(depth * 4) % 3
    ]
    strength = 0.22 + 0.55 * depth**1.2
    mask = ImageChops.add(scaled(body, strength), scaled(rim, strength * 0.7))
    colour = mix(tone, scene.palette.land[1], 0.55 * (1 - depth))
    return _wash(scene, image, colour, mask, grain.transpose(turn))


def _reeds(rng: random.Random, scene: Scene, image: Image.Image, tone: Colour) -> Image.Image:
    """Tapering brush strokes that lean together from one lower corner."""
    width, height = scene.size
    side = rng.choice((-1, 1))
    root = width * (0.5 + side * 0.36)
    lean = -side * rng.uniform(0.1, 0.35)

    def paint(draw: ImageDraw.ImageDraw, times: float) -> None:
        for _ in range(26):
            x, tall = root + rng.gauss(0, 0.055) * scene.unit, height * rng.uniform(0.14, 0.40)
            bend, thick = lean + rng.gauss(0, 0.28), scene.unit * rng.uniform(0.002, 0.0046)
            left, right = [], []
            for step in range(25):
                share = step / 24
                across = x + bend * tall * share**2.1
                up = height * 1.01 - tall * (share - 0.22 * abs(bend) * share**3)
                half = thick * (1 - share) ** 0.7 * (0.55 + 0.9 * share * (1 - share) * 2)
                left.append(((across - half) * times, up * times))
                right.append(((across + half) * times, up * times))
            draw.polygon([*left, *reversed(right)], fill=rng.randrange(130, 240))

    return _wash(scene, image, tone, scene.mask(paint), _grain(scene, "reeds", 190))


def _bank(rng: random.Random, scene: Scene, image: Image.Image, tone: Colour) -> Image.Image:
    width, height = scene.size
    heights = crest(rng, 256, 0.5)
    level, reach = height * 0.93, height * 0.03
    line = [(width * index / 256, level - reach * value) for index, value in enumerate(heights)]
    firs = scene.mask(lambda draw, times: pines(rng, scene, draw, times, line))
    ground = scaled(scene.shape(outline(heights, scene.size, level, reach)), 0.9)
    fringe = noise(rng, (width // 2, height // 2), (40, 40), 2).point(steps(20, 110)).resize(scene.size)
    trees = ImageChops.multiply(soft(firs, scene.unit * 0.0009), fringe)
    return _wash(scene, image, tone, ImageChops.lighter(scaled(trees, 0.9), ground), _grain(scene, "bank", 150))
