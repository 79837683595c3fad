"""A vendor that answers later: a job that it has is asked about after a crash and never started again."""

from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest

from tests.generations.errand.server import Shop, errand_shop
from tests.processes.hub_process import HubFolder

WISH = {"model": "errand-1", "prompt": "a fox", "num_images": 4}


@pytest.fixture
def shop(hub: HubFolder) -> Iterator[Shop]:
    with errand_shop() as shop:
        hub.environment |= {
            "DJANGO_SETTINGS_MODULE": "tests.processes.errand_settings",
            "ERRAND_BASE_URL": shop.url,
            "ERRAND_KEY": "errand-key-0123456789",
        }
        assert hub.manage("register_model", "errand", "errand-1").returncode == 0
        yield shop


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    ["generations", pytest.param("generations?wait=20", marks=pytest.mark.sqlite_only)],
    ids=["queued", "inline"],
)
@pytest.mark.parametrize("point", ["after_reply", "after_remote_id"])
def test_i25_a_job_under_way_is_resumed_by_the_next_start(hub: HubFolder, shop: Shop, point: str, path: str) -> None:
    process = hub.serve(CLOUDHUB_CRASH_AT=point)
    with suppress(httpx.TransportError):
        process.ask("POST", path, WISH)
    assert process.wait_until_dead() == -9
    shop.done.set()
    told = hub.run("-m", "tests.processes.inside", "recover", "audit")
    assert (told.returncode, "0.20" in told.stdout) == (0, True), told.stdout + told.stderr
    assert shop.starts == ["job-1"]
