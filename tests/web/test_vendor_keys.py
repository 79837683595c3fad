"""Vendors' keys on the Keys page: typed once, tested for free, never shown again."""

import base64
import html
import json
import re

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from cloudhub.accounts.models import AuditEntry
from cloudhub.vault.keys import key_for
from cloudhub.vault.models import ProviderKey
from providers.catalogue import installed_providers
from providers.emulation.server import RunningServer
from tests.conftest import Cast
from tests.google_accounts import PROJECT, service_account
from tests.web.conftest import HTMX

CANARY = "canary-vendor-key-0123456789-wxyz"
OPENAI = {"OPENAI_API_KEY": CANARY, "form": "key", "priority": "100", "team": "", "label": "Main"}


@pytest.fixture(autouse=True)
def _a_hub_that_can_store(settings: Settings) -> None:
    settings.CLOUDHUB_ENCRYPTION_KEYS = base64.urlsafe_b64encode(b"o" * 32).decode()
    cache.clear()


def store(client: Client, **changes: str) -> ProviderKey:
    answer = client.post("/keys/vendors/openai", {**OPENAI, **changes})
    assert answer.status_code == 302, answer.content
    return ProviderKey.objects.latest("created_at")


def test_a_key_is_stored_used_and_never_shown(alices: Client, cast: Cast, vendors: RunningServer) -> None:
    answer = alices.post("/keys/vendors/openai", OPENAI, follow=True)
    stored = ProviderKey.objects.get()
    page = answer.content.decode()
    assert key_for(installed_providers()["openai"], cast.team.pk).secret == CANARY
    assert "Main" in page
    assert "…wxyz" in page
    assert "stored for every team" in page
    addresses = (
        "/keys/",
        f"/keys/stored/{stored.pk}/test",
        f"/keys/stored/{stored.pk}/change",
        "/status/",
        "/account/",
    )
    seen = [alices.get(address).content.decode() for address in addresses]
    seen += [alices.post(address).content.decode() for address in addresses[1:3]]
    seen.append(repr(list(AuditEntry.objects.values())))
    for text in (page, *seen):
        assert CANARY not in text
        assert CANARY[:-4] not in text


@pytest.mark.parametrize(
    "change",
    [{"priority": "soon"}, {"label": "x" * 101}, {"team": "nobody"}, {"OPENAI_API_KEY": f"{CANARY} {CANARY}"}],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_after_a_refusal_the_key_is_to_be_typed_again(alices: Client, change: dict) -> None:
    answer = alices.post("/keys/vendors/openai", {**OPENAI, **change})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Type or choose the key again" in page
    assert 'aria-invalid="true"' in page or "field-error" in page
    assert CANARY[:-4] not in page
    assert not ProviderKey.objects.exists()
    if "label" not in change:
        assert 'value="Main"' in page


def test_a_stored_key_is_tested_in_words(alices: Client, vendors: RunningServer) -> None:
    good, bad = store(alices), store(alices, OPENAI_API_KEY="invalid-key-0123456789")
    works = alices.post(f"/keys/stored/{good.pk}/test", headers=HTMX).content.decode()
    refused = alices.post(f"/keys/stored/{bad.pk}/test", headers=HTMX).content.decode()
    assert "The key works." in works
    assert "refused by the vendor" in refused
    assert "invalid-key-0123456789" not in refused
    page = alices.get("/keys/").content.decode()
    assert "Tested just now: works." in page
    assert "Tested just now: refused by the vendor." in page


def test_a_typed_key_is_tested_and_not_stored(alices: Client, vendors: RunningServer) -> None:
    answer = alices.post("/keys/vendors/openai/try", OPENAI, headers=HTMX)
    assert "The key works." in answer.content.decode()
    empty = alices.post("/keys/vendors/openai/try", {**OPENAI, "OPENAI_API_KEY": ""}, headers=HTMX)
    assert empty.status_code == 422
    assert not ProviderKey.objects.exists()


def test_tests_are_limited_for_each_person(
    alices: Client, vendors: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloudhub.core.throttle.time.time", lambda: 1_800_000_001.0)
    stored = store(alices)
    statuses = [alices.post(f"/keys/stored/{stored.pk}/test", headers=HTMX).status_code for _ in range(12)]
    assert statuses == [200] * 10 + [429] * 2


def test_a_new_key_is_tested_before_the_old_one_goes(alices: Client, cast: Cast, vendors: RunningServer) -> None:
    stored = store(alices)
    answer = alices.post(f"/keys/stored/{stored.pk}/rotate", {"OPENAI_API_KEY": "invalid-key-0123456789"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "The old key stays in use" in page
    assert "invalid-key-0123456789" not in page
    assert key_for(installed_providers()["openai"], cast.team.pk).secret == CANARY
    assert alices.post(f"/keys/stored/{stored.pk}/rotate", {"OPENAI_API_KEY": "fresh-key-012345"}).status_code == 302
    assert key_for(installed_providers()["openai"], cast.team.pk).secret == "fresh-key-012345"
    assert "replaced" in alices.get("/keys/").content.decode()


def test_a_revoked_key_is_gone(alices: Client, cast: Cast) -> None:
    stored = store(alices)
    assert alices.post(f"/keys/stored/{stored.pk}/revoke").status_code == 302
    stored.refresh_from_db()
    assert (stored.state, stored.ciphertext) == ("revoked", "")
    assert "Ended keys" in alices.get("/keys/").content.decode()


def test_label_priority_and_team_change(alices: Client, cast: Cast) -> None:
    stored = store(alices)
    given = {"label": "Studio's", "priority": "3", "team": str(cast.team.pk)}
    assert alices.post(f"/keys/stored/{stored.pk}/change", given).status_code == 302
    stored.refresh_from_db()
    assert (stored.label, stored.priority, stored.team) == ("Studio's", 3, cast.team)


def test_a_teams_owner_sees_and_changes_their_teams_keys_alone(alices: Client, charlies: Client, cast: Cast) -> None:
    shared, own = store(alices), store(alices, OPENAI_API_KEY="own-key-01234567", team=str(cast.team.pk))
    page = charlies.get("/keys/").content.decode()
    assert str(shared.pk) in page
    assert str(own.pk) not in page
    for act in ("test", "change", "rotate", "revoke"):
        given = {"label": "x", "priority": "1", "OPENAI_API_KEY": "another-key-0123"}
        assert charlies.post(f"/keys/stored/{own.pk}/{act}", given).status_code == 404
        assert charlies.post(f"/keys/stored/{shared.pk}/{act}", given).status_code == 403
    assert charlies.post("/keys/vendors/openai", OPENAI).status_code == 403
    elsewhere = {**OPENAI, "team": str(cast.team.pk)}
    assert charlies.post("/keys/vendors/openai", elsewhere).status_code == 422
    mine = {**OPENAI, "team": str(cast.other_team.pk)}
    assert charlies.post("/keys/vendors/openai", mine).status_code == 302


def test_firefly_takes_an_id_and_a_secret(alices: Client, cast: Cast) -> None:
    given = {"form": "client", "priority": "100", "FIREFLY_CLIENT_ID": "id-0123456789", "FIREFLY_CLIENT_SECRET": CANARY}
    assert alices.post("/keys/vendors/adobe-firefly", given).status_code == 302
    page = alices.get("/keys/").content.decode()
    assert "FIREFLY_CLIENT_ID id-0123456789" in page
    assert CANARY[:-4] not in page


def upload(client: Client, content: bytes) -> tuple[int, str]:
    file = SimpleUploadedFile("account.json", content, "application/json")
    given = {"form": "vertex", "priority": "100", "GOOGLE_CLOUD_PROJECT": PROJECT, "GOOGLE_CLOUD_REGION": "us-central1",
             "GOOGLE_APPLICATION_CREDENTIALS": file}  # fmt: skip
    answer = client.post("/keys/vendors/google-imagen", given)
    return answer.status_code, answer.content.decode()


def test_a_key_file_is_uploaded_for_vertex(alices: Client, cast: Cast, vendors: RunningServer) -> None:
    status, _ = upload(alices, json.dumps(service_account(vendors.url)).encode())
    assert status == 302
    stored = ProviderKey.objects.get()
    assert (stored.form, stored.last_four) == ("vertex", "cdef")
    answer = alices.post(f"/keys/stored/{stored.pk}/test", headers=HTMX).content.decode()
    assert "The key works." in answer
    assert "PRIVATE KEY" not in alices.get("/keys/").content.decode()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"/etc/passwd", "begins with {"), (b"[]", "begins with {"), (b"\xff\xfe", "JSON text"),
     (b'{"type": "service_account", "client_email": "x", "private_key": "canary"}', "lacks token_uri"),
     (b'{"private_key": "canary"}', "its type must be"), (b'{"type": ["canary"]}', "its type must be"),
     (b'{"x": "' + b"canary" * 12_000 + b'"}', "larger than 64 KB"), (b"{" * 60_000, "begins with {")],
    ids=["path", "list", "binary", "field", "kind", "list as kind", "large", "deep"],
)  # fmt: skip
def test_what_is_no_key_file_is_refused(alices: Client, content: bytes, sentence: str) -> None:
    status, page = upload(alices, content)
    assert status == 422
    assert sentence in page
    assert "canary" not in page
    assert not ProviderKey.objects.exists()


def test_a_hub_without_an_encryption_key_says_so(alices: Client, settings: Settings) -> None:
    settings.CLOUDHUB_ENCRYPTION_KEYS = ""
    page = alices.get("/keys/").content.decode()
    assert "CLOUDHUB_ENCRYPTION_KEYS is not set" in page
    assert "Store the key" not in page
    assert alices.post("/keys/vendors/openai", OPENAI).status_code in (409, 422)


def test_where_a_key_is_added_it_says_what_becomes_of_prompts(alices: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_BASE_URL", "STABILITY_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    page = alices.get("/keys/").content.decode()
    for vendor in ("openai", "stability"):
        note = installed_providers()[vendor].privacy_for()
        (form,) = re.findall(rf'<form method="post" action="/keys/vendors/{vendor}".*?</form>', page, flags=re.S)
        assert html.escape(note.words) in form
        assert note.source in form
    monkeypatch.setenv("OPENAI_BASE_URL", "https://elsewhere.example/v1")
    assert "Prompt and pictures go to elsewhere.example (OPENAI_BASE_URL)" in alices.get("/keys/").content.decode()
