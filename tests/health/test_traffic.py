"""What real calls came to in the last day: counts in words, and how long the successful ones took."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from cloudhub.catalog.models import CloudModel
from cloudhub.health.traffic import CODE_WORDS, Outcome, percentile, traffic_by_vendor
from providers.base import FAILURES
from tests.conftest import Cast
from tests.health.stage import attempts

HOUR = timedelta(hours=1)


def words(provider: str) -> list[tuple[int, str]]:
    outcomes = traffic_by_vendor(timezone.now())[provider].outcomes
    return [(outcome.calls, outcome.words) for outcome in outcomes]


def test_calls_are_counted_by_how_they_ended(nano: CloudModel, cast: Cast) -> None:
    attempts(cast.bob, nano, 3)
    attempts(cast.bob, nano, 1, state="sent")
    attempts(cast.bob, nano, 2, state="released", code="rate_minute")
    attempts(cast.bob, nano, 4, state="settled", code="refused_output")
    attempts(cast.bob, nano, 1, state="unknown", code="provider_5xx")
    attempts(cast.bob, cast.practice, 1, state="released", code="refused_prompt")
    assert words("google-gemini") == [
        (3, "succeeded"), (4, "picture withheld by the filter"), (2, "too fast for the vendor"), (1, "unknown outcome"),
        (1, "under way"),
    ]  # fmt: skip
    assert words("practice") == [(1, "prompt refused")]
    traffic = traffic_by_vendor(timezone.now())["google-gemini"]
    assert (traffic.calls, traffic.succeeded) == (11, 3)


def test_every_teams_calls_count_for_the_vendors_health(nano: CloudModel, cast: Cast) -> None:
    attempts(cast.bob, nano)
    attempts(cast.charlie, nano)
    assert words("google-gemini") == [(2, "succeeded")]


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("settled", "settled by an owner"),
        ("released", "not billed by an owner"),
        ("written_off", "written off by an owner"),
    ],
)
def test_what_a_person_decided_is_called_so(cast: Cast, state: str, sentence: str) -> None:
    assert Outcome(state, "unknown_outcome", 1).words == sentence


def test_every_code_has_its_words(cast: Cast) -> None:
    assert set(CODE_WORDS) == set(FAILURES)


def test_only_the_last_day_counts(nano: CloudModel, cast: Cast) -> None:
    attempts(cast.bob, nano, 5, ago=24 * HOUR + timedelta(minutes=1))
    assert traffic_by_vendor(timezone.now()) == {}
    attempts(cast.bob, nano, 2, ago=23 * HOUR)
    assert words("google-gemini") == [(2, "succeeded")]


def test_what_was_never_sent_says_nothing_about_the_vendor(nano: CloudModel, cast: Cast) -> None:
    for attempt in attempts(cast.bob, nano, 2, state="released", code="no_key"):
        type(attempt).objects.filter(pk=attempt.pk).update(sent_at=None)
    assert traffic_by_vendor(timezone.now()) == {}


def test_latency_is_the_middle_and_the_slow_end_of_successful_calls(nano: CloudModel, cast: Cast) -> None:
    attempts(cast.bob, nano, 100, took=[float(second) for second in range(1, 101)])
    attempts(cast.bob, nano, 50, state="released", code="provider_5xx", took=[0.01])
    latency = traffic_by_vendor(timezone.now())["google-gemini"].latency
    assert (latency.p50, latency.p95, latency.calls) == (50.0, 95.0, 100)


def test_only_the_newest_thousand_are_timed(nano: CloudModel, cast: Cast) -> None:
    attempts(cast.bob, nano, 300, ago=10 * HOUR, took=[99.0])
    attempts(cast.bob, nano, 1000, ago=HOUR, took=[3.0])
    attempts(cast.bob, cast.practice, 7, ago=2 * HOUR, took=[1.0])
    latencies = {provider: traffic.latency for provider, traffic in traffic_by_vendor(timezone.now()).items()}
    assert (latencies["google-gemini"].p95, latencies["google-gemini"].calls) == (3.0, 1000)
    assert (latencies["practice"].p95, latencies["practice"].calls) == (1.0, 7)


def test_a_persons_decision_and_a_restart_are_not_the_vendors_time(nano: CloudModel, cast: Cast) -> None:
    attempts(cast.bob, nano, took=[2.0])
    decided = {"code": "unknown_outcome", "decided_by": "alice@example.org", "message": "Decided."}
    attempts(cast.bob, nano, took=[250.0], error=decided)
    attempts(cast.bob, nano, took=[5000.0])
    latency = traffic_by_vendor(timezone.now())["google-gemini"].latency
    assert (latency.p95, latency.calls) == (2.0, 1)


def test_without_a_success_there_is_no_latency(nano: CloudModel, cast: Cast) -> None:
    attempts(cast.bob, nano, state="released", code="provider_5xx")
    assert traffic_by_vendor(timezone.now())["google-gemini"].latency is None


@pytest.mark.parametrize(("count", "p50", "p95"), [(1, 1, 1), (2, 1, 2), (3, 2, 3), (20, 10, 19), (21, 11, 20)])
def test_percentiles_are_the_nearest_rank(count: int, p50: int, p95: int) -> None:
    taken = [float(value) for value in range(1, count + 1)]
    assert (percentile(taken, 50), percentile(taken, 95)) == (p50, p95)


def test_two_queries_however_much_there_was(nano: CloudModel, cast: Cast, django_assert_num_queries: Callable) -> None:
    attempts(cast.bob, nano, 1500)
    attempts(cast.bob, cast.practice, 500, state="released", code="refused_prompt")
    with django_assert_num_queries(2):
        traffic_by_vendor(timezone.now())
