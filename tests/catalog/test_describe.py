"""Models outside of a catalogue, described by vendor and owner: each mistake named; and vendors that cannot be had."""

import base64
from typing import Any

import pytest
from pytest_django import Settings

from cloudhub.catalog.describe import find_entry, usual_key
from cloudhub.catalog.find import entry_of
from cloudhub.catalog.models import CloudModel
from cloudhub.catalog.register import register_model, synchronise_catalog
from cloudhub.core.errors import Invalid
from cloudhub.vault.stored import add_key
from providers.catalogue import find_provider, unavailable_vendors
from tests.catalog.bazaar.client import Bazaar
from tests.conftest import Cast

MADE = "maker/painter:v2"

pytestmark = pytest.mark.django_db


@pytest.fixture
def bazaar(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Bazaar:
    """The vendor with an open catalogue, installed, without a key."""
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "tests.catalog.bazaar"]
    monkeypatch.delenv("BAZAAR_KEY", raising=False)
    vendor = find_provider("bazaar")
    assert isinstance(vendor, Bazaar)
    vendor.asked.clear()
    return vendor


def mistakes(*arguments: Any, **options: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        find_entry(*arguments, **options)
    return refused.value.fields


def test_a_listed_model_comes_from_the_catalogue_by_id_or_alias(bazaar: Bazaar) -> None:
    for name in ("stall-1", "stall"):
        entry, is_outside = find_entry("bazaar", name)
        assert (entry.id, is_outside) == ("stall-1", False)
    assert bazaar.asked == []


def test_another_one_is_described_by_the_vendor(bazaar: Bazaar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAZAAR_KEY", "bazaar-key-0123")
    entry, is_outside = find_entry("bazaar", MADE, "https://images.example/v1")
    assert (entry.id, entry.name, entry.address, is_outside) == (
        MADE,
        f"Made by {MADE}",
        "https://images.example/v1",
        True,
    )
    assert bazaar.asked == [(MADE, "bazaar-key-0123", "https://images.example/v1")]


def test_it_is_described_with_a_key_of_the_registering_persons_team(
    bazaar: Bazaar, cast: Cast, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never of another team's, which would count there at the vendor."""
    monkeypatch.setattr(Bazaar, "takes_address", False)
    settings.CLOUDHUB_ENCRYPTION_KEYS = base64.urlsafe_b64encode(b"o" * 32).decode()
    add_key(cast.alice, provider="bazaar", values={"BAZAAR_KEY": "elsewheres-0123456789"}, team=cast.other_team)
    register_model(provider="bazaar", cloud_model_id="maker/one", actor=cast.alice)
    add_key(cast.alice, provider="bazaar", values={"BAZAAR_KEY": "studios-0123456789"}, team=cast.team)
    register_model(provider="bazaar", cloud_model_id="maker/two", actor=cast.alice)
    register_model(provider="bazaar", cloud_model_id="maker/three")
    assert [secret for _, secret, _ in bazaar.asked] == ["", "studios-0123456789", ""]


def test_without_a_key_the_vendor_is_asked_all_the_same(bazaar: Bazaar) -> None:
    find_entry("bazaar", MADE)
    assert bazaar.asked == [(MADE, "", "")]


def test_what_the_vendor_does_not_know_is_said_in_its_words_with_the_remedy(bazaar: Bazaar) -> None:
    told = mistakes("bazaar", "nobody/knows")
    assert told == {"cloud_model_id": "Bazaar has no image model 'nobody/knows'. Look at its shelves."}


def test_an_adapter_that_fails_is_a_sentence_and_no_crash(bazaar: Bazaar, caplog: pytest.LogCaptureFixture) -> None:
    assert mistakes("bazaar", "mistake") == {"cloud_model_id": "The hub could not read Bazaar's description of it."}
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("model_id", ["", None, 5, [], "x" * 201, "a\x00b", "\ud800"])
def test_an_id_that_is_none_is_refused_before_anyone_is_asked(bazaar: Bazaar, model_id: object) -> None:
    assert mistakes("bazaar", model_id) == {"cloud_model_id": "A model's id is text of 1 to 200 characters."}
    assert bazaar.asked == []


def test_a_closed_catalogue_says_what_it_has() -> None:
    told = mistakes("google-gemini", "no-such-model")["cloud_model_id"]
    assert told.startswith("Google Gemini has no model 'no-such-model'. It has ")
    assert "gemini-2.5-flash-image" in told


GOOD_ADDRESSES = ["http://192.168.1.5:7860", "https://images.example.org/v1", "http://[::1]:8188/"]
BAD_ADDRESSES = [
    "images.example.org", "ftp://x.example", "http://", "https://user@x.example", "https://user:pw@x.example",
    "http://[::1", "https://x.example/" + "a" * 500, "https://x.example/\x00", 5, ["http://x.example"],
    "javascript:alert(1)", "//x.example",
]  # fmt: skip


@pytest.mark.parametrize("address", GOOD_ADDRESSES)
def test_an_address_goes_with_the_registration(bazaar: Bazaar, address: str) -> None:
    assert find_entry("bazaar", MADE, address)[0].address == address
    assert find_entry("bazaar", "stall-1", address)[0].address == address


@pytest.mark.parametrize("address", BAD_ADDRESSES)
def test_an_address_that_is_none_is_named(bazaar: Bazaar, address: Any) -> None:
    told = mistakes("bazaar", MADE, address)
    assert told == {"address": "An address looks like https://images.example.org/v1, without a password in it."}
    assert bazaar.asked == []


def test_a_vendor_with_one_address_takes_no_other() -> None:
    told = mistakes("google-gemini", "gemini-2.5-flash-image", "https://x.example")
    assert told == {"address": "Google Gemini has one address, which the environment sets."}


def test_the_owners_words_count_over_the_vendors(bazaar: Bazaar) -> None:
    given = {"images_per_call": 4, "qualities": ["low", "high"], "sizes": {"": {"1:1": [1024, 1024]}}}
    able = find_entry("bazaar", MADE, capabilities=given)[0].capabilities
    assert (able.images_per_call, able.qualities, able.negative_prompt) == (4, ("low", "high"), True)
    assert able.sizes == {"": {"1:1": (1024, 1024)}}


def test_a_listed_models_abilities_are_not_the_owners_to_say(bazaar: Bazaar) -> None:
    for vendor, model in (("bazaar", "stall-1"), ("google-gemini", "gemini-2.5-flash-image")):
        told = mistakes(vendor, model, capabilities={"images_per_call": 4})
        assert "stands in its catalogue" in told["capabilities"]


UNREADABLE = [{"colours": 5}, {"options": 5}, {"options": [5]}, {"options": [{"title": "x"}]}, {"sizes": 5},
              {"sizes": {"": {"1:1": [1]}}}, {"sizes": {"": {"1:1": ["a", "b"]}}}, {"free_size": {"steps": 8}},
              {"free_size": 5}, {"input_limits": []}, {"input_limits": {"bytes": 1}}, [], "x", 5]  # fmt: skip
UNMEANT = [
    ("modes", "inpaint"), ("modes", []), ("modes", ["paint"]), ("modes", ["text-to-image", "text-to-image"]),
    ("images_per_call", "four"), ("images_per_call", 0), ("images_per_call", 11), ("images_per_call", True),
    ("images_per_call", 1.5), ("longest_prompt", None), ("longest_prompt", -1), ("longest_prompt", "1000"),
    ("seed", "yes"), ("seed", True), ("prompt", "maybe"), ("negative_prompt", "yes"), ("strength", 1),
    ("transparency", None), ("qualities", "high"), ("qualities", [1, 2]), ("qualities", ["a", "a"]), ("styles", [""]),
    ("output_formats", {"png": 1}), ("safety_levels", 5), ("most_input_images", 2), ("most_input_images", "2"),
    ("most_input_images", -1), ("default_resolution", 5), ("sizes", {"": {"wide": [10, 10]}}), ("sizes", {"": {}}),
    ("sizes", {"": {"1:1": [0, 10]}}), ("known_sizes", {"10x10": "1:1"}), ("known_sizes", {"big": "1:1"}),
    ("known_sizes", 5), ("free_size", {"step": 0}), ("free_size", {"step": "8"}), ("free_size", {"widest": 0.5}),
    ("free_size", {"least_side": 900, "most_side": 800}), ("free_size", {"least_pixels": 9, "most_pixels": 8}),
    ("free_size", {"step": 64, "least_side": 100, "most_side": 120}), ("free_size", {"default": [1000, 1001]}),
    ("free_size", {"default": 5}), ("input_limits", {"formats": ["image/gif"]}), ("input_limits", {"formats": []}),
    ("input_limits", {"most_bytes": 0}), ("input_limits", {"least_side": 9, "most_side": 8}),
    ("options", [{"name": ""}]), ("options", [{"name": "a", "kind": "colour"}]),
    ("options", [{"name": "a"}, {"name": "a"}]), ("options", [{"name": "a", "kind": "integer", "choices": ["1"]}]),
    ("options", [{"name": "a", "choices": [1]}]), ("options", [{"name": "a", "minimum": 1}]),
    ("options", [{"name": "a", "kind": "integer", "minimum": 2, "maximum": 1}]),
    ("options", [{"name": "a", "kind": "integer", "minimum": "1"}]), ("options", [{"name": 5}]),
    ("options", [{"name": "a", "kind": "integer", "maximum": 5, "default": 6}]), ("facts", []),
]  # fmt: skip


@pytest.mark.parametrize("given", UNREADABLE)
def test_abilities_that_cannot_be_read_are_named_as_such(bazaar: Bazaar, given: Any) -> None:
    told = mistakes("bazaar", MADE, capabilities=given)
    assert set(told) == {"capabilities"}
    assert told["capabilities"].startswith("They cannot be read: ")


@pytest.mark.parametrize(("name", "value"), UNMEANT)
def test_an_ability_that_cannot_be_meant_is_named_itself(bazaar: Bazaar, name: str, value: Any) -> None:
    told = mistakes("bazaar", MADE, capabilities={name: value})
    assert set(told) == {f"capabilities.{name}"}
    assert told[f"capabilities.{name}"].endswith(".")


def test_the_mode_and_the_number_of_pictures_go_together(bazaar: Bazaar) -> None:
    edits = {"modes": ["text-to-image", "image-to-image"]}
    assert set(mistakes("bazaar", MADE, capabilities=edits)) == {"capabilities.most_input_images"}
    assert find_entry("bazaar", MADE, capabilities={**edits, "most_input_images": 2})[1]


def test_every_mistake_is_named_at_once(bazaar: Bazaar) -> None:
    told = mistakes("bazaar", MADE, capabilities={"seed": "yes", "images_per_call": 0, "prompt": "maybe"})
    assert set(told) == {"capabilities.seed", "capabilities.images_per_call", "capabilities.prompt"}
    assert set(mistakes("bazaar", "stall-1", "nonsense", {"seed": "yes"})) == {"address", "capabilities"}


def test_midjourney_is_refused_with_the_reason() -> None:
    told = mistakes("midjourney", "v7")["provider"]
    assert told.startswith("Midjourney cannot be registered. Midjourney has no public API")
    assert "Terms of Service" in told


def test_vendors_that_cannot_be_served_say_what_to_do_and_where_that_was_read() -> None:
    for vendor in unavailable_vendors():
        assert vendor.reason.endswith(".")
        assert vendor.advice.endswith(".")
        assert vendor.source.startswith("https://")
        assert find_provider(vendor.id) is None


@pytest.mark.parametrize("vendor", ["goggle", "", None, 5, ["practice"], "practice\x00"])
def test_a_vendor_that_is_not_here_is_said_with_those_that_are(vendor: object) -> None:
    told = mistakes(vendor, "x")["provider"]
    assert told.startswith("There is no vendor ")
    assert "practice, google-gemini" in told


@pytest.mark.parametrize(("model_id", "key"), [
    ("maker/painter:v2", "maker-painter-v2"), ("Maker/Painter", "maker-painter"), ("a b", "a-b"), ("--a--", "a"),
    ("ümlaut/Bild", "mlaut-bild"), ("x" * 150, "x" * 100), ("v1.2_final", "v1.2_final"),
])  # fmt: skip
def test_the_usual_key_is_made_of_the_id(model_id: str, key: str) -> None:
    assert usual_key(model_id) == key


def test_a_model_outside_the_catalogue_is_registered_as_described(db: None, bazaar: Bazaar) -> None:
    model = register_model(
        provider="bazaar", cloud_model_id=MADE, address="https://images.example/v1", price_per_image="0.02",
        capabilities={"seed": "guaranteed"},
    )  # fmt: skip
    model.refresh_from_db()
    entry = entry_of(model)
    assert (model.key, model.name, model.by_hand) == ("maker-painter-v2", f"Made by {MADE}", True)
    assert (entry.id, entry.address, entry.capabilities.seed) == (MADE, "https://images.example/v1", "guaranteed")
    assert entry.capabilities.negative_prompt


def test_the_catalogues_next_edition_leaves_it_alone(db: None, bazaar: Bazaar) -> None:
    model = register_model(provider="bazaar", cloud_model_id=MADE, capabilities={"images_per_call": 4})
    asked = list(bazaar.asked)
    synchronise_catalog()
    assert entry_of(CloudModel.objects.get(pk=model.pk)).capabilities.images_per_call == 4
    assert bazaar.asked == asked


def test_a_refused_registration_leaves_nothing(db: None, bazaar: Bazaar) -> None:
    with pytest.raises(Invalid):
        register_model(provider="bazaar", cloud_model_id=MADE, capabilities={"seed": "yes"})
    assert not CloudModel.objects.exists()


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("provider", "model_id", "words"),
    [
        ("openai", "dall-e-2", ["OpenAI retired dall-e-2,", "its successor gpt-image-2.6-flare instead."]),
        ("xai", "grok-imagine-image-pro", ["on 2026-05-15,", "grok-imagine-image-2.0", "at https://docs.x.ai/"]),
    ],
)
def test_a_model_that_is_gone_is_told_with_its_successor(provider: str, model_id: str, words: list[str]) -> None:
    with pytest.raises(Invalid) as refusal:
        find_entry(provider, model_id)
    told = refusal.value.fields["cloud_model_id"]
    assert [word for word in words if word not in told] == []
