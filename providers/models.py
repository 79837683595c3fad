"""What a vendor's `catalog.toml` says of a model: abilities, life-cycle and dated prices."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime
from typing import Any, Literal, Self

Mode = Literal["text-to-image", "image-to-image", "inpaint"]
SeedHonesty = Literal["guaranteed", "best_effort", "not_sent"]
PromptUse = Literal["required", "optional", "not_sent"]
LimitKind = Literal["requests", "images", "parallel", "spend"]


@dataclass(frozen=True, kw_only=True)
class Option:
    """One vendor option of a model that the common fields lack. `kind` is text, integer, number or boolean."""

    name: str
    kind: Literal["text", "integer", "number", "boolean"] = "text"
    choices: tuple[str, ...] = ()
    default: Any = None
    minimum: float | None = None
    maximum: float | None = None
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class FreeSize:
    """A model that draws any width and height within rules: multiples of `step`, sides and pixels within bounds.

    `widest` is the largest ratio of the longer to the shorter side. `default` is drawn when nothing is asked.
    """

    step: int = 8
    least_side: int = 64
    most_side: int = 4096
    least_pixels: int = 0
    most_pixels: int = 4096 * 4096
    widest: float = 1000.0
    default: tuple[int, int] | None = None


@dataclass(frozen=True, kw_only=True)
class InputLimits:
    """What a model takes as a reference picture; each figure is for one picture but `most_bytes_together`."""

    formats: tuple[str, ...] = ("image/png", "image/jpeg", "image/webp")
    least_side: int = 1
    most_side: int = 16384
    least_pixels: int = 1
    most_pixels: int = 80_000_000
    most_bytes: int = 100 * 1024 * 1024
    most_bytes_together: int = 100 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Limit:
    """At most `count` requests, images, or micro-units of money ("spend") in any `seconds`, or calls at once.

    "parallel" has no seconds. `source` is where the vendor says so.
    """

    kind: LimitKind
    count: int
    seconds: int = 0
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a model can do. Every flag is true or absent; a field that the model lacks is refused by name.

    `sizes` maps resolution → aspect ratio → (width, height) in pixels as the vendor draws them; a model without
    resolutions has the single resolution "". `known_sizes` maps sizes that users know ("1536x1024") to a ratio.
    With `free_size` any other width and height within its rules are drawn as asked. Without the mode "text-to-image"
    a picture is needed; with "inpaint" and without "image-to-image" a picture needs a mask too, unless the picture's
    own see-through parts may stand for it (`mask_optional`).
    """

    modes: tuple[Mode, ...] = ("text-to-image",)
    sizes: Mapping[str, Mapping[str, tuple[int, int]]] = field(default_factory=dict)
    default_resolution: str = ""
    known_sizes: Mapping[str, str] = field(default_factory=dict)
    free_size: FreeSize | None = None
    images_per_call: int = 1
    prompt: PromptUse = "required"
    longest_prompt: int = 32_000
    seed: SeedHonesty = "not_sent"
    negative_prompt: bool = False
    guidance_scale: bool = False
    strength: bool = False
    enhance_prompt: bool = False
    transparency: bool = False
    qualities: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    safety_levels: tuple[str, ...] = ()
    output_formats: tuple[str, ...] = ()
    most_input_images: int = 0
    input_limits: InputLimits = field(default_factory=InputLimits)
    mask_optional: bool = False
    options: tuple[Option, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def resolutions(self) -> tuple[str, ...]:
        return tuple(name for name in self.sizes if name)

    @property
    def aspect_ratios(self) -> tuple[str, ...]:
        return tuple(self.sizes.get(self.default_resolution, {}))

    def as_json(self) -> dict[str, Any]:
        """The stored form: only what differs from "cannot", so that a flag is true or absent."""
        usual = asdict(type(self)())
        return {name: value for name, value in asdict(self).items() if value != usual[name] and value is not None}

    def for_database(self) -> dict[str, Any]:
        """As `as_json`, with the order of `sizes` beside it: PostgreSQL's jsonb sorts the names of a mapping."""
        order = [[resolution, list(table)] for resolution, table in self.sizes.items()]
        return self.as_json() | ({"order_of_sizes": order} if order else {})

    @classmethod
    def from_database(cls, stored: Mapping[str, Any]) -> Self:
        """What `for_database` wrote, with the sizes in their order again."""
        values = dict(stored)
        if "sizes" in values:
            order, sizes = values.pop("order_of_sizes"), values["sizes"]
            values["sizes"] = {name: {ratio: sizes[name][ratio] for ratio in ratios} for name, ratios in order}
        return cls.from_json(values)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        known = {item.name for item in fields(cls)}
        unknown = sorted(set(stored) - known)
        if unknown:
            raise ValueError(f"Unknown capabilities: {', '.join(unknown)}.")
        values = dict(stored)
        values["options"] = tuple(Option(**_tuples(option)) for option in stored.get("options", ()))
        values["sizes"] = {
            resolution: {ratio: (int(size[0]), int(size[1])) for ratio, size in table.items()}
            for resolution, table in stored.get("sizes", {}).items()
        }
        if "free_size" in values:
            values["free_size"] = FreeSize(**_tuples(stored["free_size"]))
        if "input_limits" in values:
            values["input_limits"] = InputLimits(**_tuples(stored["input_limits"]))
        return cls(**_tuples(values))


def _tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}


@dataclass(frozen=True)
class ReportedCost:
    """What the vendor itself says that the call cost: exact decimal text in `currency`."""

    amount: str
    currency: str


@dataclass(frozen=True, kw_only=True)
class Lifecycle:
    """A model's dates as the vendor gives them. Dates warn; only the vendor's own answer decides."""

    released: date | None = None
    deprecated: date | None = None
    shut_down: date | None = None
    successor: str = ""
    note: str = ""
    source: str = ""
    read_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class PriceLine:
    """`amount` (exact decimal text, in the currency's unit) for every `per` of `unit`."""

    unit: str
    amount: str
    per: int = 1
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class PriceList:
    """The prices of one model from `effective_from` on, with the page they were read from."""

    currency: str
    effective_from: datetime
    lines: tuple[PriceLine, ...]
    source: str
    read_on: date


@dataclass(frozen=True, kw_only=True)
class ModelEntry:
    """One model of a vendor's catalogue. `id` is the vendor's own; `aliases` are names that users know it by.

    `address` is a registration's own base address, empty for the vendor's. `limits` come on top of the vendor's own.
    """

    id: str
    name: str
    description: str = ""
    aliases: tuple[str, ...] = ()
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    capabilities: Capabilities = field(default_factory=Capabilities)
    prices: tuple[PriceList, ...] = ()
    limits: tuple[Limit, ...] = ()
    address: str = ""
    registered_from_start: bool = False
