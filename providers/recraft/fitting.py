"""What Recraft wants of a wish beyond the common checks: refused by name, or fitted with a note. Pure."""

from dataclasses import replace
from typing import Any

from providers.base import CloudGenerationRequest, InvalidField, ModelEntry

# Half way between the picture as it is (0) and a picture that hardly resembles it (1).
USUAL_STRENGTH = 0.5


def fitted(request: CloudGenerationRequest, model: ModelEntry) -> tuple[CloudGenerationRequest, list[str]]:
    """The wish as the call takes it, and a note for each thing that differs. Raises `InvalidField`."""
    if request.strength is not None and not request.input_images:
        raise InvalidField({"strength": "A strength says how far to leave a picture; add one."})
    if not request.input_images:
        return request, []
    changes: dict[str, Any] = {}
    notes: list[str] = []
    if request.aspect_ratio:
        changes["aspect_ratio"] = None
        notes.append(f"{model.name} keeps the shape of the picture: the ratio {request.aspect_ratio} is not sent.")
    if request.mask is not None and request.strength is not None:
        changes["strength"] = None
        notes.append(f"{model.name} takes no strength beside a mask: {request.strength:g} is not sent.")
    if request.mask is None and request.strength is None and model.capabilities.strength:
        changes["strength"] = USUAL_STRENGTH
        notes.append(
            f"{model.name} needs a strength beside a picture: {USUAL_STRENGTH} is sent "
            "(0 keeps the picture, 1 hardly resembles it)."
        )
    return replace(request, **changes), notes
