"""The recipe goes into the download and can be read back; the original stays as it came."""

import io

import pytest
from PIL import Image as PillowImage
from PIL.PngImagePlugin import PngInfo

from cloudhub.generations import storage
from cloudhub.generations.images import upload_image
from cloudhub.generations.models import Image
from cloudhub.generations.recipe import read_recipe, recipe_of, with_recipe
from tests.conftest import Cast
from tests.generations.stage import carry_out, png

PROMPT = "ein roter Fuchs, 狐, “quoted” \n second line"


@pytest.fixture
def image(any_cast: Cast) -> Image:
    generation = carry_out(any_cast.bob, prompt=PROMPT, seed=42, negative_prompt="rain", aspect_ratio="3:2")
    return Image.objects.select_related("generation__model").get(generation=generation)


def pixels(data: bytes) -> bytes:
    with PillowImage.open(io.BytesIO(data)) as opened:
        return opened.tobytes()


def test_the_recipe_says_what_was_asked_of_whom_at_what_cost(image: Image) -> None:
    recipe = recipe_of(image)
    assert recipe["prompt"] == PROMPT
    assert (recipe["model"], recipe["provider"], recipe["seed"]) == ("practice-1", "practice", 42)
    assert recipe["parameters"]["aspect_ratio"] == "3:2"
    assert (recipe["cost"], recipe["currency"]) == ("0.010000", "XTS")
    assert recipe["generation"] == str(image.generation_id)


def test_a_download_carries_it_and_gives_it_back(image: Image) -> None:
    assert read_recipe(with_recipe(image)) == recipe_of(image)


def test_the_original_is_untouched_and_the_picture_the_same(image: Image) -> None:
    original = storage.read_bytes(image.sha256)
    download = with_recipe(image)
    assert read_recipe(original) is None
    assert original == storage.read_bytes(image.sha256)
    assert len(download) > len(original)
    assert pixels(download) == pixels(original)


def test_image_browsers_find_the_line_that_they_know(image: Image) -> None:
    with PillowImage.open(io.BytesIO(with_recipe(image))) as opened:
        text = opened.info["parameters"]
    assert text.startswith(f"{PROMPT}\nNegative prompt: rain\nSeed: 42, Size: {image.width}x{image.height}, ")


def test_an_upload_has_no_recipe_and_is_given_back_as_it_came(cast: Cast) -> None:
    data = png()
    upload = upload_image(cast.bob, data)
    assert recipe_of(upload) == {}
    assert read_recipe(with_recipe(upload)) in (None, {})


def test_other_formats_are_given_back_as_they_came(cast: Cast) -> None:
    image = carry_out(cast.bob, output_format="jpeg").images.select_related("generation__model").get()
    assert image.mime_type == "image/jpeg"
    assert with_recipe(image) == storage.read_bytes(image.sha256)


@pytest.mark.parametrize("data", [b"", b"no picture", png()[:50], png()])
def test_what_carries_no_recipe_of_ours_gives_none(data: bytes) -> None:
    assert read_recipe(data) is None


@pytest.mark.parametrize("text", ["not json", "[1]", '"text"', "null", "5"])
def test_a_foreign_text_under_our_name_is_no_recipe(text: str) -> None:
    info = PillowImage.new("RGB", (4, 4))
    chunks = PngInfo()
    chunks.add_itxt("cloudhub", text)
    buffer = io.BytesIO()
    info.save(buffer, "PNG", pnginfo=chunks)
    assert read_recipe(buffer.getvalue()) is None
