"""Times as people and programs write them."""

from datetime import UTC, datetime, time

from django.utils.dateparse import parse_date, parse_datetime

from cloudhub.core.errors import Invalid


def read_time(field: str, value: object) -> datetime:
    """From an ISO date (its beginning, in UTC) or time (in UTC without a zone). Raises `Invalid` naming the field."""
    moment = None
    if isinstance(value, str):
        try:
            moment = parse_datetime(value)
            if moment is None or len(value) == 10:
                day = parse_date(value)
                moment = datetime.combine(day, time(), UTC) if day else None
        except ValueError:
            moment = None
    # Beyond these years a zone or the days before would leave the calendar.
    if moment is None or not 1900 < moment.year < 9999:
        raise Invalid.of({field: "Give an ISO date such as 2026-11-22, or a time with its zone."})
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
