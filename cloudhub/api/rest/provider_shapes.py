"""Vendors and their lanes as the OpenAPI document shows them."""

from typing import get_args

from rest_framework import serializers as field

from cloudhub.api.shapes import PrivacyRecord, Shape, one_of, words
from cloudhub.generations.models import Attempt
from cloudhub.health.attention import LEVELS
from cloudhub.health.models import KeyCheck
from cloudhub.lanes.limits import KINDS
from providers.base import WhenBilled

WHEN_BILLED = get_args(WhenBilled)


class ProviderKey(Shape):
    needed = field.BooleanField(help_text="Whether the vendor wants a key at all.")
    found = field.BooleanField()
    source = field.CharField(allow_null=True, help_text="`.env`, `environment`, or in words where it is stored.")  # type: ignore[assignment]
    last_four = field.CharField(allow_null=True, help_text="Only for those who may manage.")
    message = field.CharField(allow_null=True, help_text="Without a key: what is missing.")
    remedy = field.CharField(allow_null=True, help_text="Without a key: where to get one and where to put it.")


class ProviderCheckRecord(Shape):
    state = one_of(KeyCheck.State.values)
    code = field.CharField(allow_null=True)
    message = field.CharField(allow_null=True, help_text="The vendor's word.")
    remedy = field.CharField(allow_null=True)
    checked_at = field.DateTimeField(allow_null=True)
    next_at = field.DateTimeField(allow_null=True, help_text="When the hub checks by itself, not before.")


class OutcomeCount(Shape):
    state = one_of(Attempt.State.values)
    code = field.CharField(allow_null=True, help_text="Null for a success and for what is under way.")
    words = field.CharField()
    calls = field.IntegerField()


class LatencyRecord(Shape):
    p50_seconds = field.FloatField()
    p95_seconds = field.FloatField()
    calls = field.IntegerField(help_text="How many of the newest successful calls were looked at, at most 1,000.")


class TrafficRecord(Shape):
    since = field.DateTimeField()
    calls = field.IntegerField(help_text="Of every team: this is the vendor's health, nobody's work.")
    succeeded = field.IntegerField()
    outcomes = OutcomeCount(many=True)
    latency = LatencyRecord(allow_null=True)


class CircuitRecord(Shape):
    state = one_of(("closed", "open", "half_open"))
    failures = field.IntegerField(help_text="In a row.")
    open_until = field.DateTimeField(allow_null=True)
    trial_under_way = field.BooleanField()
    last_failure = field.CharField(allow_null=True)
    last_failure_at = field.DateTimeField(allow_null=True)


class LimitWish(Shape):
    kind = one_of(KINDS)
    count = field.IntegerField(min_value=1, help_text="`spend` counts millionths of a dollar.")
    seconds = field.IntegerField(required=False, min_value=0, help_text="The window; parallel has none.")


class LimitRecord(LimitWish):
    words = field.CharField()
    source = one_of(("vendor", "owner", "learned"))  # type: ignore[assignment]
    source_url = field.CharField(allow_null=True, help_text="The vendor's page that says so.")
    used = field.IntegerField(help_text="In the window that ends now; for parallel the calls under way.")


class LaneRecord(Shape):
    id = field.CharField()
    provider = field.CharField()
    model = field.CharField(allow_null=True, help_text="Null for the lane of the key as a whole.")
    address = field.CharField(allow_null=True, help_text="Of registrations with a server of their own, else null.")
    limits = LimitRecord(many=True)
    learned_until = field.DateTimeField(allow_null=True)
    waiting = field.IntegerField(help_text="Calls that wait for their turn.")
    paused_until = field.DateTimeField(allow_null=True)
    pause_code = field.CharField(allow_null=True)
    pause_reason = field.CharField(allow_null=True)


class LaneChange(Shape):
    limits = LimitWish(many=True, allow_null=True, help_text="Null gives the word back to the vendor's pages.")


class Retirement(Shape):
    model = field.CharField(help_text="The registration's key.")
    name = field.CharField()
    shutdown_date = field.DateField()
    days_left = field.IntegerField(help_text="Negative when it has passed.")
    successor = field.CharField(allow_null=True)


class ConcernRecord(Shape):
    level = one_of(LEVELS)
    message = field.CharField()
    advice = field.CharField()
    at = field.DateTimeField(allow_null=True)


class OtherKeyRecord(Shape):
    source = field.CharField(help_text="`.env`, `environment`, or in words where it is stored.")  # type: ignore[assignment]
    last_four = field.CharField(allow_null=True, help_text="Only for those who may manage.")
    is_spare = field.BooleanField(help_text="Used when the key before it cannot be; else another team's own.")
    check = ProviderCheckRecord()
    circuit = CircuitRecord(allow_null=True)
    lanes = LaneRecord(many=True)


class ProviderRecord(Shape):
    id = field.CharField()
    label = field.CharField()  # type: ignore[assignment]
    models = words(help_text="The keys of its registered models that are switched on.")
    privacy = PrivacyRecord(help_text="At the address that is set here and now.")
    reports_cost = field.BooleanField(help_text="Whether its answers name what they cost.")
    billed_on_filter = one_of(WHEN_BILLED, help_text="Whether it charges for a picture that its filter withholds.")
    billed_on_cancel = one_of(WHEN_BILLED, help_text="Whether it charges for a cancelled call.")
    billed_on_timeout = one_of(WHEN_BILLED, help_text="Whether it charges for a call that outlasts the hub's waiting.")
    result_seconds = field.IntegerField(allow_null=True, help_text="How long it keeps results; null: not documented.")
    key = ProviderKey()
    check = ProviderCheckRecord(allow_null=True, help_text="The last free check; null without a key.")
    traffic = TrafficRecord(help_text="Calls that were sent in the last 24 hours.")
    circuit = CircuitRecord(allow_null=True, help_text="Null for a vendor that is not paced or has no model in use.")
    lanes = LaneRecord(many=True, help_text="Of the key that your team's calls go with first.")
    other_keys = OtherKeyRecord(many=True, help_text="Spare keys; for an owner of the hub also other teams'.")
    retirements = Retirement(many=True, help_text="Registered models with a shut-down within 90 days, or past it.")
    unknown_outcomes = field.IntegerField(help_text="Those of your team that wait for a decision.")
    concerns = ConcernRecord(many=True, help_text="What is wrong and what to do, the worst first.")
