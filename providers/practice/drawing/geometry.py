"""The style "geometry": a quilt of arcs, leaves, dots and bands, printed on warm paper."""

import random
from collections.abc import Callable

from PIL import Image, ImageDraw

from providers.practice.drawing.canvas import Scene, film, textured
from providers.practice.drawing.palettes import Colour, brightness, mix

Cell = tuple[float, float, float]
Inks = tuple[Colour, Colour, Colour]


def geometry(scene: Scene) -> Image.Image:
    """Square tiles inside a paper margin; some tiles are four times as large."""
    rng = scene.rng("tiles")
    width, height = scene.size
    margin = scene.unit * 0.075
    rows = rng.choice((4, 5)) if width >= height else 0
    side = (height - 2 * margin) / rows if rows else (width - 2 * margin) / rng.choice((4, 5))
    columns, rows = int((width - 2 * margin + 1) / side), int((height - 2 * margin + 1) / side)
    side = min((width - 2 * margin) / columns, (height - 2 * margin) / rows)
    left, top = (width - columns * side) / 2, (height - rows * side) / 2 - scene.unit * 0.008
    times = scene.sharpness
    image = Image.new("RGB", (width * times, height * times), scene.palette.paper)
    draw = ImageDraw.Draw(image)
    for column, row, span in _layout(rng, columns, rows):
        cell = ((left + column * side) * times, (top + row * side) * times, side * span * times)
        _tile(rng, draw, cell, _inks(rng, scene))
    image = image.reduce(times) if times > 1 else image
    return film(scene, textured(scene, image, 8), 0.04, 18)


def _layout(rng: random.Random, columns: int, rows: int) -> list[tuple[int, int, int]]:
    """Tiles as (column, row, span) that cover the grid, a few of them two cells wide and high."""
    taken: set[tuple[int, int]] = set()
    tiles = []
    for row in range(rows):
        for column in range(columns):
            if (column, row) in taken:
                continue
            block = [(column + right, row + down) for right in (0, 1) for down in (0, 1)]
            fits = column + 1 < columns and row + 1 < rows and taken.isdisjoint(block)
            span = 2 if fits and rng.random() < 0.16 else 1
            taken.update(block if span == 2 else block[:1])
            tiles.append((column, row, span))
    return tiles


def _inks(rng: random.Random, scene: Scene) -> Inks:
    """Ground, figure and detail: never two of the same brightness on each other."""
    palette = scene.palette
    pool = [*palette.accents, palette.ink, mix(palette.paper, palette.accents[-1], 0.35), palette.sky[-2]]
    ground = rng.choice(pool)
    others = sorted(pool, key=lambda colour: -abs(brightness(colour) - brightness(ground)))
    figure, detail = rng.sample(others[:4], 2)
    return ground, figure, detail


def _tile(rng: random.Random, draw: ImageDraw.ImageDraw, cell: Cell, inks: Inks) -> None:
    x, y, side = cell
    draw.rectangle((round(x), round(y), round(x + side) - 1, round(y + side) - 1), fill=inks[0])
    figures: tuple[Callable[[random.Random, ImageDraw.ImageDraw, Cell, Inks], None], ...] = (
        _quarter, _rainbow, _rainbow, _leaf, _leaf, _half, _dot, _triangle, _bands, _petals,
    )  # fmt: skip
    rng.choice(figures)(rng, draw, cell, inks)


def _pie(draw: ImageDraw.ImageDraw, cell: Cell, corner: int, radius: float, colour: Colour) -> None:
    """A quarter disc about one corner of the cell: 0 upper left, then clockwise."""
    x, y, side = cell
    centre_x, centre_y = x + (side if corner in (1, 2) else 0), y + (side if corner in (2, 3) else 0)
    box = (centre_x - radius, centre_y - radius, centre_x + radius, centre_y + radius)
    draw.pieslice(box, corner * 90, corner * 90 + 90, fill=colour)


def _quarter(rng: random.Random, draw: ImageDraw.ImageDraw, cell: Cell, inks: Inks) -> None:
    _pie(draw, cell, rng.randrange(4), cell[2] - 1, inks[1])


def _rainbow(rng: random.Random, draw: ImageDraw.ImageDraw, cell: Cell, inks: Inks) -> None:
    corner = rng.randrange(4)
    for index in range(4):
        _pie(draw, cell, corner, cell[2] * (1 - 0.24 * index) - 1, (inks[1], inks[0], inks[2], inks[0])[index])


def _leaf(rng: random.Random, draw: ImageDraw.ImageDraw, cell: Cell, inks: Inks) -> None:
    """Where two quarter discs of opposite corners overlap, with a seed or a vein."""
    x, y, side = cell
    turn = rng.randrange(2)
    size = max(2, round(side))
    first, second = Image.new("L", (size, size)), Image.new("L", (size, size))
    for mask, corner in ((first, turn), (second, turn + 2)):
        pen = ImageDraw.Draw(mask)
        cx, cy = (size if corner in (1, 2) else 0), (size if corner in (2, 3) else 0)
        pen.ellipse((cx - size, cy - size, cx + size, cy + size), fill=255)
    leaf = Image.composite(first, Image.new("L", (size, size)), second)
    draw.bitmap((round(x), round(y)), leaf, fill=inks[1])
    if rng.random() < 0.35:
        draw.ellipse((x + side * 0.38, y + side * 0.38, x + side * 0.62, y + side * 0.62), fill=inks[2])
        return
    ends = ((x, y + side), (x + side, y)) if turn else ((x, y), (x + side, y + side))
    draw.line(ends, fill=inks[0], width=max(1, round(side * 0.035)))


def _half(rng: random.Random, draw: ImageDraw.ImageDraw, cell: Cell, inks: Inks) -> None:
    x, y, side = cell
    start = rng.randrange(4) * 90
    shift = {0: (0, -1), 90: (1, 0), 180: (0, 1), 270: (-1, 0)}[start]
    for part, (across, down) in enumerate(((0.0, 0.0), (0.5, 0.5))):
        left, top = x + shift[0] * side * (0.5 - across), y + shift[1] * side * (0.5 - down)
        draw.pieslice((left, top, left + side - 1, top + side - 1), start, start + 180, fill=inks[1 + part])


def _dot(rng: random.Random, draw: ImageDraw.ImageDraw, cell: Cell, inks: Inks) -> None:
    x, y, side = cell
    for share, colour in ((0.40, inks[1]), (rng.choice((0.16, 0.26)), inks[2])):
        draw.ellipse(
            (x + side * (0.5 - share), y + side * (0.5 - share), x + side * (0.5 + share), y + side * (0.5 + share)),
            fill=colour,
        )


def _triangle(rng: random.Random, draw: ImageDraw.ImageDraw, cell: Cell, inks: Inks) -> None:
    x, y, side = cell
    corners = [(x, y), (x + side - 1, y), (x + side - 1, y + side - 1), (x, y + side - 1)]
    del corners[rng.randrange(4)]
    draw.polygon(corners, fill=inks[1])


def _bands(rng: random.Random, draw: ImageDraw.ImageDraw, cell: Cell, inks: Inks) -> None:
    x, y, side = cell
    upright = rng.random() < 0.5
    for index in range(0, 6, 2):
        low, high = side * index / 6, side * (index + 1) / 6 - 1
        box = (x + low, y, x + high, y + side - 1) if upright else (x, y + low, x + side - 1, y + high)
        draw.rectangle(box, fill=inks[1])


def _petals(rng: random.Random, draw: ImageDraw.ImageDraw, cell: Cell, inks: Inks) -> None:
    x, y, side = cell
    half = side / 2
    turn = rng.randrange(2)
    for index, (across, down) in enumerate(((0, 0), (1, 0), (1, 1), (0, 1))):
        corner = (index + 2 * turn) % 4
        _pie(draw, (x + across * half, y + down * half, half), corner, half - 1, inks[1 + index % 2])
