"""The Gallery, the picture page, and the decision of unknown outcomes."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from cloudhub.accounts.actor import Actor
from cloudhub.accounts.models import Membership
from cloudhub.generations.models import Attempt, Generation
from cloudhub.web import tiles as tiles_module

Make = Callable[..., Generation]


def tiles(client: Client, show: str = "all", **query: object) -> list[str]:
    return ids_on(client.get("/gallery/", {"show": show, **query}))


def ids_on(page: HttpResponse) -> list[str]:
    return [str(entry.id) for entry in page.context["entries"]]


def test_it_shows_the_newest_first_with_failures_among_them(alices: Client, made: Make) -> None:
    first, refused, last = made("one"), made("two #refuse"), made("three")
    assert tiles(alices) == [str(last.id), str(refused.id), str(first.id)]


def test_it_can_show_pictures_or_problems_alone(alices: Client, made: Make) -> None:
    good, bad, half = made("one", num_images="2"), made("two #refuse"), made("three #partial", num_images="2")
    assert tiles(alices, "pictures") == [str(half.id), str(good.id)]
    assert tiles(alices, "problems") == [str(half.id), str(bad.id)]


def test_older_tiles_follow_without_gap_or_repeat(alices: Client, made: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles_module, "PAGE", 2)
    ids = [str(made(f"number {number}").id) for number in range(5)][::-1]
    seen: list[str] = []
    answer = alices.get("/gallery/")
    while answer.context["older"]:
        seen += ids_on(answer)
        answer = alices.get(f"/gallery/tiles?{answer.context['older']}")
    assert seen + ids_on(answer) == ids


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


def bring(client: Client, *files: bytes, **fields: str) -> HttpResponse:
    uploads = [SimpleUploadedFile(f"{number}.png", data, "image/png") for number, data in enumerate(files)]
    return client.post("/gallery/import/", {"file": uploads, **fields})


def test_imported_pictures_stand_in_the_gallery_in_order_and_without_cost(
    alices: Client, made: Make, png: bytes
) -> None:
    first = made("a lighthouse")
    answer = bring(alices, png, png, prompt="a fox --ar 3:2", made_with="Midjourney", model="v7")
    assert answer["Location"] == "/gallery/?show=imported"
    page = alices.get(answer["Location"])
    assert "2 pictures are imported." in page.content.decode()
    imported = ids_on(page)
    last = made("a whale")
    assert tiles(alices) == [str(last.id), *imported, str(first.id)]
    assert tiles(alices, "pictures") == tiles(alices)
    assert tiles(alices, "problems") == []
    text = alices.get("/gallery/").content.decode()
    assert text.count(">imported</span>") == 2
    assert "Midjourney, v7" in text


def test_an_imported_picture_has_a_page_with_its_words(
    alices: Client, bobs: Client, charlies: Client, png: bytes
) -> None:
    bring(alices, png, prompt="a fox & <b>snow</b>", made_with="Midjourney")
    (image,) = ids_on(alices.get("/gallery/?show=imported"))
    text = bobs.get(f"/gallery/{image}/").content.decode()
    for words in ("Imported picture", "a fox &amp; &lt;b&gt;snow&lt;/b&gt;", "<dd>Midjourney</dd>", "alice@example.org",
                  "no line in the ledger"):  # fmt: skip
        assert words in text
    assert "Recall" not in text
    assert charlies.get(f"/gallery/{image}/").status_code == 404
    assert ids_on(charlies.get("/gallery/")) == []


def test_pages_of_generations_and_imports_follow_without_gap_or_repeat(
    alices: Client, made: Make, png: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiles_module, "PAGE", 2)
    for number in range(3):
        made(f"number {number}")
        bring(alices, png, prompt=f"import {number}")
    seen: list[str] = []
    answer = alices.get("/gallery/")
    while answer.context["older"]:
        seen += ids_on(answer)
        answer = alices.get(f"/gallery/tiles?{answer.context['older']}")
    seen += ids_on(answer)
    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) == 6


def test_prompts_are_searched_in_generations_and_imports(alices: Client, made: Make, png: bytes) -> None:
    fox = made("a red FOX in the snow")
    made("a lighthouse")
    bring(alices, png, prompt="another fox")
    bring(alices, png, prompt="a whale")
    assert len(tiles(alices, q="fox")) == 2
    assert tiles(alices, "imported", q="whale") == [str(ids_on(alices.get("/gallery/?show=imported"))[0])]
    assert tiles(alices, q="  Snow ") == [str(fox.id)]
    assert tiles(alices, q="100%") == []
    assert tiles(alices, q="\x00") == tiles(alices)
    page = alices.get("/gallery/?q=<b>").content.decode()
    assert "Nothing with these words." in page
    assert 'value="&lt;b&gt;"' in page
    assert 'href="/gallery/?show=imported&amp;q=%3Cb%3E"' in page


def test_a_file_that_is_no_picture_is_refused_and_the_words_stay(alices: Client, png: bytes) -> None:
    answer = bring(alices, png, b"nothing", prompt="a fox", made_with="Midjourney")
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Picture: The file is not a readable PNG, JPEG or WebP picture." in text
    assert ">a fox</textarea>" in text
    assert 'value="Midjourney"' in text
    assert tiles(alices) == []


def test_importing_needs_the_right_to_generate(victors: Client, client: Client, png: bytes) -> None:
    assert bring(victors, png).status_code == 403
    assert "/gallery/import/" not in victors.get("/gallery/").content.decode()
    assert client.get("/gallery/import/").status_code == 302
