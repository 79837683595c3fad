from django.apps import AppConfig


class EmulationConfig(AppConfig):
    name = "providers.emulation"
    label = "emulation"
    verbose_name = "Vendors' emulator"
