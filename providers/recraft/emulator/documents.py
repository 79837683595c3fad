"""What each of Recraft's calls takes, gives and costs, and what its models draw: from its pages, not from our table.

https://www.recraft.ai/docs/api-reference/endpoints, …/appendix (sizes, lengths) and …/pricing (1,000 API units for a
dollar), in copies read on 2026-11-22.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Gives = Literal["size", "same", "cut out", "larger"]

SIZES_1K = {
    "1:1": "1024x1024", "2:1": "1536x768", "1:2": "768x1536", "3:2": "1280x832", "2:3": "832x1280", "4:3": "1216x896",
    "3:4": "896x1216", "5:4": "1152x896", "4:5": "896x1152", "6:10": "832x1344", "14:10": "1280x896",
    "10:14": "896x1280", "16:9": "1344x768", "9:16": "768x1344",
}  # fmt: skip
SIZES_2K = {
    "1:1": "2048x2048", "2:1": "3072x1536", "1:2": "1536x3072", "3:2": "2560x1664", "2:3": "1664x2560",
    "4:3": "2432x1792", "3:4": "1792x2432", "5:4": "2304x1792", "4:5": "1792x2304", "6:10": "1664x2688",
    "14:10": "2560x1792", "10:14": "1792x2560", "16:9": "2688x1536", "9:16": "1536x2688",
}  # fmt: skip
SIZES_V2_V3 = {
    "1:1": "1024x1024", "2:1": "2048x1024", "1:2": "1024x2048", "3:2": "1536x1024", "2:3": "1024x1536",
    "4:3": "1365x1024", "3:4": "1024x1365", "5:4": "1280x1024", "4:5": "1024x1280", "6:10": "1024x1707",
    "14:10": "1434x1024", "10:14": "1024x1434", "16:9": "1820x1024", "9:16": "1024x1820",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Model:
    """`units` is the price of a picture in API units. Models before V4 take style names and negative prompts."""

    units: int
    sizes: Mapping[str, str]
    is_styled: bool = False

    @property
    def longest_prompt(self) -> int:
        return 1_000 if self.is_styled else 10_000


MODELS: Mapping[str, Model] = {
    "recraftv4_1": Model(units=35, sizes=SIZES_1K),
    "recraftv4_1_flash": Model(units=7, sizes=SIZES_1K),
    "recraftv4_1_utility": Model(units=35, sizes=SIZES_1K),
    "recraftv4_1_pro": Model(units=210, sizes=SIZES_2K),
    "recraftv4_1_utility_pro": Model(units=210, sizes=SIZES_2K),
    "recraftv4": Model(units=40, sizes=SIZES_1K),
    "recraftv4_pro": Model(units=250, sizes=SIZES_2K),
    "recraftv3": Model(units=40, sizes=SIZES_V2_V3, is_styled=True),
    "recraftv2": Model(units=22, sizes=SIZES_V2_V3, is_styled=True),
}
FROM_A_PICTURE = tuple(name for name in MODELS if name not in ("recraftv4_1_flash", "recraftv2"))

OUTPUT = frozenset({"response_format", "image_format"})
DRAWING = OUTPUT | {"prompt", "model", "n", "style", "negative_prompt", "random_seed"}


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One path. `models` are those that it draws with, the usual one first; without any it has a price of its own.

    `name` is what the invoice calls the work of a tool; other work is called by its model.
    `least_side` is the shortest side of a picture that it takes, 0 where it takes none.
    """

    fields: frozenset[str]
    name: str = ""
    models: tuple[str, ...] = ()
    units: int = 0
    least_side: int = 256
    takes_mask: bool = False
    gives: Gives = "same"
    required: tuple[str, ...] = field(default=())


OPERATIONS: Mapping[str, Operation] = {
    "/v1/images/generations": Operation(
        fields=DRAWING | {"size"}, models=tuple(MODELS), least_side=0, gives="size", required=("prompt",),
    ),
    "/v1/images/imageToImage": Operation(
        fields=DRAWING | {"strength"}, models=FROM_A_PICTURE, required=("prompt", "strength"),
    ),
    "/v1/images/inpaint": Operation(fields=DRAWING, models=("recraftv3",), takes_mask=True, required=("prompt",)),
    "/v1/images/replaceBackground": Operation(
        name="recraft-replace-background", fields=DRAWING, models=("recraftv3",), required=("prompt",),
    ),
    "/v1/images/eraseRegion": Operation(name="recraft-erase-region", fields=OUTPUT, units=2, takes_mask=True),
    "/v1/images/removeBackground": Operation(
        name="recraft-remove-background", fields=OUTPUT, units=10, gives="cut out",
    ),
    "/v1/images/crispUpscale": Operation(
        name="recraft-crisp-upscale", fields=OUTPUT, units=4, least_side=32, gives="larger",
    ),
    "/v1/images/creativeUpscale": Operation(
        name="recraft-creative-upscale", fields=OUTPUT, units=250, gives="larger",
    ),
}  # fmt: skip
