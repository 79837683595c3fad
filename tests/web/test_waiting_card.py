"""The card of a call that waits for its lane."""

from cloudhub.catalog.find import provider_of
from cloudhub.catalog.models import CloudModel
from cloudhub.lanes.find import lane_name
from providers.emulation.server import RunningServer
from tests.conftest import Cast, client_of
from tests.generations.stage import submit
from tests.lanes.stage import let_through, limit_to, requests


def test_a_call_that_waits_for_its_lane_counts_down_and_says_why(
    gemini: RunningServer, gemini_flash: CloudModel, committed_cast: Cast
) -> None:
    name = lane_name(provider_of(gemini_flash), gemini_flash.cloud_model_id)
    assert name is not None
    limit_to(requests(1, 60), name=name)
    let_through(1, name=name)
    generation = submit(committed_cast.bob, gemini_flash.key).generation
    page = client_of(committed_cast.bob).get("/").content.decode()
    assert "Waits for its turn" in page
    assert "The lane takes 1 request a minute." in page
    assert 'class="countdown" data-until="' in page
    answer = client_of(committed_cast.bob).get("/studio/updates", {"pending": f"{generation.id}:running-0-0-0-0"})
    assert "Waits for its turn" in answer.content.decode()
    own = client_of(committed_cast.bob).get(f"/gallery/generations/{generation.id}/").content.decode()
    assert "Waits for its turn" in own
    assert 'class="countdown" data-until="' in own
