"""Money on the admin site: to be looked at. Budgets are made and changed on their page, the ledger by nobody."""

from django.contrib import admin
from django.utils.html import format_html

from cloudhub.accounts.admin import ReadOnly
from cloudhub.billing.models import Budget, BudgetWindow, Hold, LedgerEntry
from cloudhub.core.money import format_money


@admin.register(Budget)
class BudgetAdmin(ReadOnly):
    list_display = ("name", "scope", "target", "window_kind", "limit", "hard", "archived_at", "page")
    list_filter = ("scope", "window_kind", "currency", "hard")
    search_fields = ("name", "target")

    @admin.display(description="limit", ordering="limit_micros")
    def limit(self, budget: Budget) -> str:
        return format_money(budget.limit_micros, budget.currency)

    @admin.display(description="change")
    def page(self, budget: Budget) -> str:
        return format_html('<a href="/budgets/#budget-{}">on its page</a>', budget.pk)


@admin.register(BudgetWindow)
class BudgetWindowAdmin(ReadOnly):
    list_display = ("budget", "starts_at", "ends_at", "limit_micros", "posted_micros", "held_micros", "hard")
    list_filter = ("budget",)
    list_select_related = ("budget",)


@admin.register(Hold)
class HoldAdmin(ReadOnly):
    list_display = ("id", "held_at", "amount", "state", "model", "user", "team", "closed_at")
    list_filter = ("state", "currency", "team")
    list_select_related = ("model", "user", "team")
    show_full_result_count = False

    @admin.display(description="amount", ordering="amount_micros")
    def amount(self, hold: Hold) -> str:
        return format_money(hold.amount_micros, hold.currency)


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnly):
    list_display = ("id", "at", "kind", "held", "posted", "images", "model", "user", "team", "reason")
    list_filter = ("kind", "currency", "team")
    list_select_related = ("model", "user", "team")
    show_full_result_count = False

    @admin.display(description="held", ordering="held_delta")
    def held(self, entry: LedgerEntry) -> str:
        return format_money(entry.held_delta, entry.currency)

    @admin.display(description="posted", ordering="posted_delta")
    def posted(self, entry: LedgerEntry) -> str:
        return format_money(entry.posted_delta, entry.currency)
