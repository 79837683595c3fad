"""Registers the vendor recraft with the hub."""

from providers.catalogue import ProviderConfig
from providers.recraft.client import Recraft


class RecraftConfig(ProviderConfig):
    default = True
    name = "providers.recraft"
    label = "provider_recraft"
    verbose_name = "Recraft"
    provider = Recraft()
    emulator = "providers.recraft.emulator:application"
