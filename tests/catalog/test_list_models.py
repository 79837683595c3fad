"""`list_models`: all of them, or those whose end is near."""

import io
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from cloudhub.catalog.management.commands import list_models
from cloudhub.catalog.models import CloudModel
from cloudhub.catalog.register import register_model


def listed(*arguments: str) -> str:
    said = io.StringIO()
    call_command("list_models", *arguments, stdout=said)
    return said.getvalue()


def ending(key: str, days: int, **changes: Any) -> None:
    register_model(provider="practice", cloud_model_id="practice-1", key=key)
    ends = timezone.now().date() + timedelta(days=days)
    CloudModel.objects.filter(key=key).update(cloud_model_id=key, shut_down_on=ends, **changes)


def keys(said: str) -> list[str]:
    return [line.split()[0] for line in said.splitlines() if not line.startswith(" ")]


@pytest.mark.usefixtures("cast")
def test_all_are_listed_with_price_and_standing() -> None:
    assert "practice-1  (practice, active)  0.005000 XTS per 1 image:0.5K" in listed()


@pytest.mark.usefixtures("cast")
def test_only_what_ends_within_the_time_or_has_ended_is_listed_the_earliest_first() -> None:
    for key, days in (("later", 91), ("soon", 90), ("gone", -3), ("now", 0)):
        ending(key, days)
    assert keys(listed("--retiring", "90d")) == ["gone", "now", "soon"]
    assert keys(listed("--retiring", "13w")) == ["gone", "now", "soon", "later"]
    assert keys(listed("--retiring", "0d")) == ["gone", "now"]


@pytest.mark.usefixtures("cast")
def test_each_has_date_days_successor_source_and_when_it_was_read() -> None:
    source = {"lifecycle_source": "https://example.org/ends", "lifecycle_read_on": date(2026, 11, 22)}
    ending("old", 23, successor="new", **source)
    ending("gone", -2, successor="old", enabled=False)
    ends = timezone.now().date() + timedelta(days=23)
    said = listed("--retiring", "3m")
    assert f"old  (practice)  shuts down {ends}, in 23 days\n    successor: new (not registered)" in said
    assert "    source: https://example.org/ends, read 2026-11-22" in said
    assert "gone  (practice, switched off)  shut down" in said
    assert "2 days ago\n    successor: old (registered as old)\n    source: not named" in said


@pytest.mark.usefixtures("cast")
def test_a_successor_at_another_vendor_is_told() -> None:
    old = register_model(provider="google-imagen", cloud_model_id="imagen-4.0-generate-001")
    register_model(provider="google-gemini", cloud_model_id=old.successor, key="nano")
    assert f"successor: {old.successor} (registered as nano)" in listed("--retiring", "90d")


@pytest.mark.usefixtures("cast")
def test_nothing_near_its_end_is_said() -> None:
    assert listed("--retiring", "30d").startswith("No registered model shuts down by ")


@pytest.mark.parametrize("span", ["90", "d", "90y", "-3d", "1.5m", ""])
def test_a_span_that_cannot_be_read_is_refused(span: str) -> None:
    with pytest.raises(CommandError, match="such as 90d, 12w or 3m"):
        call_command("list_models", f"--retiring={span}")


@pytest.mark.parametrize(
    ("today", "span", "day"),
    [(date(2026, 11, 30), "3m", date(2027, 2, 28)), (date(2026, 1, 31), "1m", date(2026, 2, 28)),
     (date(2026, 12, 1), "12m", date(2027, 12, 1)), (date(2026, 11, 22), "2w", date(2026, 12, 6))],
)  # fmt: skip
def test_months_are_the_calendars(monkeypatch: pytest.MonkeyPatch, today: date, span: str, day: date) -> None:
    class Clock:
        @staticmethod
        def now() -> Any:
            return type("Now", (), {"date": staticmethod(lambda: today)})

    monkeypatch.setattr(list_models, "timezone", Clock)
    assert list_models.read_span(span) == day
