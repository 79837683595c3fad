"""Using a past wish again: with its model, or with the successor of one whose time is over."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from cloudhub.catalog.models import CloudModel
from cloudhub.catalog.register import register_model
from cloudhub.generations.models import Generation

Make = Callable[..., Generation]
PAST = "2026-01-31"


def page(client: Client, generation: Generation, more: str = "") -> tuple[str, str]:
    """The chosen model's key, and the page's text."""
    answer = client.get(f"/?recall={generation.id}{more}")
    return answer.context["model"].key if answer.context["model"] else "", " ".join(answer.content.decode().split())


@pytest.fixture
def retired(alices: Client, made: Make) -> Generation:
    """A generation of a practice model that is past its date and names a successor."""
    generation = made(seed="7", negative_prompt="fog", resolution="2K")
    CloudModel.objects.filter(key="practice-1").update(shut_down_on=PAST, successor="practice-2")
    return generation


def follow(key: str, **changes: object) -> CloudModel:
    """Register a practice model that is known by another id."""
    model = register_model(provider="practice", cloud_model_id="practice-1", key=key, name=key.title())
    CloudModel.objects.filter(pk=model.pk).update(cloud_model_id=key, **changes)
    model.refresh_from_db()
    return model


def test_a_registered_successor_is_chosen_with_a_note(alices: Client, retired: Generation) -> None:
    follow("practice-2")
    chosen, text = page(alices, retired)
    assert chosen == "practice-2"
    assert "Practice 1 is past its shut-down date of 2026-01-31. Its successor Practice-2 is chosen here." in text
    assert f'href="/?recall={retired.id}&amp;keep=1"' in text
    assert 'value="7"' in text


def test_the_old_model_can_be_taken_all_the_same(alices: Client, retired: Generation) -> None:
    follow("practice-2")
    chosen, text = page(alices, retired, "&keep=1")
    assert chosen == "practice-1"
    assert "is chosen here" not in text


def test_a_successor_that_is_past_its_date_gives_way_to_its_own(alices: Client, retired: Generation) -> None:
    follow("practice-2", shut_down_on=PAST, successor="practice-3")
    assert page(alices, retired)[0] == "practice-2"
    follow("practice-3")
    assert page(alices, retired)[0] == "practice-3"


def test_successors_in_a_circle_end(alices: Client, retired: Generation) -> None:
    follow("practice-2", shut_down_on=PAST, successor="practice-1")
    assert page(alices, retired)[0] == "practice-2"


def test_a_successor_that_is_not_registered_is_named(alices: Client, retired: Generation) -> None:
    chosen, text = page(alices, retired)
    assert chosen == "practice-1"
    assert "Its successor practice-2 is not registered yet: an owner can register it under Models." in text
    assert "It may still answer." in text


def test_a_switched_off_model_offers_its_successor(alices: Client, retired: Generation) -> None:
    follow("practice-2")
    CloudModel.objects.filter(key="practice-1").update(enabled=False)
    chosen, text = page(alices, retired, "&keep=1")
    assert chosen == "practice-2"
    assert "The model practice-1 is switched off. Its successor Practice-2 is chosen here." in text
    assert "Take the old model" not in text


def test_a_model_whose_vendor_is_gone_offers_another(alices: Client, retired: Generation, settings: Settings) -> None:
    register_model(provider="google-gemini", cloud_model_id="gemini-3.1-flash-image")
    settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if app != "providers.practice"]
    chosen, text = page(alices, retired)
    assert chosen == "gemini-3.1-flash-image"
    assert "The vendor of Practice 1 is no longer installed here." in text
    assert "Not kept, because" in text
    assert "Negative prompt" in text
    assert "vendor not installed" in alices.get("/models/").content.decode()


def test_what_the_other_model_lacks_is_left_out_and_named(alices: Client, made: Make) -> None:
    asked = {"size": "21:9", "resolution": "0.5K", "options.palette": "sea", "style": "ink", "quality": "fine"}
    generation = made("a lighthouse", seed="7", **asked)
    register_model(provider="google-gemini", cloud_model_id="gemini-3-pro-image")
    CloudModel.objects.filter(key="practice-1").update(enabled=False)
    chosen, text = page(alices, generation)
    assert chosen == "gemini-3-pro-image"
    assert "Not kept, because Nano Banana Pro does not have it: Resolution, Quality, Style, Palette." in text
    assert 'name="size" value="21:9" checked' in text
    assert '<button id="generate" type="submit" class="primary generate">' in text


def test_a_model_that_only_retires_later_is_used_again(alices: Client, made: Make) -> None:
    generation = made()
    soon = timezone.now().date() + timedelta(days=9)
    CloudModel.objects.update(shut_down_on=soon, successor="practice-2")
    follow("practice-2")
    chosen, text = page(alices, generation)
    assert chosen == "practice-1"
    assert "ends in 9 days, then practice-2" in text


def test_an_empty_form_does_not_choose_a_model_past_its_date(alices: Client, retired: Generation) -> None:
    answer = alices.get("/")
    assert (answer.context["model"].key, answer.context["recalled"].successor) == ("practice-1", "practice-2")
    assert "It may still answer." in answer.content.decode(), "there is no other"
    follow("another")
    answer = alices.get("/")
    assert answer.context["model"].key == "another"
    assert (
        "is not registered yet: an owner can register it under Models. Another is chosen here."
        in answer.content.decode()
    )
    follow("practice-2")
    answer = alices.get("/")
    assert (answer.context["model"].key, answer.context["values"]) == ("practice-2", {})
    assert f'href="/?recall={retired.id}&amp;keep=1"' in answer.content.decode()
    assert "Its successor Practice-2 is chosen here." in answer.content.decode()
