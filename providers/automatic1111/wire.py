"""The web UI's JSON: bodies from wishes, models and pictures from answers. Dict in, dict out.

Fields: modules/api/models.py and modules/processing.py of https://github.com/AUTOMATIC1111/stable-diffusion-webui;
Forge keeps them. In the server's masks white is what changes, as in the hub's: `inpainting_mask_invert` 0 repaints what
is masked, that is white, and 1 would repaint the rest. `inpainting_fill` 1 begins from what the picture shows there,
and without `inpaint_full_res` the mask counts in the whole picture.
"""

import binascii
import re
from collections.abc import Iterable
from typing import Any

import orjson
import pybase64

from providers.base import (
    Capabilities,
    CloudGenerationRequest,
    CloudGenerationResponse,
    ModelEntry,
    Option,
    OutcomeUnknown,
    Picture,
    Rejected,
)
from providers.masks import white_changes
from providers.pictures import UnreadablePicture, read_picture
from providers.reading import Redact, items, kept, mapping, text, texts, whole
from providers.self_hosted import ELECTRICITY, FREE_SIZE, SIZES, USUAL_STRENGTH, picture_size, usual_resolution

IMAGES_PER_CALL = 4
USUAL_STEPS = 20
_CHECKSUM = re.compile(r"\[[0-9a-f]+\]$")
_ENDING = re.compile(r"\.(safetensors|ckpt|gguf|pt)$")


def to_body(request: CloudGenerationRequest, entry: ModelEntry) -> tuple[str, dict[str, Any]]:
    """The call, txt2img or img2img, and its body for a normalised wish."""
    width, height = picture_size(request, entry)
    body: dict[str, Any] = {
        "prompt": request.prompt,
        "negative_prompt": request.negative_prompt or "",
        "width": width,
        "height": height,
        "seed": -1 if request.seed is None else request.seed,
        "steps": request.options.get("steps", USUAL_STEPS),
        "batch_size": request.num_images,
        "n_iter": 1,
        "override_settings": {"sd_model_checkpoint": entry.id},
        "send_images": True,
        "save_images": False,
    }
    if request.guidance_scale is not None:
        body["cfg_scale"] = request.guidance_scale
    if "sampler" in request.options:
        body["sampler_name"] = request.options["sampler"]
    if "scheduler" in request.options:
        body["scheduler"] = request.options["scheduler"]
    if not request.input_images:
        return "txt2img", body
    return "img2img", body | _picture_fields(request)


def _picture_fields(request: CloudGenerationRequest) -> dict[str, Any]:
    """What image to image wants besides. `resize_mode` 1 crops to the wished shape instead of squeezing into it."""
    first = request.input_images[0]
    fields: dict[str, Any] = {
        "init_images": [pybase64.b64encode(first.data).decode("ascii")],
        "resize_mode": 1,
        "denoising_strength": USUAL_STRENGTH if request.strength is None else request.strength,
    }
    if request.mask:
        mask = white_changes(request.mask, (first.width, first.height))
        fields |= {
            "mask": pybase64.b64encode(mask).decode("ascii"),
            "inpainting_mask_invert": 0,
            "inpainting_fill": 1,
            "inpaint_full_res": False,
        }
    return fields


def find_checkpoint(models: Any, wanted: str) -> dict[str, Any] | None:
    """The checkpoint of /sdapi/v1/sd-models with that name, title (with or without checksum) or file name."""
    plain = plain_name(wanted)
    for model in items(models):
        if wanted in (text(model.get("title")), text(model.get("model_name"))):
            return model
    return next((model for model in items(models) if plain in names_of(model)), None)


def names_of(model: dict[str, Any]) -> tuple[str, str]:
    """A checkpoint's name and its title, both without checksum and ending."""
    return plain_name(text(model.get("model_name"))), plain_name(text(model.get("title")))


def plain_name(title: str) -> str:
    """A title without its checksum, which appears only after the first use, and without the file's ending."""
    return _ENDING.sub("", _CHECKSUM.sub("", title.strip()).rstrip())


def to_entry(model: dict[str, Any], samplers: Any, schedulers: Any, *, address: str) -> ModelEntry:
    """What the server says of a checkpoint. Its id is the name, which stays; the title changes with its checksum."""
    name = text(model.get("model_name")) or plain_name(text(model.get("title")))
    title = text(model.get("title"))
    options = [
        Option(
            name="steps", kind="integer", default=USUAL_STEPS, minimum=1, maximum=150, description="Sampling steps."
        ),
        *_choice("sampler", names_in(samplers), "Sampling method."),
        *_choice("scheduler", names_in(schedulers), "How the noise falls from step to step."),
    ]
    return ModelEntry(
        id=name,
        name=name,
        description=f"The checkpoint {title or name} on a machine of one's own. {ELECTRICITY}",
        aliases=tuple(alias for alias in dict.fromkeys((title, plain_name(title))) if alias and alias != name),
        address=address,
        capabilities=Capabilities(
            modes=("text-to-image", "image-to-image", "inpaint"),
            sizes=SIZES,
            default_resolution=usual_resolution(name),
            free_size=FREE_SIZE,
            images_per_call=IMAGES_PER_CALL,
            prompt="optional",
            seed="best_effort",
            negative_prompt=True,
            guidance_scale=True,
            strength=True,
            most_input_images=1,
            options=tuple(options),
        ),
    )


def names_in(listed: Any) -> list[str]:
    """The names in a list of objects that have one."""
    return texts([item.get("name") for item in items(listed)])


def _choice(name: str, choices: Iterable[str], description: str) -> list[Option]:
    offered = tuple(dict.fromkeys(choices))
    return [Option(name=name, choices=offered, description=description)] if offered else []


def from_answer(document: Any, request: CloudGenerationRequest, model: str, redact: Redact) -> CloudGenerationResponse:
    """The response in a decoded HTTP 200.

    Raises `Rejected` when it holds no picture, and `OutcomeUnknown` when it is no answer of this API.
    """
    answer = mapping(document)
    if not isinstance(answer.get("images"), list):
        raise unreadable("an answer without a list of pictures")
    info = read_info(answer.get("info"))
    images: list[bytes] = []
    pictures: list[Picture] = []
    for place, encoded in enumerate(_own_pictures(texts(answer["images"]), info, request.num_images)):
        try:
            data = pybase64.b64decode(encoded.rpartition(",")[2], validate=True)
            pictures.append(read_picture(data, seed=_seed(info, place)))
        except (binascii.Error, ValueError, UnreadablePicture):
            continue
        images.append(data)
    if not images:
        message = "AUTOMATIC1111 API: The answer holds no readable picture; it may have been interrupted. No charge."
        raise Rejected("invalid_output", message, remedy="Try again; look at the server's console if it stays.")
    drawn_by = text(info.get("sd_model_name"))
    metadata = {"model": model, "drawn_by": drawn_by, "sampler": info.get("sampler_name"), "steps": info.get("steps")}
    return CloudGenerationResponse(
        images=images, pictures=tuple(pictures),
        metadata=kept({name: value for name, value in metadata.items() if value}, redact),
        provider_response=kept({"info": info, "parameters": _without_pictures(answer.get("parameters"))}, redact),
        usage={"image": len(images)},
    )  # fmt: skip


def read_info(info: Any) -> dict[str, Any]:
    """The field `info`, which is JSON inside a text."""
    try:
        return mapping(orjson.loads(info)) if isinstance(info, str) else mapping(info)
    except ValueError:
        return {}


def _own_pictures(encoded: list[str], info: dict[str, Any], wished: int) -> list[str]:
    """Without the contact sheet before them, which some settings add, and without an extension's pictures behind."""
    first = whole(info.get("index_of_first_image"))
    if first is None or not 0 <= first <= len(encoded):
        first = 1 if wished > 1 and len(encoded) == wished + 1 else 0
    return encoded[first : first + wished]


def _seed(info: dict[str, Any], place: int) -> int | None:
    seeds = info.get("all_seeds")
    found = whole(seeds[place]) if isinstance(seeds, list) and place < len(seeds) else None
    if found is None and place == 0:
        found = whole(info.get("seed"))
    return found if found is not None and 0 <= found < 2**32 else None


def _without_pictures(parameters: Any) -> dict[str, Any]:
    pictures = ("init_images", "mask", "latent_mask")
    return {name: value for name, value in mapping(parameters).items() if name not in pictures and value is not None}


def unreadable(what: str) -> OutcomeUnknown:
    """An HTTP 200 that nobody can read."""
    return OutcomeUnknown(
        f"AUTOMATIC1111 API answered with {what}. The picture may have been made.",
        remedy="Check AUTOMATIC1111_BASE_URL and the server's console; the owner settles or releases the call.",
    )
