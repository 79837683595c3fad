"""One hostile text wherever people and vendors can put one, on every page: it is shown as text and does nothing."""

import re
from collections.abc import Iterator

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Concat
from django.test import Client
from django.urls import reverse

from cloudhub.accounts.models import HubKey, Invitation, Team, User
from cloudhub.billing.models import Budget, LedgerEntry
from cloudhub.catalog.models import CloudModel, Price
from cloudhub.generations.models import Attempt, Generation, Image
from cloudhub.health.models import KeyCheck
from cloudhub.lanes.models import Lane
from cloudhub.vault.models import ProviderKey
from tests.access_rules import RULES
from tests.access_world import STUDIO, World, built_world, routes
from tests.generations.stage import png

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]
__all__ = ["built_world"]
TAGGED = "<b id=hx>"
HOSTILE = f"</script><svg/onload=alert(1)>\"'>{TAGGED}{{{{ 7|add:7 }}}}"
AS_TEXT = "&lt;b id=hx&gt;{{ 7|add:7 }}"
LIVE = re.compile(r"<svg/onload|<b id=hx>|[\"']'?>&lt;b id=hx|<script>alert|\bhref=[\"']?javascript:", re.IGNORECASE)
# Each text column that somebody outside fills, with what may stand there.
PLACES = [
    (HubKey, "name"), (ProviderKey, "label"), (ProviderKey, "ended_reason"), (Budget, "name"), (CloudModel, "name"),
    (CloudModel, "description"), (CloudModel, "lifecycle_note"), (Price, "source"), (Price, "blocked_reason"),
    (Generation, "prompt"), (Attempt, "vendor_request_id"), (Attempt, "remote_id"), (Image, "revised_prompt"),
    (Image, "prompt"), (KeyCheck, "sentence"), (KeyCheck, "remedy"), (Lane, "pause_reason"), (Lane, "last_failure"),
]  # fmt: skip
ROUTES = routes()
PAGES = sorted(
    name for name, rule in RULES.items() if "GET" in rule.methods and name in ROUTES and name.startswith("web:")
)


@pytest.fixture(scope="module")
def spoiled(world: World) -> Iterator[World]:
    """The world of the access matrix, with the text in every place."""
    for model, field in PLACES:
        model._default_manager.update(**{field: HOSTILE})
    numbered = Concat(Value(HOSTILE), Cast(F("pk"), CharField()))
    Team.objects.update(name=numbered)
    User.objects.update(email=Concat(numbered, Value("@example.org")))
    Invitation.objects.update(email=Concat(numbered, Value("@example.org")))
    error = {"code": "refused", "message": HOSTILE, "remedy": HOSTILE}
    Attempt.objects.update(error=error)
    for generation in Generation.objects.all():
        wish = {**generation.request, "prompt": HOSTILE, "negative_prompt": HOSTILE}
        Generation.objects.filter(pk=generation.pk).update(
            error=error, tags=f"|{HOSTILE.replace('|', '/')}|", request=wish, sent={**generation.sent, **wish},
            notes=[{"field": "prompt", "message": HOSTILE}],
        )  # fmt: skip
    return world


def address(name: str, world: World) -> str:
    values, parts = other_values(), {}
    for part in ROUTES[name].parts:
        source = RULES[name].instead.get(part, part)
        parts[part] = world.values[source][STUDIO] if source in world.values else values[part]
    return reverse(name, kwargs=parts)


def other_values() -> dict[str, object]:
    """What stands in addresses for things of the whole hub; nobody has the name any more that they were made with."""
    return {"user_id": User.objects.order_by("pk").last().pk, "number": 0, "form": "csv", "model": "practice-1",
            "reference": "practice-1", "provider_id": "practice"}  # fmt: skip


def owner(world: World) -> Client:
    return next(role.client for role in world.people if role.name == "hub owner")


def page(client: Client, where: str) -> str:
    answer = client.get(where)
    assert answer.status_code < 500, where
    if answer.streaming or not answer["Content-Type"].startswith("text/html"):
        assert answer["X-Content-Type-Options"] == "nosniff"
        return ""
    text = answer.content.decode()
    assert not LIVE.search(text), f"{where}: {LIVE.search(text)}"
    return text


def test_no_page_lets_it_live(spoiled: World) -> None:
    client, shown = owner(spoiled), []
    for name in PAGES:
        if AS_TEXT in page(client, address(name, spoiled)):
            shown.append(name)
    # The text was there to be seen, also where templates could have taken it for their own.
    silent = {"web:invitation", "web:login", "web:studio-updates", *(name for name in PAGES if "media" in name)}
    assert set(PAGES) - set(shown) - silent == {"web:audit-export", "web:bin-thumb", "web:invitation-link"}


def test_what_is_typed_and_uploaded_comes_back_as_text(spoiled: World) -> None:
    client, team = owner(spoiled), Team.objects.order_by("pk").first()
    renamed = client.post(reverse("web:team-rename", args=[team.pk]), {"name": f"again {HOSTILE}"}, follow=True)
    place = reverse("web:status-decision", args=[spoiled.values["attempt_id"][STUDIO]])
    decided = client.post(place, {**RULES["web:status-decision"].body, "reason": HOSTILE}, follow=True)
    assert LedgerEntry.objects.filter(reason__contains=TAGGED).exists()
    name = f"{TAGGED}\"'><svg onload=alert(1)>.png"
    uploads = [
        client.post("/studio/references", {"reference": SimpleUploadedFile(name, data, "image/png")}, headers=headers)
        for data in (png(), b"no picture")
        for headers in ({}, {"HX-Request": "true"})
    ]
    refused = client.post("/studio/generations", {"model": HOSTILE, "prompt": HOSTILE, "num_images": HOSTILE})
    for answer in (renamed, decided, refused, *uploads):
        assert answer.status_code < 500
        assert not LIVE.search(answer.content.decode())
        assert "<svg onload" not in answer.content.decode()
    for where in ("/audit/", "/costs/", "/gallery/"):
        assert AS_TEXT in page(client, where)


@pytest.mark.parametrize("where", ["/gallery/", "/costs/", "/audit/", "/studio/", "/people/", "/models/"])
@pytest.mark.parametrize("field", ["q", "search", "tag", "model", "person", "since", "team", "state", "object", "from"])
def test_what_is_asked_for_is_shown_as_text(spoiled: World, where: str, field: str) -> None:
    answer = owner(spoiled).get(where, {field: HOSTILE})
    assert answer.status_code < 500
    assert not LIVE.search(answer.content.decode())
