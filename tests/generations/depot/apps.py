from providers.catalogue import ProviderConfig
from tests.generations.depot.client import Depot


class DepotConfig(ProviderConfig):
    default = True
    name = "tests.generations.depot"
    label = "provider_depot"
    provider = Depot()
