"""Where a model stands in its life. Dates warn; only the vendor's own answer decides, so nothing is refused here."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from django.utils import timezone

from cloudhub.catalog.models import CloudModel

State = Literal["active", "deprecated", "retiring", "shut_down"]


@dataclass(frozen=True)
class Standing:
    """`days_left` counts to the shut-down date, None without one and negative after it."""

    state: State
    shutdown_date: date | None
    successor: str
    days_left: int | None

    @property
    def is_past(self) -> bool:
        return self.state == "shut_down"


def standing(model: CloudModel, today: date | None = None) -> Standing:
    """The model's standing on a day, by default today in UTC."""
    today = today or timezone.now().date()
    days_left = (model.shut_down_on - today).days if model.shut_down_on else None
    if days_left is not None and days_left <= 0:
        state: State = "shut_down"
    elif days_left is not None:
        state = "retiring"
    elif model.deprecated_on and model.deprecated_on <= today:
        state = "deprecated"
    else:
        state = "active"
    return Standing(state, model.shut_down_on, model.successor, days_left)


def lifecycle_warnings(model: CloudModel, today: date | None = None) -> list[str]:
    """Sentences for people, empty for an active model; each names the successor where there is one."""
    now = standing(model, today)
    advice = f" Its successor is {now.successor}." if now.successor else ""
    if now.state == "shut_down":
        return [f"{model.name} has a shut-down date of {now.shutdown_date}, which has passed; calls may fail.{advice}"]
    if now.state == "retiring":
        return [f"{model.name} shuts down on {now.shutdown_date}, in {now.days_left} days.{advice}"]
    if now.state == "deprecated":
        return [f"{model.name} has been deprecated since {model.deprecated_on}; no end date is known.{advice}"]
    return []
