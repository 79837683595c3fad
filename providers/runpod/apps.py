"""Registers the vendor runpod with the hub."""

from providers.catalogue import ProviderConfig
from providers.runpod.client import RunPod


class RunPodConfig(ProviderConfig):
    default = True
    name = "providers.runpod"
    label = "provider_runpod"
    verbose_name = "RunPod"
    provider = RunPod()
    emulator = "providers.runpod.emulator:application"
