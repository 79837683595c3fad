"""Working on pictures in a real Chromium: painting a mask by mouse and by keyboard, and models that need a picture."""

import io
from collections.abc import Iterator

import pytest
from PIL import Image as PillowImage
from PIL import ImageChops
from playwright.sync_api import Page, expect

from cloudhub.catalog.register import register_model
from cloudhub.generations import storage
from cloudhub.generations.models import Generation, Image
from tests.conftest import RunningHub
from tests.generations.stage import png
from tests.web.browsing import Faults, NewContext, make_quick, studio
from tests.web.test_browser_pages import AXE, RUN_AXE

pytestmark = pytest.mark.browser


@pytest.fixture
def faults() -> Iterator[Faults]:
    found = Faults()
    yield found
    assert found == []


def with_reference(page: Page, size: tuple[int, int] = (600, 400)) -> None:
    file = {"name": "r.png", "mimeType": "image/png", "buffer": png("#00ff00", size)}
    page.set_input_files("#reference", file)
    expect(page.locator("#references img")).to_have_count(1)


def stored(image_id: object) -> PillowImage.Image:
    return PillowImage.open(io.BytesIO(storage.read_bytes(Image.objects.get(id=image_id).sha256)))


def test_a_painted_mask_changes_the_picture_there_alone(
    hub_server: RunningHub, new_context: NewContext, faults: Faults
) -> None:
    page = studio(hub_server, new_context(), faults)
    make_quick(page)
    with_reference(page)
    page.click("#paint-mask")
    expect(page.locator("#mask-painter")).to_be_visible()
    expect(page.locator("#mask-done")).to_be_disabled()
    page.evaluate(AXE)
    assert page.evaluate(RUN_AXE) == []
    box = page.locator("#mask-canvas").bounding_box()
    assert box
    for share in (0.3, 0.7):
        page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * share)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * share, steps=4)
        page.mouse.up()
    page.click("#mask-undo")
    page.click("#mask-done")
    expect(page.locator("#mask-painter")).to_be_hidden()
    expect(page.locator("#mask-kept img")).to_be_visible()
    assert page.input_value("#mask_file") == ""
    page.select_option("#resolution", "0.5K")
    page.fill("#prompt", "a fox")
    page.click("#generate")
    expect(page.locator("#results .card").first.locator(".card-state")).to_contain_text("Done", timeout=15_000)
    generation = Generation.objects.get()
    mask = stored(generation.request["mask"])
    assert mask.size == (600, 400)
    left, top, right, bottom = mask.convert("L").getbbox() or (0, 0, 0, 0)
    assert (140 < left < 180, 300 < right < 340, 80 < top < 120, 120 < bottom < 160) == (True,) * 4
    result = stored(generation.images.get().id).convert("RGB")
    changed = ImageChops.difference(result, PillowImage.new("RGB", result.size, "#00ff00")).getbbox()
    assert changed
    assert changed[3] < result.height / 2


def test_a_mask_is_painted_with_the_keyboard(hub_server: RunningHub, new_context: NewContext, faults: Faults) -> None:
    page = studio(hub_server, new_context(), faults)
    with_reference(page, (400, 400))
    page.focus("#paint-mask")
    page.keyboard.press("Enter")
    expect(page.locator("#mask-painter")).to_be_visible()
    page.focus("#mask-canvas")
    page.keyboard.press("Space")
    for _ in range(4):
        page.keyboard.press("Shift+ArrowRight")
    page.focus("#mask-done")
    page.keyboard.press("Enter")
    expect(page.locator("#mask-kept img")).to_be_visible()
    kept = page.locator("#mask-kept input").input_value()
    left, _, right, _ = stored(kept).convert("L").getbbox() or (0, 0, 0, 0)
    assert left < 200 < 260 < right
    page.keyboard.press("Escape")


def test_a_mask_can_be_chosen_instead_and_taken_away(
    hub_server: RunningHub, new_context: NewContext, faults: Faults
) -> None:
    page = studio(hub_server, new_context(), faults)
    with_reference(page)
    mask = {"name": "m.png", "mimeType": "image/png", "buffer": png("white", (300, 300))}
    page.set_input_files("#mask_file", mask)
    expect(page.locator("#field-problems")).to_contain_text("give both the same shape")
    page.uncheck("#mask-kept input")
    expect(page.locator("#field-problems")).to_have_count(0)
    expect(page.locator("#generate")).to_be_enabled()


@pytest.mark.usefixtures("workbench")
def test_a_model_that_takes_no_prompt_lets_one_go_without(
    hub_server: RunningHub, new_context: NewContext, faults: Faults
) -> None:
    register_model(provider="workbench", cloud_model_id="upscale-1", price_per_image="0.01", name="Bigger")
    page = studio(hub_server, new_context(), faults)
    page.click("#model-picker summary")
    page.get_by_text("Bigger").click()
    expect(page.locator("#prompt-rule")).to_contain_text("Bigger takes no prompt")
    expect(page.locator("#prompt")).to_have_js_property("required", False)
    expect(page.locator("#field-problems")).to_contain_text("Bigger works on a picture; add one.")
    with_reference(page)
    expect(page.locator("#generate")).to_contain_text("1 image · $0.01")
    expect(page.locator("#generate")).to_be_enabled()
    page.click("#generate")
    expect(page.locator("#results .card")).to_have_count(1)
    page.click("#model-picker summary")
    page.get_by_text("Practice 1").first.click()
    expect(page.locator("#prompt")).to_have_js_property("required", True)


@pytest.mark.usefixtures("workbench")
def test_a_free_size_is_shown_as_it_will_be_drawn(
    hub_server: RunningHub, new_context: NewContext, faults: Faults
) -> None:
    register_model(provider="workbench", cloud_model_id="free-1", price_per_image="0.01", name="Any size")
    page = studio(hub_server, new_context(), faults)
    page.click("#model-picker summary")
    page.get_by_text("Any size", exact=True).click()
    page.get_by_role("radio", name="Pixels").check()
    expect(page.locator("#size-words")).to_contain_text("in steps of 64")
    page.fill("#width", "1024")
    page.fill("#height", "640")
    expect(page.locator("#frame")).to_contain_text("1024 × 640")
