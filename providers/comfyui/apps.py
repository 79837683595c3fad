"""Registers the vendor comfyui with the hub."""

from providers.catalogue import ProviderConfig
from providers.comfyui.client import ComfyUI


class ComfyUIConfig(ProviderConfig):
    default = True
    name = "providers.comfyui"
    label = "provider_comfyui"
    verbose_name = "ComfyUI"
    provider = ComfyUI()
    emulator = "providers.comfyui.emulator:application"
