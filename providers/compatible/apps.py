"""Registers the vendor openai-compatible with the hub."""

from providers.catalogue import ProviderConfig
from providers.compatible.client import Compatible


class CompatibleConfig(ProviderConfig):
    default = True
    name = "providers.compatible"
    label = "provider_compatible"
    verbose_name = "OpenAI-compatible server"
    provider = Compatible()
    emulator = "providers.compatible.emulator:application"
