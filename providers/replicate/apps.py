"""Registers the vendor replicate with the hub."""

from providers.catalogue import ProviderConfig
from providers.replicate.client import Replicate


class ReplicateConfig(ProviderConfig):
    default = True
    name = "providers.replicate"
    label = "provider_replicate"
    verbose_name = "Replicate"
    provider = Replicate()
    emulator = "providers.replicate.emulator:application"
