"""What the catalogue says of Imagen: prices, life-cycle, sizes."""

from datetime import date

import pytest

from providers.gemini.apps import GeminiConfig
from providers.imagen.client import Imagen
from providers.imagen.tests.answers import ALL, FAST, STANDARD, ULTRA, VENDOR, entry


@pytest.mark.parametrize(("model_id", "amount"), [(ULTRA, "0.06"), (STANDARD, "0.04"), (FAST, "0.02")])
def test_each_model_has_one_flat_price_a_picture(model_id, amount):
    (line,) = entry(model_id).prices[0].lines
    assert (line.unit, line.amount, line.per) == ("image", amount, 1)


@pytest.mark.parametrize("model_id", ALL)
def test_every_model_is_past_its_date_and_names_a_gemini_model_that_stays(model_id):
    life = entry(model_id).lifecycle
    assert (life.shut_down, life.read_on) == (date(2026, 8, 17), date(2026, 11, 22))
    assert life.source.startswith("https://ai.google.dev/")
    successor = GeminiConfig.provider.model(life.successor)
    assert successor.lifecycle.shut_down is None
    assert successor.lifecycle.deprecated is None


def test_every_dead_id_leads_to_a_model_of_geminis():
    for dead, successor in VENDOR.retired.items():
        assert VENDOR.model(dead) is None
        assert GeminiConfig.provider.model(successor).lifecycle.shut_down is None


@pytest.mark.parametrize(("model_id", "sizes"), [(ULTRA, ("1K", "2K")), (STANDARD, ("1K", "2K")), (FAST, ())])
def test_the_two_larger_models_have_two_sizes(model_id, sizes):
    assert entry(model_id).capabilities.resolutions == sizes
    assert entry(model_id).capabilities.aspect_ratios == ("1:1", "3:4", "4:3", "9:16", "16:9")


def test_the_larger_size_is_twice_the_smaller():
    sizes = entry(STANDARD).capabilities.sizes
    assert sizes["2K"] == {ratio: (2 * width, 2 * height) for ratio, (width, height) in sizes["1K"].items()}


@pytest.mark.parametrize("model_id", ALL)
def test_one_call_makes_up_to_four_pictures_from_words_alone(model_id):
    able = entry(model_id).capabilities
    assert (able.images_per_call, able.modes, able.most_input_images) == (4, ("text-to-image",), 0)
    assert not entry(model_id).registered_from_start


def test_the_vendor_declares_what_the_hub_relies_on(monkeypatch):
    vendor = Imagen()
    assert (vendor.id, vendor.error_prefix, vendor.billed_on_filter) == ("google-imagen", "Imagen API", "no")
    assert vendor.address_variables == ("GOOGLE_GEMINI_BASE_URL", "VERTEX_BASE_URL")
    assert [form.name for form in vendor.forms()] == ["api_key", "vertex"]
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "studio-1")
    assert [form.name for form in vendor.forms()] == ["vertex", "api_key"]
