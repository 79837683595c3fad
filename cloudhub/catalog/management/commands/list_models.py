"""List registered models with price and life-cycle, or those whose end is near."""

import calendar
import re
from argparse import ArgumentParser, ArgumentTypeError
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from cloudhub.catalog.find import retiring_models, successor_of
from cloudhub.catalog.lifecycle import lifecycle_warnings, standing
from cloudhub.catalog.models import CloudModel
from cloudhub.catalog.prices import price_in_force

_SPAN = re.compile(r"(\d{1,4})([dwm])", re.ASCII)


class Command(BaseCommand):
    help = "List registered models: key, vendor, price, life-cycle."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--retiring", type=read_span, metavar="90d",
            help="only models that shut down within this time (days, weeks or months: 90d, 12w, 3m) or have done so",
        )  # fmt: skip

    def handle(self, *_: Any, retiring: date | None = None, **options: Any) -> None:
        if retiring is not None:
            self._list_retiring(retiring)
            return
        for model in CloudModel.objects.order_by("provider", "key"):
            price = price_in_force(model)
            words = "price unknown"
            if price is not None:
                lines = (f"{line['amount']} {price.currency} per {line['per']} {line['unit']}" for line in price.lines)
                words = ", ".join(lines)
            switched = "" if model.enabled else ", switched off"
            self.stdout.write(f"{model.key}  ({model.provider}, {standing(model).state}{switched})  {words}")
            for warning in lifecycle_warnings(model):
                self.stdout.write(f"    ! {warning}")

    def _list_retiring(self, until: date) -> None:
        models = retiring_models(until)
        for model in models:
            switched = "" if model.enabled else ", switched off"
            self.stdout.write(f"{model.key}  ({model.provider}{switched})  {_end_words(model)}")
            self.stdout.write(f"    successor: {_successor_words(model)}")
            read_on = f", read {model.lifecycle_read_on}" if model.lifecycle_read_on else ""
            self.stdout.write(f"    source: {model.lifecycle_source or 'not named'}{read_on}")
        if not models:
            self.stdout.write(f"No registered model shuts down by {until}.")


def read_span(text: str) -> date:
    """The day so far from today as "90d", "12w" or "3m" say; months are the calendar's."""
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ArgumentTypeError("Give days, weeks or months, such as 90d, 12w or 3m.")
    count, unit = int(match[1]), match[2]
    today = timezone.now().date()
    if unit != "m":
        return today + timedelta(days=count * (7 if unit == "w" else 1))
    years, month = divmod(today.month - 1 + count, 12)
    year = today.year + years
    return date(year, month + 1, min(today.day, calendar.monthrange(year, month + 1)[1]))


def _end_words(model: CloudModel) -> str:
    now = standing(model)
    days = now.days_left or 0
    if days > 0:
        return f"shuts down {now.shutdown_date}, in {days} day{'s' if days != 1 else ''}"
    return f"shut down {now.shutdown_date}, {'today' if days == 0 else f'{-days} days ago'}"


def _successor_words(model: CloudModel) -> str:
    if not model.successor:
        return "none named"
    following = successor_of(model)
    return f"{model.successor} ({f'registered as {following.key}' if following else 'not registered'})"
