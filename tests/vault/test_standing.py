"""Stored keys that cannot be used any more: found, told, and forgotten where their vendor moved."""

import io
import logging
import threading
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.models import AuditEntry
from cloudhub.catalog.register import register_model
from cloudhub.core.errors import Forbidden, NotFound
from cloudhub.health.attention import concerns
from cloudhub.health.check import check_now, check_stored_key
from cloudhub.health.facts import gather
from cloudhub.health.models import KeyCheck
from cloudhub.health.report import report
from cloudhub.health.schedule import do_chores
from cloudhub.lanes.find import LaneName, find_lane, lanes_named
from cloudhub.lanes.models import Lane
from cloudhub.vault import stored as verbs
from cloudhub.vault.keys import environment_key, fingerprint, has_key
from cloudhub.vault.models import ProviderKey
from cloudhub.vault.standing import drop_moved_keys, warnings_at_start
from providers.catalogue import installed_providers
from providers.emulation.server import RunningServer
from tests.conftest import Cast, client_of, key_of
from tests.vault.conftest import CANARY, NEW


def add(cast: Cast, secret: str = CANARY, **fields: object) -> ProviderKey:
    given = {"provider": "openai", "values": {"OPENAI_API_KEY": secret}, "team": cast.team, **fields}
    return verbs.add_key(cast.alice, **given)  # type: ignore[arg-type]


def told(cast: Cast, who: str = "alice") -> list[str]:
    found = concerns(gather(getattr(cast, who)), may_decide=True)
    return [concern.what for concern in found if concern.place == "keys"]


def test_a_vendor_that_moved_loses_its_keys_and_everybody_is_told(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = add(cast, label="Main")
    other = add(cast, provider="stability", values={"STABILITY_API_KEY": "a-stability-key-abcd"})
    assert drop_moved_keys() == []
    monkeypatch.setenv("OPENAI_BASE_URL", "https://elsewhere.example/v1")
    (sentence,) = warnings_at_start()
    assert sentence == (
        "The key Main (…wxyz) was dropped: OpenAI has another address now than when it was typed. "
        "Type it again under Keys."
    )
    stored.refresh_from_db()
    other.refresh_from_db()
    assert (stored.state, stored.ciphertext, other.state) == ("dropped", "", "active")
    line = AuditEntry.objects.order_by("-number")[0]
    assert (line.action, line.who, line.target_id) == ("provider_key.dropped", "the hub", str(stored.pk))
    assert told(cast) == ["The key Main (…wxyz) was dropped"]
    assert told(cast, "charlie") == []
    # The address moves back: what was dropped stays dropped.
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9")
    assert drop_moved_keys() == []
    assert not has_key(installed_providers()["openai"], cast.team.pk)
    verbs.revoke_key(cast.alice, stored.pk)
    assert told(cast) == []


def test_a_single_command_with_another_address_drops_nothing(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = add(cast, team=None)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:10")
    with pytest.raises(SystemExit):
        call_command("check_provider", "openai", stdout=io.StringIO())
    stored.refresh_from_db()
    assert stored.state == "active"


def test_the_runner_drops_them_too(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    add(cast, label="Main")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:10")
    with caplog.at_level(logging.WARNING):
        do_chores(threading.Event())
    assert "The key Main (…wxyz) was dropped" in caplog.text


def test_keys_that_do_not_open_are_counted_for_those_who_can_help(cast: Cast, settings: Settings) -> None:
    add(cast)
    add(cast, "another-key-0123456789", team=None)
    assert told(cast) == []
    settings.CLOUDHUB_ENCRYPTION_KEYS = NEW
    assert told(cast) == ["2 keys cannot be decrypted"]
    assert told(cast, "charlie") == []
    (sentence,) = warnings_at_start()
    assert sentence.startswith("2 keys cannot be decrypted. Put the encryption key")
    settings.CLOUDHUB_ENCRYPTION_KEYS = ""
    assert told(cast) == ["2 keys cannot be decrypted"]


def test_both_doors_remember_what_a_vendor_said_of_a_stored_key(cast: Cast, vendors: RunningServer) -> None:
    good, bad = add(cast), add(cast, "sk-invalid-key-0000", team=None)
    whole, _ = lanes_named(LaneName("openai", good.key_print, "gpt-image-1.5"))
    refused = {"failures": 3, "last_failure_code": "key_invalid"}
    program = {"headers": {"Authorization": f"Bearer {key_of(cast.alice)}"}, "content_type": "application/json"}
    for client, address, more in ((client_of(cast.alice), "/keys/stored/{}/test", {}),
                                  (Client(), "/api/v1/keys/{}/test", program)):  # fmt: skip
        Lane.objects.filter(pk=whole.pk).update(**refused)
        assert client.post(address.format(bad.pk), **more).status_code in (200, 302)
        assert client.post(address.format(good.pk), **more).status_code in (200, 302)
        found = {check.key_print: check for check in KeyCheck.objects.filter(provider="openai")}
        states = {key_print: check.state for key_print, check in found.items()}
        assert states == {good.key_print: "valid", bad.key_print: "refused"}
        assert "sk-invalid" not in found[bad.key_print].sentence + found[bad.key_print].remedy
        whole.refresh_from_db()
        assert whole.failures == 0
        KeyCheck.objects.all().delete()
    with pytest.raises(Forbidden):
        check_stored_key(cast.bob, good.pk)


def test_every_key_in_use_is_checked_on_its_own(cast: Cast, vendors: RunningServer) -> None:
    prints = {add(cast).key_print, add(cast, "shared-key-0123456789", team=None).key_print}
    prints.add(add(cast, "elsewheres-key-0123456789", team=cast.other_team).key_print)
    register_model(provider="openai", cloud_model_id=installed_providers()["openai"].models[0].id)
    do_chores(threading.Event())
    checked = KeyCheck.objects.filter(provider="openai", state="valid").values_list("key_print", flat=True)
    assert prints < set(checked)
    assert len(checked) == 4


def test_status_speaks_of_the_key_that_the_team_uses(cast: Cast, vendors: RunningServer) -> None:
    stored = add(cast)
    vendor = next(vendor for vendor in gather(cast.bob).vendors if vendor.provider.id == "openai")
    assert vendor.key is not None
    assert (vendor.key.source, vendor.spare_keys) == ("stored for the team Studio", 1)
    assert check_now(cast.alice, "openai").key_print == stored.key_print
    there = next(vendor for vendor in gather(cast.charlie).vendors if vendor.provider.id == "openai")
    assert there.key is not None
    assert there.key.source == "environment"


def test_check_provider_says_where_the_key_is_stored(cast: Cast, vendors: RunningServer) -> None:
    add(cast, team=None)
    said = io.StringIO()
    call_command("check_provider", "openai", stdout=said)
    assert "API key found in OPENAI_API_KEY (stored for every team), ending in …wxyz" in said.getvalue()
    assert CANARY not in said.getvalue()


def test_status_tells_of_every_key_that_the_actor_may_see(cast: Cast, vendors: RunningServer) -> None:
    register_model(provider="openai", cloud_model_id=installed_providers()["openai"].models[0].id)
    first, shared = add(cast), add(cast, "shared-key-0123456789", team=None)
    elsewhere = add(cast, "elsewheres-key-0123456789", team=cast.other_team)
    check_stored_key(cast.alice, shared.pk)

    def others(actor: Actor) -> list[tuple[str, bool, str, bool]]:
        vendor = next(found for found in report(actor).vendors if found.vendor.provider.id == "openai")
        return [
            (one.other.origin, one.other.is_spare, one.other.check.state if one.other.check else "", bool(one.lanes))
            for one in vendor.others
        ]  # fmt: skip

    spares = [("stored for every team", True, "valid", True), ("from the environment", True, "", True)]
    assert others(cast.bob) == others(cast.charlie) == spares
    assert others(cast.alice) == [*spares, ("stored for the team Elsewhere", False, "", True)]
    assert first.key_print != elsewhere.key_print


def test_a_spare_key_that_is_refused_or_rests_is_told(cast: Cast, vendors: RunningServer) -> None:
    register_model(provider="openai", cloud_model_id=installed_providers()["openai"].models[0].id)
    add(cast)
    bad, tired = add(cast, "sk-invalid-0123456789", team=None), add(cast, "tired-key-0123456789", team=cast.other_team)
    check_stored_key(cast.alice, bad.pk)
    whole, _ = lanes_named(LaneName("openai", tired.key_print, "gpt-image-2"))
    later = timezone.now() + timedelta(minutes=1)
    Lane.objects.filter(id=whole.pk).update(failures=5, opened_until=later, last_failure_at=timezone.now())
    seen = {concern.what: concern.level for concern in concerns(gather(cast.alice), may_decide=True)}
    refused = "OpenAI, key stored for every team: the key was refused"
    assert seen[refused] == "decide"
    assert seen["OpenAI, key stored for the team Elsewhere: 5 calls failed in a row"] == "note"
    assert refused in {concern.what for concern in concerns(gather(cast.bob), may_decide=False)}
    assert not any("Elsewhere" in concern.what for concern in concerns(gather(cast.bob), may_decide=False))


def test_a_lane_of_another_teams_own_key_is_not_there(cast: Cast, vendors: RunningServer) -> None:
    own, shared = add(cast), add(cast, "shared-key-0123456789", team=None)
    lanes = [lanes_named(LaneName("openai", stored.key_print, "gpt-image-2"))[0] for stored in (own, shared)]
    environments = lanes_named(
        LaneName("openai", fingerprint(environment_key(installed_providers()["openai"])), "gpt-image-2")
    )
    with pytest.raises(NotFound):
        find_lane(cast.charlie, lanes[0].pk)
    for lane in (lanes[1], *environments):
        assert find_lane(cast.charlie, lane.pk) == lane
    assert [find_lane(actor, lanes[0].pk) for actor in (cast.alice, cast.bob)] == [lanes[0]] * 2
