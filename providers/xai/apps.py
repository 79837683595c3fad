"""Registers the vendor xai with the hub."""

from providers.catalogue import ProviderConfig
from providers.xai.client import XAI


class XAIConfig(ProviderConfig):
    default = True
    name = "providers.xai"
    label = "provider_xai"
    verbose_name = "xAI"
    provider = XAI()
    emulator = "providers.xai.emulator:application"
