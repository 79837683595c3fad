import io
from collections.abc import Callable

import pytest
from PIL import Image

from providers.base import CloudGenerationRequest, InputImage, Key, ModelEntry
from providers.practice.client import MODELS, Practice


@pytest.fixture
def practice() -> Practice:
    return Practice()


@pytest.fixture
def model() -> ModelEntry:
    return MODELS[0]


@pytest.fixture
def no_key() -> Key:
    return Key({})


@pytest.fixture
def wish(practice: Practice, model: ModelEntry) -> Callable[..., CloudGenerationRequest]:
    """A normalised request for a small, quick picture; every field can be given."""

    def make(**fields: object) -> CloudGenerationRequest:
        usual = {
            "prompt": "a quiet lake",
            "seed": 7,
            "resolution": "0.5K",
            "quality": "draft",
            "style": "geometry",
            "model": model.id,
        }
        fitted, _ = practice.normalise(CloudGenerationRequest(**{**usual, **fields}), model)
        return fitted

    return make


@pytest.fixture
def photo() -> Callable[..., InputImage]:
    """A reference picture of one colour, or of anything that `paint` makes of it."""

    def make(colour="#3070c0", size=(512, 512), mode="RGB", paint=None, file_format="PNG") -> InputImage:
        image = Image.new(mode, size, colour)
        if paint:
            paint(image)
        buffer = io.BytesIO()
        image.save(buffer, file_format)
        kind = f"image/{file_format.lower()}"
        return InputImage(data=buffer.getvalue(), mime_type=kind, width=size[0], height=size[1])

    return make


@pytest.fixture
def mask(photo) -> Callable[..., InputImage]:
    """A mask whose box (left, top, right, bottom) is white."""

    def make(box, size=(512, 512)) -> InputImage:
        return photo("#000000", size=size, paint=lambda image: image.paste("#ffffff", box))

    return make
