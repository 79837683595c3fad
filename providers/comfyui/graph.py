"""Graphs in ComfyUI's API format, {node id: {"class_type", "inputs"}}: the built-in ones, and an owner's own filled in.

The built-in graph has core nodes only (https://github.com/Comfy-Org/ComfyUI, nodes.py and comfy_extras/nodes_mask.py):
checkpoint, two texts, latents, sampler, decoder, file. A reference picture is scaled to the wished size with its middle
kept, encoded, and drawn over by as much as `strength` says. In a noise mask 1 is what changes; the mask travels as a
picture whose red channel becomes it, so that white changes, as in the hub's masks.

An own workflow is a registration whose model id begins with "workflow:" and whose capabilities have the `facts`

    workflow   the graph, as "Export (API)" saves it
    places     wish field → "node.input", or a list of them: prompt, negative_prompt, seed, width, height, n,
               guidance_scale, strength, input_image, input_image_2, …, mask, and options.<name>

Names of nodes and inputs are the graph's own; a node id ends at the first dot.
"""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from providers.base import CloudGenerationRequest, ModelEntry, expected_size
from providers.reading import mapping, text, texts
from providers.self_hosted import USUAL_STRENGTH, picture_size

Graph = dict[str, dict[str, Any]]
OWN = "workflow:"
USUAL = {"steps": 20, "cfg": 7.0, "sampler_name": "euler", "scheduler": "normal"}
SEED_PLACE = "3.seed"


def is_own(model_id: str) -> bool:
    """Whether a model id names an owner's workflow and not a checkpoint."""
    return model_id.startswith(OWN)


def build(request: CloudGenerationRequest, entry: ModelEntry, *, uploads: Sequence[str], seed: int, mark: str) -> Graph:
    """The graph for a normalised wish. `uploads` are the server's names of its pictures, the mask's the last.

    `mark` goes into the names of the files: a graph that the server knows already is answered from its cache and brings
    no new picture, so that no two may be equal.
    """
    graph = _own(request, entry, uploads, seed) if is_own(entry.id) else _built_in(request, entry, uploads, seed)
    for node in graph.values():
        prefix = mapping(node.get("inputs")).get("filename_prefix")
        if isinstance(prefix, str):
            node["inputs"]["filename_prefix"] = f"{prefix}-{mark}"
    return graph


def _built_in(request: CloudGenerationRequest, entry: ModelEntry, uploads: Sequence[str], seed: int) -> Graph:
    width, height = picture_size(request, entry)
    options = request.options
    sampling = {
        "steps": options.get("steps", USUAL["steps"]),
        "cfg": USUAL["cfg"] if request.guidance_scale is None else request.guidance_scale,
        "sampler_name": options.get("sampler", USUAL["sampler_name"]),
        "scheduler": options.get("scheduler", USUAL["scheduler"]),
        "denoise": 1.0,
    }
    graph = {
        "4": _node("CheckpointLoaderSimple", ckpt_name=entry.id),
        "6": _node("CLIPTextEncode", text=request.prompt, clip=["4", 1]),
        "7": _node("CLIPTextEncode", text=request.negative_prompt or "", clip=["4", 1]),
        "8": _node("VAEDecode", samples=["3", 0], vae=["4", 2]),
        "9": _node("SaveImage", images=["8", 0], filename_prefix="cloudhub"),
    }
    if not request.input_images:
        graph["5"] = _node("EmptyLatentImage", width=width, height=height, batch_size=request.num_images)
        latent = ["5", 0]
    else:
        sampling["denoise"] = USUAL_STRENGTH if request.strength is None else request.strength
        latent = _add_picture(graph, uploads, width, height, has_mask=request.mask is not None)
    graph["3"] = _node(
        "KSampler", model=["4", 0], positive=["6", 0], negative=["7", 0], latent_image=latent, seed=seed, **sampling
    )
    return graph


def _add_picture(graph: Graph, uploads: Sequence[str], width: int, height: int, *, has_mask: bool) -> list[Any]:
    """Nodes for the reference picture, and for its mask; the latents that the sampler begins with."""
    scale = {"upscale_method": "lanczos", "width": width, "height": height, "crop": "center"}
    graph["10"] = _node("LoadImage", image=uploads[0])
    graph["11"] = _node("ImageScale", image=["10", 0], **scale)
    graph["12"] = _node("VAEEncode", pixels=["11", 0], vae=["4", 2])
    if not has_mask:
        return ["12", 0]
    graph["13"] = _node("LoadImage", image=uploads[-1])
    graph["14"] = _node("ImageScale", image=["13", 0], **scale)
    graph["15"] = _node("ImageToMask", image=["14", 0], channel="red")
    graph["16"] = _node("SetLatentNoiseMask", samples=["12", 0], mask=["15", 0])
    return ["16", 0]


def _node(class_type: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": class_type, "inputs": inputs}


def _own(request: CloudGenerationRequest, entry: ModelEntry, uploads: Sequence[str], seed: int) -> Graph:
    facts = entry.capabilities.facts
    graph: Graph = deepcopy(dict(facts["workflow"]))
    for name, value in _values(request, uploads, seed, expected_size(request, entry)).items():
        for node, input_name in places_of(facts, name):
            graph[node]["inputs"][input_name] = value
    return graph


def _values(
    request: CloudGenerationRequest, uploads: Sequence[str], seed: int, size: tuple[int, int] | None
) -> dict[str, Any]:
    """What a wish says, by the names that places have. What it does not say stays as the workflow has it."""
    width, height = size or (None, None)
    values = {
        "prompt": request.prompt, "negative_prompt": request.negative_prompt, "seed": seed, "width": width,
        "height": height, "n": request.num_images, "guidance_scale": request.guidance_scale,
        "strength": request.strength,
    }  # fmt: skip
    values |= {f"options.{name}": value for name, value in request.options.items()}
    pictures = picture_names(request)
    values |= dict(zip(pictures, uploads, strict=False))
    return {name: value for name, value in values.items() if value is not None}


def picture_names(request: CloudGenerationRequest) -> list[str]:
    """The names of places for a wish's pictures, in the order in which they are uploaded."""
    names = ["input_image", *(f"input_image_{place}" for place in range(2, len(request.input_images) + 1))]
    return [*names[: len(request.input_images)], *(["mask"] if request.mask else [])]


def places_of(facts: Mapping[str, Any], name: str) -> list[tuple[str, str]]:
    """The (node, input) pairs of a wish field in an own workflow."""
    place = mapping(facts.get("places")).get(name)
    named = [place] if isinstance(place, str) else texts(place)
    pairs = (found.partition(".") for found in named)
    return [(node, input_name) for node, _, input_name in pairs]


def seed_places(entry: ModelEntry) -> list[str]:
    """Where the graph has its seed, as "node.input"."""
    if not is_own(entry.id):
        return [SEED_PLACE]
    return [f"{node}.{input_name}" for node, input_name in places_of(entry.capabilities.facts, "seed")]


def workflow_problem(facts: Mapping[str, Any]) -> str:
    """Why the facts are no workflow that can be filled in; empty when they are."""
    graph = facts.get("workflow")
    if not isinstance(graph, dict) or not graph:
        return 'Its registration has no graph: give capabilities.facts.workflow, as "Export (API)" saves it.'
    if isinstance(graph.get("nodes"), list):
        return 'Its graph is in the editor\'s format; save it again with "Export (API)".'
    if not all(text(mapping(node).get("class_type")) and isinstance(mapping(node).get("inputs"), dict)
               for node in graph.values()):  # fmt: skip
        return 'Its graph is not in API format, in which every node has "class_type" and "inputs".'
    for name in mapping(facts.get("places")):
        pairs = places_of(facts, name)
        wrong = next((f"{node}.{input_name}" for node, input_name in pairs if node not in graph or not input_name), "")
        if wrong or not pairs:
            return f"The place of {name} ({wrong or 'empty'}) is not in its graph; a place looks like 6.text."
    return ""


def lacking_places(
    request: CloudGenerationRequest, facts: Mapping[str, Any], size: tuple[int, int] | None
) -> dict[str, str]:
    """A sentence for each field of a wish that the workflow has no place for."""
    asked = _values(request, picture_names(request), request.seed or 0, size)
    if request.seed is None:
        del asked["seed"]
    if request.num_images == 1:
        del asked["n"]
    if not request.prompt.strip():
        del asked["prompt"]
    fields = {"n": "num_images", "input_image": "input_images"}
    lacking = [name for name in asked if not places_of(facts, name)]
    return {fields.get(name, name): f"The workflow has no place for {name}." for name in lacking}
