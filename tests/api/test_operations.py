"""Health and readiness, for whoever watches the process."""

import pytest
from django.test import Client

from cloudhub.generations.engine import engine


def test_the_process_is_alive_without_a_database() -> None:
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_without_a_runner_it_is_not_ready(db: None) -> None:
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    assert answer.json() == {"status": "not ready", "database": "ok", "pictures": "ok", "runner": "missing"}


def test_with_a_runner_it_is_ready(transactional_db: None) -> None:
    engine.begin()
    engine.worker_id  # noqa: B018 - makes the lease, as the runner's first claim does
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["runner"]) == (200, "ok")


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_looking_is_all_one_can_do_there(path: str) -> None:
    assert Client().post(path).status_code == 405
