"""What vendors' catalogues say of their models passes the check that an owner's own words must pass."""

import pytest

from providers.base import Capabilities
from providers.catalogue import ability_problems, installed_providers
from tests.catalog.workbench.client import KINDS

LISTED = [(entry.id, entry.capabilities) for vendor in installed_providers().values() for entry in vendor.models]


@pytest.mark.parametrize(("name", "able"), [*LISTED, *KINDS.items(), ("usual", Capabilities())])
def test_every_description_of_a_catalogue_is_well_formed(name: str, able: Capabilities) -> None:
    assert ability_problems(Capabilities.from_json(able.as_json())) == {}
