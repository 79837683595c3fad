"""The Gallery, the picture page, and the decision of unknown outcomes."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.models import Membership
from cloudhub.generations.models import Attempt, Generation
from cloudhub.web.views import gallery

Make = Callable[..., Generation]


def tiles(client: Client, show: str = "all", **query: object) -> list[str]:
    return [str(card.generation.id) for card in client.get("/gallery/", {"show": show, **query}).context["cards"]]


def test_it_shows_the_newest_first_with_failures_among_them(alices: Client, made: Make) -> None:
    first, refused, last = made("one"), made("two #refuse"), made("three")
    assert tiles(alices) == [str(last.id), str(refused.id), str(first.id)]


def test_it_can_show_pictures_or_problems_alone(alices: Client, made: Make) -> None:
    good, bad, half = made("one", num_images="2"), made("two #refuse"), made("three #partial", num_images="2")
    assert tiles(alices, "pictures") == [str(half.id), str(good.id)]
    assert tiles(alices, "problems") == [str(half.id), str(bad.id)]


def test_older_tiles_follow_without_gap_or_repeat(alices: Client, made: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery, "PAGE", 2)
    ids = [str(made(f"number {number}").id) for number in range(5)][::-1]
    seen: list[str] = []
    answer = alices.get("/gallery/")
    while answer.context["last"]:
        seen += [str(card.generation.id) for card in answer.context["cards"]]
        answer = alices.get("/gallery/tiles", {"before": answer.context["last"]})
    assert seen + [str(card.generation.id) for card in answer.context["cards"]] == ids


def test_a_grid_of_many_takes_as_few_queries_as_one_of_few(
    alices: Client, made: Make, django_assert_max_num_queries: Callable
) -> None:
    for number in range(6):
        made(f"number {number}", num_images="2")
    # Five of them are the owner's mark beside "Status".
    with django_assert_max_num_queries(13):
        alices.get("/gallery/")


def test_the_team_shares_its_gallery_and_a_stranger_sees_none_of_it(
    bobs: Client, victors: Client, charlies: Client, made: Make
) -> None:
    image = made().images.get()
    assert bobs.get(f"/gallery/{image.id}/").status_code == 200
    assert victors.get(f"/gallery/{image.id}/").status_code == 200
    assert charlies.get(f"/gallery/{image.id}/").status_code == 404
    assert tiles(charlies) == []


def test_the_picture_page_has_recipe_cost_and_vendor_call(alices: Client, made: Make) -> None:
    generation = made("a lighthouse", size="own", width="1536", height="1024", seed="7")
    text = alices.get(f"/gallery/{generation.images.get().id}/").content.decode()
    assert '1536 × 1024 <span class="quiet">asked of the vendor as 3:2</span>' in text
    assert f'href="/costs/?generation={generation.id}"' in text
    assert "Settled" in text
    assert f'href="/?recall={generation.id}"' in text


def test_an_uploaded_picture_has_a_page_without_recipe(alices: Client, png: bytes) -> None:
    answer = alices.post("/studio/references", {"reference": SimpleUploadedFile("r.png", png)})
    image_id = answer.content.decode().split('value="')[1].split('"')[0]
    assert "Uploaded picture" in alices.get(f"/gallery/{image_id}/").content.decode()


@pytest.fixture
def lost(made: Make) -> Attempt:
    """An unknown outcome that is old enough to be decided in any way."""
    attempt = made("a lighthouse #lost").attempts.get()
    Attempt.objects.filter(pk=attempt.pk).update(sent_at=timezone.now() - timedelta(days=1))
    return attempt


def test_an_owner_decides_an_unknown_outcome(alices: Client, lost: Attempt) -> None:
    data = {"action": "settle", "amount": "0.004", "reason": "the bill says so"}
    answer = alices.post(f"/attempts/{lost.pk}/decision", data)
    assert answer["Location"] == f"/gallery/generations/{lost.generation_id}/"
    assert Generation.objects.get().cost_micros == 4_000


def test_a_decision_without_a_reason_is_refused_in_its_form(alices: Client, lost: Attempt) -> None:
    answer = alices.post(f"/attempts/{lost.pk}/decision", {"action": "release"})
    assert answer.status_code == 422
    assert "Say in 1 to 400 characters why" in answer.content.decode()
    assert Attempt.objects.get().state == "unknown"


def test_a_member_sees_an_unknown_outcome_but_no_decision(bobs: Client, lost: Attempt) -> None:
    text = bobs.get(f"/gallery/generations/{lost.generation_id}/").content.decode()
    assert "Unknown outcome" in text
    assert "Decide this outcome" not in text


def test_an_owner_of_another_team_cannot_decide(charlies: Client, lost: Attempt) -> None:
    assert charlies.post(f"/attempts/{lost.pk}/decision", {"action": "settle", "reason": "x"}).status_code == 404


def test_leaving_the_team_ends_the_sight_of_its_pictures(bob: Actor, bobs: Client, made: Make) -> None:
    image = made().images.get()
    Membership.objects.filter(user=bob.user).delete()
    assert bobs.get(f"/media/{image.id}").status_code == 403
