"""Read a txt2img or img2img body: fields of modules/api/models.py with their types.

The server itself passes over a field that it does not know; this one refuses it, so that a misspelt one is found.
"""

import base64
import binascii
import io
from dataclasses import dataclass
from typing import Any

import orjson
from PIL import Image

from providers.automatic1111.emulator.errors import Refused, field_fault
from providers.automatic1111.emulator.server import CHECKPOINTS, SAMPLERS, SCHEDULERS, Checkpoint, find_checkpoint

_TEXTS = ("prompt", "negative_prompt", "sampler_name", "sampler_index", "scheduler", "mask")
_WHOLE = {
    "width": (64, 4096), "height": (64, 4096), "seed": (-1, 2**32 - 1), "subseed": (-1, 2**32 - 1), "steps": (1, 150),
    "batch_size": (1, 8), "n_iter": (1, 100), "resize_mode": (0, 3), "inpainting_mask_invert": (0, 1),
    "inpainting_fill": (0, 3), "mask_blur": (0, 64),
}  # fmt: skip
_NUMBERS = ("cfg_scale", "denoising_strength")
_SWITCHES = ("send_images", "save_images", "inpaint_full_res", "restore_faces", "tiling", "include_init_images",
             "override_settings_restore_afterwards", "enable_hr", "do_not_save_grid",
             "do_not_save_samples")  # fmt: skip
_OBJECTS = ("override_settings", "alwayson_scripts")
# Known to the server, and without a meaning for the pictures here.
_PASSED_OVER = (
    "hr_scale", "hr_upscaler", "hr_second_pass_steps", "hr_resize_x", "hr_resize_y", "hr_checkpoint_name",
    "hr_sampler_name", "hr_scheduler", "hr_prompt", "hr_negative_prompt", "firstphase_width", "firstphase_height",
    "styles", "subseed_strength", "seed_resize_from_h", "seed_resize_from_w", "seed_enable_extras", "eta",
    "s_min_uncond", "s_churn", "s_tmax", "s_tmin", "s_noise", "refiner_checkpoint", "refiner_switch_at",
    "disable_extra_networks", "comments", "script_name", "script_args", "infotext", "force_task_id", "image_cfg_scale",
    "mask_blur_x", "mask_blur_y", "mask_round", "latent_mask", "initial_noise_multiplier", "inpaint_full_res_padding",
)  # fmt: skip
_PICTURE_ONLY = ("init_images", "mask", "resize_mode", "inpainting_mask_invert", "inpainting_fill", "inpaint_full_res",
                 "mask_blur", "include_init_images")  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Wish:
    """One call as the server carries it out; its parameters are given back in the answer."""

    parameters: dict[str, Any]
    checkpoint: Checkpoint
    picture: Image.Image | None
    mask: Image.Image | None

    @property
    def size(self) -> tuple[int, int]:
        """Pixels that are drawn: the latents' grid has eight pixels."""
        return self.parameters["width"] // 8 * 8, self.parameters["height"] // 8 * 8


def read_wish(body: bytes, *, with_picture: bool) -> Wish:
    """Raises `Refused` with the server's answer."""
    try:
        fields = orjson.loads(body)
    except ValueError as error:
        raise Refused(422, [{"loc": ["body"], "msg": "JSON decode error", "type": "json_invalid"}]) from error
    if not isinstance(fields, dict):
        raise Refused(422, [{"loc": ["body"], "msg": "Input should be a valid dictionary", "type": "dict_type"}])
    for name, value in fields.items():
        _check_field(name, value, with_picture)
    sampler = fields.get("sampler_name") or fields.get("sampler_index") or SAMPLERS[2]
    if sampler not in SAMPLERS:
        raise Refused(400, "Sampler not found", error="HTTPException")
    if fields.get("scheduler", "automatic") not in (*SCHEDULERS, *SCHEDULERS.values()):
        raise Refused(400, "Scheduler not found", error="HTTPException")
    wanted = fields.get("override_settings", {}).get("sd_model_checkpoint")
    usual = {"width": 512, "height": 512, "steps": 50, "cfg_scale": 7.0, "seed": -1, "batch_size": 1, "n_iter": 1,
             "prompt": "", "negative_prompt": "", "sampler_name": sampler}  # fmt: skip
    pictures = fields.get("init_images") or []
    if with_picture and not pictures:
        raise Refused(404, "Init image not found", error="HTTPException")
    return Wish(
        parameters=usual | fields,
        # An unknown checkpoint is passed over: the server draws with the one that is loaded.
        checkpoint=find_checkpoint(wanted or "") or CHECKPOINTS[0],
        picture=_picture(pictures[0]) if pictures else None,
        mask=_picture(fields["mask"]) if fields.get("mask") else None,
    )


def _check_field(name: str, value: Any, with_picture: bool) -> None:
    if name in _PICTURE_ONLY and not with_picture:
        raise field_fault(name, "Extra inputs are not permitted", "extra_forbidden")
    if name in _PASSED_OVER:
        return
    if name in _TEXTS:
        fits = isinstance(value, str)
    elif name in _WHOLE:
        low, high = _WHOLE[name]
        fits = isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
    elif name in _NUMBERS:
        most = 1 if name == "denoising_strength" else 100
        fits = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most
    elif name in _SWITCHES:
        fits = isinstance(value, bool)
    elif name in _OBJECTS:
        fits = isinstance(value, dict)
    elif name == "init_images":
        fits = isinstance(value, list) and all(isinstance(item, str) for item in value)
    else:
        raise field_fault(name, "Extra inputs are not permitted", "extra_forbidden")
    if not fits:
        raise field_fault(name, "Input is not valid for this field", "type_error")


def _picture(encoded: str) -> Image.Image:
    if encoded.startswith("data:image/"):
        encoded = encoded.partition(",")[2]
    try:
        return Image.open(io.BytesIO(base64.b64decode(encoded, validate=True))).convert("RGB")
    except (binascii.Error, OSError, SyntaxError, ValueError) as error:
        raise Refused(500, "Invalid encoded image", error="HTTPException") from error
