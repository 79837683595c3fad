"""Colours from words: which palette and which things in the scene a prompt calls for."""

import colorsys
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

Colour = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class Palette:
    """One harmony. `sky` runs from the zenith to the horizon, `land` from the farthest ridge to the nearest."""

    name: str
    sky: tuple[Colour, ...]
    light: Colour
    land: tuple[Colour, ...]
    accents: tuple[Colour, ...]
    paper: Colour
    ink: Colour
    is_night: bool = False


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """`first` with `share` (0 to 1) of `second`."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def pale(colour: Colour, share: float = 0.5) -> Colour:
    """The colour towards white."""
    return mix(colour, (255, 255, 255), share)


def along(colours: Sequence[Colour], position: float) -> Colour:
    """The colour at `position` (0 to 1) of a run of evenly spaced colours."""
    place = min(max(position, 0.0), 1.0) * (len(colours) - 1)
    index = min(int(place), len(colours) - 2)
    return mix(colours[index], colours[index + 1], place - index)


def brightness(colour: Colour) -> float:
    """Perceived lightness, 0 to 1."""
    return (0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]) / 255


def _colours(text: str) -> tuple[Colour, ...]:
    return tuple((int(code[:2], 16), int(code[2:4], 16), int(code[4:], 16)) for code in text.split())


def _palette(
    name: str, *, sky: str, light: str, land: str, accents: str, paper: str, ink: str, night: int = 0
) -> Palette:
    return Palette(
        name=name,
        sky=_colours(sky),
        light=_colours(light)[0],
        land=_colours(land),
        accents=_colours(accents),
        paper=_colours(paper)[0],
        ink=_colours(ink)[0],
        is_night=bool(night),
    )


PALETTES: dict[str, Palette] = {
    palette.name: palette
    for palette in (
        _palette("sunset", sky="2b2a5c 6b3f7d c65f74 f3966a fbd08c", light="fff0c2", land="c9747a 7a4670 3d2a55 17142f",
                 accents="e4572e f3a712 a8336a 2e4374 f6d8ae", paper="faf0e2", ink="2a2140"),
        _palette("dawn", sky="7fa3c7 b3bfd6 e3c7cf f8d9c3 fdeed6", light="fffaf0", land="b9b6cc 8390b3 4d6288 22375a",
                 accents="e88873 f2c14e 6f9ceb 35477d f7dcd0", paper="fbf5ee", ink="2b3a55"),
        _palette("forest", sky="6f9a97 98b8a2 c3d2ad e5e3bd f6efcf", light="fffbe0", land="9ab79a 5f8f78 2c5d50 0d2b2a",
                 accents="2f6f4f 8fb339 e9b44c 15403b d6e2c0", paper="f6f3e4", ink="17332d"),
        _palette("sea", sky="2f7fb0 5fa8c9 98cbd6 cfe6df f6f1dc", light="fffdf0", land="8fbccb 4f8fae 215f86 0b2f4e",
                 accents="0f7ea8 f2b56b e8634a 12405f bfe3e0", paper="f4f6f1", ink="103248"),
        _palette("night", sky="060a1f 0d1739 172a5a 2a4a7f 5077a6", light="f3f0dc", land="3a5b8a 22396a 121f45 060b1f",
                 accents="5be7a9 4fc3f7 9b7bff f5d565 1f2f63", paper="eef0f4", ink="111a3a", night=1),
        _palette("snow", sky="8fb2d3 b4cde2 d3e2ee e9eff4 fbf6f0", light="ffffff", land="d3e0ec a9c2d9 6f94b8 2f5078",
                 accents="5b9bd5 d64550 a9c9e8 24456b edf3f8", paper="f7f9fb", ink="243b55"),
        _palette("neon", sky="0b0524 1e0b4b 4a1277 a01f8e ff5f9e", light="ffe8ff", land="7a1f93 441470 22094b 0a0322",
                 accents="ff2e93 22cfee 8a2eff ffd319 1c0f4f", paper="f5effb", ink="1c0b3f", night=1),
        _palette("rose", sky="9c7fb5 c79bc0 e8b7c4 f8d3cf fdebdf", light="fffafa", land="d3a0bc a8719f 6d4379 33214a",
                 accents="d6456f f29ca3 8c5e9c f6c667 fae1dd", paper="fcf3f1", ink="4a2444"),
        _palette("gold", sky="5d7f95 a5ab95 e0c283 f4cf83 fbe7b5", light="fffae0", land="d6a25c b87639 7c4526 3a2019",
                 accents="d98324 f2c14e 8f3b1b 40513b efd9b4", paper="f9f1e0", ink="3d281a"),
        _palette("storm", sky="2f3b49 4c5b69 72818b 9faaa9 d3d2c3", light="fff6df", land="87959a 5a6b75 344450 131d27",
                 accents="3f7d8c e0a458 a23e48 22303c ccd6d4", paper="f2f1ec", ink="1b262f"),
    )
}  # fmt: skip

# The hour decides the light before the place does: a sea at sunset is a sunset.
HOUR_WORDS: dict[str, str] = {
    "sunset": "sunset dusk evening",
    "dawn": "dawn sunrise morning",
    "neon": "neon cyberpunk synthwave",
    "night": "night midnight moonlit moonlight northern starry",
}
PALETTE_WORDS: dict[str, str] = {
    "sunset": "sunset dusk evening fire ember volcano lava orange autumn fox tiger warm burning",
    "dawn": "dawn sunrise morning spring pastel soft dream calm sky cloud clouds balloon bird birds",
    "forest": "forest wood woods tree trees pine pines jungle garden green moss meadow leaf leaves bamboo tea",
    "sea": "sea ocean beach coast wave waves island water whale fish boat ship sail harbour harbor lighthouse blue",
    "night": "night midnight star stars galaxy moon moonlit moonlight space cosmos dark aurora owl wolf planet",
    "snow": "snow snowy winter ice frost glacier arctic polar cold christmas alpine penguin white",
    "neon": "neon cyber cyberpunk synthwave city skyline robot arcade futuristic tokyo electric purple disco",
    "rose": "rose roses blossom blossoms cherry flower flowers pink love heart peony sakura lavender",
    "gold": "gold golden desert dune dunes sand savanna honey harvest wheat amber lion camel bronze summer",
    "storm": "storm rain rainy fog foggy mist misty thunder grey gray moor raven castle ruin monochrome silver",
}
FEATURE_WORDS: dict[str, str] = {
    "water": "sea ocean beach coast wave waves island water lake river harbour harbor boat ship sail lighthouse"
    " reflection whale fish fjord",
    "pines": "forest wood woods tree trees pine pines fir wolf bear deer owl cabin fox",
    "city": "city skyline town street tokyo london paris skyscraper skyscrapers cyberpunk metropolis downtown",
    "snowfall": "snow snowy snowing winter christmas blizzard",
    "rain": "rain rainy storm thunder",
    "open sea": "sea ocean beach coast wave waves island lighthouse whale ship",
    "mountains": "mountain mountains peak peaks alps alpine fjord glacier himalaya valley",
    "boat": "boat ship sail sailing harbour harbor fisherman",
    "birds": "bird birds gull gulls crane cranes geese swallow swallows morning dawn",
    "lighthouse": "lighthouse",
    "dunes": "desert dune dunes sand camel sahara",
    "moon": "moon moonlit moonlight night midnight wolf owl",
}
STYLE_WORDS: dict[str, str] = {
    "vista": "landscape photo photograph cinematic mountain mountains valley lake city forest beach lighthouse",
    "aurora": "aurora galaxy space cosmos northern magic",
    "paper": "paper papercut cutout craft layered collage origami",
    "geometry": "geometry geometric abstract pattern tiles mosaic bauhaus poster modern minimal logo icon",
    "ink": "ink sumi watercolour watercolor brush calligraphy zen bamboo japanese chinese sketch drawing",
}


def words_of(text: str | None) -> list[str]:
    """The plain words of a prompt, lower case, in order."""
    return re.findall(r"[a-z]+", (text or "").lower())


def best_match(table: dict[str, str], words: list[str]) -> str | None:
    """The name whose words occur most often, the one named first on a tie, None when no word occurs."""
    scores = {name: [words.index(word) for word in known.split() if word in words] for name, known in table.items()}
    found = [(-len(places), min(places), name) for name, places in scores.items() if places]
    return min(found)[2] if found else None


def features_in(words: list[str]) -> frozenset[str]:
    """The things that the words call for."""
    return frozenset(name for name, known in FEATURE_WORDS.items() if set(known.split()) & set(words))


def turned(palette: Palette, rng: random.Random) -> Palette:
    """The palette with its hues turned by a few degrees, so that two seeds never share their exact colours."""
    angle, rich = rng.uniform(-0.018, 0.018), rng.uniform(0.94, 1.06)

    def turn(colour: Colour) -> Colour:
        hue, light, rate = colorsys.rgb_to_hls(*(part / 255 for part in colour))
        red, green, blue = colorsys.hls_to_rgb((hue + angle) % 1, light, min(1.0, rate * rich))
        return round(red * 255), round(green * 255), round(blue * 255)

    return replace(
        palette,
        sky=tuple(turn(colour) for colour in palette.sky),
        light=turn(palette.light),
        land=tuple(turn(colour) for colour in palette.land),
        accents=tuple(turn(colour) for colour in palette.accents),
    )
