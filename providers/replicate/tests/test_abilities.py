"""What a model can do, read from schemas in the forms that Cog has written over the years."""

import pytest

from providers.base import Capabilities, FreeSize
from providers.replicate.abilities import Unsuitable, read_abilities
from providers.replicate.emulator.models import MODELS
from providers.replicate.schema import gives_files, read_fields
from providers.replicate.tests.stage import DEV, FLUX_2, IDEOGRAM, PRO, SCHNELL, entry

PROMPT = {"type": "string"}
FILE = {"type": "string", "format": "uri"}
FILES = {"type": "array", "items": FILE}


def document(properties, required=("prompt",), output=None, **schemas):
    described = {"type": "object", "properties": properties, "required": list(required)}
    return {"components": {"schemas": {"Input": described, "Output": output or FILE, **schemas}}}


def able(properties, required=("prompt",), **schemas):
    return read_abilities(read_fields(document(properties, required, **schemas)), official=True, version="")


def option(found, name):
    return next(option for option in found.options if option.name == name)


def test_a_choice_may_be_a_reference_inside_allof():
    ratios = {"enum": ["1:1", "16:9", "custom"], "type": "string", "description": "An enumeration."}
    own = {"allOf": [{"$ref": "#/components/schemas/aspect_ratio"}], "default": "1:1", "description": "Its ratio."}
    found = able({"prompt": PROMPT, "aspect_ratio": own}, aspect_ratio=ratios)
    assert found.sizes == {"": {"1:1": (1024, 1024), "16:9": (1360, 768)}}
    fields = read_fields(document({"aspect_ratio": own}, aspect_ratio=ratios))
    assert (fields[0].choices, fields[0].default, fields[0].description) == (
        ("1:1", "16:9", "custom"),
        "1:1",
        "Its ratio.",
    )


def test_a_value_that_may_be_null_is_read_as_its_type():
    found = able({"prompt": PROMPT, "seed": {"anyOf": [{"type": "integer"}, {"type": "null"}]}})
    assert found.seed == "best_effort"


def test_a_reference_that_leads_to_itself_ends():
    found = read_fields(document({"prompt": {"$ref": "#/components/schemas/Loop"}},
                                 Loop={"$ref": "#/components/schemas/Loop"}))  # fmt: skip
    assert found[0].kind == ""


def test_inputs_stand_in_the_vendors_order():
    fields = read_fields(document({"b": {"x-order": 2, **PROMPT}, "a": {"x-order": 1, **PROMPT}}))
    assert [field.name for field in fields] == ["a", "b"]


@pytest.mark.parametrize("rubbish", [None, [], "x", {"components": 3}, {"components": {"schemas": {"Input": []}}}])
def test_what_is_no_schema_has_no_inputs_and_no_output(rubbish):
    assert read_fields(rubbish) == []
    assert not gives_files(rubbish)


@pytest.mark.parametrize(
    ("output", "gives"),
    [
        (FILE, True),
        (FILES, True),
        ({"$ref": "#/components/schemas/Address"}, True),
        ({"type": "string"}, False),
        ({"type": "array", "items": PROMPT, "x-cog-array-type": "iterator"}, False),
        ({"type": "object", "properties": {"image": FILE}}, False),
    ],
)
def test_only_addresses_of_files_are_pictures(output, gives):
    assert gives_files(document({"prompt": PROMPT}, output=output, Address=FILE)) is gives


@pytest.mark.parametrize("name", ["prompt", "text_prompt", "text", "instruction"])
def test_the_prompt_may_have_other_names(name):
    assert able({name: PROMPT}, (name,)).facts["inputs"]["prompt"] == name


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"image": FILE}, "None of its inputs is a prompt"),
        ({"prompt": FILE}, "None of its inputs is a prompt"),
        ({"prompt": PROMPT, "num_frames": {"type": "integer"}}, "moving pictures or sound"),
        ({"prompt": PROMPT, "api_key": {"type": "string", "format": "password"}}, "api_key is needed and takes a sec"),
        ({"prompt": PROMPT, "boxes": {"type": "array", "items": {"type": "object"}}}, "boxes is needed and takes more"),
    ],
)  # fmt: skip
def test_a_model_that_cannot_be_driven_is_refused_with_a_sentence(properties, words):
    with pytest.raises(Unsuitable, match=words):
        able(properties, tuple(properties))


def test_secrets_never_become_options():
    found = able(
        {"prompt": PROMPT, "hf_token": {"type": "string", "writeOnly": True}, "key": {**PROMPT, "x-cog-secret": True}}
    )
    assert found.options == ()


def test_every_other_plain_input_becomes_an_option_with_its_limits():
    found = able({
        "prompt": PROMPT,
        "steps": {"type": "integer", "default": 28, "minimum": 1, "maximum": 50, "description": "Steps."},
        "sampler": {"type": "string", "enum": ["a", "b"], "default": "a"},
        "tiles": {"type": "integer", "enum": [2, 4, 8], "default": 4},
        "raw": {"type": "boolean", "default": False},
        "lora": {"type": "string", "format": "uri"},
        "sizes": {"type": "array", "items": {"type": "integer"}},
    })  # fmt: skip
    assert [option.name for option in found.options] == ["steps", "sampler", "tiles", "raw", "lora"]
    steps, tiles = option(found, "steps"), option(found, "tiles")
    assert (steps.kind, steps.default, steps.minimum, steps.maximum, steps.description) == (
        "integer",
        28,
        1,
        50,
        "Steps.",
    )
    assert (tiles.choices, tiles.minimum, tiles.maximum) == ((), 2, 8)
    assert option(found, "sampler").choices == ("a", "b")
    assert option(found, "lora").kind == "text"


def test_a_needed_option_is_remembered():
    assert able({"prompt": PROMPT, "lora": PROMPT}, ("prompt", "lora")).facts["required_options"] == ["lora"]


@pytest.mark.parametrize(
    ("properties", "images", "is_list", "most"),
    [
        ({"image": FILE}, ["image"], None, 1),
        ({"input_image": FILE, "style_image": FILE}, ["input_image"], None, 1),
        ({"image_prompt": FILE}, ["image_prompt"], None, 1),
        ({"input_images": FILES}, ["input_images"], True, 8),
        ({"input_images": {**FILES, "maxItems": 4}}, ["input_images"], True, 4),
        ({"image_input": FILES, "image": FILE}, ["image_input"], True, 8),
        ({"input_image_2": FILE, "input_image_1": FILE}, ["input_image_1", "input_image_2"], None, 2),
        ({"style_reference_images": FILES}, ["style_reference_images"], True, 8),
        ({"image": FILE, "style_reference_images": FILES}, ["image"], None, 1),
    ],
)
def test_the_reference_picture_is_found(properties, images, is_list, most):
    found = able({"prompt": PROMPT, **properties})
    assert (found.facts["images"], found.facts.get("images_in_list"), found.most_input_images) == (
        images,
        is_list,
        most,
    )
    assert found.modes == ("text-to-image", "image-to-image")
    assert found.prompt == "required"


def test_a_needed_picture_leaves_no_text_to_image():
    assert able({"prompt": PROMPT, "image": FILE}, ("prompt", "image")).modes == ("image-to-image",)


def test_a_needed_mask_leaves_only_inpainting():
    found = able({"prompt": PROMPT, "image": FILE, "mask": FILE}, ("prompt", "image", "mask"))
    assert found.modes == ("inpaint",)


def test_a_mask_without_a_picture_is_an_option():
    found = able({"prompt": PROMPT, "mask": FILE})
    assert (found.modes, option(found, "mask").kind) == (("text-to-image",), "text")


@pytest.mark.parametrize(
    ("words", "colour"),
    [
        ("A black and white image. Black pixels are inpainted, white pixels are preserved.", "black"),
        ("Black areas will be preserved, white areas will be inpainted.", "white"),
        ("A black-and-white image that describes the part of the image to inpaint.", "white"),
        ("black and white mask of what to edit", "white"),
        ("White will be filled in", "white"),
        ("", "white"),
    ],
)
def test_the_colour_that_changes_is_read_from_the_masks_description(words, colour):
    found = able({"prompt": PROMPT, "image": FILE, "mask": {**FILE, "description": words}})
    assert found.facts["mask_changes"] == colour


def test_sizes_may_be_a_list_of_pixels():
    size = {"type": "string", "enum": ["1024x1024", "1365x1024", "1024x1365", "Not set"], "default": "1024x1024"}
    found = able({"prompt": PROMPT, "size": size})
    assert found.sizes == {"": {"1:1": (1024, 1024), "4:3": (1365, 1024), "3:4": (1024, 1365)}}
    assert found.facts["ratio_values"]["4:3"] == "1365x1024"
    assert found.facts["inputs"]["aspect_ratio"] == "size"


@pytest.mark.parametrize(
    ("side", "expected"),
    [
        ({"type": "integer", "default": 1024},
         FreeSize(step=16, least_side=256, most_side=2048, most_pixels=2048**2, default=(1024, 1024))),
        ({"type": "integer", "minimum": 256, "maximum": 1440, "description": "Must be a multiple of 32"},
         FreeSize(step=32, least_side=256, most_side=1440, most_pixels=1440**2)),
        ({"type": "integer", "enum": [512, 640, 768], "default": 512},
         FreeSize(step=128, least_side=512, most_side=768, most_pixels=768**2, default=(512, 512))),
        ({"type": "integer", "minimum": 64, "maximum": 2048, "multipleOf": 8},
         FreeSize(step=8, least_side=64, most_side=2048, most_pixels=2048**2)),
    ],
)  # fmt: skip
def test_free_sizes_have_the_limits_of_their_inputs(side, expected):
    assert able({"prompt": PROMPT, "width": side, "height": side}).free_size == expected


def test_the_number_of_pictures_is_bounded_by_the_model_and_by_the_hub():
    assert able({"prompt": PROMPT, "num_outputs": {"type": "integer", "maximum": 4}}).images_per_call == 4
    assert able({"prompt": PROMPT, "num_images": {"type": "integer", "maximum": 64}}).images_per_call == 10
    assert able({"prompt": PROMPT, "num_outputs": {"type": "integer"}}).images_per_call == 1


WHOLE = {"type": "integer", "default": 1, "minimum": 1, "maximum": 15}


@pytest.mark.parametrize("name", ["max_images", "batch_size", "num_images_per_prompt", "samples", "n"])
def test_the_number_of_pictures_has_many_names(name):
    found = able({"prompt": PROMPT, name: WHOLE})
    assert (found.facts["inputs"]["count"], found.images_per_call, found.options) == (name, 10, ())


def test_a_series_whose_length_the_model_decides_is_asked_for_one_by_one():
    series = {"type": "string", "enum": ["disabled", "auto"], "default": "disabled"}
    found = able({"prompt": PROMPT, "max_images": WHOLE, "sequential_image_generation": series})
    assert (found.facts["inputs"]["count"], found.images_per_call) == ("max_images", 1)
    assert [option.name for option in found.options] == ["sequential_image_generation"]


@pytest.mark.parametrize(
    ("name", "words", "kind", "one"),
    [
        ("batch_count", "", {}, 1),
        ("num_output_images", "", {}, 1),
        ("quantity", "Number of images to generate", {}, 1),
        ("copies", "", {"type": "string", "enum": ["1", "4"], "minimum": None}, "1"),
        ("n", "", {"type": "number"}, 1),
    ],
)
def test_each_other_input_that_makes_pictures_is_held_at_one(name, words, kind, one):
    found = able({"prompt": PROMPT, "num_outputs": WHOLE, name: {**WHOLE, "description": words, **kind}})
    assert (found.facts["inputs"]["count"], found.facts["held"], found.options) == ("num_outputs", {name: one}, ())


@pytest.mark.parametrize(
    "name", ["output_quality", "num_inference_steps", "image_size", "max_reference_images", "megapixels", "steps"]
)
def test_other_numbers_stay_options(name):
    words = "Number of reference images to use"
    found = able({"prompt": PROMPT, name: {**WHOLE, "description": words}})
    assert [option.name for option in found.options] == [name]


def test_a_model_that_always_makes_several_at_once_is_refused():
    with pytest.raises(Unsuitable, match="batch_count makes several"):
        able({"prompt": PROMPT, "num_outputs": WHOLE, "batch_count": {"type": "integer", "minimum": 2}})


def test_only_formats_that_the_hub_serves_are_offered():
    found = able({"prompt": PROMPT, "output_format": {"type": "string", "enum": ["svg", "jpg", "png"]}})
    assert (found.output_formats, found.facts["formats"]) == (("jpeg", "png"), {"jpeg": "jpg", "png": "png"})
    found = able({"prompt": PROMPT, "output_format": {"type": "string", "enum": ["svg", "pdf"]}})
    assert (found.output_formats, option(found, "output_format").choices) == ((), ("svg", "pdf"))


def test_a_description_survives_its_stored_form():
    for model in MODELS[:6]:
        found = read_abilities(read_fields(model.openapi_schema()), official=True, version="")
        assert Capabilities.from_json(found.as_json()) == found


@pytest.mark.parametrize("model_id", [SCHNELL, DEV, PRO, FLUX_2, IDEOGRAM])
def test_the_catalogue_says_what_the_schema_says(model_id):
    """Written by hand for their prices and pixels, yet the inputs are those of the models' pages."""
    model = next(model for model in MODELS if model.id == model_id)
    read, listed = (
        read_abilities(read_fields(model.openapi_schema()), official=True, version=""),
        entry(model_id).capabilities,
    )
    assert (read.modes, read.most_input_images, read.images_per_call) == (
        listed.modes,
        listed.most_input_images,
        listed.images_per_call,
    )
    assert set(read.output_formats) == set(listed.output_formats)
    assert set(listed.aspect_ratios) == set(read.aspect_ratios)
    named = read.facts["inputs"] | ({"resolution": "resolution"} if model_id == FLUX_2 else {})
    assert listed.facts["inputs"] == named
    for name in (
        "images",
        "images_in_list",
        "mask_changes",
        "custom_ratio",
        "formats",
        "guidance_range",
        "image_needs_mask",
    ):
        assert listed.facts.get(name) == read.facts.get(name), name
    offered = {found.name: found for found in read.options}
    for found in listed.options:
        same = offered[found.name]
        assert (found.kind, set(found.choices), found.minimum, found.maximum) == (
            same.kind, set(same.choices), same.minimum, same.maximum)  # fmt: skip
