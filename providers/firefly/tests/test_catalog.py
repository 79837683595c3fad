"""The catalogue says what Adobe's pages say, and a quote is never below the bill."""

import itertools

import pytest

from providers.base import CloudGenerationResponse, Rejected
from providers.firefly import errors
from providers.firefly.client import Firefly
from providers.firefly.tests.adobe import fitted, large, reference

MODELS = Firefly.models
IMAGE_4 = {(2048, 2048), (2304, 1792), (1792, 2304), (2688, 1536), (1440, 2560)}
IMAGE_3_MORE = {(1024, 1024), (1344, 768), (1152, 896), (896, 1152), (2688, 1512), (1344, 756)}


def drawn_sizes(model):
    return {size for table in model.capabilities.sizes.values() for size in table.values()}


def test_the_models_are_named_as_the_header_names_them_and_fill_has_none():
    assert [model.id for model in MODELS] == ["image5", "image4_ultra", "image4_standard", "image3", "fill"]


def test_sizes_are_adobes_exact_pairs():
    sizes = {model.id: drawn_sizes(model) for model in MODELS}
    assert sizes["image4_standard"] == sizes["image4_ultra"] == IMAGE_4
    assert sizes["image3"] == IMAGE_4 | IMAGE_3_MORE


def test_prices_stand_in_the_contract_and_not_here():
    assert not any(model.prices for model in MODELS)
    assert all("contract" in model.description for model in MODELS)


def test_nothing_is_registered_before_somebody_asks():
    assert not any(model.registered_from_start for model in MODELS)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)
def test_i1_a_quote_is_never_below_the_bill(model):
    vendor, able = Firefly(), model.capabilities
    counts = range(1, able.images_per_call + 1)
    needs = {"input_images": (large(),), "mask": large()} if model.id == "fill" else {}
    sizes = able.sizes or ("",)
    for count, resolution, pictures in itertools.product(counts, sizes, range(able.most_input_images + 1)):
        wished = needs or {"input_images": (reference(),) * pictures}
        request = fitted(vendor, model.id, num_images=count, resolution=resolution or None, **wished)
        quote = vendor.quantities(request, model)
        for delivered in range(1, count + 1):
            answer = CloudGenerationResponse(images=[b""] * delivered, pictures=(), usage={"image": count})
            assert vendor.billed(answer, model)["image"] <= quote["image"] == count
        filtered = errors.failed_job({"error_code": "output_media_unsafe"}, count, str, "job")
        assert isinstance(filtered, Rejected)
        assert filtered.billed["image"] <= quote["image"]
