"""Registers the vendor fal with the hub."""

from providers.catalogue import ProviderConfig
from providers.fal.client import Fal


class FalConfig(ProviderConfig):
    default = True
    name = "providers.fal"
    label = "provider_fal"
    verbose_name = "fal"
    provider = Fal()
    emulator = "providers.fal.emulator:application"
