"""Who may store, test, move, rotate and revoke a vendor's key; and that its values never come out again."""

import json
from dataclasses import replace
from typing import Any

import pytest
from django.core import serializers
from django.db import connection
from pytest_django import Settings

from cloudhub.accounts.models import AuditEntry, Membership, Role
from cloudhub.core.errors import Conflict, Forbidden, HubError, Invalid, NotFound, TooMany, Unavailable
from cloudhub.vault import stored as verbs
from cloudhub.vault.envelope import CannotDecrypt, NoEncryptionKey
from cloudhub.vault.keys import has_key, key_for, keys_for
from cloudhub.vault.models import ProviderKey
from cloudhub.vault.sealing import open_key
from providers.base import Rejected
from providers.catalogue import installed_providers
from providers.emulation.server import RunningServer
from tests.conftest import Cast
from tests.google_accounts import service_account
from tests.vault.conftest import CANARY

OPENAI = {"OPENAI_API_KEY": CANARY}


def vendor(provider_id: str = "openai") -> object:
    return installed_providers()[provider_id]


def add(cast: Cast, **changes: object) -> ProviderKey:
    given = {"provider": "openai", "values": OPENAI, "team": cast.team, **changes}
    return verbs.add_key(given.pop("actor", cast.alice), **given)  # type: ignore[arg-type]


def test_a_stored_key_is_used_and_only_its_end_can_be_seen(cast: Cast) -> None:
    stored = add(cast, label=" Studio's ")
    key = key_for(vendor(), cast.team.pk)  # type: ignore[arg-type]
    assert (key.secret, key.source, key.stored_id) == (CANARY, "stored for the team Studio", str(stored.pk))
    assert (stored.label, stored.last_four, stored.form) == ("Studio's", "wxyz", "key")
    row = ProviderKey.objects.get()
    everything = serializers.serialize("json", [row]) + serializers.serialize("json", AuditEntry.objects.all())
    for text in (everything, repr(row), str(row), repr(key), str(key), repr(row.__dict__)):
        assert CANARY not in text
        assert CANARY[:-4] not in text


def test_the_order_is_team_then_every_team_then_the_environment(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "of-the-environment")
    add(cast, values={"OPENAI_API_KEY": "shared-second"}, team=None, priority=7)
    add(cast, values={"OPENAI_API_KEY": "shared-first"}, team=None, priority=3)
    add(cast, values={"OPENAI_API_KEY": "teams-own"}, priority="900")
    here = [key.secret for key in keys_for(vendor(), cast.team.pk)]  # type: ignore[arg-type]
    there = [key.secret for key in keys_for(vendor(), cast.other_team.pk)]  # type: ignore[arg-type]
    assert here == ["teams-own", "shared-first", "shared-second", "of-the-environment"]
    assert there == ["shared-first", "shared-second", "of-the-environment"]
    assert key_for(vendor()).secret == "shared-first"  # type: ignore[arg-type]


def test_a_teams_key_is_no_other_teams(cast: Cast) -> None:
    add(cast)
    assert not has_key(vendor(), cast.other_team.pk)  # type: ignore[arg-type]
    assert not has_key(vendor())  # type: ignore[arg-type]
    with pytest.raises(Rejected, match="OPENAI_API_KEY"):
        key_for(vendor(), cast.other_team.pk)  # type: ignore[arg-type]


def test_an_owner_of_a_team_keeps_its_keys_and_only_looks_at_shared_ones(cast: Cast) -> None:
    shared = add(cast, team=None)
    foreign = add(cast)
    own = add(cast, actor=cast.charlie, team=cast.other_team)
    assert {key.pk for key in verbs.stored_keys_for(cast.charlie)} == {shared.pk, own.pk}
    assert {key.pk for key in verbs.stored_keys_for(cast.alice)} == {shared.pk, own.pk, foreign.pk}
    with pytest.raises(Forbidden):
        add(cast, actor=cast.charlie, team=None)
    with pytest.raises(NotFound):
        add(cast, actor=cast.charlie, team=cast.team)
    for act in (verbs.revoke_key, verbs.test_key, lambda a, k: verbs.relabel_key(a, k, "x"),
                lambda a, k: verbs.set_priority(a, k, 1), lambda a, k: verbs.set_team(a, k, cast.other_team),
                lambda a, k: verbs.rotate_key(a, k, OPENAI)):  # fmt: skip
        with pytest.raises(Forbidden):
            act(cast.charlie, shared.pk)
        with pytest.raises(NotFound):
            act(cast.charlie, foreign.pk)
    with pytest.raises(Forbidden):
        verbs.set_team(cast.charlie, own.pk, None)
    with pytest.raises(NotFound):
        verbs.set_team(cast.charlie, own.pk, cast.team)


@pytest.mark.parametrize("who", ["bob", "victor"])
def test_members_and_viewers_get_no_key_at_all(cast: Cast, who: str) -> None:
    stored = add(cast)
    actor = getattr(cast, who)
    assert list(verbs.stored_keys_for(actor)) == []
    for act in (lambda: add(cast, actor=actor), lambda: verbs.revoke_key(actor, stored.pk),
                lambda: verbs.test_key(actor, stored.pk), lambda: verbs.sources_of(actor)):  # fmt: skip
        with pytest.raises(Forbidden):
            act()


def test_a_hub_key_without_manage_stores_nothing(cast: Cast) -> None:
    weak = replace(cast.alice, permissions=frozenset({"read", "generate"}))
    with pytest.raises(Forbidden):
        add(cast, actor=weak)
    assert list(verbs.stored_keys_for(weak)) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"provider": "nobody"}, "provider"),
        ({"provider": "practice"}, "provider"),
        ({"values": {}}, "OPENAI_API_KEY"),
        ({"values": {"OPENAI_API_KEY": "  "}}, "OPENAI_API_KEY"),
        ({"values": {**OPENAI, "OTHER": "x"}}, "OTHER"),
        ({"values": {"OPENAI_API_KEY": f"{CANARY}\nx"}}, "OPENAI_API_KEY"),
        ({"values": {"OPENAI_API_KEY": "x" * 5000}}, "OPENAI_API_KEY"),
        ({"values": {"OPENAI_API_KEY": 7}}, "OPENAI_API_KEY"),
        ({"values": CANARY}, "values"),
        ({"form": "another"}, "form"),
        ({"label": "x" * 101}, "label"),
        ({"priority": "-1"}, "priority"),
        ({"priority": True}, "priority"),
        ({"provider": "adobe-firefly", "values": {"FIREFLY_CLIENT_ID": "x"}}, "FIREFLY_CLIENT_SECRET"),
    ],
)
def test_what_is_wrong_is_named_by_its_field(cast: Cast, changes: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        add(cast, **changes)
    assert list(caught.value.fields) == [field]
    assert CANARY not in str(caught.value)
    assert not ProviderKey.objects.exists()


def test_a_service_account_is_stored_as_its_text_and_never_as_a_path(cast: Cast) -> None:
    text = json.dumps(service_account("https://oauth2.googleapis.com"))
    values = {"GOOGLE_CLOUD_PROJECT": "studio-1", "GOOGLE_APPLICATION_CREDENTIALS": text}
    given = {"provider": "google-imagen", "form": "vertex"}
    stored = add(cast, values=values, **given)
    assert stored.public_values == {"GOOGLE_CLOUD_PROJECT": "studio-1"}
    assert stored.last_four == json.loads(text)["private_key_id"][-4:]
    key = key_for(vendor("google-imagen"), cast.team.pk)  # type: ignore[arg-type]
    assert (key.form, key.get("GOOGLE_APPLICATION_CREDENTIALS")) == ("vertex", text)
    for wrong in ("/etc/passwd", "[1]", "{", ""):
        with pytest.raises(Invalid) as caught:
            add(cast, values=values | {"GOOGLE_APPLICATION_CREDENTIALS": wrong}, **given)
        assert "GOOGLE_APPLICATION_CREDENTIALS" in caught.value.fields


def test_the_same_key_is_not_stored_twice(cast: Cast) -> None:
    add(cast, label="First")
    with pytest.raises(Conflict, match="First"):
        add(cast)
    add(cast, team=None)


def test_without_an_encryption_key_the_hub_says_how_to_make_one(cast: Cast, settings: Settings) -> None:
    settings.CLOUDHUB_ENCRYPTION_KEYS = ""
    with pytest.raises(NoEncryptionKey, match="CLOUDHUB_ENCRYPTION_KEYS is not set"):
        add(cast)


def test_a_key_is_tested_in_words(cast: Cast, vendors: RunningServer) -> None:
    stored = add(cast)
    assert verbs.test_key(cast.alice, str(stored.pk)).is_valid
    refused = verbs.test_values(cast.alice, provider="openai", values={"OPENAI_API_KEY": "sk-invalid-key-0000"})
    assert (refused.verdict, refused.code) == ("refused", "key_invalid")
    assert "sk-invalid" not in refused.sentence + refused.remedy
    assert ProviderKey.objects.count() == 1


def test_a_vendor_out_of_reach_says_nothing_of_the_key(cast: Cast) -> None:
    assert verbs.test_key(cast.alice, add(cast).pk).verdict == "unreachable"


def test_tests_are_as_many_as_the_owner_allows(cast: Cast, settings: Settings) -> None:
    settings.CHECKS_A_MINUTE = 1
    stored = add(cast)
    verbs.test_key(cast.alice, stored.pk)
    with pytest.raises(TooMany, match="try again in"):
        verbs.test_key(cast.alice, stored.pk)


def test_a_rotated_key_is_tested_first_and_the_old_one_only_asked(cast: Cast, vendors: RunningServer) -> None:
    old = add(cast, label="Main", priority=4)
    new = verbs.rotate_key(cast.alice, old.pk, {"OPENAI_API_KEY": "a-new-key-0123456789"})
    old.refresh_from_db()
    assert (old.state, old.ended_reason) == ("retired", "Replaced by a new key.")
    assert (new.replaces, new.label, new.priority, new.team) == (old, "Main", 4, cast.team)
    assert key_for(vendor(), cast.team.pk).stored_id == str(new.pk)  # type: ignore[arg-type]
    assert open_key(old, vendor()).secret == CANARY  # type: ignore[arg-type]
    with pytest.raises(Conflict):
        verbs.rotate_key(cast.alice, old.pk, {"OPENAI_API_KEY": "another-key-0123456789"})


def test_a_key_that_was_given_to_others_meanwhile_is_not_rotated(cast: Cast, vendors: RunningServer) -> None:
    """Else the new key would be the team's that had the old one when the vendor was asked."""
    old = add(cast)
    given: list[int] = []

    def give_away(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("UPDATE") and "vault_providerkey" in sql and not given:
            given.append(old.pk)
            ProviderKey.objects.filter(id=old.pk).update(team=cast.other_team)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(give_away), pytest.raises(Conflict, match="gave it to others"):
        verbs.rotate_key(cast.alice, old.pk, {"OPENAI_API_KEY": "a-new-key-0123456789"})
    assert given
    assert [key.state for key in ProviderKey.objects.all()] == ["active"]


def test_a_refused_new_key_changes_nothing(cast: Cast, vendors: RunningServer) -> None:
    old = add(cast)
    with pytest.raises(Invalid, match="old key stays in use") as caught:
        verbs.rotate_key(cast.alice, old.pk, {"OPENAI_API_KEY": "sk-invalid-key-0000"})
    assert list(caught.value.fields) == ["values"]
    assert [key.state for key in ProviderKey.objects.all()] == ["active"]
    lines = AuditEntry.objects.filter(target_kind="provider_key")
    assert list(lines.values_list("action", flat=True)) == ["provider_key.added"]


def test_a_new_key_that_cannot_be_tested_changes_nothing(cast: Cast) -> None:
    old = add(cast)
    with pytest.raises(Unavailable, match="old one stays"):
        verbs.rotate_key(cast.alice, old.pk, {"OPENAI_API_KEY": "a-new-key-0123456789"})
    assert [key.state for key in ProviderKey.objects.all()] == ["active"]


def test_a_revoked_key_is_forgotten_at_once(cast: Cast) -> None:
    stored = add(cast)
    ended = verbs.revoke_key(cast.alice, stored.pk)
    assert (ended.state, ended.ciphertext, ended.encryption_key_id) == ("revoked", "", "")
    assert not has_key(vendor(), cast.team.pk)  # type: ignore[arg-type]
    for act in (verbs.revoke_key, verbs.test_key, lambda a, k: verbs.relabel_key(a, k, "x")):
        with pytest.raises(Conflict):
            act(cast.alice, stored.pk)


def test_labels_order_and_team_change_and_are_written_down(cast: Cast) -> None:
    stored = add(cast)
    verbs.relabel_key(cast.alice, stored.pk, "Other")
    verbs.set_priority(cast.alice, stored.pk, 5)
    moved = verbs.set_team(cast.alice, stored.pk, cast.other_team)
    assert (moved.label, moved.priority, moved.team) == ("Other", 5, cast.other_team)
    assert key_for(vendor(), cast.other_team.pk).secret == CANARY  # type: ignore[arg-type]
    verbs.revoke_key(cast.alice, stored.pk)
    actions = list(
        AuditEntry.objects.filter(target_kind="provider_key").order_by("number").values_list("action", flat=True)
    )
    assert actions == [f"provider_key.{verb}" for verb in ("added", "relabelled", "reordered", "given", "revoked")]
    assert CANARY not in serializers.serialize("json", AuditEntry.objects.all())


def test_sources_say_where_each_vendors_key_comes_from(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STABILITY_API_KEY", "a-stability-key-abcd")
    add(cast)
    add(cast, provider="replicate", values={"REPLICATE_API_TOKEN": "r8-0123456789-efgh"}, team=None)
    found = {source.provider.id: source for source in verbs.sources_of(cast.alice)}
    shown = {
        name: (found[name].place, found[name].last_four) for name in ("openai", "replicate", "stability", "runpod")
    }
    assert shown == {
        "openai": ("team", "wxyz"), "replicate": ("shared", "efgh"), "stability": ("environment", "abcd"),
        "runpod": ("", ""),
    }  # fmt: skip
    assert found["practice"].place == "not needed"


def test_a_key_goes_to_no_other_address(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = add(cast)
    for other in ("http://127.0.0.1:10", "https://127.0.0.1:9", "http://evil.example:9", ""):
        monkeypatch.setenv("OPENAI_BASE_URL", other)
        assert not has_key(vendor(), cast.team.pk)  # type: ignore[arg-type]
        with pytest.raises(Conflict, match="typed again"):
            verbs.test_key(cast.alice, stored.pk)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1/")
    assert has_key(vendor(), cast.team.pk)  # type: ignore[arg-type]


def test_a_server_of_ones_own_needs_its_address_first(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"OPENAI_COMPATIBLE_API_KEY": "a-servers-key-0123"}
    monkeypatch.delenv("OPENAI_COMPATIBLE_BASE_URL")
    with pytest.raises(Invalid, match="OPENAI_COMPATIBLE_BASE_URL"):
        add(cast, provider="openai-compatible", values=values)
    monkeypatch.setenv("OPENAI_COMPATIBLE_BASE_URL", "http://127.0.0.1:9/v1")
    add(cast, provider="openai-compatible", values=values)
    assert key_for(vendor("openai-compatible"), cast.team.pk).secret == "a-servers-key-0123"  # type: ignore[arg-type]
    monkeypatch.setenv("OPENAI_COMPATIBLE_BASE_URL", "http://127.0.0.1:10/v1")
    assert key_for(vendor("openai-compatible"), cast.team.pk).secret == ""  # type: ignore[arg-type]


def test_ciphertexts_that_were_swapped_or_rows_that_were_changed_open_nothing(cast: Cast) -> None:
    first = add(cast)
    second = add(cast, values={"OPENAI_API_KEY": "second-key-0123456789"}, team=None)
    ProviderKey.objects.filter(id=first.pk).update(ciphertext=second.ciphertext)
    assert [key.secret for key in keys_for(vendor(), cast.team.pk)] == ["second-key-0123456789"]  # type: ignore[arg-type]
    ProviderKey.objects.filter(id=first.pk).update(ciphertext=first.ciphertext)
    assert len(keys_for(vendor(), cast.team.pk)) == 2  # type: ignore[arg-type]
    for change in ({"provider": "stability"}, {"bound_to": {"OPENAI_BASE_URL": "http://evil.example:80"}},
                   {"form": "another"}, {"public_values": {"X": "y"}}):  # fmt: skip
        ProviderKey.objects.filter(id=first.pk).update(**change)
        changed = ProviderKey.objects.get(id=first.pk)
        with pytest.raises(CannotDecrypt) as caught:
            open_key(changed, vendor(changed.provider))  # type: ignore[arg-type]
        assert CANARY not in str(caught.value)
        ProviderKey.objects.filter(id=first.pk).update(**{name: getattr(first, name) for name in change})
    assert open_key(ProviderKey.objects.get(id=first.pk), vendor()).secret == CANARY  # type: ignore[arg-type]


def test_a_key_that_cannot_be_decrypted_lets_the_next_one_work(cast: Cast, settings: Settings) -> None:
    stored = add(cast)
    settings.CLOUDHUB_ENCRYPTION_KEYS = "bm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm4="
    add(cast, values={"OPENAI_API_KEY": "second-key-0123456789"}, team=None)
    assert key_for(vendor(), cast.team.pk).secret == "second-key-0123456789"  # type: ignore[arg-type]
    result = verbs.test_key(cast.alice, stored.pk)
    assert (result.verdict, result.code) == ("unreachable", "cannot_decrypt")


def test_a_person_who_left_the_team_loses_the_right(cast: Cast) -> None:
    Membership.objects.filter(user=cast.charlie.user).update(role=Role.VIEWER)
    demoted = replace(cast.charlie, role=Role.VIEWER, permissions=frozenset({"read"}))
    with pytest.raises(HubError):
        add(cast, actor=demoted, team=cast.other_team)
