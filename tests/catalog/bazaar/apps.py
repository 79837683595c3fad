from providers.catalogue import ProviderConfig
from tests.catalog.bazaar.client import Bazaar


class BazaarConfig(ProviderConfig):
    default = True
    name = "tests.catalog.bazaar"
    label = "provider_bazaar"
    provider = Bazaar()
