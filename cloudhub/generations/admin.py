"""Generations, their vendor calls, pictures and workers on the admin site: to be looked at."""

from django.contrib import admin

from cloudhub.accounts.admin import ReadOnly
from cloudhub.core.money import format_money
from cloudhub.generations.models import Attempt, Generation, Image, Worker


@admin.register(Generation)
class GenerationAdmin(ReadOnly):
    list_display = ("id", "created_at", "state", "short_prompt", "model", "user", "team", "num_images", "cost")
    list_filter = ("state", "team", "model")
    search_fields = ("prompt",)
    list_select_related = ("model", "user", "team")
    show_full_result_count = False

    @admin.display(description="prompt")
    def short_prompt(self, generation: Generation) -> str:
        return generation.prompt[:60]

    @admin.display(description="cost", ordering="cost_micros")
    def cost(self, generation: Generation) -> str:
        return format_money(generation.cost_micros, generation.currency)


@admin.register(Attempt)
class AttemptAdmin(ReadOnly):
    list_display = ("hold", "generation", "slot", "try_number", "state", "num_images", "sent_at", "vendor_request_id")
    list_filter = ("state",)
    list_select_related = ("hold", "generation")
    show_full_result_count = False


@admin.register(Image)
class ImageAdmin(ReadOnly):
    list_display = ("id", "created_at", "team", "user", "width", "height", "mime_type", "size_bytes", "deleted_at")
    list_filter = ("mime_type", "team")
    list_select_related = ("team", "user")
    show_full_result_count = False


@admin.register(Worker)
class WorkerAdmin(ReadOnly):
    list_display = ("id", "kind", "host", "process", "started_at", "lease_until")
