"""Registered models: as INTERFACES shows them, registered, changed, found by key or id."""

from typing import Any

import pytest

from cloudhub.catalog.models import CloudModel
from tests.api.caller import WISH, Caller

PATH = "/api/v1/cloud_models"
GEMINI = {"provider": "google-gemini", "cloud_model_id": "gemini-2.5-flash-image", "name": "Gemini 2.5 Flash Image"}


def test_a_registration_is_answered_as_the_interface_has_it(alices: Caller) -> None:
    answer = alices.post(PATH, GEMINI)
    model = answer.json()
    assert answer.status_code == 201
    assert answer["Location"] == f"http://testserver{PATH}/gemini-2.5-flash-image"
    assert set(model) == {
        "id", "key", "provider", "cloud_model_id", "name", "description", "path", "address", "enabled", "defaults",
        "capabilities", "price", "lifecycle", "warnings", "privacy",
    }  # fmt: skip
    assert (model["key"], model["path"]) == ("gemini-2.5-flash-image", "cloud://gemini-2.5-flash-image")
    assert model["price"]["lines"][0]["unit_amount"] == "0.039000"
    assert set(model["price"]) == {"currency", "lines", "version", "source", "read_on"}
    assert set(model["lifecycle"]) == {"state", "shutdown_date", "successor"}
    assert isinstance(model["id"], str)


def test_the_same_key_again_is_409(alices: Caller) -> None:
    alices.post(PATH, GEMINI)
    answer = alices.post(PATH, GEMINI)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "already_registered")
    assert alices.post(PATH, {**GEMINI, "key": "second"}).status_code == 201


def test_a_model_is_found_by_key_and_by_id(alices: Caller) -> None:
    by_key = alices.get(f"{PATH}/practice-1").json()
    assert alices.get(f"{PATH}/{by_key['id']}").json() == by_key


def test_a_model_is_switched_off_and_on_again(alices: Caller) -> None:
    assert alices.patch(f"{PATH}/practice-1", {"enabled": False}).json()["enabled"] is False
    assert alices.post("/api/v1/estimates", WISH).status_code == 404
    assert alices.patch(f"{PATH}/practice-1", {"enabled": True}).json()["enabled"] is True


def test_a_price_by_hand_counts_until_it_is_taken_back(alices: Caller) -> None:
    changed = alices.patch(f"{PATH}/practice-1", {"price_per_image": "0.123456789"}).json()
    assert changed["price"]["lines"][0]["unit_amount"] == "0.123456789"
    back = alices.patch(f"{PATH}/practice-1", {"price_per_image": None}).json()
    assert back["price"]["lines"][0]["unit"] == "image:0.5K"


def test_an_unknown_price_is_null(alices: Caller) -> None:
    CloudModel.objects.get(key="practice-1").prices.all().delete()
    assert alices.get(f"{PATH}/practice-1").json()["price"] is None
    estimate = alices.post("/api/v1/estimates", WISH).json()
    assert (estimate["amount"], estimate["price_version"], estimate["lines"]) == (None, None, [])


def test_a_model_past_its_date_registers_with_a_warning(alices: Caller) -> None:
    alices.post(PATH, GEMINI)
    CloudModel.objects.filter(key=GEMINI["cloud_model_id"]).update(shut_down_on="2020-01-01", successor="newer")
    model = alices.get(f"{PATH}/gemini-2.5-flash-image").json()
    assert model["lifecycle"] == {"state": "shut_down", "shutdown_date": "2020-01-01", "successor": "newer"}
    assert "newer" in model["warnings"][0]


def test_an_ambiguous_name_is_400_and_names_the_keys(alices: Caller) -> None:
    alices.post(PATH, {**GEMINI, "key": "first"})
    alices.post(PATH, {**GEMINI, "key": "second"})
    answer = alices.post("/api/v1/estimates", {**WISH, "model": "gemini-2.5-flash-image"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "model_ambiguous")
    assert "first" in answer.json()["error"]["message"]


def test_models_are_listed_in_pages(alices: Caller) -> None:
    alices.post(PATH, GEMINI)
    first = alices.get(f"{PATH}?limit=1").json()
    second = alices.get(first["next"].removeprefix("http://testserver")).json()
    assert [row["key"] for row in (*first["results"], *second["results"])] == ["practice-1", "gemini-2.5-flash-image"]


@pytest.mark.usefixtures("workbench")
def test_a_model_outside_a_catalogue_is_registered_with_address_abilities_and_price(alices: Caller) -> None:
    body = {"provider": "workbench", "cloud_model_id": "Home/Free-1", "address": "http://127.0.0.1:7860/v1",
            "capabilities": {"images_per_call": 4, "seed": "guaranteed"}, "price_per_image": "0.01"}  # fmt: skip
    answer = alices.post(PATH, body)
    model = answer.json()
    assert answer.status_code == 201, model
    assert (model["key"], model["address"]) == ("home-free-1", "http://127.0.0.1:7860/v1")
    assert (model["capabilities"]["images_per_call"], model["capabilities"]["seed"]) == (4, "guaranteed")
    assert model["price"]["lines"][0]["unit_amount"] == "0.010000"
    assert alices.get(f"{PATH}/home-free-1").json() == model
    assert alices.get(f"{PATH}/practice-1").json()["address"] is None


@pytest.mark.usefixtures("workbench")
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"capabilities": {"wings": 2}}, "capabilities"), ({"capabilities": []}, "capabilities"),
        ({"capabilities": {"images_per_call": "many"}}, "capabilities.images_per_call"),
        ({"capabilities": 5}, "capabilities"),
        ({"capabilities": {"modes": ["painting"]}}, "capabilities.modes"),
        ({"capabilities": {"modes": []}}, "capabilities.modes"),
        ({"capabilities": {"sizes": {"": {"1:1": [0, 5]}}}}, "capabilities.sizes"),
        ({"capabilities": {"sizes": {"": {"square": [8, 5]}}}}, "capabilities.sizes"),
        ({"capabilities": {"options": [{"name": "x", "kind": "colour"}]}}, "capabilities.options"),
        ({"capabilities": {"free_size": {"step": 0}}}, "capabilities.free_size"),
        ({"capabilities": {"longest_prompt": -1}}, "capabilities.longest_prompt"),
        ({"address": "home"}, "address"), ({"address": "http://me:secret@home/"}, "address"),
        ({"address": 5}, "address"),
        ({"cloud_model_id": "none-1"}, "cloud_model_id"), ({"price_per_image": "cheap"}, "price_per_image"),
    ],
    ids=lambda value: repr(value)[:60],
)  # fmt: skip
def test_a_model_outside_a_catalogue_is_refused_by_field(alices: Caller, change: dict[str, Any], field: str) -> None:
    answer = alices.post(PATH, {"provider": "workbench", "cloud_model_id": "free-1", **change})
    assert (answer.status_code, list(answer.json()["error"].get("fields", {}))) == (400, [field]), answer.json()
    assert CloudModel.objects.count() == 1


@pytest.mark.parametrize("field", [{"address": "http://home/"}, {"capabilities": {}}])
def test_a_model_of_a_catalogue_takes_neither_address_nor_abilities(alices: Caller, field: dict[str, Any]) -> None:
    answer = alices.post(PATH, {**GEMINI, **field})
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, list(field))


def test_midjourney_is_refused_with_the_reason(alices: Caller) -> None:
    error = alices.post(PATH, {"provider": "midjourney", "cloud_model_id": "7"}).json()["error"]
    assert "Midjourney has no public API" in error["fields"]["provider"]


def test_a_model_says_what_becomes_of_prompts_and_pictures(alices: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOOGLE_GEMINI_BASE_URL")
    monkeypatch.delenv("VERTEX_BASE_URL")
    told = alices.post(PATH, GEMINI).json()["privacy"]
    assert told["words"].startswith("Prompt and pictures go to Google")
    assert (told["kept"], told["read_on"]) == ("kept 55 days to watch for abuse", "2026-11-22")
    assert told["source"].startswith("https://ai.google.dev/")
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:9191/google")
    elsewhere = alices.get(f"{PATH}/gemini-2.5-flash-image").json()["privacy"]["words"]
    assert "127.0.0.1:9191 (GOOGLE_GEMINI_BASE_URL)" in elsewhere
