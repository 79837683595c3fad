"""Lanes and their calls on the admin site: to be looked at. The Status page changes them."""

from django.contrib import admin

from cloudhub.accounts.admin import ReadOnly
from cloudhub.lanes.models import Lane, LaneCall, LaneWaiter


@admin.register(Lane)
class LaneAdmin(ReadOnly):
    list_display = (
        "id",
        "provider",
        "address",
        "model",
        "key_print",
        "paused_until",
        "failures",
        "opened_until",
        "last_failure_at",
    )
    list_filter = ("provider",)


@admin.register(LaneCall)
class LaneCallAdmin(ReadOnly):
    list_display = ("attempt_id", "lane", "user_id", "at", "images", "was_refused", "ended_at")
    list_select_related = ("lane",)
    show_full_result_count = False


@admin.register(LaneWaiter)
class LaneWaiterAdmin(ReadOnly):
    list_display = ("attempt_id", "lane", "user_id", "since", "due_at")
    list_select_related = ("lane",)
