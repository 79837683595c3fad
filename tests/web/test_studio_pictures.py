"""Reference pictures, masks, sizes and bounds in the Studio's form: only what the model has, and told in words."""

import io
from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image as PillowImage

from cloudhub.catalog.models import CloudModel
from cloudhub.catalog.register import register_model
from cloudhub.generations.engine import engine
from cloudhub.generations.models import Generation, Image
from cloudhub.web.picture_words import reference_words, size_words
from cloudhub.web.stand_in import stand_ins
from providers.base import Capabilities, CloudGenerationRequest, FreeSize, InputLimits, ModelEntry
from providers.normalise import normalise
from tests.web.conftest import HTMX

Make = Callable[..., Generation]
WISH = {"model": "practice-1", "prompt": "a lighthouse"}


@pytest.fixture
def bench(cast: object, workbench: None) -> None:
    for name in ("free-1", "paint-1", "upscale-1"):
        register_model(provider="workbench", cloud_model_id=name, price_per_image="0.01")


def fields(client: Client, model: str, **values: str) -> str:
    answer = client.post("/studio/fields", {**WISH, "model": model, **values}, headers=HTMX)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def price(client: Client, **wish: object) -> str:
    return " ".join(client.post("/studio/price", {**WISH, **wish}, headers=HTMX).content.decode().split())


def picture(size: tuple[int, int] = (300, 200), kind: str = "PNG") -> SimpleUploadedFile:
    buffer = io.BytesIO()
    PillowImage.new("RGB", size, "teal").save(buffer, kind)
    return SimpleUploadedFile(f"p.{kind.lower()}", buffer.getvalue(), f"image/{kind.lower()}")


def keep(client: Client, upload: SimpleUploadedFile, address: str = "references", name: str = "reference") -> str:
    """The id under which the page keeps a file."""
    answer = client.post(f"/studio/{address}", {name: upload}, headers=HTMX)
    assert answer.status_code == 200, answer.content
    return answer.content.decode().split('value="')[1].split('"')[0]


@pytest.mark.usefixtures("bench")
def test_a_free_size_has_fields_with_its_rules_in_words(alices: Client) -> None:
    text = fields(alices, "free-1")
    words = "Any size: sides from 512 to 2,048 pixels in steps of 64, at most 3,145,728 pixels in all, at most 3:1."
    assert words in text
    assert 'id="width" name="width" type="number" inputmode="numeric" min="512" max="2048" step="64"' in text
    assert 'name="size" value="own"' in text


@pytest.mark.usefixtures("bench")
def test_a_free_size_is_asked_as_it_stands_or_fitted_with_a_note(alices: Client) -> None:
    exact = price(alices, model="free-1", size="own", width="1024", height="640")
    assert 'aria-label="1024 by 640 pixels"' in exact
    assert "cannot draw" not in exact
    fitted = price(alices, model="free-1", size="own", width="1000", height="700")
    assert "Free-1 cannot draw 1000×700 exactly; it is asked for 1024×704." in fitted


@pytest.mark.usefixtures("bench")
def test_a_model_that_works_on_pictures_asks_for_one_first(alices: Client) -> None:
    text = fields(alices, "paint-1")
    assert "Picture to work on" in text
    assert "needed, up to 2, chosen, dropped or pasted" in text
    assert "PNG, 64 to 1,024 pixels on each side, at most 1 MB each." in text
    assert 'accept="image/png"' in text
    assert 'name="size"' not in text, "it has no choice of size"
    assert "<strong>Reference pictures:</strong> Paint-1 works on a picture; add one." in price(alices, model="paint-1")


@pytest.mark.usefixtures("bench")
@pytest.mark.parametrize(
    ("model", "rule", "words"),
    [("practice-1", "required", ""), ("paint-1", "optional", "Paint-1 may do without a prompt beside a picture."),
     ("upscale-1", "not_sent", "Upscale-1 takes no prompt; one that stands here is kept and not sent.")],
)  # fmt: skip
def test_what_a_model_wants_with_the_prompt_comes_with_its_fields(
    alices: Client, model: str, rule: str, words: str
) -> None:
    text = fields(alices, model)
    assert f'id="prompt-rule" class="hint" data-prompt="{rule}"' in text
    assert f'hx-swap-oob="true">{words}</p>' in text


@pytest.mark.usefixtures("bench")
def test_without_a_prompt_the_button_opens_where_the_model_takes_none(alices: Client) -> None:
    image = keep(alices, picture())
    text = price(alices, model="upscale-1", prompt="", input_images=image)
    assert "1 image · $0.01" in text
    assert "disabled" not in text
    assert "takes no prompt" not in text
    alices.post("/studio/generations", {"model": "upscale-1", "prompt": "", "input_images": image})
    engine.run_once()
    generation = Generation.objects.get()
    assert (generation.state, generation.request["input_images"]) == ("succeeded", [image])
    assert (generation.images.get().width, generation.images.get().height) == (300, 200)
    assert "Without a prompt" in alices.get("/").content.decode()
    assert alices.get(f"/?recall={generation.id}").context["offer"].is_open


@pytest.mark.usefixtures("bench")
@pytest.mark.parametrize(
    ("upload", "words"),
    [(picture(kind="JPEG"), "takes PNG; this is JPEG"), (picture((32, 99)), "at least 64 pixels on each side"),
     (picture((1500, 99)), "at most 1,024 pixels on a side")],
    ids=["type", "small", "large"],
)  # fmt: skip
def test_a_picture_beyond_the_limits_is_told_before_anything_is_spent(
    alices: Client, upload: SimpleUploadedFile, words: str
) -> None:
    upload.seek(0)
    assert words in price(alices, model="paint-1", input_images=keep(alices, upload))


@pytest.mark.usefixtures("cast")
def test_a_mask_is_kept_shown_and_sent_by_its_id(alices: Client) -> None:
    image, mask = keep(alices, picture()), keep(alices, picture(), "mask", "mask_file")
    assert "disabled" not in price(alices, input_images=image, mask=mask)
    alices.post("/studio/generations", {**WISH, "input_images": image, "mask": mask})
    assert Generation.objects.get().request["mask"] == mask
    text = fields(alices, "practice-1", input_images=image, mask=mask)
    assert f'name="mask" value="{mask}" checked' in text


@pytest.mark.usefixtures("cast")
def test_a_mask_of_another_shape_is_told_before_anything_is_spent(alices: Client) -> None:
    image, mask = keep(alices, picture()), keep(alices, picture((200, 200)), "mask", "mask_file")
    assert "give both the same shape" in price(alices, input_images=image, mask=mask)


def test_a_mask_that_is_no_picture_is_refused(alices: Client) -> None:
    answer = alices.post("/studio/mask", {"mask_file": SimpleUploadedFile("m.png", b"nothing")}, headers=HTMX)
    assert answer.status_code == 422
    assert "Mask" in answer.content.decode() or "mask" in answer.content.decode()
    assert not Image.objects.exists()


def test_no_mask_file_changes_nothing(alices: Client) -> None:
    assert alices.post("/studio/mask", headers=HTMX).status_code == 204


@pytest.mark.usefixtures("cast")
def test_without_javascript_a_mask_travels_with_the_form(alices: Client) -> None:
    alices.post("/studio/generations", {**WISH, "reference": picture(), "mask_file": picture()})
    request = Generation.objects.get().request
    assert set(request) >= {"input_images", "mask"}


@pytest.mark.usefixtures("cast")
def test_an_options_bounds_stand_at_its_field(alices: Client) -> None:
    text = fields(alices, "practice-1")
    assert 'name="options.partial_images" type="number" inputmode="decimal" min="0" max="3" step="1"' in text
    assert "They cost nothing. From 0 to 3." in text
    assert 'min=""' not in text


def test_a_picture_can_be_worked_on(alices: Client, made: Make, charlies: Client) -> None:
    image = made().images.get()
    assert f'href="/?picture={image.id}"' in alices.get(f"/gallery/{image.id}/").content.decode()
    page = alices.get(f"/?picture={image.id}")
    assert page.context["model"].key == "practice-1"
    assert f'name="input_images" value="{image.id}" checked' in page.content.decode()
    assert charlies.get(f"/?picture={image.id}").status_code == 404


@pytest.mark.usefixtures("bench")
def test_working_on_a_picture_chooses_a_model_that_takes_one(alices: Client, png: bytes) -> None:
    image = keep(alices, picture())
    CloudModel.objects.filter(key__in=["practice-1", "upscale-1"]).update(enabled=False)
    assert alices.get(f"/?picture={image}").context["model"].key == "paint-1"
    CloudModel.objects.filter(key="paint-1").update(enabled=False)
    page = alices.get(f"/?picture={image}")
    assert page.context["model"].key == "free-1"
    assert "No model that is registered here takes pictures." in page.content.decode()


@pytest.mark.usefixtures("bench")
def test_a_free_size_keeps_its_place_free_on_the_card(alices: Client) -> None:
    wish = {"model": "free-1", "prompt": "x", "size": "own", "width": "1024", "height": "640"}
    assert 'viewBox="0 0 1024 640"' in alices.post("/studio/generations", wish, headers=HTMX).content.decode()
    engine.run_once()
    image = Generation.objects.get().images.get()
    assert (image.width, image.height) == (1024, 640)


@pytest.mark.usefixtures("bench")
def test_the_price_moves_no_rectangle_where_there_is_none(alices: Client) -> None:
    image = keep(alices, picture())
    assert 'id="frame"' not in price(alices, model="paint-1", input_images=image)
    assert 'id="frame"' in price(alices, model="free-1")


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (InputLimits(), "PNG, JPEG or WebP."),
        (InputLimits(formats=("image/png", "image/jpeg"), least_side=64, most_pixels=9_437_184),
         "PNG or JPEG, at least 64 pixels on each side, at most 9,437,184 pixels in all."),
        (InputLimits(most_bytes=10 * 2**20, most_bytes_together=15_728_640, least_pixels=4096),
         "PNG, JPEG or WebP, at least 4,096 pixels in all, at most 10 MB each, at most 15 MB together."),
    ],
)  # fmt: skip
def test_limits_read_as_a_sentence(limits: InputLimits, words: str) -> None:
    assert reference_words(Capabilities(most_input_images=4, input_limits=limits)) == words


def test_rules_of_a_size_read_as_a_sentence() -> None:
    assert size_words(FreeSize(step=1, least_side=64, most_side=1024, most_pixels=1024**2)) == (
        "Any size: sides from 64 to 1,024 pixels."
    )
    rules = FreeSize(step=16, least_side=480, most_side=3840, least_pixels=655_360, most_pixels=8_294_400, widest=3,
                     default=(1024, 1024))  # fmt: skip
    assert size_words(rules) == (
        "Any size: sides from 480 to 3,840 pixels in steps of 16, at least 655,360 pixels in all, at most 8,294,400 "
        "pixels in all, at most 3:1, 1024 × 1024 when nothing is asked."
    )


@pytest.mark.usefixtures("bench")
def test_the_picker_prices_also_models_that_need_a_picture(alices: Client) -> None:
    prices = {choice["model"].key: choice["price"] for choice in alices.get("/").context["models"]}
    assert prices["paint-1"] == prices["upscale-1"] == "$0.01"
    assert not Image.objects.exists()


@pytest.mark.parametrize(
    ("limits", "side"),
    [(InputLimits(), 1024), (InputLimits(most_side=512), 512), (InputLimits(least_side=2000), 2000),
     (InputLimits(least_pixels=4096 * 512), 1449), (InputLimits(most_pixels=500 * 500 + 3), 500)],
)  # fmt: skip
def test_a_stand_in_lies_within_the_limits(limits: InputLimits, side: int) -> None:
    able = Capabilities(modes=("inpaint",), most_input_images=1, input_limits=limits)
    pictures = stand_ins(able)
    assert (pictures["input_images"][0].width, pictures["mask"].height) == (side, side)
    entry = ModelEntry(id="x", name="X", capabilities=able)
    normalise(CloudGenerationRequest(prompt="x", **pictures), entry)
