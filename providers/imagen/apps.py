"""Registers the vendor google-imagen with the hub."""

from providers.catalogue import ProviderConfig
from providers.imagen.client import Imagen


class ImagenConfig(ProviderConfig):
    default = True
    name = "providers.imagen"
    label = "provider_imagen"
    verbose_name = "Google Imagen"
    provider = Imagen()
    emulator = "providers.imagen.emulator:application"
