"""The admin site: everything is there, and money can only be looked at."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.models import HubKey, Membership
from cloudhub.billing.models import Hold, LedgerEntry
from cloudhub.catalog.models import CloudModel, Price
from cloudhub.generations.models import Generation
from tests.conftest import PASSWORD, Cast, key_of

OURS = [model for model in apps.get_models() if model.__module__.startswith("cloudhub.")]
READ_ONLY = ["billing/ledgerentry", "billing/hold", "billing/budgetwindow", "billing/budget",
             "accounts/auditentry", "accounts/invitation", "catalog/modelaccess", "records/retentionrule",
             "records/erasure", "generations/attempt",
             "generations/generation", "generations/image", "generations/worker"]  # fmt: skip
REGISTER = "/admin/catalog/cloudmodel/add/"
FORM = {"provider": "google-gemini", "cloud_model_id": "gemini-2.5-flash-image"}


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_every_table_has_a_list(model: type, alices: Client) -> None:
    assert admin.site.is_registered(model)
    assert alices.get(f"/admin/{model._meta.app_label}/{model._meta.model_name}/").status_code == 200


@pytest.mark.parametrize("path", READ_ONLY)
def test_nobody_adds_changes_or_deletes_money_and_history(path: str, alices: Client, made: object) -> None:
    made()
    assert alices.get(f"/admin/{path}/add/").status_code == 403
    model = apps.get_model(path.replace("/", "."))
    for row in model.objects.all()[:1]:
        assert alices.get(f"/admin/{path}/{row.pk}/change/").status_code == 200
        assert alices.post(f"/admin/{path}/{row.pk}/change/", {}).status_code == 403
        assert alices.post(f"/admin/{path}/{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_money_has_no_actions(alices: Client, made: object) -> None:
    made()
    data = {"action": "delete_selected", "_selected_action": [LedgerEntry.objects.latest("id").pk], "post": "yes"}
    alices.post("/admin/billing/ledgerentry/", data)
    assert (LedgerEntry.objects.count(), Hold.objects.count(), Generation.objects.count()) == (2, 1, 1)


def test_a_model_is_registered_through_the_core(alices: Client) -> None:
    assert alices.post(REGISTER, {**FORM, "price_per_image": "0.05"}).status_code == 302
    assert CloudModel.objects.get(key="gemini-2.5-flash-image").prices.filter(by_hand=True).count() == 1


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("provider", "nobody", "Select a valid choice"),
        ("cloud_model_id", "nothing", "has no model"),
        ("key", "Not a key", "A key has 1 to 100"),
        ("key", "practice-1", "already registered"),
        ("price_per_image", "cheap", "A price is decimal text"),
    ],
)
def test_a_refused_registration_names_its_field(field: str, value: str, sentence: str, alices: Client) -> None:
    answer = alices.post(REGISTER, {**FORM, field: value})
    assert answer.status_code == 200
    assert sentence in " ".join(answer.context["form"].errors[field])
    assert CloudModel.objects.count() == 1


def test_models_are_switched_by_an_action(alices: Client, cast: Cast) -> None:
    data = {"action": "switch_off", "_selected_action": [cast.practice.pk]}
    alices.post("/admin/catalog/cloudmodel/", data)
    assert not CloudModel.objects.get().enabled


def add_price(client: Client, cast: Cast, lines: str, currency: str = "XTS") -> int:
    data = {"model": cast.practice.pk, "currency": currency, "effective_from_0": "2026-01-02",
            "effective_from_1": "00:00", "lines": lines, "source": "a letter", "read_on": "2026-01-02",
            "by_hand": "on"}  # fmt: skip
    client.post("/admin/catalog/price/add/", data)
    return Price.objects.filter(by_hand=True).count()


def test_a_price_is_added_and_never_changed(alices: Client, cast: Cast) -> None:
    assert add_price(alices, cast, '[{"unit": "image", "amount": "0.03"}]') == 1
    price = Price.objects.get(by_hand=True)
    assert price.lines == [{"unit": "image", "amount": "0.03", "per": 1, "description": ""}]
    assert alices.post(f"/admin/catalog/price/{price.pk}/change/", {"source": "x"}).status_code == 403


def test_play_money_and_dollars_never_mix(alices: Client, cast: Cast) -> None:
    assert add_price(alices, cast, '[{"unit": "image", "amount": "0.03"}]', "USD") == 0
    assert add_price(alices, cast, '[{"unit": "image", "amount": "0.03"}]') == 1


@pytest.mark.parametrize("lines", ["[]", "{}", '[{"unit": "image", "amount": 0.03}]',
                                   '[{"unit": "image", "amount": "0.03", "per": 0}]', '[{"amount": "1"}]'])  # fmt: skip
def test_a_price_that_no_quote_could_read_is_refused(lines: str, alices: Client, cast: Cast) -> None:
    assert add_price(alices, cast, lines) == 0


def test_an_overrun_is_acknowledged_by_an_action(alices: Client, made: object) -> None:
    made("a lighthouse #overrun")
    price = Price.objects.get()
    assert price.blocked_at
    alices.post("/admin/catalog/price/", {"action": "acknowledge", "_selected_action": [price.pk]})
    price.refresh_from_db()
    assert price.blocked_at is None


def test_a_hub_key_is_revoked_by_an_action_and_its_hash_not_shown(alices: Client, bob: Actor) -> None:
    key_of(bob)
    key = HubKey.objects.get()
    assert key.digest not in alices.get(f"/admin/accounts/hubkey/{key.pk}/change/").content.decode()
    alices.post("/admin/accounts/hubkey/", {"action": "revoke", "_selected_action": [key.pk]})
    key.refresh_from_db()
    assert key.revoked_at


def test_an_owner_in_no_team_is_told_why_no_key_is_revoked(alices: Client, alice: Actor, bob: Actor) -> None:
    key_of(bob)
    key = HubKey.objects.get()
    Membership.objects.filter(user=alice.user).delete()
    data = {"action": "revoke", "_selected_action": [key.pk]}
    assert "You are in no team yet" in alices.post("/admin/accounts/hubkey/", data, follow=True).content.decode()
    key.refresh_from_db()
    assert key.revoked_at is None


@pytest.mark.parametrize("name", ["user", "team", "membership"])
def test_people_are_only_looked_at_with_the_way_to_their_page(name: str, alices: Client, bob: Actor) -> None:
    model = apps.get_model("accounts", name)
    address = f"/admin/accounts/{name}/"
    assert "/people/" in alices.get(address).content.decode()
    row = model.objects.latest("pk")
    page = alices.get(f"{address}{row.pk}/change/")
    assert page.status_code == 200
    assert bob.user.password not in page.content.decode()
    assert alices.post(f"{address}{row.pk}/change/", {"is_superuser": "on"}).status_code == 403
    assert alices.post(f"{address}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert alices.get(f"{address}add/").status_code == 403


def test_the_tables_of_allauth_open_no_way_in(alices: Client) -> None:
    for path in ("socialaccount/socialapp", "mfa/authenticator", "account/emailaddress", "usersessions/usersession"):
        assert alices.get(f"/admin/{path}/").status_code == 404


def test_nobody_changes_a_password_past_the_hubs_own_page(alices: Client, bob: Actor) -> None:
    assert alices.get("/admin/password_change/")["Location"] == "/account/"
    assert alices.get(f"/admin/accounts/user/{bob.user.pk}/password/").status_code in (302, 404)


def test_a_member_has_no_admin_site(bobs: Client) -> None:
    assert bobs.get("/admin/", follow=True).status_code == 403


def test_the_admin_site_has_no_way_in_of_its_own(client: Client, cast: Cast) -> None:
    data = {"username": "alice@example.org", "password": PASSWORD}
    assert client.get("/admin/", follow=True).redirect_chain[-1][0].startswith("/login/?next=")
    assert client.post("/admin/login/", data)["Location"].startswith("/login/")
    assert "_auth_user_id" not in client.session


def test_the_admin_site_carries_the_hubs_name(alices: Client) -> None:
    text = alices.get("/admin/").content.decode()
    assert "CloudHub admin" in text
    assert "Back to the hub" in text
