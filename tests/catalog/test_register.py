"""Registering and changing models: every field, taken keys, aliases."""

from typing import Any

import pytest

from cloudhub.catalog.find import entry_of
from cloudhub.catalog.models import CloudModel, Price
from cloudhub.catalog.prices import price_in_force
from cloudhub.catalog.register import change_model, register_model
from cloudhub.core.errors import Conflict, Forbidden, Invalid
from providers.catalogue import find_provider
from tests.conftest import Cast

GOOD = {"provider": "google-gemini", "cloud_model_id": "gemini-2.5-flash-image"}
HUGE = 10**30
MISTAKES: list[tuple[str, list[Any]]] = [
    ("provider", ["", "nobody", None, 5, ["practice"], "practice\x00", "x" * 9999]),
    ("cloud_model_id", ["", "no-such-model", None, 5, [], "a\x00", "\ud800"]),
    ("name", ["   ", "x" * 121, 5, ["x"], "a\x00b", "\ud800"]),
    ("key", ["Upper", "a b", "a/b", "ä", "x" * 101, 5, "a\n", "a\x00"]),
    ("description", [5, ["x"], "a\x00b", "\ud800"]),
    ("enabled", [None, 1, "true", []]),
    ("price_per_image", [1, 0.039, "", "-1", "NaN", "1e3", HUGE, True, "1.0000000000001", [], "٣"]),
    ("defaults", [[], "x", 5, ["seed"]]),
]


@pytest.mark.parametrize(("field", "values"), MISTAKES)
def test_a_wrong_field_is_named_and_nothing_is_registered(db: None, field: str, values: list[Any]) -> None:
    for value in values:
        with pytest.raises(Invalid) as refusal:
            register_model(**{**GOOD, field: value})
        assert list(refusal.value.fields) == [field], repr(value)[:20]
    assert not CloudModel.objects.exists()
    assert not Price.objects.exists()


DEFAULT_MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"prompt": "always this"}, "prompt"), ({"seed": 5}, "seed"), ({"colour": "red"}, "colour"),
    ({"num_images": 11}, "num_images"), ({"num_images": HUGE}, "num_images"), ({"width": 5, "height": 512}, "width"),
    ({"guidance_scale": "x"}, "guidance_scale"), ({"style": "a\x00"}, "style"), ({"options": 5}, "options"),
]  # fmt: skip


@pytest.mark.parametrize(("defaults", "field"), DEFAULT_MISTAKES)
def test_a_wrong_default_is_named(db: None, defaults: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        register_model(**GOOD, defaults=defaults)
    assert f"defaults.{field}" in refusal.value.fields


def test_a_model_is_registered_with_what_its_vendor_says(db: None) -> None:
    model = register_model(**GOOD)
    assert (model.key, model.path, model.enabled) == ("gemini-2.5-flash-image", "cloud://gemini-2.5-flash-image", True)
    assert model.name == "Gemini 2.5 Flash Image"
    assert "gemini-2.5-flash" in model.aliases
    price = price_in_force(model)
    assert price is not None
    assert [line["amount"] for line in price.lines] == ["0.039"]
    assert price.source.startswith("https://ai.google.dev/")
    assert price.version.startswith("gemini-2.5-flash-image@")


def test_an_alias_registers_the_model_under_its_real_id(db: None) -> None:
    model = register_model(provider="google-gemini", cloud_model_id="gemini-2.5-flash")
    assert (model.cloud_model_id, model.key) == ("gemini-2.5-flash-image", "gemini-2.5-flash-image")


def test_a_taken_key_is_a_conflict_and_leaves_the_first_alone(db: None) -> None:
    first = register_model(**GOOD)
    with pytest.raises(Conflict) as refusal:
        register_model(**GOOD, name="Another", price_per_image="9")
    assert refusal.value.code == "already_registered"
    assert list(CloudModel.objects.all()) == [first]
    assert Price.objects.count() == 1


def test_the_same_model_may_stand_under_several_keys(db: None) -> None:
    register_model(**GOOD)
    second = register_model(**GOOD, key="draft", defaults={"aspect_ratio": "16:9"}, price_per_image="0.05")
    assert second.defaults == {"aspect_ratio": "16:9"}
    assert CloudModel.objects.count() == 2


CHANGES: list[dict[str, Any]] = [
    {"key": "other"}, {"provider": "practice"}, {"id": 1}, {"name": ""}, {"name": None}, {"name": "\x00"},
    {"enabled": "yes"}, {"enabled": None}, {"description": None}, {"defaults": []}, {"price_per_image": 0.05},
    {"price_per_image": "-1"}, {"price_per_image": False}, {"capabilities": {}}, {"colour": 1},
]  # fmt: skip


@pytest.mark.parametrize("changes", CHANGES)
def test_a_wrong_change_is_named_and_changes_nothing(db: None, changes: dict[str, Any]) -> None:
    model = register_model(**GOOD)
    with pytest.raises(Invalid) as refusal:
        change_model(model, {"description": "new", **changes})
    assert list(refusal.value.fields) == list(changes)
    assert CloudModel.objects.get().description == model.description
    assert Price.objects.count() == 1


def test_a_model_is_renamed_switched_off_and_given_defaults(db: None) -> None:
    model = register_model(**GOOD)
    change_model(model, {"name": "Ours", "enabled": False, "defaults": {"aspect_ratio": "1:1"}})
    fresh = CloudModel.objects.get()
    assert (fresh.name, fresh.enabled, fresh.defaults) == ("Ours", False, {"aspect_ratio": "1:1"})


def test_defaults_can_be_taken_away_again(db: None) -> None:
    model = register_model(**GOOD, defaults={"aspect_ratio": "1:1"})
    change_model(model, {"defaults": {}})
    assert CloudModel.objects.get().defaults == {}


def test_sizes_keep_the_order_of_the_catalogue(db: None) -> None:
    """PostgreSQL sorts the names inside of a JSON column by their length."""
    register_model(provider="practice", cloud_model_id="practice-1")
    listed, stored = find_provider("practice").model("practice-1").capabilities, entry_of(CloudModel.objects.get())
    assert stored.capabilities == listed
    assert stored.capabilities.resolutions == listed.resolutions == ("0.5K", "1K", "2K")
    assert stored.capabilities.aspect_ratios == listed.aspect_ratios
    assert list(listed.aspect_ratios) != sorted(listed.aspect_ratios, key=lambda ratio: (len(ratio), ratio))


def test_a_teams_owner_changes_no_model_of_the_hub(cast: Cast) -> None:
    """A price counts for every team's money, and an address gets every team's prompts."""
    with pytest.raises(Forbidden, match="only an owner of the hub"):
        register_model(**GOOD, price_per_image="0", actor=cast.charlie)
    with pytest.raises(Forbidden, match="only an owner of the hub"):
        change_model(cast.practice, {"price_per_image": "0"}, actor=cast.charlie)
    assert not CloudModel.objects.exclude(id=cast.practice.pk).exists()
    assert not cast.practice.prices.filter(by_hand=True).exists()
