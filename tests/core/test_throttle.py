"""How often is too often: exactly as many as the limit, also for rivals, also within any length of time."""

import random
import threading
from collections.abc import Callable

import pytest

from cloudhub.core import throttle
from cloudhub.core.throttle import take

pytestmark = pytest.mark.sqlite_only
START = 1_800_000_000.0  # the first second of a window of a minute


class Clock:
    now = START

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(throttle, "time", clock)
    return clock


def times(count: int, subject: str = "a", limit: int = 5, seconds: int = 60) -> int:
    """How many of `count` tries passed."""
    return sum(take(subject, limit, seconds) == 0 for _ in range(count))


def test_as_many_as_the_limit_pass_and_then_none(clock: Clock) -> None:
    assert (times(5), times(20)) == (5, 0)


def test_who_is_refused_is_told_when_it_is_worth_asking_again(clock: Clock) -> None:
    times(2)
    clock.now = START + 30
    times(3)
    clock.now = START + 40.4
    assert take("a", 5, 60) == 25
    clock.now = START + 64.99
    assert take("a", 5, 60) == 1
    clock.now = START + 65
    assert times(5) == 2
    assert take("a", 5, 60) == 30


def test_subjects_and_lengths_of_windows_count_apart(clock: Clock) -> None:
    assert (times(5), times(5, "b")) == (5, 5)
    assert take("a", 5, 3600) == 0


@pytest.mark.parametrize("limit", [1, 5, 24])
@pytest.mark.parametrize("seconds", [7, 60])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_never_more_than_the_limit_within_any_seconds(clock: Clock, limit: int, seconds: int, seed: int) -> None:
    chance, passed = random.Random(seed), []  # noqa: S311 - no secret
    for _ in range(600):
        # Bursts, pauses of every length and steps just over a border.
        clock.now += chance.choice([0, 0, 0.01, chance.random(), chance.random() * seconds, seconds / 12, seconds])
        passed += [clock.now] * times(chance.choice([1, limit]), limit=limit, seconds=seconds)
    assert len(passed) > 2 * limit
    for first, last in zip(passed, passed[limit:], strict=False):
        assert last - first >= seconds


@pytest.mark.parametrize("early", [0.0, 2.9, 59.0, 59.999])
def test_no_burst_fits_around_the_border_of_two_windows(clock: Clock, early: float) -> None:
    clock.now = START + early
    assert times(10, limit=10) == 10
    clock.now = START + early + 59.99
    assert times(10, limit=10) == 0
    clock.now = START + early + 65
    assert times(20, limit=10) == 10


def test_who_asks_steadily_gets_nearly_the_whole_limit(clock: Clock) -> None:
    passed = 0
    for _ in range(600):
        clock.now += 1
        passed += take("a", 60, 60) == 0
    assert passed >= 600 * 12 // 13


def test_refused_tries_do_not_prolong_the_wait(clock: Clock) -> None:
    times(5)
    for second in range(1, 60):
        clock.now = START + second
        assert take("a", 5, 60) > 0
    clock.now = START + 120
    assert times(10) == 5


@pytest.mark.parametrize("later", [120.0, 3600.0])
def test_after_two_windows_everything_is_free_again(clock: Clock, later: float) -> None:
    times(5)
    clock.now += later
    assert times(9) == 5


def test_a_limit_of_none_lets_nobody_pass(clock: Clock) -> None:
    assert times(3, limit=0) == 0


@pytest.fixture
def together() -> Callable[[Callable[[], None], int], None]:
    def run(work: Callable[[], None], rivals: int) -> None:
        gate = threading.Barrier(rivals)

        def go() -> None:
            gate.wait()
            work()

        threads = [threading.Thread(target=go) for _ in range(rivals)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    return run


def test_of_rivals_exactly_the_limit_pass(clock: Clock, together: Callable[..., None]) -> None:
    passed: list[int] = []
    together(lambda: passed.append(times(8, limit=50)), 16)
    assert sum(passed) == 50
