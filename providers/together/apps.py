"""Registers the vendor together with the hub."""

from providers.catalogue import ProviderConfig
from providers.together.client import Together


class TogetherConfig(ProviderConfig):
    default = True
    name = "providers.together"
    label = "provider_together"
    verbose_name = "Together AI"
    provider = Together()
    emulator = "providers.together.emulator:application"
