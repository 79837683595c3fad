"""The Studio's form: which settings a model has, what a person put into them, and the wish that this makes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from cloudhub.core.errors import Invalid
from cloudhub.generations.wish import read_upload
from providers.base import Capabilities, InputImage, Option
from providers.pictures import UnreadablePicture

Files = MultiValueDict[str, Any]
OWN_SIZE = "own"
NUMBERS = ("num_images", "seed", "width", "height", "guidance_scale", "strength")
TRUTH = {"yes": True, "no": False}
LABELS = {
    "prompt": "Prompt", "model": "Model", "size": "Shape", "aspect_ratio": "Shape", "resolution": "Resolution",
    "num_images": "How many", "seed": "Seed", "negative_prompt": "Negative prompt", "quality": "Quality",
    "style": "Style", "background": "Background", "output_format": "File format", "safety_level": "Safety filter",
    "guidance_scale": "Guidance", "strength": "Strength", "enhance_prompt": "Let the vendor improve the prompt",
    "input_images": "Reference pictures", "mask": "Mask", "width": "Width", "height": "Height",
    "options.partial_images": "Unfinished pictures on the way", "file": "Picture", "made_with": "Where it was made",
}  # fmt: skip
SEED_WORDS = {
    "guaranteed": "The same seed gives the same picture again.",
    "best_effort": "A hint only: this model may draw another picture from the same seed.",
    "not_sent": "This model takes no seed. A number put here is noted and not sent.",
}


@dataclass(frozen=True)
class Setting:
    """One field that a model has. `kind` is choice, number, text or lines; `blank` says what an empty field means."""

    name: str
    label: str
    kind: str
    value: str = ""
    choices: Sequence[str] = ()
    blank: str = ""
    lowest: str = ""
    highest: str = ""
    step: str = ""
    hint: str = ""


def settings_of(able: Capabilities, values: Mapping[str, Any], defaults: Mapping[str, Any]) -> list[Setting]:
    """The settings beyond prompt, shape, count and seed, in the order of the page; only those that the model has."""
    settings: list[Setting] = []
    if able.negative_prompt:
        settings.append(Setting("negative_prompt", LABELS["negative_prompt"], "lines", hint="What should not be seen."))
    offers = {"quality": able.qualities, "style": able.styles, "output_format": able.output_formats,
              "background": ("auto", "opaque", "transparent") if able.transparency else (),
              "safety_level": able.safety_levels,
              "enhance_prompt": tuple(TRUTH) if able.enhance_prompt else ()}  # fmt: skip
    settings += [Setting(name, LABELS[name], "choice", choices=offer) for name, offer in offers.items() if offer]
    if able.guidance_scale:
        settings.append(
            Setting("guidance_scale", LABELS["guidance_scale"], "number", lowest="0", highest="100", step="any")
        )
    if able.strength:
        hint = "How far the result may leave the reference picture, from 0 to 1."
        settings.append(
            Setting("strength", LABELS["strength"], "number", lowest="0", highest="1", step="any", hint=hint)
        )
    settings += [_option_setting(option) for option in able.options]
    return [_filled(setting, values, defaults) for setting in settings]


def _option_setting(option: Option) -> Setting:
    name = f"options.{option.name}"
    label = label_of(name)
    blank = f"{option.default}" if option.default not in (None, "") else ""
    if option.kind == "boolean" or option.choices:
        choices = option.choices or tuple(TRUTH)
        return Setting(name, label, "choice", choices=choices, blank=blank, hint=option.description)
    step = {"integer": "1", "number": "any"}.get(option.kind, "")
    lowest, highest = (_bound(value) for value in (option.minimum, option.maximum))
    hint = " ".join(part for part in (option.description, _bound_words(lowest, highest)) if part)
    return Setting(name, label, "number" if step else "text", blank=blank, step=step, hint=hint, lowest=lowest,
                   highest=highest)  # fmt: skip


def _bound(value: float | None) -> str:
    return "" if value is None else f"{value:g}" if abs(value) < 10**6 else str(int(value))


def _bound_words(lowest: str, highest: str) -> str:
    if lowest and highest:
        return f"From {lowest} to {highest}."
    return f"At least {lowest}." if lowest else f"At most {highest}." if highest else ""


def _filled(setting: Setting, values: Mapping[str, Any], defaults: Mapping[str, Any]) -> Setting:
    default = _text(flat_request(defaults).get(setting.name)) or setting.blank
    return Setting(**{**setting.__dict__, "value": _text(values.get(setting.name)), "blank": default})


def can_size(able: Capabilities) -> bool:
    """Whether a person has a say in the size at all."""
    return bool(able.aspect_ratios) or able.free_size is not None


def read_form(data: QueryDict, files: Files, able: Capabilities) -> dict[str, Any]:
    """The wish in a posted form, fields named as in `WISH_FIELDS`; settings that the model lacks are not read.

    What is no number stays text, so that the core names the field. Raises `Invalid` for an unreadable upload.
    """
    wish: dict[str, Any] = {"prompt": data.get("prompt", "").replace("\r\n", "\n")}
    names = ["num_images", "seed", *(["resolution"] if able.resolutions else [])]
    size = data.get("size", "")
    if size == OWN_SIZE:
        names += ["width", "height"]
    elif size:
        wish["aspect_ratio"] = size
    options: dict[str, Any] = {}
    kinds = {f"options.{option.name}": option.kind for option in able.options}
    for name in [*names, *(setting.name for setting in settings_of(able, {}, {}))]:
        text = data.get(name, "").replace("\r\n", "\n")
        if not text.strip():
            continue
        if name in kinds:
            options[name.removeprefix("options.")] = _option_value(text, kinds[name])
        else:
            wish[name] = (
                _number(text) if name in NUMBERS else TRUTH.get(text, text) if name == "enhance_prompt" else text
            )
    if options:
        wish["options"] = options
    return wish | _read_pictures(data, files, able)


def _read_pictures(data: QueryDict, files: Files, able: Capabilities) -> dict[str, Any]:
    """Pictures that the page already keeps come as ids; files come straight from a browser without JavaScript."""
    pictures: dict[str, Any] = {}
    if able.most_input_images:
        kept: list[Any] = [*data.getlist("input_images"), *read_uploads(files.getlist("reference"), "input_images")]
        if kept:
            pictures["input_images"] = kept
    if "inpaint" in able.modes:
        uploads = read_uploads(files.getlist("mask_file"), "mask")
        mask = uploads[0] if uploads else data.get("mask")
        if mask:
            pictures["mask"] = mask
    return pictures


def read_uploads(files: Sequence[Any], field: str) -> list[InputImage]:
    """Posted files as pictures, checked by their bytes. Raises `Invalid` naming `field`."""
    try:
        return [read_upload(file.read()) for file in files if file]
    except UnreadablePicture as error:
        raise Invalid.of({field: str(error)}) from error


def flat_request(request: Mapping[str, Any]) -> dict[str, Any]:
    """A stored wish as the form's fields: exactly what was asked, nothing added and nothing lost."""
    values = {name: value for name, value in request.items() if name not in ("options", "aspect_ratio", "model")}
    if "width" in request or "height" in request:
        values["size"] = OWN_SIZE
    elif "aspect_ratio" in request:
        values["size"] = request["aspect_ratio"]
    values |= {f"options.{name}": value for name, value in request.get("options", {}).items()}
    return values


def posted_values(data: QueryDict) -> dict[str, Any]:
    """A posted form's fields as they stand, for showing the form again."""
    return {**data.dict(), "input_images": data.getlist("input_images")}


def label_of(field: str) -> str:
    """A field's name as the page calls it."""
    name = field.split("[")[0].removeprefix("defaults.")
    return LABELS.get(name) or name.removeprefix("options.").replace("_", " ").capitalize()


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _number(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _option_value(text: str, kind: str) -> Any:
    if kind == "boolean":
        return TRUTH.get(text, text)
    return _number(text) if kind in ("integer", "number") else text
