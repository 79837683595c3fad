"""Registers the vendor adobe-firefly with the hub."""

from providers.catalogue import ProviderConfig
from providers.firefly.client import Firefly


class FireflyConfig(ProviderConfig):
    default = True
    name = "providers.firefly"
    label = "provider_firefly"
    verbose_name = "Adobe Firefly"
    provider = Firefly()
    emulator = "providers.firefly.emulator:application"
