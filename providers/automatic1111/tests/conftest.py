import pytest

from providers.automatic1111.tests.server import BASE


@pytest.fixture(autouse=True)
def _address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOMATIC1111_BASE_URL", BASE)
