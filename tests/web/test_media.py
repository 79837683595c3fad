"""Pictures' bytes for pages: whole, small, as a file with the recipe, and only for the team."""

import io
from collections.abc import Callable

import pytest
from django.test import Client
from PIL import Image as PillowImage

from cloudhub.generations import storage
from cloudhub.generations.models import Attempt, Generation, Image
from cloudhub.generations.recipe import read_recipe
from tests.web.conftest import HTMX

VARIANTS = ["", ".thumb", ".download", ".original"]


@pytest.fixture
def image(made: Callable[..., Generation]) -> Image:
    return made("a lighthouse").images.get()


def test_the_original_is_what_the_vendor_sent(alices: Client, image: Image) -> None:
    answer = alices.get(f"/media/{image.id}")
    assert answer.content == storage.read_bytes(image.sha256)
    assert answer["Content-Type"] == "image/png"


def test_the_small_one_is_a_small_webp(alices: Client, image: Image) -> None:
    small = PillowImage.open(io.BytesIO(alices.get(f"/media/{image.id}.thumb").content))
    assert (small.format, max(small.size)) == ("WEBP", 640)


def test_a_download_carries_its_recipe(alices: Client, image: Image) -> None:
    answer = alices.get(f"/media/{image.id}.download")
    assert read_recipe(answer.content)["prompt"] == "a lighthouse"
    assert answer["Content-Disposition"] == f'attachment; filename="{image.id}.png"'


def test_the_original_as_a_file_is_untouched(alices: Client, image: Image) -> None:
    answer = alices.get(f"/media/{image.id}.original")
    assert answer.content == storage.read_bytes(image.sha256)
    assert answer["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize("variant", VARIANTS)
def test_bytes_from_outside_cannot_act_as_a_page(variant: str, alices: Client, image: Image) -> None:
    answer = alices.get(f"/media/{image.id}{variant}")
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"].startswith("private")


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_browser_that_has_the_bytes_gets_none(variant: str, alices: Client, image: Image) -> None:
    etag = alices.get(f"/media/{image.id}{variant}")["ETag"]
    again = alices.get(f"/media/{image.id}{variant}", headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_stranger_and_a_visitor_get_nothing(variant: str, charlies: Client, client: Client, image: Image) -> None:
    assert charlies.get(f"/media/{image.id}{variant}").status_code == 404
    assert client.get(f"/media/{image.id}{variant}").status_code == 302


def test_a_missing_file_is_told(alices: Client, image: Image) -> None:
    storage.object_path(image.sha256).unlink()
    answer = alices.get(f"/media/{image.id}")
    assert answer.status_code == 404
    assert "The file of this picture is missing" in answer.content.decode()


@pytest.fixture
def under_way(alices: Client) -> Attempt:
    """A call that the vendor works on, with two unfinished pictures."""
    alices.post("/studio/generations", {"model": "practice-1", "prompt": "a lighthouse"})
    Attempt.objects.update(state="sent")
    Generation.objects.update(state="running")
    attempt = Attempt.objects.get()
    for number, colour in enumerate(("teal", "gold")):
        buffer = io.BytesIO()
        PillowImage.new("RGB", (30, 20), colour).save(buffer, "PNG")
        storage.preview_writer(attempt.pk)(buffer.getvalue(), number)
    return attempt


def test_the_newest_unfinished_picture_stands_on_the_card(alices: Client, under_way: Attempt) -> None:
    seen = {"pending": f"{under_way.generation_id}:running-0-0-1-0"}
    text = alices.get("/studio/updates", seen, headers=HTMX).content.decode()
    assert f'src="/media/previews/{under_way.pk}/1"' in text
    assert f"/media/previews/{under_way.pk}/0" not in text
    assert alices.get("/studio/updates", {"pending": f"{under_way.generation_id}:running-0-0-2-0"}).status_code == 204


def test_an_unfinished_picture_is_seen_by_the_team_alone_and_kept_by_nobody(
    alices: Client, bobs: Client, charlies: Client, client: Client, under_way: Attempt
) -> None:
    address = f"/media/previews/{under_way.pk}/1"
    answer = alices.get(address)
    assert (answer.status_code, answer["Content-Type"], bobs.get(address).status_code) == (200, "image/png", 200)
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert (charlies.get(address).status_code, client.get(address).status_code) == (404, 302)
    assert alices.get(f"/media/previews/{under_way.pk}/7").status_code == 404


def test_a_preview_that_is_gone_leads_to_the_picture(alices: Client, image: Image) -> None:
    answer = alices.get(f"/media/previews/{image.attempt_id}/0")
    assert answer["Location"] == f"/media/{image.id}.thumb"
