"""Models and prices on the admin site. Registering and switching go through the same functions as everywhere else."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.admin import admin_actor
from cloudhub.catalog.models import CloudModel, ModelAccess, Price
from cloudhub.catalog.prices import acknowledge_overrun, add_price, check_price
from cloudhub.catalog.register import change_model, register_model
from cloudhub.core.errors import Conflict, Invalid
from cloudhub.core.money import CURRENCIES
from providers.catalogue import installed_providers


def provider_choices() -> list[tuple[str, str]]:
    return [(vendor.id, vendor.label) for vendor in installed_providers().values()]


class RegisterForm(forms.Form):
    """What `register_model` needs; its refusals come back to the fields that they name."""

    provider = forms.ChoiceField(choices=provider_choices)
    cloud_model_id = forms.CharField(label="Vendor's model id", max_length=200)
    name = forms.CharField(required=False, max_length=120, help_text="Empty: the catalogue's name.")
    key = forms.CharField(required=False, max_length=100, help_text="Empty: the vendor's model id.")
    price_per_image = forms.CharField(required=False, help_text="Such as 0.039. Empty: the catalogue's price.")

    def register(self, actor: Actor) -> CloudModel | None:
        """The new model, or None with errors by field."""
        values = {**self.cleaned_data, "price_per_image": self.cleaned_data["price_per_image"] or None}
        try:
            return register_model(actor=actor, **values)
        except (Invalid, Conflict) as error:
            for field, sentence in (error.fields or {"key": error.message}).items():
                self.add_error(field if field in self.fields else None, sentence)
            return None


@admin.register(CloudModel)
class CloudModelAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A registration copies the vendor's catalogue, so it is changed on the Models page and switched here."""

    list_display = ("name", "key", "provider", "cloud_model_id", "enabled", "shut_down_on", "successor")
    list_filter = ("provider", "enabled")
    search_fields = ("name", "key", "cloud_model_id")
    actions = ("switch_on", "switch_off")

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Not Django's own view: that opens a transaction, and registering needs one of its own."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = RegisterForm(request.POST or None)
        model = form.register(admin_actor(request)) if request.method == "POST" and form.is_valid() else None
        if model is not None:
            self.log_addition(request, model, [{"added": {}}])
            return self.response_post_save_add(request, model)
        title = "Register a cloud model"
        context = {**self.admin_site.each_context(request), "form": form, "opts": self.opts, "title": title}
        return TemplateResponse(request, "admin/register_model.html", context)

    def has_change_permission(self, request: HttpRequest, obj: CloudModel | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: CloudModel | None = None) -> bool:
        return False

    @admin.action(description="Switch on", permissions=["add"])
    def switch_on(self, request: HttpRequest, models: QuerySet[CloudModel]) -> None:
        for model in models:
            change_model(model, {"enabled": True}, actor=admin_actor(request))

    @admin.action(description="Switch off", permissions=["add"])
    def switch_off(self, request: HttpRequest, models: QuerySet[CloudModel]) -> None:
        for model in models:
            change_model(model, {"enabled": False}, actor=admin_actor(request))


@admin.register(ModelAccess)
class ModelAccessAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Who may use which model is decided on the Models page."""

    list_display = ("model", "team", "user")
    list_select_related = ("model", "team", "user")
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: ModelAccess | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ModelAccess | None = None) -> bool:
        return False


class PriceForm(forms.ModelForm):  # type: ignore[type-arg]
    currency = forms.ChoiceField(choices=[(currency, currency) for currency in CURRENCIES])

    class Meta:
        model = Price
        fields = ("model", "currency", "effective_from", "lines", "source", "read_on", "by_hand")

    def clean(self) -> dict[str, Any]:
        """What the core refuses comes back to the fields that it names."""
        values: dict[str, Any] = super().clean() or {}
        if {"model", "currency", "lines"} <= set(values):
            try:
                check_price(values["model"], currency=values["currency"], lines=values["lines"])
            except Invalid as error:
                for field, sentence in error.fields.items():
                    self.add_error(field, sentence)
        return values


@admin.register(Price)
class PriceAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Prices are added and never changed: a quote names the version that it froze."""

    form = PriceForm
    list_display = ("model", "currency", "effective_from", "by_hand", "source", "blocked_at", "blocked_reason")
    list_filter = ("model", "by_hand", "currency")
    list_select_related = ("model",)
    actions = ("acknowledge",)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        now = timezone.now()
        return {"effective_from": now, "read_on": now.date(), "by_hand": True, "source": "set by hand",
                **super().get_changeform_initial_data(request)}  # fmt: skip

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:  # fmt: skip
        """Without the site's transaction around it: what adds a price makes its own."""
        return self._changeform_view(request, object_id, form_url, extra_context)  # type: ignore[attr-defined,no-any-return]

    def save_model(self, request: HttpRequest, obj: Price, form: PriceForm, change: bool) -> None:
        added = add_price(admin_actor(request), **form.cleaned_data)
        obj.pk = added.pk

    def has_change_permission(self, request: HttpRequest, obj: Price | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Price | None = None) -> bool:
        return False

    @admin.action(description="Acknowledge the overrun: allow new calls at this price", permissions=["add"])
    def acknowledge(self, request: HttpRequest, prices: QuerySet[Price]) -> None:
        for price in prices:
            acknowledge_overrun(price, actor=admin_actor(request))
        self.message_user(request, "New calls may use these prices again.", messages.SUCCESS)
