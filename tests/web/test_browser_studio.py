"""The Studio in a real Chromium."""

import io
import re
from collections.abc import Iterator

import pytest
from PIL import Image as PillowImage
from playwright.sync_api import expect

from cloudhub.billing.budgets import create_budget
from cloudhub.generations.models import Generation
from tests.conftest import RunningHub
from tests.web.browsing import Faults, NewContext, make_quick, studio

pytestmark = pytest.mark.browser


@pytest.fixture
def faults() -> Iterator[Faults]:
    found = Faults()
    yield found
    assert found == []


def test_a_picture_appears_without_a_reload(hub_server: RunningHub, new_context: NewContext, faults: Faults) -> None:
    page = studio(hub_server, new_context(), faults)
    page.evaluate("window.stayed = true")
    make_quick(page)
    page.fill("#prompt", "a lighthouse at dusk")
    page.fill("#num_images", "2")
    page.click("#generate")
    card = page.locator("#results > .card").first
    expect(card.locator("img")).to_have_count(2)
    expect(card.locator(".card-state")).to_contain_text("Done")
    expect(card.locator(".card-money")).to_contain_text("0.02 XTS")
    expect(page.locator("#announcer")).to_contain_text("Done: 2 of 2 images")
    expect(card.locator("img").first).to_have_js_property("naturalWidth", 640)
    assert page.evaluate("window.stayed") is True


def test_the_price_on_the_button_follows_the_form(
    hub_server: RunningHub, new_context: NewContext, faults: Faults
) -> None:
    fields = {"name": "Day", "scope": "hub", "window": "day", "limit": "0.10", "currency": "XTS"}
    create_budget(hub_server.cast.alice, fields)
    page = studio(hub_server, new_context(), faults)
    button = page.locator("#generate")
    expect(button).to_contain_text("1 image · 0.01 XTS · leaves 0.09 XTS of today's 0.10 XTS")
    page.fill("#num_images", "4")
    expect(button).to_contain_text("4 images · 0.04 XTS · leaves 0.06 XTS")
    page.select_option("#resolution", "2K")
    expect(button).to_contain_text("4 images · 0.10 XTS · leaves 0.00 XTS")
    page.fill("#num_images", "5")
    expect(button).to_be_disabled()
    expect(page.locator("#reason")).to_contain_text("This needs 0.125 XTS and the budget “Day” has 0.10 XTS left.")


def test_a_price_that_comes_while_the_button_is_held_takes_no_click_away(
    hub_server: RunningHub, new_context: NewContext, faults: Faults
) -> None:
    page = studio(hub_server, new_context(), faults)
    make_quick(page)
    page.fill("#prompt", "a lighthouse")
    page.locator("#generate").hover()
    with page.expect_response("**/studio/price"):
        page.fill("#num_images", "2")
        page.mouse.down()
    page.mouse.up()
    expect(page.locator("#results .card").first).to_contain_text("a lighthouse")
    expect(page.locator("#results .card-state").first).to_contain_text("Done")
    expect(page.locator("#generate")).to_contain_text("2 images · 0.02 XTS")


def test_a_field_at_fault_is_marked_and_freed_again(
    hub_server: RunningHub, new_context: NewContext, faults: Faults
) -> None:
    page = studio(hub_server, new_context(), faults)
    page.fill("#num_images", "40")
    expect(page.locator("#num_images")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#generate")).to_be_disabled()
    page.fill("#num_images", "4")
    expect(page.locator("#num_images")).not_to_have_attribute("aria-invalid", "true")
    expect(page.locator("#generate")).to_be_enabled()


def test_the_rectangle_shows_the_real_size(hub_server: RunningHub, new_context: NewContext, faults: Faults) -> None:
    page = studio(hub_server, new_context(), faults)
    page.get_by_role("radio", name="21:9").check()
    expect(page.locator("#frame")).to_contain_text("1568 × 672")
    page.get_by_role("radio", name="Pixels").check()
    page.fill("#width", "1536")
    page.fill("#height", "1024")
    expect(page.locator("#frame")).to_contain_text("1248 × 832")
    expect(page.locator("#price .notes")).to_contain_text("1536×1024 is asked as 3:2")


def test_everything_is_done_with_the_keyboard_alone(
    hub_server: RunningHub, new_context: NewContext, faults: Faults
) -> None:
    page = studio(hub_server, new_context(), faults)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#prompt")).to_be_focused()
    page.keyboard.type("a lighthouse #refuse")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#model-picker input:checked")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#model-picker summary")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#frame")).to_contain_text("1248 × 832")
    page.keyboard.press("Tab")
    expect(page.locator("#num_images")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.locator("#generate")).to_contain_text("2 images")
    page.focus("#prompt")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#results .card").first).to_contain_text("Refused")
    expect(page.locator("#prompt")).to_be_focused()


def test_earlier_prompts_come_back_by_arrow_keys(
    hub_server: RunningHub, new_context: NewContext, faults: Faults
) -> None:
    page = studio(hub_server, new_context(), faults)
    for prompt in ("first #refuse", "second #refuse"):
        page.fill("#prompt", prompt)
        page.press("#prompt", "Control+Enter")
        expect(page.locator("#results .card").first).to_contain_text(prompt)
    page.fill("#prompt", "not sent")
    for key, text in (("ArrowUp", "second #refuse"), ("ArrowUp", "first #refuse"), ("ArrowDown", "second #refuse"),
                      ("ArrowDown", "not sent")):  # fmt: skip
        page.press("#prompt", f"Alt+{key}")
        expect(page.locator("#prompt")).to_have_value(text)


def test_a_slow_one_is_cancelled_or_waits_in_plain_sight(
    hub_server: RunningHub, new_context: NewContext, faults: Faults
) -> None:
    page = studio(hub_server, new_context(), faults)
    make_quick(page)
    page.fill("#prompt", "a lighthouse #slow:4")
    page.click("#generate")
    card = page.locator("#results .card").first
    expect(card.locator(".elapsed")).to_have_text(re.compile(r"[1-3] s"))
    card.get_by_role("button", name="Cancel").click()
    expect(card.locator(".card-state")).to_contain_text("Cancelling")
    expect(card.locator("img")).to_have_count(1, timeout=20_000)


def test_an_unfinished_picture_is_shown_and_then_the_finished_one(
    hub_server: RunningHub, new_context: NewContext, faults: Faults
) -> None:
    page = studio(hub_server, new_context(), faults)
    make_quick(page)
    page.click("text=More settings")
    page.fill("[name='options.partial_images']", "2")
    page.fill("#prompt", "a lighthouse #slow:15")
    page.click("#generate")
    card = page.locator("#results .card").first
    expect(card.locator("img.preview")).to_have_js_property("naturalWidth", 384, timeout=20_000)
    expect(card.locator(".card-state")).to_contain_text("Done", timeout=20_000)
    expect(card.locator("img.preview")).to_have_count(0)
    expect(card.locator("img")).to_have_js_property("naturalWidth", 640)


def test_two_clicks_are_two_wishes_and_a_repeat_of_one_is_none(
    hub_server: RunningHub, new_context: NewContext, faults: Faults
) -> None:
    page = studio(hub_server, new_context(), faults)
    page.fill("#prompt", "one #refuse")
    first = page.input_value("#idempotency-key")
    page.click("#generate")
    expect(page.locator("#idempotency-key")).not_to_have_value(first)
    page.click("#generate")
    expect(page.locator("#results .card")).to_have_count(2)
    assert Generation.objects.count() == 2


def test_a_dropped_picture_becomes_a_reference(hub_server: RunningHub, new_context: NewContext, faults: Faults) -> None:
    page = studio(hub_server, new_context(), faults)
    buffer = io.BytesIO()
    PillowImage.new("RGB", (300, 200), "teal").save(buffer, "PNG")
    page.set_input_files("#reference", {"name": "r.png", "mimeType": "image/png", "buffer": buffer.getvalue()})
    expect(page.locator("#references img")).to_have_count(1)
    expect(page.locator("#mask_file")).to_be_visible()
    page.evaluate(
        """async () => {
            const bytes = await (await fetch(document.querySelector('#references img').src)).blob();
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], 'p.webp', {type: 'image/webp'}));
            const drop = {bubbles: true, cancelable: true, dataTransfer: transfer};
            document.body.dispatchEvent(new DragEvent('drop', drop));
        }"""
    )
    expect(page.locator("#references img")).to_have_count(2)
    assert page.input_value("#reference") == ""


def test_another_model_brings_its_own_fields_and_price(
    hub_server: RunningHub, new_context: NewContext, faults: Faults, gemini_flash: object
) -> None:
    page = studio(hub_server, new_context(), faults)
    page.fill("#prompt", "kept")
    page.fill("#num_images", "3")
    page.click("#model-picker summary")
    page.get_by_text("Gemini 2.5 Flash Image").click()
    expect(page.locator("#generate")).to_contain_text("3 images · $0.117")
    expect(page.locator("#negative_prompt")).to_have_count(0)
    expect(page.locator("#prompt")).to_have_value("kept")
    expect(page.locator("#model-picker fieldset")).to_be_hidden()


def test_an_ended_session_leads_to_the_sign_in_page(hub_server: RunningHub, new_context: NewContext) -> None:
    context = new_context()
    page = studio(hub_server, context, Faults())
    context.clear_cookies(name="sessionid")
    page.fill("#num_images", "2")
    page.wait_for_url("**/login/?next=%2F")


def test_a_refusal_stays_to_be_read_until_the_next_try(hub_server: RunningHub, new_context: NewContext) -> None:
    page = studio(hub_server, new_context(), Faults())
    page.fill("#prompt", "a lighthouse #refuse")
    page.click("#generate")
    expect(page.locator("#results .card").first).to_contain_text("Refused")
    generation = Generation.objects.get()
    page.evaluate(
        f"htmx.ajax('POST', '/studio/generations/{generation.id}/cancel', {{target: '#results', swap: 'none'}})"
    )
    expect(page.locator("#problem")).to_contain_text("This generation is finished (refused); nothing to cancel.")
    page.fill("#num_images", "2")
    expect(page.locator("#generate")).to_contain_text("2 images")
    expect(page.locator("#problem")).to_contain_text("nothing to cancel")
    page.click("#generate")
    expect(page.locator("#results .card")).to_have_count(2)
    expect(page.locator("#problem")).to_be_empty()


def test_a_hub_out_of_reach_is_told_and_forgotten_when_it_is_back(
    hub_server: RunningHub, new_context: NewContext
) -> None:
    page = studio(hub_server, new_context(), Faults())
    page.context.set_offline(True)
    page.fill("#num_images", "2")
    expect(page.locator("#problem")).to_contain_text("The hub cannot be reached just now.")
    page.context.set_offline(False)
    page.fill("#num_images", "3")
    expect(page.locator("#generate")).to_contain_text("3 images")
    expect(page.locator("#problem")).to_be_empty()
