"""Retention and erasures on the admin site, to look at: they are changed on the page Data."""

from django.contrib import admin

from cloudhub.accounts.admin import ReadOnly
from cloudhub.records.models import Erasure, RetentionRule


@admin.register(RetentionRule)
class RetentionRuleAdmin(ReadOnly):
    list_display = ("kind", "team", "days")


@admin.register(Erasure)
class ErasureAdmin(ReadOnly):
    list_display = ("user", "at", "keeps_work", "finished_at")
