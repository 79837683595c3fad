"""Checks of keys and the runner's chores on the admin site: to be looked at."""

from django.contrib import admin

from cloudhub.accounts.admin import ReadOnly
from cloudhub.health.models import Chore, KeyCheck


@admin.register(KeyCheck)
class KeyCheckAdmin(ReadOnly):
    list_display = ("id", "provider", "key_print", "state", "code", "checked_at", "next_at")
    list_filter = ("provider", "state")


@admin.register(Chore)
class ChoreAdmin(ReadOnly):
    list_display = ("name", "next_at")
