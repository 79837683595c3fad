"""The built-in graph and own workflows: what a wish becomes in them, and what they have no place for."""

from dataclasses import replace

import pytest

from providers.base import Capabilities, FreeSize, InvalidField, ModelEntry, Option
from providers.comfyui import graph
from providers.comfyui.tests.server import Comfy, reference

WORKFLOW = {
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "as saved", "clip": ["4", 1]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry", "clip": ["4", 1]}},
    "3": {"class_type": "KSampler", "inputs": {"seed": 1, "steps": 20, "positive": ["6", 0]}},
    "57:5": {"class_type": "EmptyLatentImage", "inputs": {"width": 768, "height": 512, "batch_size": 1}},
    "10": {"class_type": "LoadImage", "inputs": {"image": "old.png"}},
    "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "portraits/hero"}},
}
PLACES = {
    "prompt": "6.text", "negative_prompt": "7.text", "seed": ["3.seed"], "width": "57:5.width",
    "height": "57:5.height", "n": "57:5.batch_size", "input_image": "10.image", "options.steps": "3.steps",
}  # fmt: skip


def own(**changes):
    able = Capabilities(
        modes=("text-to-image", "image-to-image"), negative_prompt=True, seed="best_effort", images_per_call=4,
        most_input_images=1, guidance_scale=True, free_size=FreeSize(), prompt="optional",
        options=(Option(name="steps", kind="integer"),), facts={"workflow": WORKFLOW, "places": PLACES},
    )  # fmt: skip
    return ModelEntry(id="workflow:hero", name="hero", capabilities=replace(able, **changes))


def inputs(nodes, name):
    return nodes[name]["inputs"]


def by_class(nodes, kind):
    return next(node["inputs"] for node in nodes.values() if node["class_type"] == kind)


def test_the_built_in_graph_for_words_alone():
    comfy = Comfy()
    comfy.start(seed=7, negative_prompt="snow", guidance_scale=5.5, aspect_ratio="3:2",
                options={"steps": 12, "sampler": "ddim", "scheduler": "karras"})  # fmt: skip
    nodes = comfy.graph
    assert by_class(nodes, "CheckpointLoaderSimple") == {"ckpt_name": "SD15/dreamshaper_8.safetensors"}
    assert by_class(nodes, "EmptyLatentImage") == {"width": 768, "height": 512, "batch_size": 1}
    assert by_class(nodes, "KSampler") == {
        "model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0], "seed": 7, "steps": 12,
        "cfg": 5.5, "sampler_name": "ddim", "scheduler": "karras", "denoise": 1.0,
    }  # fmt: skip
    assert (inputs(nodes, "6")["text"], inputs(nodes, "7")["text"]) == ("a fox", "snow")


def test_a_reference_is_scaled_with_its_middle_kept_and_drawn_over_by_its_strength():
    comfy = Comfy()
    comfy.start(input_images=(reference(),), strength=0.3)
    nodes = comfy.graph
    assert by_class(nodes, "LoadImage") == {"image": "cloudhub/1.png"}
    assert by_class(nodes, "ImageScale") == {
        "image": ["10", 0], "upscale_method": "lanczos", "width": 640, "height": 480, "crop": "center",
    }  # fmt: skip
    assert by_class(nodes, "VAEEncode")["pixels"] == ["11", 0]
    assert (by_class(nodes, "KSampler")["latent_image"], by_class(nodes, "KSampler")["denoise"]) == (["12", 0], 0.3)
    assert not [node for node in nodes.values() if node["class_type"] == "EmptyLatentImage"]


def test_a_mask_goes_the_way_of_its_picture_and_becomes_the_noise_mask():
    comfy = Comfy()
    comfy.start(input_images=(reference(),), mask=reference((320, 240), "white"))
    nodes = comfy.graph
    assert inputs(nodes, "13") == {"image": "cloudhub/2.png"}
    assert {**inputs(nodes, "14"), "image": 0} == {**inputs(nodes, "11"), "image": 0}
    assert inputs(nodes, "15") == {"image": ["14", 0], "channel": "red"}
    assert inputs(nodes, "16") == {"samples": ["12", 0], "mask": ["15", 0]}
    assert by_class(nodes, "KSampler")["latent_image"] == ["16", 0]
    assert by_class(nodes, "KSampler")["denoise"] == 0.75


def test_no_two_graphs_are_equal_so_that_none_is_answered_from_the_cache():
    comfy = Comfy()
    graphs = []
    for _ in range(2):
        comfy.asked.clear()
        comfy.start(seed=1)
        graphs.append(comfy.graph)
    assert graphs[0] != graphs[1]
    assert by_class(graphs[0], "KSampler") == by_class(graphs[1], "KSampler")


def test_an_own_workflow_is_filled_in_at_its_places():
    comfy = Comfy()
    comfy.start(own(), seed=99, negative_prompt="snow", num_images=3, width=832, height=640, options={"steps": 8},
                input_images=(reference(),))  # fmt: skip
    nodes = comfy.graph
    assert (inputs(nodes, "6")["text"], inputs(nodes, "7")["text"]) == ("a fox", "snow")
    assert inputs(nodes, "57:5") == {"width": 832, "height": 640, "batch_size": 3}
    assert inputs(nodes, "3") == {"seed": 99, "steps": 8, "positive": ["6", 0]}
    assert inputs(nodes, "10")["image"] == "cloudhub/1.png"
    assert inputs(nodes, "9")["filename_prefix"].startswith("portraits/hero-")


def test_what_a_wish_does_not_say_stays_as_the_workflow_has_it():
    comfy = Comfy()
    comfy.start(own())
    nodes = comfy.graph
    assert inputs(nodes, "7")["text"] == "blurry"
    assert (inputs(nodes, "57:5")["width"], inputs(nodes, "3")["steps"]) == (768, 20)
    assert inputs(nodes, "10")["image"] == "old.png"
    assert inputs(nodes, "3")["seed"] != 1


def test_the_registered_workflow_itself_is_never_changed():
    comfy = Comfy()
    comfy.start(own(), seed=99)
    assert WORKFLOW["6"]["inputs"]["text"] == "as saved"
    assert WORKFLOW["9"]["inputs"]["filename_prefix"] == "portraits/hero"


def test_a_ratio_of_the_owners_sizes_becomes_width_and_height():
    comfy = Comfy()
    comfy.start(own(sizes={"": {"1:1": (512, 512), "16:9": (912, 512)}}), aspect_ratio="16:9")
    assert inputs(comfy.graph, "57:5")["width"] == 912


@pytest.mark.parametrize(
    ("missing", "fields", "named"),
    [
        ("negative_prompt", {"negative_prompt": "snow"}, "negative_prompt"),
        ("seed", {"seed": 5}, "seed"),
        ("width", {"width": 512, "height": 512}, "width"),
        ("n", {"num_images": 2}, "num_images"),
        ("input_image", {"input_images": (reference(),)}, "input_images"),
        ("prompt", {}, "prompt"),
        ("options.steps", {"options": {"steps": 8}}, "options.steps"),
        ("", {"guidance_scale": 4.0}, "guidance_scale"),
    ],
)
def test_a_field_without_a_place_is_refused_by_name(missing, fields, named):
    places = {name: place for name, place in PLACES.items() if name != missing}
    with pytest.raises(InvalidField) as refusal:
        Comfy().start(own(facts={"workflow": WORKFLOW, "places": places}), **fields)
    assert list(refusal.value.fields) == [named]


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({}, "has no graph"),
        ({"workflow": {}}, "has no graph"),
        ({"workflow": [1]}, "has no graph"),
        ({"workflow": {"nodes": [], "links": []}}, "Export (API)"),
        ({"workflow": {"1": {"class_type": "A"}}}, "not in API format"),
        ({"workflow": WORKFLOW, "places": {"prompt": "66.text"}}, "66.text"),
        ({"workflow": WORKFLOW, "places": {"prompt": "6"}}, "place of prompt"),
        ({"workflow": WORKFLOW, "places": {"prompt": []}}, "place of prompt (empty)"),
        ({"workflow": WORKFLOW, "places": {"seed": ["3.seed", "4.seed"]}}, "4.seed"),
    ],
)
def test_a_registration_without_a_usable_graph_says_what_to_do(facts, words):
    with pytest.raises(InvalidField) as refusal:
        Comfy().start(own(facts=facts))
    assert words in refusal.value.fields["model"]


def test_a_place_may_be_an_input_with_a_dot_in_its_name():
    assert graph.places_of({"places": {"width": "5.resize_type.width"}}, "width") == [("5", "resize_type.width")]
