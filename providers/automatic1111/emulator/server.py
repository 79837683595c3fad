"""What the emulated server has installed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Checkpoint:
    """`name` is the file's path below the models folder, `shorthash` the ten letters behind a title."""

    name: str
    shorthash: str = ""

    @property
    def title(self) -> str:
        return f"{self.name} [{self.shorthash}]" if self.shorthash else self.name

    @property
    def model_name(self) -> str:
        return self.name.rpartition(".")[0].replace("/", "_")

    @property
    def names(self) -> tuple[str, ...]:
        """What `sd_model_checkpoint` may call it."""
        return (self.name, self.title, self.model_name, self.shorthash)

    def as_json(self) -> dict[str, str | None]:
        return {
            "title": self.title, "model_name": self.model_name, "hash": self.shorthash or None, "sha256": None,
            "filename": f"/webui/models/Stable-diffusion/{self.name}", "config": None,
        }  # fmt: skip


CHECKPOINTS = (
    Checkpoint("v1-5-pruned-emaonly.safetensors", "6ce0161689"),
    Checkpoint("sd_xl_base_1.0.safetensors", "31e35c80fc"),
    Checkpoint("people/dreamshaper_8.safetensors"),
)
SAMPLERS = ("DPM++ 2M", "DPM++ SDE", "Euler a", "Euler", "DDIM", "LCM")
SCHEDULERS = {"automatic": "Automatic", "karras": "Karras", "exponential": "Exponential", "simple": "Simple"}


def find_checkpoint(name: str) -> Checkpoint | None:
    return next((checkpoint for checkpoint in CHECKPOINTS if name and name in checkpoint.names), None)
