"""Registers the vendor black-forest-labs with the hub."""

from providers.bfl.client import BlackForestLabs
from providers.catalogue import ProviderConfig


class BlackForestLabsConfig(ProviderConfig):
    default = True
    name = "providers.bfl"
    label = "provider_bfl"
    verbose_name = "Black Forest Labs"
    provider = BlackForestLabs()
    emulator = "providers.bfl.emulator:application"
