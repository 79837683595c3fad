"""Registers the vendor ideogram with the hub."""

from providers.catalogue import ProviderConfig
from providers.ideogram.client import Ideogram


class IdeogramConfig(ProviderConfig):
    default = True
    name = "providers.ideogram"
    label = "provider_ideogram"
    verbose_name = "Ideogram"
    provider = Ideogram()
    emulator = "providers.ideogram.emulator:application"
