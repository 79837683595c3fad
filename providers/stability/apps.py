"""Registers the vendor stability with the hub."""

from providers.catalogue import ProviderConfig
from providers.stability.client import Stability


class StabilityConfig(ProviderConfig):
    default = True
    name = "providers.stability"
    label = "provider_stability"
    verbose_name = "Stability AI"
    provider = Stability()
    emulator = "providers.stability.emulator:application"
