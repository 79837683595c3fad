"""Registers the vendor automatic1111 with the hub."""

from providers.automatic1111.client import Automatic1111
from providers.catalogue import ProviderConfig


class Automatic1111Config(ProviderConfig):
    default = True
    name = "providers.automatic1111"
    label = "provider_automatic1111"
    verbose_name = "AUTOMATIC1111 and Forge"
    provider = Automatic1111()
    emulator = "providers.automatic1111.emulator:application"
