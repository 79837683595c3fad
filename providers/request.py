"""What a person wishes for and what a vendor gave back: the two public classes of the contract and their parts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from providers.models import ModelEntry

SMALLEST_SIDE = 256
LARGEST_SIDE = 4096
MOST_IMAGES = 10
LARGEST_SEED = 2**31 - 1
BACKGROUNDS = ("auto", "opaque", "transparent")


class InvalidField(ValueError):
    """A wish that cannot be read; `fields` maps each field's name to a sentence, and the text names the fields."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self.fields = dict(fields)
        super().__init__(" ".join(f"{name}: {sentence}" for name, sentence in self.fields.items()))


@dataclass(frozen=True, kw_only=True)
class InputImage:
    """A reference picture or mask that travels with a wish. `image_id` is the hub's, for the recipe."""

    data: bytes = field(repr=False)
    mime_type: str
    width: int
    height: int
    image_id: str = ""


@dataclass(frozen=True, kw_only=True)
class CloudGenerationRequest:
    """One wish for pictures, the same from every door to every vendor.

    `width` and `height` are pixels (256 to 4096), given together or not at all; `aspect_ratio` is text such as
    "16:9". `seed` is 0 to 2147483647. A prompt may be empty only beside reference pictures. A `mask` goes with the
    first of `input_images`: white is what shall change, or, where it has see-through parts, those are.
    `model` (the vendor's id) and `entry` (the registration's description) are filled in by the hub, `prepared` by the
    vendor's own `prepare`.
    Raises `InvalidField` (a ValueError) that names every field at fault.
    """

    prompt: str
    width: int | None = None
    height: int | None = None
    seed: int | None = None
    num_images: int = 1
    negative_prompt: str | None = None
    guidance_scale: float | None = None
    aspect_ratio: str | None = None
    resolution: str | None = None
    quality: str | None = None
    style: str | None = None
    background: str | None = None
    output_format: str | None = None
    input_images: tuple[InputImage, ...] = ()
    mask: InputImage | None = None
    strength: float | None = None
    safety_level: str | None = None
    enhance_prompt: bool | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    model: str = ""
    entry: ModelEntry | None = field(default=None, repr=False, compare=False)
    prepared: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        problems = self._problems()
        if problems:
            raise InvalidField(problems)

    def _problems(self) -> dict[str, str]:
        problems: dict[str, str] = {}
        if not isinstance(self.prompt, str):
            problems["prompt"] = "A prompt is text."
        elif not self.prompt.strip() and not self.input_images:
            problems["prompt"] = "Please write a prompt."
        elif not _is_writable(self.prompt):
            problems["prompt"] = "A prompt cannot hold the character NUL or half a character."
        problems |= _integer_problems(self)
        problems |= _text_problems(self)
        problems |= _number_problems(self)
        if (self.width is None) != (self.height is None):
            missing = "height" if self.height is None else "width"
            problems.setdefault(missing, "Width and height go together; give both or neither.")
        if self.background is not None and "background" not in problems and self.background not in BACKGROUNDS:
            problems["background"] = f"A background is one of {', '.join(BACKGROUNDS)}."
        if self.aspect_ratio is not None and "aspect_ratio" not in problems and not _is_ratio(self.aspect_ratio):
            problems["aspect_ratio"] = "An aspect ratio looks like 16:9."
        if not isinstance(self.options, Mapping):
            problems["options"] = "Options are an object of names and values."
        return problems


def _integer_problems(request: CloudGenerationRequest) -> dict[str, str]:
    ranges = {
        "width": (SMALLEST_SIDE, LARGEST_SIDE, "pixels"),
        "height": (SMALLEST_SIDE, LARGEST_SIDE, "pixels"),
        "num_images": (1, MOST_IMAGES, "pictures"),
        "seed": (0, LARGEST_SEED, ""),
    }
    problems = {}
    for name, (low, high, unit) in ranges.items():
        value = getattr(request, name)
        if value is None and name != "num_images":
            continue
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            problems[name] = f"Must be a whole number from {low} to {high}{' ' + unit if unit else ''}."
    return problems


def _text_problems(request: CloudGenerationRequest) -> dict[str, str]:
    names = ("negative_prompt", "aspect_ratio", "resolution", "quality", "style", "background", "output_format")
    problems = {}
    for name in (*names, "safety_level"):
        value = getattr(request, name)
        if value is not None and (not isinstance(value, str) or not _is_writable(value)):
            problems[name] = "Must be text."
    if request.enhance_prompt is not None and not isinstance(request.enhance_prompt, bool):
        problems["enhance_prompt"] = "Must be true or false."
    return problems


def _is_writable(text: str) -> bool:
    """No NUL, which PostgreSQL does not store, and no half of a surrogate pair, which UTF-8 cannot write."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text


def _number_problems(request: CloudGenerationRequest) -> dict[str, str]:
    problems = {}
    for name, high in (("guidance_scale", 100), ("strength", 1)):
        value = getattr(request, name)
        if value is None:
            continue
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not 0 <= value <= high:
            problems[name] = f"Must be a number from 0 to {high}."
    return problems


def _is_ratio(text: str) -> bool:
    sides = text.split(":")
    # Only three digits are read: Python refuses to read thousands.
    numbers = [int(side) if side.isascii() and side.isdigit() and len(side) <= 3 else 0 for side in sides]
    return len(numbers) == 2 and all(0 < number <= 100 for number in numbers)


@dataclass(frozen=True, kw_only=True)
class Picture:
    """What is known of one picture that came back; the size is read from its bytes, never taken from the wish."""

    mime_type: str
    width: int
    height: int
    seed: int | None = None
    revised_prompt: str | None = None


@dataclass(frozen=True, kw_only=True)
class CloudGenerationResponse:
    """A vendor's finished answer. `images` and `pictures` are in the same order.

    `provider_response` is the vendor's answer, redacted and without picture bytes. `usage` holds the vendor's own
    figures, by unit.
    """

    images: list[bytes] = field(repr=False)
    pictures: tuple[Picture, ...]
    metadata: dict[str, Any] = field(default_factory=dict)
    provider_response: dict[str, Any] = field(default_factory=dict)
    usage: dict[str, Any] = field(default_factory=dict)
    request_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Pending:
    """The vendor took the job and will answer later: ask `check(remote_id)` again after `wait_seconds`.

    `remote_id` has at most 2,000 characters and outlives a restart; it holds no key.
    """

    remote_id: str
    wait_seconds: float = 1.0
    request_id: str = ""
