"""The stage of health: a Gemini model whose vendor is the emulator, and a runner."""

import pytest

from cloudhub.catalog.models import CloudModel
from cloudhub.catalog.register import register_model
from providers.emulation.server import RunningServer
from tests.conftest import Cast
from tests.generations.stage import NANO


@pytest.fixture
def nano(gemini: RunningServer, cast: Cast) -> CloudModel:
    """A living Gemini model, with a key that the emulator takes."""
    return register_model(provider="google-gemini", cloud_model_id=NANO)
