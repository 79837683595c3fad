"""ComfyUI's JSON: what a server offers, its jobs and their history. Dict in, dict out.

https://docs.comfy.org/development/comfyui-server/comms_routes, and server.py and execution.py of
https://github.com/Comfy-Org/ComfyUI.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from providers.base import Capabilities, ModelEntry, Option
from providers.comfyui.graph import OWN, USUAL, is_own
from providers.reading import items, mapping, text, texts, whole
from providers.self_hosted import ELECTRICITY, FREE_SIZE, SIZES, usual_resolution

LONGEST_REASON = 300


@dataclass(frozen=True)
class Job:
    """A prompt on a server: its id, the server's address, and where its graph has the seed.

    `lost` says why nobody knows whether the server took it, empty when it did; `sent` is in seconds since 1970; `asked`
    is the number of pictures that are booked at most.
    """

    id: str
    base: str
    seeds: tuple[str, ...] = ()
    lost: str = ""
    sent: int = 0
    asked: int = 1

    @property
    def text(self) -> str:
        """The job as the hub stores it, see `job_of_text`."""
        facts = [self.id, self.base, self.seeds[:10], self.lost[:LONGEST_REASON], self.sent, self.asked]
        return json.dumps(facts, separators=(",", ":"), ensure_ascii=False)


def job_of_text(stored: str) -> Job:
    """Raises ValueError or TypeError when it is not a job's text."""
    name, base, seeds, lost, sent, asked = json.loads(stored)
    return Job(name, base, tuple(seeds), lost, sent, asked)


def choices(node_info: Any, node: str, name: str) -> list[str]:
    """What an input of a node may be, in /object_info of old servers (a list) and of new ones (COMBO with options)."""
    described = mapping(mapping(mapping(mapping(node_info).get(node)).get("input")).get("required")).get(name)
    if not isinstance(described, list) or not described:
        return []
    if isinstance(described[0], list):
        return texts(described[0])
    return texts(mapping(described[1]).get("options")) if len(described) > 1 else []


def find_checkpoint(names: Iterable[str], wanted: str) -> str:
    """The checkpoint with that file name, with or without folder and ending when only one fits; empty without any."""
    offered = list(names)
    if wanted in offered:
        return wanted
    near = [name for name in offered if wanted in (plain_name(name), name.replace("\\", "/").rpartition("/")[2])]
    return near[0] if len(near) == 1 else ""


def plain_name(checkpoint: str) -> str:
    """A checkpoint's name without folder and ending."""
    name = checkpoint.replace("\\", "/").rpartition("/")[2]
    return name.rpartition(".")[0] or name


def checkpoint_entry(checkpoint: str, sampler_info: Any, *, address: str) -> ModelEntry:
    """A checkpoint that the built-in graph draws with."""
    samplers = choices(sampler_info, "KSampler", "sampler_name")
    schedulers = choices(sampler_info, "KSampler", "scheduler")
    return ModelEntry(
        id=checkpoint,
        name=plain_name(checkpoint),
        description=f"The checkpoint {checkpoint} on a machine of one's own. {ELECTRICITY}",
        aliases=(plain_name(checkpoint),) if plain_name(checkpoint) != checkpoint else (),
        address=address,
        capabilities=Capabilities(
            modes=("text-to-image", "image-to-image", "inpaint"), sizes=SIZES, free_size=FREE_SIZE,
            default_resolution=usual_resolution(checkpoint), prompt="optional", seed="best_effort",
            negative_prompt=True, guidance_scale=True, strength=True, most_input_images=1,
            options=(
                Option(name="steps", kind="integer", default=USUAL["steps"], minimum=1, maximum=150,
                       description="Sampling steps."),
                *_choice("sampler", samplers, "Sampling method.", USUAL["sampler_name"]),
                *_choice("scheduler", schedulers, "How the noise falls from step to step.", USUAL["scheduler"]),
            ),
        ),
    )  # fmt: skip


def _choice(name: str, offered: list[str], description: str, usual: Any) -> list[Option]:
    default = usual if usual in offered else None
    return (
        [Option(name=name, choices=tuple(dict.fromkeys(offered)), default=default, description=description)]
        if offered
        else []
    )


def workflow_entry(model_id: str, *, address: str) -> ModelEntry:
    """An own workflow before its owner's words: text to image, one picture a call."""
    name = model_id.removeprefix(OWN).strip() or "Workflow"
    return ModelEntry(
        id=model_id, name=name, address=address,
        description=f"An own workflow on a machine of one's own. {ELECTRICITY}",
        capabilities=Capabilities(prompt="optional", seed="best_effort"),
    )  # fmt: skip


def bare_entry(model_id: str) -> ModelEntry:
    """A model of the server in the environment, without having asked it."""
    return workflow_entry(model_id, address="") if is_own(model_id) else checkpoint_entry(model_id, {}, address="")


def is_waiting(queue: Any, job: Job) -> bool:
    """Whether a job waits in the queue."""
    return job.id in _ids(mapping(queue).get("queue_pending"))


def is_running(queue: Any, job: Job) -> bool:
    """Whether a job is what the server draws at the moment."""
    return job.id in _ids(mapping(queue).get("queue_running"))


def _ids(entries: Any) -> set[str]:
    """An entry of the queue is [number, prompt id, graph, …]."""
    listed = entries if isinstance(entries, list) else []
    return {entry[1] for entry in listed if isinstance(entry, list) and len(entry) > 1 and isinstance(entry[1], str)}


@dataclass(frozen=True)
class File:
    """A picture in one of the server's folders."""

    filename: str
    subfolder: str
    type: str


def files_of(history: dict[str, Any]) -> list[File]:
    """The pictures of a finished job: those that were saved, else those that were only shown."""
    found = [
        File(text(item.get("filename")), text(item.get("subfolder")), text(item.get("type")) or "output")
        for output in mapping(history.get("outputs")).values()
        for item in items(mapping(output).get("images"))
        if text(item.get("filename"))
    ]
    saved = [file for file in found if file.type == "output"]
    return saved or found


def seed_of(history: dict[str, Any], job: Job) -> int | None:
    """The seed in the graph that the server carried out."""
    prompt = history.get("prompt")
    graph = mapping(prompt[2]) if isinstance(prompt, list) and len(prompt) > 2 else {}
    for place in job.seeds:
        node, _, name = place.partition(".")
        seed = whole(mapping(mapping(graph.get(node)).get("inputs")).get(name))
        if seed is not None:
            return seed
    return None


def messages_of(history: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The events of a job's status, by name; of several with one name the last."""
    listed = mapping(history.get("status")).get("messages")
    pairs = [pair for pair in listed if isinstance(pair, list) and len(pair) == 2] if isinstance(listed, list) else []
    return {name: mapping(data) for name, data in pairs if isinstance(name, str)}


def has_failed(history: dict[str, Any]) -> bool:
    return mapping(history.get("status")).get("status_str") == "error"
