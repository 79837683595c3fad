"""What each emulated model takes and costs, from Together's pages and not from our catalogue.

https://docs.together.ai/docs/serverless/models (prices of May 2026; what one by the image begins with stands for all),
https://docs.together.ai/docs/inference/images/parameters, …/images/reference-images, and the references/images of
https://github.com/togethercomputer/skills (October 2026).
"""

from dataclasses import dataclass
from typing import Any

COMMON = frozenset({
    "model", "prompt", "width", "height", "n", "seed", "response_format", "output_format", "disable_safety_checker",
    "image_loras",
})  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ServedModel:
    """`micro` are micro-dollars a megapixel, or a picture with `by_picture`; more than `usual_steps` cost more.

    `fields` are what it takes beyond `COMMON`, `most_steps` the most that it draws in. `smallest_step` is the grid of
    its sides.
    """

    id: str
    name: str
    micro: int
    by_picture: str = ""
    usual_steps: int = 0
    most_steps: int = 50
    most_references: int = 8
    most_side: int = 1920
    smallest_step: int = 8
    fields: frozenset[str] = frozenset()

    def as_listed(self) -> dict[str, Any]:
        """Its line of GET /v1/models."""
        flat = {"hourly": 0, "input": 0, "output": 0, "base": 0, "finetune": 0}
        price: dict[str, Any] = {"price_per_megapixel": self.micro / 1_000_000, "min_steps": self.usual_steps}
        pricing = {**flat, "image_pixel": price}
        if self.by_picture:
            example = {"example_price": self.micro / 1_000_000, "example_description": self.by_picture}
            pricing = {**flat, "image": example}
        return {"id": self.id, "object": "model", "created": 0, "type": "image", "running": False,
                "display_name": self.name, "organization": self.id.partition("/")[0], "pricing": pricing}  # fmt: skip


_REFERENCES = frozenset({"reference_images"})
_KONTEXT = frozenset({"image_url", "aspect_ratio", "steps"})
_ADJUSTABLE = _REFERENCES | {"steps", "guidance_scale"}

MODELS = (
    ServedModel(id="black-forest-labs/FLUX.2-max", name="FLUX.2 [max]", micro=70_000, smallest_step=16,
                fields=_REFERENCES),
    ServedModel(id="black-forest-labs/FLUX.2-pro", name="FLUX.2 [pro]", micro=30_000, by_picture="lowest resolution",
                smallest_step=16, fields=_REFERENCES | {"image_url", "prompt_upsampling"}),
    ServedModel(id="black-forest-labs/FLUX.2-flex", name="FLUX.2 [flex]", micro=60_000, by_picture="lowest resolution",
                smallest_step=16, fields=_ADJUSTABLE | {"image_url"}),
    ServedModel(id="black-forest-labs/FLUX.2-dev", name="FLUX.2 [dev]", micro=15_400, by_picture="lowest resolution",
                smallest_step=16, most_references=6, fields=_ADJUSTABLE),
    ServedModel(id="black-forest-labs/FLUX.1.1-pro", name="FLUX1.1 [pro]", micro=40_000, most_side=1440,
                smallest_step=32, fields=frozenset({"negative_prompt"})),
    ServedModel(id="black-forest-labs/FLUX.1-kontext-pro", name="FLUX.1 Kontext [pro]", micro=40_000, usual_steps=28,
                fields=_KONTEXT),
    ServedModel(id="black-forest-labs/FLUX.1-kontext-max", name="FLUX.1 Kontext [max]", micro=80_000, usual_steps=28,
                fields=_KONTEXT),
    ServedModel(id="Rundiffusion/Juggernaut-Lightning-Flux", name="Juggernaut Lightning Flux", micro=1_700,
                by_picture="1 megapixel"),
    # Served here on, so that what was recorded with it can be played; Together took it away.
    ServedModel(id="black-forest-labs/FLUX.1-schnell", name="FLUX.1 [schnell]", micro=2_700, usual_steps=4,
                most_steps=4, fields=frozenset({"steps", "negative_prompt"})),
    ServedModel(id="Qwen/Qwen-Image", name="Qwen Image", micro=5_800, usual_steps=20,
                fields=frozenset({"steps", "negative_prompt", "guidance_scale"})),
    ServedModel(id="google/flash-image-3.1", name="Nano Banana 2", micro=50_000, by_picture="2K", most_side=4096,
                fields=_REFERENCES),
)  # fmt: skip

# A model of another kind, which the list holds beside them.
CHAT = {
    "id": "openai/gpt-oss-20b",
    "object": "model",
    "created": 0,
    "type": "chat",
    "display_name": "GPT-OSS 20B",
    "organization": "OpenAI",
    "pricing": {"hourly": 0, "input": 0.05, "output": 0.2, "base": 0, "finetune": 0},
}


def find_model(name: object) -> ServedModel | None:
    return next((model for model in MODELS if model.id == name), None)
