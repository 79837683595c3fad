from providers.catalogue import ProviderConfig
from tests.catalog.workbench.client import Workbench


class WorkbenchConfig(ProviderConfig):
    default = True
    name = "tests.catalog.workbench"
    label = "provider_workbench"
    provider = Workbench()
