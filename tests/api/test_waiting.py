"""REST calls that wait: the picture in the answer, or 202 while the work goes on."""

import threading
import time

import pytest
from django.db import connections

from cloudhub.billing.models import Hold
from cloudhub.generations import engine as engine_module
from cloudhub.generations.models import Generation
from tests.api.caller import WISH, Caller, caller_of
from tests.conftest import Cast

PATH = "/api/v1/generations"
pytestmark = pytest.mark.django_db(transaction=True)


def test_waiting_gets_the_picture_in_the_answer(waiting: Caller) -> None:
    answer = waiting.post(f"{PATH}?wait=30", WISH)
    assert (answer.status_code, answer.json()["state"]) == (200, "succeeded")
    assert answer["X-CloudHub-Cost"] == answer.json()["cost"] == "0.005000"
    assert answer["X-CloudHub-Currency"] == "XTS"
    assert "Location" not in answer
    assert len(answer.json()["images"]) == 1


def test_a_refusal_is_200_when_waited_for(waiting: Caller) -> None:
    answer = waiting.post(f"{PATH}?wait=30", {**WISH, "prompt": "#refuse a fox"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (200, "refused_prompt")
    assert answer["X-CloudHub-Cost"] == "0.000000"


def test_when_the_waiting_ends_the_work_goes_on(waiting: Caller) -> None:
    answer = waiting.post(f"{PATH}?wait=1", {**WISH, "prompt": "#slow:2 a fox"})
    assert (answer.status_code, answer.json()["state"]) == (202, "running")
    assert "X-CloudHub-Cost" not in answer
    address = answer["Location"].removeprefix("http://testserver")
    last = time.monotonic() + 15
    while waiting.get(address).json()["state"] == "running" and time.monotonic() < last:
        time.sleep(0.1)
    assert waiting.get(address).json()["state"] == "succeeded"


def test_wait_0_does_not_wait(waiting: Caller) -> None:
    assert waiting.post(f"{PATH}?wait=0", WISH).json()["state"] == "queued"


def test_beyond_the_cap_nobody_waits_and_nothing_is_held(waiting: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "_waiting", threading.BoundedSemaphore(0))
    answer = waiting.post(f"{PATH}?wait=5", WISH)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
    assert int(answer["Retry-After"]) > 0
    assert not Hold.objects.exists()
    assert waiting.post(PATH, WISH).status_code == 202


def test_rivals_with_one_key_get_one_generation(committed_cast: Cast) -> None:
    program, ids = caller_of(committed_cast.alice), []

    def call() -> None:
        ids.append(program.post(f"{PATH}?wait=20", WISH, **{"Idempotency-Key": "one"}).json()["id"])
        connections.close_all()

    rivals = [threading.Thread(target=call) for _ in range(4)]
    for rival in rivals:
        rival.start()
    for rival in rivals:
        rival.join(30)
    assert len(ids) == 4
    assert set(ids) == {str(Generation.objects.get().id)}
