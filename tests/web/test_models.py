"""The Models page: what is registered, registering and changing, with errors by field."""

import re
from typing import Any

import pytest
from django.test import Client

from cloudhub.catalog.models import CloudModel, Price
from cloudhub.catalog.prices import price_in_force
from tests.conftest import Cast

GEMINI = {"provider": "google-gemini", "cloud_model_id": "gemini-2.5-flash-image"}


def test_one_click_registers_a_model_of_the_catalogue(alices: Client) -> None:
    assert alices.post("/models/register", GEMINI)["Location"] == "/models/"
    page = alices.get("/models/").content.decode()
    assert "Gemini 2.5 Flash Image is registered as gemini-2.5-flash-image." in page
    assert "$0.039" in page
    assert "past its date, now gemini-nano-banana-2.1" in page


def test_by_hand_it_takes_key_name_and_price(alices: Client) -> None:
    alices.post("/models/register", {**GEMINI, "key": "mine", "name": "Mine", "price_per_image": "0.05"})
    model = CloudModel.objects.get(key="mine")
    assert model.name == "Mine"
    assert price_in_force(model).lines[0]["amount"] == "0.050000"


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("provider", "nobody", "There is no vendor"),
        ("cloud_model_id", "nothing", "has no model"),
        ("key", "Not a key", "A key has 1 to 100"),
        ("price_per_image", "cheap", "A price is decimal text"),
        ("key", "practice-1", "already registered"),
    ],
)
def test_a_refusal_stands_at_its_field_and_keeps_what_was_written(
    field: str, value: str, sentence: str, alices: Client
) -> None:
    answer = alices.post("/models/register", {**GEMINI, "name": "Kept", field: value})
    text = answer.content.decode()
    assert answer.status_code in (409, 422)
    assert f'id="{field}-error"' in text
    assert sentence in text
    assert 'value="Kept"' in text
    assert CloudModel.objects.count() == 1


def change(client: Client, cast: Cast, **data: str) -> int:
    return client.post(f"/models/{cast.practice.pk}/change", data).status_code


def test_a_model_is_switched_off_and_on(alices: Client, cast: Cast) -> None:
    assert change(alices, cast, enabled="no") == 302
    assert not CloudModel.objects.get().enabled
    assert change(alices, cast, enabled="yes") == 302
    assert CloudModel.objects.get().enabled


def test_defaults_and_price_are_changed_together(alices: Client, cast: Cast) -> None:
    form = {"name": "New", "defaults": '{"aspect_ratio": "16:9"}', "price_per_image": "0.02"}
    assert change(alices, cast, **form) == 302
    model = CloudModel.objects.get()
    assert (model.name, model.defaults, price_in_force(model).by_hand) == ("New", {"aspect_ratio": "16:9"}, True)


def test_an_empty_price_leaves_the_price_alone(alices: Client, cast: Cast) -> None:
    change(alices, cast, name="New", defaults="", price_per_image="")
    assert Price.objects.count() == 1


def test_the_catalogues_price_comes_back_when_ticked(alices: Client, cast: Cast) -> None:
    change(alices, cast, price_per_image="0.02")
    change(alices, cast, price_of_catalogue="yes")
    assert not price_in_force(cast.practice).by_hand


@pytest.mark.parametrize("defaults", ["{", '{"colour": 1}', '{"num_images": 99}', "[]"])
def test_bad_defaults_are_refused_beside_their_field(defaults: str, alices: Client, cast: Cast) -> None:
    answer = alices.post(f"/models/{cast.practice.pk}/change", {"name": "New", "defaults": defaults})
    assert answer.status_code == 422
    assert 'class="field-error"' in answer.content.decode()
    assert CloudModel.objects.get().defaults == cast.practice.defaults


def test_an_unknown_model_is_not_found(alices: Client) -> None:
    assert alices.post("/models/999/change", {"enabled": "no"}).status_code == 404


def test_a_member_sees_prices_but_no_forms(bobs: Client) -> None:
    text = bobs.get("/models/").content.decode()
    assert "0.01 XTS per one picture at 1K" in text
    assert "/models/register" not in text
    assert "/change" not in text


def test_catalogues_of_vendors_with_a_key_stand_open_before_the_others(
    alices: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STABILITY_API_KEY", "a-key-0123456789")
    page = alices.get("/models/").content.decode()
    found = re.findall(r'<details class="more catalogue"( open)?>\s*<summary><h3>([^<]+)</h3> <span[^>]*>([^<]+)', page)
    with_key = [label for is_open, label, _ in found if is_open]
    assert "Stability AI" in with_key
    assert with_key == [label for _, label, _ in found][: len(with_key)]
    assert {label: words.endswith(", no key yet") for _, label, words in found}["Recraft"]
    assert not any(words.endswith("no key yet") for is_open, _, words in found if is_open)


WORKBENCH = {"provider": "workbench", "cloud_model_id": "free-1"}


@pytest.mark.usefixtures("workbench")
def test_a_model_outside_a_catalogue_is_registered_with_address_and_abilities(alices: Client) -> None:
    abilities = '{"images_per_call": 4, "seed": "guaranteed"}'
    form = {**WORKBENCH, "address": "http://127.0.0.1:7860", "capabilities": abilities, "price_per_image": "0.01"}
    assert alices.post("/models/register", form)["Location"] == "/models/"
    model = CloudModel.objects.get(key="free-1")
    assert (model.address, model.by_hand, model.capabilities["images_per_call"]) == ("http://127.0.0.1:7860", True, 4)
    page = alices.get("/models/").content.decode()
    assert "<dt>Address</dt><dd>http://127.0.0.1:7860</dd>" in page
    assert "any size within its bounds" in page
    assert "4 pictures a call" in page
    assert re.search(r"Workbench\b[^.]* take any model by its id", page)


@pytest.mark.usefixtures("workbench")
@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [("capabilities", "{", "This is no valid JSON"), ("capabilities", '{"wings": 2}', "Unknown capabilities: wings."),
     ("capabilities", '{"images_per_call": "x"}', "images_per_call: A whole number from 1 to 10."),
     ("capabilities", "[1]", "They cannot be read"), ("address", "home", "An address looks like")],
)  # fmt: skip
def test_a_wrong_ability_or_address_is_refused_at_its_field(
    field: str, value: str, sentence: str, alices: Client
) -> None:
    answer = alices.post("/models/register", {**WORKBENCH, field: value})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert f'id="{field}-error"' in text
    assert sentence in text
    assert CloudModel.objects.count() == 1


def test_without_an_open_vendor_the_form_asks_for_no_abilities(alices: Client, settings: Any) -> None:
    closed = ("providers.emulation", "providers.practice", "providers.gemini")
    settings.INSTALLED_APPS = [
        app for app in settings.INSTALLED_APPS if not app.startswith("providers.") or app in closed
    ]  # fmt: skip
    assert 'name="capabilities"' not in alices.get("/models/").content.decode()


def test_everybody_is_told_why_midjourney_is_not_there_and_what_to_do(bobs: Client) -> None:
    text = bobs.get("/models/").content.decode()
    assert "Midjourney has no public API" in text
    assert "read 22 Nov 2026" in text
    assert 'href="/gallery/import/"' in text


def test_a_price_shows_since_when_it_counts_and_where_it_was_read(bobs: Client, cast: Cast) -> None:
    text = " ".join(bobs.get("/models/").content.decode().split())
    assert "<dt>In force from</dt><dd>1 Jan 2026</dd>" in text
    assert (
        "<dt>Source</dt><dd>CloudHub&#x27;s own practice vendor: providers/practice/catalog.toml, read 1 Jan 2026</dd>"
        in text
    )


def test_a_model_says_what_becomes_of_prompts_and_pictures(victors: Client) -> None:
    assert "Prompt and pictures stay on this machine;" in victors.get("/models/").content.decode()
    assert "Prompt and pictures stay on this machine;" in victors.get("/status/").content.decode()


def test_a_teams_owner_is_told_that_models_are_the_hubs(charlies: Client, alices: Client) -> None:
    text = charlies.get("/models/").content.decode()
    assert "an owner of the hub registers and changes them" in text
    assert "/models/register" not in text
    assert "/change" not in text
    assert "an owner of the hub registers and changes them" not in alices.get("/models/").content.decode()
