"""The style "paper": layers of cut paper, each throwing its shadow on the one behind."""

import math
import random

from PIL import Image, ImageChops, ImageDraw

from providers.practice.drawing.canvas import Point, Scene, column, film, outline, scaled, soft, swell, textured
from providers.practice.drawing.palettes import Colour, along, mix, pale


def paper(scene: Scene) -> Image.Image:
    """Rolling hills under a paper sun, some of them seen through a deep cut window."""
    is_compact = max(scene.size) < 1.6 * scene.unit
    image = _window(scene) if is_compact and scene.rng("kind").random() < 0.4 else _hills(scene)
    return film(scene, textured(scene, image, 8), 0.03, 24)


def _sheets(scene: Scene, count: int) -> list[Colour]:
    """Colours from the back sheet to the front one."""
    palette = scene.palette
    if palette.is_night:
        run = [mix(palette.sky[3], palette.light, 0.1), palette.sky[3], palette.sky[2], palette.sky[1], palette.sky[0]]
    else:
        run = [palette.sky[-1], palette.sky[-2], *palette.land]
    return [along(run, index / (count - 1)) for index in range(count)]


def _lay(scene: Scene, image: Image.Image, mask: Image.Image, colour: Colour, height: float = 1.0) -> None:
    """Lay one sheet: its shadow, itself, its lit edge. Only the touched part of the picture is worked on."""
    unit = scene.unit
    spread = unit * 0.012 * height
    touched = mask.getbbox()
    if touched is None:
        return
    reach = round(spread * 3 + unit * 0.01)
    box = (max(0, touched[0] - reach), max(0, touched[1] - reach),
           min(scene.size[0], touched[2] + reach), min(scene.size[1], touched[3] + reach))  # fmt: skip
    sheet = mask.crop(box)
    shadow = Image.new("L", sheet.size)
    shadow.paste(sheet, (round(unit * 0.003 * height), round(unit * 0.009 * height)))
    dark = mix(scene.palette.ink, (0, 0, 0), 0.5)
    image.paste(dark, box, scaled(soft(shadow, spread), 0.46))
    image.paste(colour, box, sheet)
    inner = Image.new("L", sheet.size)
    inner.paste(sheet, (max(1, round(unit / 900)), max(1, round(unit / 600))))
    image.paste(pale(colour, 0.4), box, scaled(ImageChops.subtract(sheet, inner), 0.7))


def _hills(scene: Scene) -> Image.Image:
    rng = scene.rng("hills")
    width, height = scene.size
    palette = scene.palette
    image = column(scene.size, palette.sky, 0.0, 0.75)
    left = rng.random() < 0.5
    x, y = width * (rng.uniform(0.28, 0.40) if left else rng.uniform(0.60, 0.72)), height * rng.uniform(0.30, 0.38)
    radius = scene.unit * rng.uniform(0.10, 0.125)
    for ring in range(3):
        colour = mix(along(palette.sky, 0.5 + 0.2 * ring), palette.light, 0.15 + 0.42 * ring)
        _lay(scene, image, scene.disc((x, y), radius * (2.0 - 0.5 * ring)), colour, 0.6)
    for index in range(3):
        away = width * (rng.uniform(0.62, 0.92) if left else rng.uniform(0.08, 0.38))
        place = (x + radius * 1.5 if index == 2 else away, height * (0.12 + 0.13 * index + rng.uniform(0, 0.05)))
        _lay(scene, image, _cloud(rng, scene, place), mix(palette.sky[-1], palette.light, 0.65), 0.8)
    sheets = _sheets(scene, 7)[1:]
    for index, colour in enumerate(sheets):
        share = index / (len(sheets) - 1)
        heights = swell(rng, 200, rng.uniform(0.7, 1.3) + 0.5 * share)
        level, reach = height * (0.50 + 0.42 * share), height * rng.uniform(0.06, 0.10) * (1.1 - 0.5 * share)
        _lay(scene, image, scene.shape(outline(heights, scene.size, level, reach)), colour, 0.7 + 0.7 * share)
        if 1 <= index <= 4:
            _grove(rng, scene, image, heights, (level, reach), colour, share)
    return image


def _grove(
    rng: random.Random,
    scene: Scene,
    image: Image.Image,
    heights: list[float],
    place: Point,
    colour: Colour,
    share: float,
) -> None:
    """Paper trees, round or pointed, on one hill."""
    width, height = scene.size
    pointed = "pines" in scene.features or rng.random() < 0.5
    level, reach = place
    start = rng.uniform(0.05, 0.8)

    def paint(draw: ImageDraw.ImageDraw, times: float) -> None:
        for tree in range(rng.randrange(2, 5)):
            where = min(0.98, start + tree * rng.uniform(0.028, 0.045) * scene.unit / width * 1.6)
            x = width * where
            base = level - reach * heights[round(where * (len(heights) - 1))] + height * 0.012
            tall = scene.unit * rng.uniform(0.07, 0.12) * (0.6 + 0.7 * share)
            wide = tall * (0.24 if pointed else 0.30)
            trunk = (x - tall * 0.022, base - tall * 0.4, x + tall * 0.022, base)
            draw.rectangle([part * times for part in trunk], fill=255)
            if pointed:
                crown = ((x - wide, base - tall * 0.16), (x, base - tall), (x + wide, base - tall * 0.16))
                draw.polygon([(across * times, down * times) for across, down in crown], fill=255)
            else:
                round_crown = (x - wide, base - tall, x + wide, base - tall * 0.22)
                draw.ellipse([part * times for part in round_crown], fill=255)

    tone = mix(mix(colour, scene.palette.accents[0], 0.5), scene.palette.ink, 0.22 + 0.2 * share)
    _lay(scene, image, scene.mask(paint), tone, 0.5)


def _cloud(rng: random.Random, scene: Scene, place: Point) -> Image.Image:
    x, y = place
    size = scene.unit * rng.uniform(0.030, 0.050)
    puffs = [
        (step * size * 1.15, rng.uniform(0.7, 1.35) * size * (1.25 - 0.28 * abs(step))) for step in (-2, -1, 0, 1, 2)
    ]

    def paint(draw: ImageDraw.ImageDraw, times: float) -> None:
        for shift, radius in puffs:
            draw.ellipse(
                [part * times for part in (x + shift - radius, y - radius, x + shift + radius, y + radius)], fill=255
            )
        draw.rectangle([part * times for part in (x - size * 4, y + size * 0.25, x + size * 4, y + size * 3)], fill=0)
        left, right = x - size * 3.1, x + size * 3.1
        box = [part * times for part in (left, y - size * 0.1, right, y + size * 0.42)]
        draw.rounded_rectangle(box, radius=size * 0.26 * times, fill=255)

    return scene.mask(paint)


def _window(scene: Scene) -> Image.Image:
    """The hills seen through a deep window of sheets, each with a larger uneven opening than the one behind it."""
    rng = scene.rng("window")
    width, height = scene.size
    image = _hills(scene)
    waves = [(turns, rng.uniform(0, math.tau), rng.uniform(0.6, 1.0) / turns) for turns in (2, 3, 5, 7, 9)]
    palette = scene.palette
    run = [mix(palette.sky[-1], palette.light, 0.4), *palette.sky[-2:0:-1], palette.land[-1]]
    for index in range(5):
        share = index / 4

        def paint(draw: ImageDraw.ImageDraw, times: float, share: float = share) -> None:
            draw.rectangle((0, 0, width * times, height * times), fill=255)
            points = []
            for step in range(480):
                angle = math.tau * step / 480
                wave = sum(part * math.sin(turns * angle + start + share * 1.3) for turns, start, part in waves)
                reach = (0.335 + 0.155 * share) * (1 + 0.075 * wave)
                across, down = math.cos(angle), math.sin(angle)
                points.append(
                    ((width / 2 + across * reach * width) * times, (height * 0.48 + down * reach * height) * times)
                )
            draw.polygon(points, fill=0)

        _lay(scene, image, scene.mask(paint), along(run, share), 1.0 + share)
    return image
