"""Stored vendors' keys on the admin site: to be looked at, without their ciphertext. The Keys page changes them."""

from django.contrib import admin

from cloudhub.accounts.admin import ReadOnly
from cloudhub.vault.models import ProviderKey


@admin.register(ProviderKey)
class ProviderKeyAdmin(ReadOnly):
    list_display = ("provider", "label", "team", "last_four", "state", "priority", "last_used_at", "use_count")
    list_filter = ("provider", "state", "team")
    list_select_related = ("team",)
    exclude = ("ciphertext", "key_print")
