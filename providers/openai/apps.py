"""Registers the vendor openai with the hub."""

from providers.catalogue import ProviderConfig
from providers.openai.client import OpenAI


class OpenAIConfig(ProviderConfig):
    default = True
    name = "providers.openai"
    label = "provider_openai"
    verbose_name = "OpenAI"
    provider = OpenAI()
    emulator = "providers.openai.emulator:application"
