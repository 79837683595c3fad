"""Hub keys on the Keys page: made with their limits, shown once, changed, rotated, revoked."""

from datetime import timedelta

import pytest
from django.test import Client

from cloudhub.accounts.actor import Actor, actor_of_hub_key
from cloudhub.accounts.hub_keys import find_hub_key
from cloudhub.accounts.models import HubKey
from cloudhub.billing.hub_keys import issue_hub_key
from cloudhub.billing.models import Budget
from tests.conftest import Cast, key_of

SCRIPT = {"name": "script", "scopes": ["read", "generate"]}


def text_in(page: str) -> str:
    return page.split('tabindex="0">')[1].split("<")[0]


def test_a_key_is_shown_once_and_works(bobs: Client, bob: Actor) -> None:
    answer = bobs.post("/keys/hub", SCRIPT)
    assert "no-store" in answer["Cache-Control"]
    secret = text_in(answer.content.decode())
    assert find_hub_key(secret).user == bob.user
    assert secret[10:] not in bobs.get("/keys/").content.decode()


def test_a_key_gets_the_limits_that_were_chosen(bobs: Client) -> None:
    bobs.post("/keys/hub", {**SCRIPT, "days": "7", "models": ["practice-1"], "networks": "10.0.0.0/8\n 2001:db8::/32",
                            "calls_a_minute": "30", "limit": "2.50", "window": "day", "currency": "XTS"})  # fmt: skip
    key, budget = HubKey.objects.get(), Budget.objects.get()
    assert round((key.expires_at - key.created_at) / timedelta(days=1)) == 7
    assert (key.allowed_models, key.allowed_networks) == (["practice-1"], ["10.0.0.0/8", "2001:db8::/32"])
    assert (key.calls_a_minute, budget.target, budget.limit_micros) == (30, str(key.pk), 2_500_000)
    page = bobs.get("/keys/").content.decode()
    for words in ("10.0.0.0/8, 2001:db8::/32", "at most 30 calls a minute", "2.50 XTS left</strong> of", "practice-1"):
        assert words in page, words


def test_a_member_cannot_make_a_key_that_manages(bobs: Client) -> None:
    answer = bobs.post("/keys/hub", {**SCRIPT, "scopes": ["read", "manage"]})
    assert answer.status_code == 403
    assert "you lack manage" in answer.content.decode()
    assert not HubKey.objects.exists()


@pytest.mark.parametrize(
    ("change", "fault"),
    [({"name": " "}, "name-error-new"), ({"scopes": []}, "scopes-error-new"),
     ({"networks": "moon"}, "networks-error-new"), ({"calls_a_minute": "many"}, "calls-error-new"),
     ({"limit": "x"}, "limit-error-new"), ({"models": ["nothing"]}, "models-error-new")],
    ids=str,
)  # fmt: skip
def test_a_refusal_names_the_field_and_loses_nothing(bobs: Client, change: dict, fault: str) -> None:
    given = {**SCRIPT, "name": "my script", "networks": "10.0.0.0/8", "calls_a_minute": "7", **change}
    answer = bobs.post("/keys/hub", given)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'id="{fault}"' in page
    for name in ("name", "networks", "calls_a_minute"):
        assert given[name].strip() in page
    assert not HubKey.objects.exists()


def test_a_change_holds(bobs: Client, bob: Actor) -> None:
    key_of(bob)
    key = HubKey.objects.get()
    assert bobs.post(f"/keys/hub/{key.pk}/change", {"name": "robot", "networks": "127.0.0.1"}).status_code == 302
    key.refresh_from_db()
    assert (key.name, key.allowed_networks) == ("robot", ["127.0.0.1/32"])
    assert key.scopes == ["read", "generate", "manage"]
    answer = bobs.post(f"/keys/hub/{key.pk}/change", {"name": "robot", "networks": "moon"})
    assert answer.status_code == 422
    assert f'id="networks-error-{key.pk}"' in answer.content.decode()


def test_a_rotated_key_goes_on_for_a_while(bobs: Client, bob: Actor) -> None:
    old = key_of(bob)
    page = bobs.post(f"/keys/hub/{HubKey.objects.get().pk}/rotate", {"overlap": "24"}).content.decode()
    fresh = text_in(page)
    assert find_hub_key(old)
    assert find_hub_key(fresh).replaces == find_hub_key(old)
    assert "replaced, works until" in page


def test_a_rotated_key_ends_at_once_when_wished(bobs: Client, bob: Actor) -> None:
    old = key_of(bob)
    page = bobs.post(f"/keys/hub/{HubKey.objects.get().pk}/rotate", {"overlap": "0"}).content.decode()
    assert find_hub_key(old) is None
    assert find_hub_key(text_in(page))


def test_a_revoked_key_is_refused_from_then_on(bobs: Client, bob: Actor) -> None:
    secret = key_of(bob)
    assert bobs.post(f"/keys/hub/{HubKey.objects.get().pk}/revoke").status_code == 302
    assert find_hub_key(secret) is None
    assert "revoked" in bobs.get("/keys/").content.decode()


def test_revoking_says_what_ends_with_it(alices: Client, alice: Actor) -> None:
    program = actor_of_hub_key(find_hub_key(key_of(alice)))
    _, text = issue_hub_key(program, {"name": "child"})
    assert alices.get("/keys/").content.decode().count("1 key that was made with it is revoked too.") == 1
    answer = alices.post(f"/keys/hub/{program.hub_key.pk}/revoke", follow=True)
    assert "refused from now on. 1 key that was made with it is revoked too." in answer.content.decode()
    assert find_hub_key(text) is None


@pytest.mark.parametrize("act", ["change", "rotate", "revoke"])
def test_a_key_of_somebody_else_is_not_there(bobs: Client, charlies: Client, alice: Actor, act: str) -> None:
    secret = key_of(alice)
    number = HubKey.objects.get().pk
    for client in (bobs, charlies):
        assert client.post(f"/keys/hub/{number}/{act}", {"name": "mine", "overlap": "0"}).status_code == 404
        assert secret[:10] not in client.get("/keys/").content.decode()
    assert find_hub_key(secret).name == "test"


def test_members_see_no_vendors_keys(bobs: Client, victors: Client, cast: Cast) -> None:
    for client in (bobs, victors):
        page = client.get("/keys/").content.decode()
        assert "Hub keys" in page
        assert "vendor-keys-title" not in page
        assert "Firefly" not in page


def test_the_account_page_leads_here(bobs: Client) -> None:
    assert 'href="/keys/"' in bobs.get("/account/").content.decode()
