"""The styles "vista" (sun or moon over ridges) and "aurora" (curtains of light at night)."""

import math
import random

from PIL import Image, ImageChops, ImageDraw

from providers.practice.drawing.canvas import (
    Point,
    Scene,
    column,
    crest,
    fade,
    film,
    glow,
    lit,
    noise,
    outline,
    scaled,
    soft,
    steps,
    swell,
)
from providers.practice.drawing.palettes import Colour, along, brightness, mix, pale
from providers.practice.drawing.silhouettes import Box, birds, boat, lighthouse, pines, skyline, windows


def vista(scene: Scene) -> Image.Image:
    """Sky, clouds, sun or moon, ridges that fade with distance, and water where the prompt or chance wants it."""
    rng = scene.rng("composition")
    width, height = scene.size
    features = scene.features
    shore = height * rng.uniform(0.60, 0.66)
    has_water = "water" in features or "city" in features or (not features and rng.random() < 0.5)
    floor = shore if has_water else height * 0.80
    image = column(scene.size, scene.palette.sky, 0.0, floor / height)
    disc = (width * rng.choice((0.32, 0.38, 0.62, 0.68)), floor * rng.uniform(0.46, 0.62))
    if "city" in features:
        disc = (disc[0], floor * 0.30)
    if _is_moonlit(scene):
        image = _stars(scene, image, floor, 150)
    image = _clouds(scene, _shine(scene, image, disc), floor, disc)
    image, land = _ridges(scene, image, floor, far_only=has_water)
    if "city" in features:
        image, land = _city(scene, image, floor, land)
    if has_water:
        image = _water(scene, image, round(shore), disc[0])
        land.paste(255, (0, round(shore), width, height))
    image = _disc(scene, image, disc, floor, land)
    return film(scene, _weather(scene, _foreground(scene, image, has_water, disc[0])))


def aurora(scene: Scene) -> Image.Image:
    """Curtains of light over dark ridges and their reflection; the palette's accents give the colours."""
    width, height = scene.size
    shore = height * scene.rng("composition").uniform(0.68, 0.73)
    palette = scene.palette
    darkness = palette.sky if palette.is_night else tuple(mix(colour, (6, 10, 32), 0.82) for colour in palette.sky)
    image = _stars(scene, column(scene.size, darkness, 0.0, shore / height), shore, 300)
    image = _curtains(scene, image, shore)
    land = [mix(colour, (4, 8, 24), 0.72) for colour in palette.land]
    image, _ = _ridges(scene, image, shore, far_only=True, land=land)
    image = _water(scene, image, round(shore), width / 2, has_disc=False)
    return film(scene, _weather(scene, _foreground(scene, image, True, width / 2, land[-1])))


def _is_moonlit(scene: Scene) -> bool:
    return scene.palette.is_night or "moon" in scene.features


def _stars(scene: Scene, image: Image.Image, floor: float, count: int) -> Image.Image:
    rng = scene.rng("stars")
    width, _ = scene.size

    def sprinkle(draw: ImageDraw.ImageDraw, times: float) -> None:
        for _ in range(count):
            x, y, size = rng.random() * width, rng.random() ** 1.3 * floor, rng.random() ** 4
            radius = (0.00045 + 0.0013 * size) * scene.unit * times
            level = round((70 + 185 * size) * (1 - 0.75 * y / floor))
            draw.ellipse((x * times - radius, y * times - radius, x * times + radius, y * times + radius), fill=level)

    return lit(image, pale(scene.palette.light, 0.4), scene.mask(sprinkle))


def _radius(scene: Scene) -> float:
    """Of the sun, large and low, or the moon, smaller; in pixels."""
    rng = scene.rng("disc")
    return scene.unit * (rng.uniform(0.045, 0.065) if _is_moonlit(scene) else rng.uniform(0.07, 0.115))


def _shine(scene: Scene, image: Image.Image, centre: Point) -> Image.Image:
    """The light about the sun or the moon."""
    radius = _radius(scene)
    warm = mix(scene.palette.light, scene.palette.sky[-1], 0.5)
    image = lit(image, warm, scaled(glow(scene.size, centre, radius * 7.5, 2.4), 0.50))
    return lit(image, scene.palette.light, scaled(glow(scene.size, centre, radius * 2.6, 2.2), 0.55))


def _disc(scene: Scene, image: Image.Image, centre: Point, floor: float, land: Image.Image) -> Image.Image:
    """The disc itself, behind the land, sinking into the haze of the horizon."""
    radius = _radius(scene)
    y = centre[1]
    haze = fade(scene.size, [(0.0, 255), (max(0.0, (y - radius) / scene.size[1]), 255), (floor / scene.size[1], 120)])
    image.paste(
        scene.palette.light, (0, 0), ImageChops.multiply(ImageChops.subtract(scene.disc(centre, radius), land), haze)
    )
    return image


def _clouds(scene: Scene, image: Image.Image, floor: float, sun: Point) -> Image.Image:
    """Slanting banks of cloud, bright towards the sun: the same noise shifted a little gives their modelling."""
    rng = scene.rng("clouds")
    width, height = scene.size
    small = (max(64, width // 3), max(64, height // 3))
    wide = (small[0] * 3 // 2, small[1] * 3 // 2)
    cells = (max(3, round(4 * width / height)), 9)
    # Two noises of different scale, slanted against each other, hide the grid that either of them has alone.
    fine = _slanted(noise(rng, wide, cells, 4), small, rng.uniform(0.10, 0.20))
    broad = _slanted(noise(rng, wide, (2, 4), 2), small, rng.uniform(-0.25, -0.10))
    body = soft(ImageChops.add(fine, broad, scale=2), small[1] / 220)
    relief = ImageChops.subtract(body, ImageChops.offset(body, 0, -max(2, small[1] // 80)), scale=0.25, offset=120)
    level = floor / height
    band = fade(small, [(0.0, 170), (0.30 * level, 235), (0.75 * level, 170), (level, 0), (1, 0)])
    cover = ImageChops.multiply(body.point(steps(124, 190)), band)
    near = glow(small, (sun[0] / 3, sun[1] / 3), max(small) * 0.75, 1.0)
    sky = scene.palette.sky
    shade = column(small, [mix(colour, sky[1], 0.3) for colour in sky], 0.0, level)
    bright = column(small, [mix(colour, scene.palette.light, 0.4) for colour in sky[1:]], 0.0, level)
    bright = lit(bright, mix(sky[-1], scene.palette.light, 0.4), scaled(near, 0.35))
    clouds = Image.composite(bright, shade, relief.point(steps(60, 190)))
    share = 0.5 if scene.palette.is_night else 0.72
    image.paste(clouds.resize(scene.size, Image.Resampling.BICUBIC), (0, 0), scaled(cover, share).resize(scene.size))
    return image


def _slanted(image: Image.Image, size: tuple[int, int], slope: float) -> Image.Image:
    """The middle of a larger image, with its rows tilted by `slope`."""
    left, top = (image.size[0] - size[0]) / 2, (image.size[1] - size[1]) / 2
    tilt = (1, 0.4 * slope, left - 0.2 * slope * size[1], slope, 1, top - slope * size[0] / 2)
    return image.transform(size, Image.Transform.AFFINE, tilt, Image.Resampling.BILINEAR)


def _ridges(
    scene: Scene, image: Image.Image, floor: float, *, far_only: bool, land: list[Colour] | None = None
) -> tuple[Image.Image, Image.Image]:
    """The picture with its ranges, far to near, and the mask of all land."""
    rng = scene.rng("ridges")
    height = scene.size[1]
    colours = land or list(scene.palette.land)
    horizon = scene.palette.sky[-1] if land is None else mix(colours[0], scene.palette.accents[0], 0.15)
    features = scene.features
    count = (2 if "open sea" in features or "city" in features else 4) if far_only else 6
    tall = 1.75 if "mountains" in features else 0.7 if features & {"open sea", "city"} else 1.15
    whole = Image.new("L", scene.size)
    for index in range(count):
        depth = (index + 1) / count
        climb = -0.05 * (count - 1 - index) if far_only else -0.03 * (count - 1) + 0.06 * index
        level = floor + height * climb * (1 if tall > 1 else 0.6)
        reach = height * rng.uniform(0.055, 0.085) * (1.5 - 0.8 * depth) * tall
        gentle = "dunes" in features
        heights = swell(rng, 240, 1.2 + depth) if gentle else crest(rng, 512, 0.46 + 0.09 * (1 - depth))
        shape = scene.shape(outline(heights, scene.size, level, reach))
        if "pines" in features and depth > 0.4:
            shape = ImageChops.lighter(shape, _wood(rng, scene, heights, (level, reach), depth))
        body = mix(along(colours, depth * (0.78 if far_only else 0.9)), horizon, 0.55 * (1 - depth))
        top = max(0.0, level - reach) / height
        mist = mix(body, horizon, 0.45 * (1 - 0.55 * depth))
        image.paste(column(scene.size, (body, mist), top, top + 0.17), (0, 0), shape)
        whole = ImageChops.lighter(whole, shape)
    return image, whole


def _wood(rng: random.Random, scene: Scene, heights: list[float], place: Point, depth: float) -> Image.Image:
    """A dense wood along one ridge line, smaller the farther it is."""
    level, reach = place
    last = len(heights) - 1
    line = [(scene.size[0] * index / last, level - reach * value) for index, value in enumerate(heights)]
    tall = 0.25 + 0.55 * depth**2
    return scene.mask(lambda draw, times: pines(rng, scene, draw, times, line, count=round(90 / tall), tall=tall))


def _city(scene: Scene, image: Image.Image, floor: float, land: Image.Image) -> tuple[Image.Image, Image.Image]:
    """Three rows of towers on the shore, the nearer the darker, with lighted windows."""
    rng = scene.rng("city")
    palette = scene.palette
    for depth in (0.0, 0.5, 1.0):
        towers = skyline(rng, scene, floor, depth)

        def build(draw: ImageDraw.ImageDraw, times: float, towers: list[Box] = towers) -> None:
            for tower in towers:
                draw.rectangle([edge * times for edge in tower], fill=255)

        mask = scene.mask(build)
        colour = mix(mix(palette.land[1], palette.land[-1], 0.2 + 0.75 * depth), palette.sky[-1], 0.35 * (1 - depth))
        glare = mix(colour, palette.sky[-1], 0.40 - 0.2 * depth)
        image.paste(column(scene.size, (colour, glare), 0.3, floor / scene.size[1]), (0, 0), mask)
        if depth:
            image = lit(
                image,
                mix(palette.light, palette.accents[1], 0.25),
                scaled(windows(rng, scene, towers, floor), 0.3 + 0.55 * depth),
            )
        land = ImageChops.lighter(land, mask)
    return image, land


def _water(scene: Scene, image: Image.Image, shore: int, light_x: float, *, has_disc: bool = True) -> Image.Image:
    """The upper picture turned over, broken by ripples that widen towards the viewer, with the sun's glitter."""
    rng = scene.rng("water")
    width, height = scene.size
    depth = height - shore
    mirror = image.crop((0, max(0, shore - round(depth * 1.35)), width, shore)).transpose(
        Image.Transpose.FLIP_TOP_BOTTOM
    )
    mirror = mirror.resize((width, depth), Image.Resampling.BILINEAR)
    rippled = mirror.copy()
    starts = [rng.uniform(0, math.tau) for _ in range(3)]
    row = 0
    while row < depth:
        share = row / depth
        thick = max(1, round(height * (0.0012 + 0.004 * share)))
        turns = row / height * math.tau
        sway = math.sin(turns * 61 + starts[0]) + math.sin(turns * 37 + starts[1]) + rng.uniform(-0.6, 0.6)
        shift = round(sway * scene.unit * (0.001 + 0.008 * share))
        rippled.paste(mirror.crop((0, row, width, row + thick)), (shift, row))
        row += thick
    deep = mix(scene.palette.land[-2], scene.palette.sky[0], 0.4)
    tint = fade((width, depth), [(0.0, 26), (0.35, 70), (1.0, 168)])
    rippled = Image.composite(Image.new("RGB", rippled.size, deep), rippled, tint)
    streaks = noise(rng, (width, depth), (6, 72), 2).point(steps(150, 235))
    path = glow((width, depth), (light_x, 0.0), max(depth * 1.25, scene.unit * 0.3), 1.1)
    shine = mix(scene.palette.light, scene.palette.sky[-1], 0.3)
    rippled = lit(rippled, shine, ImageChops.multiply(streaks, scaled(path, 0.6)))
    if has_disc:
        rippled = lit(rippled, scene.palette.light, _glitter(rng, scene, (width, depth), light_x))
    rippled = lit(rippled, scene.palette.sky[-2], scaled(streaks, 0.12))
    image.paste(rippled, (0, shore))
    line = fade(
        scene.size, [(0, 0), (shore / height - 0.006, 0), (shore / height, 90), (shore / height + 0.02, 0), (1, 0)]
    )
    return lit(image, scene.palette.sky[-1], line)


def _glitter(rng: random.Random, scene: Scene, size: tuple[int, int], light_x: float) -> Image.Image:
    """The broken road of light under the sun: short strokes, wider and rarer towards the viewer."""
    width, depth = size
    radius = _radius(scene)
    mask = Image.new("L", (width * 2, depth * 2))
    draw = ImageDraw.Draw(mask)
    for _ in range(170):
        share = rng.random() ** 1.4
        y = share * depth
        x = light_x + rng.gauss(0, radius * (0.30 + 0.45 * share))
        half = radius * rng.uniform(0.08, 0.5) * (0.5 + share)
        thick = max(0.6, scene.unit * (0.0006 + 0.0016 * share))
        box = [edge * 2 for edge in (x - half, y - thick, x + half, y + thick)]
        draw.ellipse(box, fill=round(rng.uniform(90, 235) * (1 - 0.55 * share)))
    return mask.reduce(2)


def _curtains(scene: Scene, image: Image.Image, floor: float) -> Image.Image:
    """Folded bands of rays: a strip of vertical streaks, bent along a curve by a mesh of narrow columns."""
    rng = scene.rng("curtains")
    half = (max(64, scene.size[0] // 2), max(64, scene.size[1] // 2))
    sky = Image.new("RGB", half)
    low, _, high = (
        scene.palette.accents[:3]
        if scene.palette.is_night
        else sorted(scene.palette.accents[:3], key=brightness, reverse=True)
    )
    for layer in range(3):
        tall = round(floor / 2 * rng.uniform(0.55, 0.80))
        rays = noise(rng, (half[0], 1), (34 + 16 * layer, 2), 3).resize((half[0], tall)).point(steps(0, 215))
        where = noise(rng, (half[0], 1), (5, 2), 2).resize((half[0], tall)).point(steps(60, 190))
        shape = fade((half[0], tall), [(0.0, 0), (0.30, 40), (0.60, 130), (0.80, 235), (0.86, 255), (1.0, 0)])
        hue = column(
            (half[0], tall), (mix(high, (90, 20, 120), 0.4), high, mix(high, low, 0.6), low, pale(low, 0.35), low)
        )
        strip = Image.new("RGB", hue.size)
        strip.paste(hue, (0, 0), ImageChops.multiply(ImageChops.multiply(shape, rays), where))
        level = floor / 2 * (0.52 + 0.14 * layer + rng.uniform(-0.04, 0.04))
        sky = ImageChops.screen(sky, _bent(rng, strip, half, level))
    haze = sky.reduce(4)
    haze = Image.merge("RGB", [soft(band, half[0] / 50) for band in haze.split()]).resize(
        half, Image.Resampling.BICUBIC
    )
    sky = ImageChops.screen(sky, haze).resize(scene.size, Image.Resampling.BICUBIC)
    return ImageChops.screen(image, sky)


def _bent(rng: random.Random, strip: Image.Image, size: tuple[int, int], level: float) -> Image.Image:
    """The strip with its lower edge laid along a curve about `level` pixels from the top; its rays open upwards."""
    columns = 64
    width, height = size
    slope = rng.uniform(-0.10, 0.10)
    lows = [
        level + height * (0.055 * value + slope * (index / columns - 0.5))
        for index, value in enumerate(swell(rng, columns, rng.uniform(1.3, 2.1)))
    ]
    tall = strip.size[1]
    mesh = []
    for index in range(columns):
        left, right = width * index // columns, width * (index + 1) // columns
        from_left, from_right = tall - lows[index], tall - lows[index + 1]
        # Above the picture's middle the same rays take up more room: the source is narrower at the top.
        high_left, high_right = (width / 2 + (edge - width / 2) * 0.86 for edge in (left, right))
        quad = (high_left, from_left, left, from_left + height, right, from_right + height, high_right, from_right)
        mesh.append(((left, 0, right, height), quad))
    return strip.transform(size, Image.Transform.MESH, mesh, Image.Resampling.BILINEAR)


def _foreground(
    scene: Scene, image: Image.Image, has_water: bool, light_x: float, colour: Colour | None = None
) -> Image.Image:
    """What stands nearest: a dark bank with trees, a boat, a lighthouse, birds."""
    rng = scene.rng("foreground")
    width, height = scene.size
    dark = colour or scene.palette.land[-1]
    if has_water:
        side = rng.choice((-1, 1))
        heights = [value * 0.25 + side * (index / 128 - 1) * 0.9 for index, value in enumerate(crest(rng, 256, 0.5))]
        level, reach = height * 0.985, height * 0.085
    else:
        heights, level, reach = crest(rng, 256, 0.5), height * 0.955, height * 0.045
    bank = scene.shape(outline(heights, scene.size, level, reach))
    if "pines" in scene.features or (
        scene.features.isdisjoint({"city", "dunes", "boat", "lighthouse"}) and rng.random() < 0.7
    ):
        line = [(width * index / 256, level - reach * value) for index, value in enumerate(heights)]
        bank = ImageChops.lighter(bank, scene.mask(lambda draw, times: pines(rng, scene, draw, times, line)))
    image.paste(column(scene.size, (mix(dark, scene.palette.sky[-1], 0.10), dark), 0.8, 1.0), (0, 0), bank)
    if "boat" in scene.features:
        image = boat(rng, scene, image, dark)
    if "lighthouse" in scene.features:
        image = lighthouse(scene, image, dark, -1 if light_x > width / 2 else 1)
    if "birds" in scene.features or (colour is None and not _is_moonlit(scene) and rng.random() < 0.45):
        image.paste(dark, (0, 0), scaled(scene.mask(lambda draw, times: birds(rng, scene, draw, times)), 0.8))
    return image


def _weather(scene: Scene, image: Image.Image) -> Image.Image:
    rng = scene.rng("weather")
    width, height = scene.size

    def flakes(draw: ImageDraw.ImageDraw, times: float) -> None:
        for _ in range(220):
            x, y, near = rng.random() * width * times, rng.random() * height * times, rng.random() ** 3
            radius = scene.unit * times * (0.0012 + 0.0045 * near)
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=round(210 - 110 * near))

    def drops(draw: ImageDraw.ImageDraw, times: float) -> None:
        for _ in range(260):
            x, y, long = rng.random() * width * times, rng.random() * height * times, rng.uniform(0.02, 0.06)
            end = (x - long * 0.22 * height * times, y + long * height * times)
            draw.line(((x, y), end), fill=rng.randrange(30, 90), width=max(1, round(scene.unit * times / 900)))

    if "snowfall" in scene.features:
        return lit(image, (255, 255, 255), soft(scene.mask(flakes), scene.unit / 900))
    if "rain" in scene.features:
        return lit(image, scene.palette.sky[-1], scene.mask(drops))
    return image
