"""Registers the vendor google-gemini with the hub."""

from providers.catalogue import ProviderConfig
from providers.gemini.client import Gemini


class GeminiConfig(ProviderConfig):
    default = True
    name = "providers.gemini"
    label = "provider_gemini"
    verbose_name = "Google Gemini"
    provider = Gemini()
    emulator = "providers.gemini.emulator:application"
