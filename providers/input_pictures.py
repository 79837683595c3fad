"""Check the pictures that go with a wish before anything is spent: how many, how large, which types, and the mask."""

from providers.models import Capabilities, InputLimits, ModelEntry
from providers.request import CloudGenerationRequest, InputImage

# Pixels by which the width of a mask may differ from its picture's once both have the same height.
SHAPE_TOLERANCE = 2


def input_problems(request: CloudGenerationRequest, model: ModelEntry) -> dict[str, str]:
    """A sentence for each field of `request` whose pictures the model does not take. Pure."""
    able = model.capabilities
    problems: dict[str, str] = {}
    if not request.input_images and "text-to-image" not in able.modes:
        problems["input_images"] = f"{model.name} works on a picture; add one."
    elif request.input_images and able.most_input_images == 0:
        problems["input_images"] = f"{model.name} does not have input images."
    elif len(request.input_images) > able.most_input_images:
        problems["input_images"] = f"{model.name} takes at most {able.most_input_images} reference pictures."
    else:
        problems |= _limit_problems(request.input_images, able.input_limits, model.name)
    return problems | _mask_problems(request, able, model.name)


def _limit_problems(images: tuple[InputImage, ...], limits: InputLimits, name: str) -> dict[str, str]:
    problems = {}
    for index, image in enumerate(images):
        wrong = _too_much(image, limits, name)
        if wrong:
            problems[f"input_images[{index}]"] = wrong
    together = sum(len(image.data) for image in images)
    if together > limits.most_bytes_together:
        most = f"at most {limits.most_bytes_together:,} can be sent"
        problems["input_images"] = f"The reference pictures have {together:,} bytes together; {most}."
    return problems


def _too_much(image: InputImage, limits: InputLimits, name: str) -> str:
    """Why the model does not take this picture, empty when it does."""
    pixels = image.width * image.height
    size = f"{image.width}×{image.height}"
    if image.mime_type not in limits.formats:
        kinds = ", ".join(kind.removeprefix("image/").upper() for kind in limits.formats)
        return f"{name} takes {kinds}; this is {image.mime_type.removeprefix('image/').upper()}."
    if min(image.width, image.height) < limits.least_side:
        return f"{name} wants at least {limits.least_side} pixels on each side; this has {size}."
    if max(image.width, image.height) > limits.most_side:
        return f"{name} takes at most {limits.most_side:,} pixels on a side; this has {size}."
    if pixels < limits.least_pixels:
        return f"{name} wants at least {limits.least_pixels:,} pixels; this has {pixels:,}."
    if pixels > limits.most_pixels:
        return f"{name} takes at most {limits.most_pixels:,} pixels; this has {pixels:,}."
    if len(image.data) > limits.most_bytes:
        return f"{name} takes files of at most {limits.most_bytes:,} bytes; this has {len(image.data):,}."
    return ""


def _mask_problems(request: CloudGenerationRequest, able: Capabilities, name: str) -> dict[str, str]:
    mask = request.mask
    if mask is None:
        needs_mask = "inpaint" in able.modes and "image-to-image" not in able.modes and not able.mask_optional
        wanted = needs_mask and bool(request.input_images)
        return {"mask": f"{name} wants a mask: white is what shall change."} if wanted else {}
    if "inpaint" not in able.modes:
        return {"mask": f"{name} does not have a mask."}
    if not request.input_images:
        return {"mask": "A mask needs the picture it belongs to; add it to input_images."}
    first = request.input_images[0]
    # Adapters scale a mask to its picture; another shape would change something else than was painted.
    if abs(mask.width * first.height - mask.height * first.width) > SHAPE_TOLERANCE * mask.height:
        return {
            "mask": f"The mask has {mask.width}×{mask.height} pixels and its picture {first.width}×{first.height}; "
            "give both the same shape."
        }
    wrong = _too_much(mask, able.input_limits, name)
    return {"mask": wrong} if wrong else {}
