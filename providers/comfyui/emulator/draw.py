"""Follow a checked graph from its outputs back to its latents, and draw what it says."""

import io
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageOps

from providers.comfyui.emulator.nodes import NODES
from providers.emulation.drawing import draw_picture

MOST_PIXELS = 2048 * 2048 * 4


class OutOfMemory(Exception):
    """The latents of a sampler do not fit into the graphics memory."""

    def __init__(self, node: str) -> None:
        self.node = node
        super().__init__(node)

    def as_message(self, prompt_id: str) -> dict[str, Any]:
        return {
            "prompt_id": prompt_id, "node_id": self.node, "node_type": "KSampler", "executed": [],
            "exception_message": "Allocation on device 0 would exceed allowed memory. (out of memory)",
            "exception_type": "torch.OutOfMemoryError", "traceback": [], "current_inputs": {}, "current_outputs": [],
        }  # fmt: skip


@dataclass(frozen=True)
class Drawn:
    """What one output node has: its pictures, the prefix of their names, and the folder they go to."""

    node: str
    prefix: str
    type: str
    pictures: list[bytes]


@dataclass
class _Latents:
    size: tuple[int, int]
    count: int = 1
    picture: Image.Image | None = None
    mask: Image.Image | None = None
    words: str = ""
    seed: int = 0


def open_picture(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def draw_graph(graph: dict[str, Any], uploads: dict[str, Image.Image], mark: str) -> list[Drawn]:
    """The pictures of every output node. Raises `OutOfMemory`."""
    drawn = []
    for name, node in graph.items():
        if not NODES[node["class_type"]].is_output:
            continue
        is_saved = node["class_type"] == "SaveImage"
        prefix = node["inputs"]["filename_prefix"] if is_saved else f"ComfyUI_temp_{mark[:5]}"
        pictures = _Painter(graph, uploads, f"{mark} {name}").images(node["inputs"]["images"])
        drawn.append(Drawn(name, prefix, "output" if is_saved else "temp", [_png(picture) for picture in pictures]))
    return drawn


class _Painter:
    def __init__(self, graph: dict[str, Any], uploads: dict[str, Image.Image], mark: str) -> None:
        self._graph, self._uploads, self._mark = graph, uploads, mark

    def images(self, link: list[Any]) -> list[Image.Image]:
        kind, inputs = self._node(link)
        if kind == "LoadImage":
            return [self._uploads[inputs["image"]]]
        if kind == "ImageScale":
            size = inputs["width"], inputs["height"]
            fit = ImageOps.fit if inputs["crop"] == "center" else Image.Image.resize
            return [fit(picture, size) for picture in self.images(inputs["image"])]
        latents = self._latents(inputs["samples"])
        return [self._picture(latents, place) for place in range(latents.count)]

    def _latents(self, link: list[Any]) -> _Latents:
        kind, inputs = self._node(link)
        if kind == "EmptyLatentImage":
            return _Latents((inputs["width"] // 8 * 8, inputs["height"] // 8 * 8), inputs["batch_size"])
        if kind == "VAEEncode":
            picture = self.images(inputs["pixels"])[0]
            return _Latents((picture.width // 8 * 8, picture.height // 8 * 8), picture=picture)
        if kind == "KSampler":
            latents = self._latents(inputs["latent_image"])
            if latents.size[0] * latents.size[1] * latents.count > MOST_PIXELS:
                raise OutOfMemory(link[0])
            latents.words = f"{self._words(inputs['positive'])} {self._checkpoint(inputs['model'])}"
            latents.seed = inputs["seed"]
            return latents
        latents = self._latents(inputs["samples"])
        if kind == "RepeatLatentBatch":
            latents.count *= inputs["amount"]
        if kind == "SetLatentNoiseMask":
            _, mask = self._node(inputs["mask"])
            channel = {"red": 0, "green": 1, "blue": 2}[mask["channel"]]
            latents.mask = self.images(mask["image"])[0].getchannel(channel)
        return latents

    def _picture(self, latents: _Latents, place: int) -> Image.Image:
        """A new picture; behind a mask only where the mask is white."""
        mark = f"{latents.seed} {place} {self._mark}"
        references = [latents.picture] if latents.picture and not latents.mask else []
        drawn = open_picture(draw_picture(latents.words, mark, latents.size, "image/png", references))
        if latents.mask is None or latents.picture is None:
            return drawn
        return Image.composite(drawn, latents.picture.resize(latents.size), latents.mask.resize(latents.size))

    def _words(self, link: list[Any]) -> str:
        return str(self._node(link)[1]["text"])

    def _checkpoint(self, link: list[Any]) -> str:
        return str(self._node(link)[1]["ckpt_name"])

    def _node(self, link: list[Any]) -> tuple[str, dict[str, Any]]:
        node = self._graph[link[0]]
        return node["class_type"], node["inputs"]


def _png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=1)
    return file.getvalue()
