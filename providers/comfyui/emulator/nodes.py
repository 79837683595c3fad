"""The core nodes that the emulated server has, with their inputs as /object_info tells them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

CHECKPOINTS = ["SD15/dreamshaper_8.safetensors", "sd_xl_base_1.0.safetensors", "v1-5-pruned-emaonly.safetensors"]
SAMPLERS = ["euler", "euler_ancestral", "heun", "dpmpp_2m", "dpmpp_2m_sde", "ddim", "uni_pc"]
SCHEDULERS = ["simple", "sgm_uniform", "karras", "exponential", "normal", "beta"]
MOST_SIDE = 16384


def _whole(low: int, high: int) -> tuple[str, dict[str, Any]]:
    return "INT", {"default": low, "min": low, "max": high}


def _number(low: float, high: float) -> tuple[str, dict[str, Any]]:
    return "FLOAT", {"default": low, "min": low, "max": high}


_TEXT = ("STRING", {"multiline": True})
_SIDE = _whole(16, MOST_SIDE)


@dataclass(frozen=True)
class Node:
    """`inputs` are all required: name → (type or choices, limits). `outputs` are types in order."""

    inputs: Mapping[str, tuple[Any, dict[str, Any]]]
    outputs: tuple[str, ...] = ()
    is_output: bool = False
    optional: Mapping[str, tuple[Any, dict[str, Any]]] = field(default_factory=dict)


NODES: dict[str, Node] = {
    "CheckpointLoaderSimple": Node({"ckpt_name": (CHECKPOINTS, {})}, ("MODEL", "CLIP", "VAE")),
    "CLIPTextEncode": Node({"text": _TEXT, "clip": ("CLIP", {})}, ("CONDITIONING",)),
    "EmptyLatentImage": Node({"width": _SIDE, "height": _SIDE, "batch_size": _whole(1, 4096)}, ("LATENT",)),
    "KSampler": Node(
        {
            "model": ("MODEL", {}), "seed": _whole(0, 2**64 - 1), "steps": _whole(1, 10_000), "cfg": _number(0, 100),
            "sampler_name": (SAMPLERS, {}), "scheduler": (SCHEDULERS, {}), "positive": ("CONDITIONING", {}),
            "negative": ("CONDITIONING", {}), "latent_image": ("LATENT", {}), "denoise": _number(0, 1),
        },
        ("LATENT",),
    ),
    "VAEDecode": Node({"samples": ("LATENT", {}), "vae": ("VAE", {})}, ("IMAGE",)),
    "VAEEncode": Node({"pixels": ("IMAGE", {}), "vae": ("VAE", {})}, ("LATENT",)),
    "LoadImage": Node({"image": ([], {"image_upload": True})}, ("IMAGE", "MASK")),
    "ImageScale": Node(
        {
            "image": ("IMAGE", {}), "upscale_method": (["nearest-exact", "bilinear", "area", "bicubic", "lanczos"], {}),
            "width": _whole(0, MOST_SIDE), "height": _whole(0, MOST_SIDE), "crop": (["disabled", "center"], {}),
        },
        ("IMAGE",),
    ),
    "ImageToMask": Node({"image": ("IMAGE", {}), "channel": (["red", "green", "blue", "alpha"], {})}, ("MASK",)),
    "SetLatentNoiseMask": Node({"samples": ("LATENT", {}), "mask": ("MASK", {})}, ("LATENT",)),
    "RepeatLatentBatch": Node({"samples": ("LATENT", {}), "amount": _whole(1, 64)}, ("LATENT",)),
    "SaveImage": Node({"images": ("IMAGE", {}), "filename_prefix": ("STRING", {})}, is_output=True),
    "PreviewImage": Node({"images": ("IMAGE", {})}, is_output=True),
}  # fmt: skip


def node_info(name: str) -> dict[str, Any]:
    """A node as /object_info has it."""
    node = NODES[name]
    required = {key: [kind, limits] if limits else [kind] for key, (kind, limits) in node.inputs.items()}
    return {
        "input": {"required": required}, "input_order": {"required": list(required)}, "output": list(node.outputs),
        "name": name, "display_name": name, "category": "core", "output_node": node.is_output,
    }  # fmt: skip
