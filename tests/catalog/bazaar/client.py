"""The bazaar sells whatever is asked for by an id of its own kind, and keeps one stall for good."""

from providers.base import Capabilities, Key, ModelEntry, Rejected
from tests.generations.errand.client import Errand

STALL = ModelEntry(id="stall-1", name="Stall", aliases=("stall",))


class Bazaar(Errand):
    """`asked` holds what `describe` was asked for, with the key's secret and the address."""

    id = "bazaar"
    label = "Bazaar"
    key_variables = ("BAZAAR_KEY",)
    open_catalogue = True
    takes_address = True
    models = (STALL,)

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, str, str]] = []

    def describe(self, model_id: str, key: Key, *, address: str = "") -> ModelEntry:
        self.asked.append((model_id, key.secret, address))
        if model_id == "mistake":
            raise ZeroDivisionError("a mistake in the adapter")
        if not model_id.startswith("maker/"):
            raise Rejected("capability", f"Bazaar has no image model {model_id!r}.", remedy="Look at its shelves.")
        abilities = Capabilities(images_per_call=2, negative_prompt=True)
        return ModelEntry(id=model_id, name=f"Made by {model_id}", capabilities=abilities, address=address)
