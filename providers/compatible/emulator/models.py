"""Five models, each with the habits of one kind of server, from the servers' documents as read on 2026-11-22."""

from dataclasses import dataclass

PLAIN = frozenset({"model", "prompt", "n", "size"})


@dataclass(frozen=True, kw_only=True)
class ServedModel:
    """`forms` are the values of response_format that the server takes, the first when it is left out; none when it
    refuses the field. `fields` are what it takes beyond the plain ones, `micro` micro-dollars a picture."""

    id: str
    kind: str
    forms: tuple[str, ...] = ("b64_json",)
    fields: frozenset[str] = frozenset()
    most_at_once: int = 10
    edits: bool = False
    micro: int = 0
    refuses_form: bool = False


MODELS = (
    # A paid gateway: https://docs.litellm.ai/docs/image_generation
    ServedModel(id="gateway/flux", kind="gateway", forms=("url", "b64_json"), fields=frozenset({"quality", "user"}),
                most_at_once=4, edits=True, micro=20_000),
    # https://github.com/mudler/LocalAI: an address on the server itself unless base64 is asked.
    ServedModel(id="stablediffusion", kind="localai", forms=("url", "b64_json"),
                fields=frozenset({"seed", "negative_prompt", "step", "mode"})),
    # https://github.com/leejet/stable-diffusion.cpp: base64 always.
    ServedModel(id="sd-cpp-local", kind="sd.cpp", edits=True,
                fields=frozenset({"output_format", "output_compression", "response_format"})),
    # https://github.com/vllm-project/vllm-omni 0.30: no addresses.
    ServedModel(id="qwen-image", kind="vllm-omni", edits=True,
                fields=frozenset({"seed", "negative_prompt", "num_inference_steps", "guidance_scale", "true_cfg_scale",
                                  "strength", "output_format"})),
    # The habit of OpenAI's own newer models, which strict servers copy: response_format is an unknown field.
    ServedModel(id="strict-image", kind="strict", refuses_form=True, fields=frozenset({"seed", "quality"})),
)  # fmt: skip


def find_model(name: str) -> ServedModel | None:
    return next((model for model in MODELS if model.id == name), None)
