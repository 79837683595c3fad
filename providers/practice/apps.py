from typing import ClassVar

from providers.catalogue import ProviderConfig
from providers.practice.client import Practice


class PracticeConfig(ProviderConfig):
    default = True
    name = "providers.practice"
    label = "provider_practice"
    verbose_name = "Practice vendor"
    provider: ClassVar[Practice] = Practice()
