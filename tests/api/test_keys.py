"""Vendors' keys over REST: secrets go in, and no answer, page or line of the trail ever holds one."""

import base64
import json
from typing import Any

import pytest
from django.core.cache import cache
from pytest_django import Settings

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.models import AuditEntry
from cloudhub.vault.keys import key_for
from cloudhub.vault.models import ProviderKey
from providers.catalogue import installed_providers
from providers.emulation.server import RunningServer
from tests.api.caller import Caller, caller_of
from tests.conftest import Cast
from tests.google_accounts import PROJECT, service_account

PATH = "/api/v1/keys"
CANARY = "canary-vendor-key-0123456789-wxyz"
NAME = "OPENAI_API_KEY"
OPENAI = {"provider": "openai", "values": {NAME: CANARY}}


@pytest.fixture(autouse=True)
def _a_hub_that_can_store(settings: Settings) -> None:
    settings.CLOUDHUB_ENCRYPTION_KEYS = base64.urlsafe_b64encode(b"o" * 32).decode()
    cache.clear()


def store(caller: Caller, **changes: Any) -> dict:
    answer = caller.post(PATH, {**OPENAI, **changes})
    assert answer.status_code == 201, answer.content
    return answer.json()


def secret_in_use(team_id: int) -> str:
    return key_for(installed_providers()["openai"], team_id).secret


def test_a_key_is_stored_and_used_and_never_answered(alices: Caller, cast: Cast, vendors: RunningServer) -> None:
    made = alices.post(PATH, {**OPENAI, "label": "Main", "priority": 7, "team": "Studio"})
    record = made.json()
    address = f"{PATH}/{record['id']}"
    assert made["Location"].endswith(address)
    assert (record["label"], record["priority"], record["team"], record["state"]) == ("Main", 7, "Studio", "active")
    assert (record["last_four"], secret_in_use(cast.team.pk)) == ("wxyz", CANARY)
    answers = [
        made, alices.get(PATH), alices.get(address), alices.patch(address, {"label": "Other", "team": None}),
        alices.post(f"{address}/test"), alices.post(PATH, OPENAI), alices.get("/api/v1/providers"),
        alices.post(f"{address}/rotate", {"values": {"OPENAI_API_KEY": "invalid-" + CANARY}}), alices.delete(address),
    ]  # fmt: skip
    texts = [answer.content.decode() + repr(answer.headers) for answer in answers]
    texts.append(repr(list(AuditEntry.objects.values())))
    for text in texts:
        assert CANARY not in text
        assert CANARY[:-4] not in text


def test_every_verb_is_in_the_trail(alices: Caller, vendors: RunningServer) -> None:
    key = f"{PATH}/{store(alices)['id']}"
    alices.patch(key, {"label": "Main", "priority": 3, "team": "Studio"})
    alices.patch(key, {"label": "Main", "priority": 3, "team": "Studio"})
    alices.post(f"{key}/test")
    fresh = alices.post(f"{key}/rotate", {"values": {"OPENAI_API_KEY": "fresh-key-0123456789"}}).json()
    alices.delete(f"{PATH}/{fresh['id']}")
    actions = AuditEntry.objects.filter(target_kind="provider_key").order_by("number").values_list("action", flat=True)
    assert [action.removeprefix("provider_key.") for action in actions] == [
        "added", "given", "reordered", "relabelled", "tested", "rotated", "revoked",
    ]  # fmt: skip


def test_a_test_answers_in_words(alices: Caller, vendors: RunningServer) -> None:
    good = alices.post(f"{PATH}/{store(alices)['id']}/test").json()
    bad = store(alices, values={"OPENAI_API_KEY": "invalid-key-0123456789"})
    refused = alices.post(f"{PATH}/{bad['id']}/test")
    assert (good["result"], good["code"]) == ("valid", None)
    assert (refused.status_code, refused.json()["result"]) == (200, "refused")
    assert refused.json()["remedy"]
    assert "{" not in refused.json()["message"]


def test_tests_are_limited(alices: Caller, vendors: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cloudhub.core.throttle.time.time", lambda: 1_800_000_001.0)
    address = f"{PATH}/{store(alices)['id']}/test"
    answers = [alices.post(address) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert int(answers[-1]["Retry-After"]) > 0


def test_a_new_key_takes_over_only_when_the_vendor_takes_it(alices: Caller, cast: Cast, vendors: RunningServer) -> None:
    key = store(alices)
    address = f"{PATH}/{key['id']}/rotate"
    refused = alices.post(address, {"values": {"OPENAI_API_KEY": "invalid-key-0123456789"}})
    assert (refused.status_code, list(refused.json()["error"]["fields"])) == (400, ["values"])
    assert secret_in_use(cast.team.pk) == CANARY
    fresh = alices.post(address, {"values": {"OPENAI_API_KEY": "fresh-key-0123456789"}})
    assert (fresh.status_code, fresh.json()["replaces"]) == (201, key["id"])
    assert secret_in_use(cast.team.pk) == "fresh-key-0123456789"
    assert alices.get(f"{PATH}/{key['id']}").json()["state"] == "retired"
    assert alices.post(address, {"values": {"OPENAI_API_KEY": "x" * 20}}).status_code == 409


@pytest.mark.parametrize(
    ("change", "field"),
    [({"provider": "nobody"}, "provider"), ({"provider": 5}, "provider"), ({"provider": "practice"}, "provider"),
     ({"values": "sk"}, "values"), ({"values": {}}, NAME), ({"values": {NAME: 5}}, NAME),
     ({"values": {NAME: "x" * 5000}}, NAME), ({"values": {"GOOGLE_API_KEY": "x"}}, "GOOGLE_API_KEY"),
     ({"form": "vertex"}, "form"), ({"label": "x" * 101}, "label"), ({"label": 5}, "label"),
     ({"priority": -1}, "priority"), ({"priority": "x"}, "priority"), ({"priority": True}, "priority"),
     ({"team": "Nowhere"}, "team"), ({"team": 5}, "team"),
     ({"base_url": "https://evil.example"}, "base_url")],
    ids=lambda value: repr(value)[:50],
)  # fmt: skip
def test_a_bad_key_is_refused_by_name(alices: Caller, change: dict, field: str) -> None:
    answer = alices.post(PATH, {**OPENAI, **change})
    assert answer.status_code == 400, answer.content
    assert field in answer.json()["error"]["fields"]
    assert not ProviderKey.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [({"values": {}}, "values"), ({"state": "revoked"}, "state"), ({"label": None}, "label"),
     ({"priority": None}, "priority"), ({"team": []}, "team")],
    ids=str,
)  # fmt: skip
def test_a_bad_change_is_refused_and_nothing_changed(alices: Caller, change: dict, field: str) -> None:
    key = store(alices)
    answer = alices.patch(f"{PATH}/{key['id']}", {"label": "New", **change} if field != "label" else change)
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, [field])
    assert alices.get(f"{PATH}/{key['id']}").json() == key


VERBS = (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/test"), ("POST", "/rotate"))
BODIES: dict[str, Any] = {"PATCH": {"label": "x"}, "/rotate": {"values": {"OPENAI_API_KEY": "another-key-012345"}}}


@pytest.mark.parametrize(("method", "end"), VERBS)
def test_another_teams_key_is_not_there(alices: Caller, charlies: Caller, cast: Cast, method: str, end: str) -> None:
    key = store(alices, team="Studio")
    answer = charlies.send(method, f"{PATH}/{key['id']}{end}", BODIES.get(end or method))
    assert answer.status_code == 404
    assert key["id"] not in charlies.get(PATH).content.decode()
    assert alices.get(f"{PATH}/{key['id']}").json() == key


@pytest.mark.parametrize(("method", "end"), [("GET", None), ("POST", None), *VERBS])
def test_a_member_and_a_key_without_manage_may_nothing(
    alices: Caller, alice: Actor, bob: Actor, victor: Actor, method: str, end: str | None
) -> None:
    key = store(alices)
    path = PATH if end is None else f"{PATH}/{key['id']}{end}"
    body = OPENAI if end is None else BODIES.get(end or method)
    for caller in (caller_of(bob), caller_of(victor), caller_of(alice, "read", "generate")):
        assert caller.send(method, path, body).status_code == 403
    assert ProviderKey.objects.count() == 1


def test_a_teams_owner_stores_for_their_team_alone(alices: Caller, charlies: Caller, cast: Cast) -> None:
    shared = store(alices)
    assert shared["team"] is None
    assert store(charlies)["team"] == "Elsewhere"
    assert charlies.post(PATH, {**OPENAI, "team": None}).status_code == 403
    assert charlies.post(PATH, {**OPENAI, "team": "Studio"}).status_code == 400
    assert charlies.delete(f"{PATH}/{shared['id']}").status_code == 403
    assert charlies.get(f"{PATH}/{shared['id']}").status_code == 200
    assert secret_in_use(cast.team.pk) == CANARY


def test_a_key_file_goes_in_as_its_text(alices: Caller, vendors: RunningServer) -> None:
    account = service_account(vendors.url)
    values = {"GOOGLE_CLOUD_PROJECT": PROJECT, "GOOGLE_APPLICATION_CREDENTIALS": json.dumps(account)}
    made = store(alices, provider="google-imagen", values=values)
    assert (made["form"], made["public_values"]) == ("vertex", {"GOOGLE_CLOUD_PROJECT": PROJECT})
    assert alices.post(f"{PATH}/{made['id']}/test").json()["result"] == "valid"
    wrong = {**values, "GOOGLE_APPLICATION_CREDENTIALS": "/etc/passwd"}
    answer = alices.post(PATH, {"provider": "google-imagen", "values": wrong})
    assert list(answer.json()["error"]["fields"]) == ["GOOGLE_APPLICATION_CREDENTIALS"]


@pytest.mark.parametrize("key_id", ["x", "1", "01900000-0000-7000-8000-000000000000", "%00", "9" * 3000])
def test_what_is_not_there_is_404(alices: Caller, key_id: str) -> None:
    for method, end in VERBS:
        assert alices.send(method, f"{PATH}/{key_id}{end}", BODIES.get(end or method)).status_code == 404
