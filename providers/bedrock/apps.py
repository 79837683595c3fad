"""Registers the vendor Amazon Bedrock with the hub."""

from providers.bedrock.client import Bedrock
from providers.catalogue import ProviderConfig


class BedrockConfig(ProviderConfig):
    default = True
    name = "providers.bedrock"
    label = "provider_bedrock"
    verbose_name = "Amazon Bedrock"
    provider = Bedrock()
    emulator = "providers.bedrock.emulator:application"
