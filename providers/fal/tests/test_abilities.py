"""What an endpoint can do, read from schemas in the forms that fal's endpoints have."""

from dataclasses import replace

import pytest

from providers.base import Rejected
from providers.fal.abilities import Unsuitable, read_abilities
from providers.fal.emulator.models import MODELS, find_model
from providers.fal.schema import gives_pictures, read_fields
from providers.fal.tests.stage import KEY, VENDOR, Network, wish
from providers.fal.wire import to_input

TEXT = {"type": "string"}
SIZE = {"type": "object", "properties": {"width": {"type": "integer"}, "height": {"type": "integer"}}}


def document(properties, required=("prompt",), **schemas):
    described = {"type": "object", "properties": properties, "required": list(required)}
    request = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Input"}}}}
    return {
        "paths": {"/a/b": {"post": {"requestBody": request}}},
        "components": {"schemas": {"Input": described, **schemas}},
    }  # fmt: skip


def able(properties, required=("prompt",), endpoint="a/b", **schemas):
    found = read_fields(document(properties, required, **schemas), "a/b")
    return read_abilities(found, endpoint)


@pytest.mark.parametrize("model", VENDOR.models, ids=lambda model: model.id)
def test_the_catalogue_says_nothing_that_the_endpoints_schema_lacks(model):
    known = find_model(model.id).properties
    facts = model.capabilities.facts
    named = [*facts["inputs"].values(), *(option.name for option in model.capabilities.options)]
    assert set(named) <= set(known)
    assert facts.get("images", "prompt") in known


def test_named_sizes_become_ratios_and_an_object_frees_the_size():
    named = {"type": "string", "enum": ["square_hd", "square", "portrait_16_9"]}
    found = able({"prompt": TEXT, "image_size": {"anyOf": [{"$ref": "#/components/schemas/ImageSize"}, named]}},
                 ImageSize=SIZE)  # fmt: skip
    assert found.sizes == {"": {"1:1": (1024, 1024), "9:16": (576, 1024)}}
    assert found.free_size is not None
    assert found.facts["spellings"]["image_size"] == {"1:1": "square_hd", "9:16": "portrait_16_9"}
    assert able({"prompt": TEXT, "image_size": named}).free_size is None


WHOLE = {"type": "integer", "default": 1, "minimum": 1, "maximum": 6}


def test_the_number_of_pictures_has_several_names():
    found = able({"prompt": TEXT, "num_samples": WHOLE})
    assert (found.facts["inputs"]["count"], found.images_per_call, found.options) == ("num_samples", 6, ())


@pytest.mark.parametrize(("name", "words"), [("max_images", ""), ("quantity", "Number of images to generate")])
def test_an_input_that_multiplies_the_pictures_is_held_at_one(name, words):
    found = able({"prompt": TEXT, "num_images": WHOLE, name: {**WHOLE, "description": words}})
    assert (found.facts["held"], found.options) == ({name: 1}, ())
    model = replace(VENDOR.models[0], capabilities=found)
    assert to_input(wish(num_images=2), model) == {"prompt": wish().prompt, "num_images": 2, name: 1}


def test_an_endpoint_that_always_makes_several_is_refused():
    with pytest.raises(Unsuitable, match="max_images makes several"):
        able({"prompt": TEXT, "num_images": WHOLE, "max_images": {**WHOLE, "minimum": 2}})


@pytest.mark.parametrize("name", ["num_inference_steps", "max_reference_images"])
def test_other_numbers_stay_options(name):
    found = able({"prompt": TEXT, name: {**WHOLE, "description": "Number of reference images to use"}})
    assert [option.name for option in found.options] == [name]


def test_ratios_are_read_without_auto():
    found = able({"prompt": TEXT, "aspect_ratio": {"enum": ["auto", "16:9", "1:1"], "type": "string"}})
    assert list(found.sizes[""]) == ["16:9", "1:1"]


def test_a_value_that_may_be_null_is_read_as_its_type():
    found = able({"prompt": TEXT, "seed": {"anyOf": [{"type": "integer"}, {"type": "null"}]}})
    assert found.seed == "best_effort"


def test_pictures_and_masks_make_modes():
    pictures = {"prompt": TEXT, "image_url": TEXT}
    assert able(pictures).modes == ("text-to-image", "image-to-image")
    assert able(pictures, ("prompt", "image_url")).modes == ("image-to-image",)
    masked = pictures | {"mask_url": TEXT}
    assert able(masked, ("prompt", "image_url", "mask_url")).modes == ("inpaint",)
    assert able(masked).modes == ("text-to-image", "image-to-image", "inpaint")
    assert able({"prompt": TEXT, "image_urls": {"type": "array", "items": TEXT, "maxItems": 6}}).most_input_images == 6


@pytest.mark.parametrize(
    ("endpoint", "words", "colour"),
    [
        ("a/b", "White areas are inpainted, black areas are preserved.", "white"),
        ("a/b", "Black pixels are inpainted.", "black"),
        ("a/b", "", "white"),
        ("ideogram/v4/edit", "", "black"),
    ],
)
def test_a_masks_colour_comes_from_its_words_and_ideograms_is_black(endpoint, words, colour):
    found = able({"prompt": TEXT, "image_url": TEXT, "mask_url": TEXT | {"description": words}}, endpoint=endpoint)
    assert found.facts["mask_changes"] == colour


def test_other_plain_inputs_become_options_and_addresses_and_sync_mode_never():
    found = able({
        "prompt": TEXT, "sync_mode": {"type": "boolean", "default": False}, "lora_url": TEXT,
        "steps": {"type": "integer", "minimum": 1, "maximum": 50, "default": 28},
        "sampler": {"type": "string", "enum": ["a", "b"], "default": "a"},
    })  # fmt: skip
    assert [option.name for option in found.options] == ["steps", "sampler"]


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"image_url": TEXT}, "None of its inputs is a prompt"),
        ({"prompt": TEXT, "num_frames": {"type": "integer"}}, "moving pictures or sound"),
        ({"prompt": TEXT, "lora_url": TEXT}, "lora_url is needed and takes more"),
        ({"prompt": TEXT, "loras": {"type": "array", "items": {"type": "object"}}}, "loras is needed and takes more"),
    ],
)
def test_an_endpoint_that_cannot_be_driven_is_refused_with_a_sentence(properties, words):
    with pytest.raises(Unsuitable, match=words):
        able(properties, tuple(properties))


@pytest.mark.parametrize(
    "rubbish", [None, [], "x", {"paths": 3}, {"paths": {"/a/b": []}, "components": {"schemas": 1}}]
)
def test_what_is_no_schema_has_no_inputs_and_no_pictures(rubbish):
    assert read_fields(rubbish, "a/b") == []
    assert not gives_pictures(rubbish)


def test_a_reference_that_leads_to_itself_ends():
    loop = {"$ref": "#/components/schemas/Loop"}
    assert read_fields(document({"prompt": loop}, Loop=loop), "a/b")[0].kind == ""


def described(model_id, **changes):
    metadata = {"display_name": "Painter", "description": "Paints.", "status": "active"} | changes
    return {"models": [{"endpoint_id": model_id, "metadata": metadata, "openapi": find_model(model_id).openapi()}]}


def test_an_endpoint_is_described_by_the_platform(monkeypatch):
    monkeypatch.delenv("FAL_API_BASE_URL", raising=False)
    network = Network(described("emulated/painter", status="deprecated"))
    entry = network.vendor.describe("emulated/painter", KEY)
    assert (entry.name, entry.prices, entry.lifecycle.note) == ("Painter", (), "fal calls it deprecated.")
    url = "https://api.fal.ai/v1/models?endpoint_id=emulated%2Fpainter&expand=openapi-3.0"
    assert str(network.requests[0].url) == url


@pytest.mark.parametrize("model_id", ["", "flux", "a/../b", "https://a/b", "a/b?c", "/a/b", "a//b"])
def test_what_is_no_endpoint_is_not_asked_for(model_id):
    network = Network({})
    with pytest.raises(Rejected):
        network.vendor.describe(model_id, KEY)
    assert network.requests == []


@pytest.mark.parametrize(
    "answer", [(404, {}), (200, {"models": []}), described("emulated/film-maker"), (401, {"error": {"message": "no"}})]
)
def test_an_endpoint_that_is_not_there_or_makes_no_pictures_is_refused(answer):
    with pytest.raises(Rejected):
        Network(answer).vendor.describe("emulated/film-maker", KEY)


def test_every_emulated_picture_endpoint_can_be_read():
    for model in MODELS:
        if model.gives == "images":
            assert (
                read_abilities(read_fields(model.openapi(), model.id), model.id).facts["inputs"]["prompt"] == "prompt"
            )
