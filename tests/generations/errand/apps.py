from providers.catalogue import ProviderConfig
from tests.generations.errand.client import Errand


class ErrandConfig(ProviderConfig):
    default = True
    name = "tests.generations.errand"
    label = "provider_errand"
    provider = Errand()
