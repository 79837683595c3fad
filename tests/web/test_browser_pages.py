"""Every page in a real Chromium: nothing for axe to find, no sideways scrolling, light and dark."""

from collections.abc import Iterator
from pathlib import Path

import axe_playwright_python
import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from cloudhub.billing.budgets import create_budget
from cloudhub.generations.imports import import_images
from cloudhub.generations.models import Generation, Image
from tests.conftest import RunningHub
from tests.generations.stage import png
from tests.web.browsing import PHONE, Faults, NewContext, make_quick, studio

pytestmark = pytest.mark.browser

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
RUN_AXE = """async (only) => (await axe.run(only ? {runOnly: only} : {})).violations.map(
    (violation) => violation.id + ': ' + violation.nodes.map((node) => node.target.join(' ')).join(' | '))"""


@pytest.fixture
def faults() -> Iterator[Faults]:
    found = Faults()
    yield found
    assert found == []


def fill(page: Page, hub: RunningHub) -> list[str]:
    """Something on every page; returns the addresses of all pages."""
    fields = {"name": "Day", "scope": "hub", "window": "day", "limit": "0.10", "currency": "XTS"}
    create_budget(hub.cast.alice, fields)
    make_quick(page)
    for prompt in ("a lighthouse", "a lighthouse #refuse", "a lighthouse #lost"):
        page.fill("#prompt", prompt)
        page.click("#generate")
        expect(page.locator("#results .card").first).to_contain_text(prompt)
        expect(page.locator("input[name=pending]")).to_have_count(0)
    import_images(hub.cast.alice, [png(size=(900, 600))], prompt="a fox", made_with="Midjourney")
    imported = Image.objects.get(made_with="Midjourney")
    image, lost = Image.objects.get(made_with=None), Generation.objects.get(state="unknown")
    pictures = [f"/gallery/{picture.id}/" for picture in (image, imported)]
    gallery = ["/gallery/", "/gallery/?q=nothing", "/gallery/?show=imported", "/gallery/import/", *pictures]
    return ["/", f"/?recall={lost.id}", *gallery, f"/gallery/generations/{lost.id}/", "/models/", "/costs/",
            "/costs/?since=nonsense", "/budgets/", "/status/", "/keys/", "/account/", "/data/",
            "/gallery/bin/", f"/data/people/{hub.cast.bob.user.pk}/erase", "/nowhere/"]  # fmt: skip


def open_everything(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")


@pytest.mark.timeout(240)
def test_axe_finds_nothing_on_any_page(hub_server: RunningHub, new_context: NewContext, gemini_flash: object) -> None:
    page = studio(hub_server, new_context(), Faults())
    found = {}
    for address in fill(page, hub_server):
        page.goto(f"{hub_server.url}{address}")
        open_everything(page)
        # The catalogues' entries are alike; axe would look at each of some two hundred.
        page.evaluate(
            "document.querySelectorAll('.catalogue').forEach((one, place) => { if (place > 1) one.remove() })"
        )
        page.evaluate(AXE)
        # The other scheme changes nothing but colours.
        for theme, only in (("light", None), ("dark", ["color-contrast"])):
            page.select_option("#theme", theme)
            found[address, theme] = page.evaluate(RUN_AXE, only)
    assert {place: violations for place, violations in found.items() if violations} == {}


def test_axe_finds_nothing_on_the_sign_in_page(hub_server: RunningHub, new_context: NewContext) -> None:
    page = new_context().new_page()
    page.goto(f"{hub_server.url}/login/")
    page.evaluate(AXE)
    assert page.evaluate(RUN_AXE) == []


def test_no_page_scrolls_sideways(hub_server: RunningHub, new_context: NewContext, gemini_flash: object) -> None:
    page = studio(hub_server, new_context(), Faults())
    addresses, too_wide = fill(page, hub_server), []
    for size in (PHONE, {"width": 2560, "height": 1300}):
        page.set_viewport_size(size)
        for address in addresses:
            page.goto(f"{hub_server.url}{address}")
            open_everything(page)
            if page.evaluate("document.documentElement.scrollWidth") > size["width"]:
                too_wide.append((address, size["width"]))
    assert too_wide == []


def test_on_a_phone_the_button_stays_in_sight(hub_server: RunningHub, new_context: NewContext, faults: Faults) -> None:
    page = studio(hub_server, new_context(**PHONE), faults)
    for place in (0, 400, 100_000):
        page.evaluate(f"window.scrollTo(0, {place})")
        expect(page.locator("#generate")).to_be_in_viewport(ratio=1)


def test_the_theme_is_remembered_and_the_studio_is_dark_by_default(
    hub_server: RunningHub, new_context: NewContext, faults: Faults
) -> None:
    def background() -> int:
        return page.evaluate("Number(getComputedStyle(document.documentElement).backgroundColor.match(/\\d+/)[0])")

    page = studio(hub_server, new_context(scheme="light"), faults)
    assert background() < 60
    page.goto(f"{hub_server.url}/costs/")
    assert background() > 200
    page.select_option("#theme", "light")
    page.goto(f"{hub_server.url}/")
    assert background() > 200
    page.select_option("#theme", "dark")
    page.goto(f"{hub_server.url}/costs/")
    assert background() < 60


def test_the_gallery_grows_as_it_is_scrolled(hub_server: RunningHub, new_context: NewContext, faults: Faults) -> None:
    cast = hub_server.cast
    Generation.objects.bulk_create(
        Generation(team=cast.team, user=cast.alice.user, model=cast.practice, door="queued", request={}, sent={},
                   prompt=f"number {number}", num_images=1, currency="XTS", request_hash="", idempotency_scope="",
                   deadline_at=timezone.now(), state="cancelled")
        for number in range(60)
    )  # fmt: skip
    page = studio(hub_server, new_context(), faults)
    page.goto(f"{hub_server.url}/gallery/")
    expect(page.locator(".tile")).to_have_count(24)
    for count in (48, 60):
        page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
        expect(page.locator(".tile")).to_have_count(count)


def test_without_javascript_the_basics_work(hub_server: RunningHub, new_context: NewContext) -> None:
    signed_in = new_context()
    studio(hub_server, signed_in, Faults())
    context = signed_in.browser.new_context(java_script_enabled=False, storage_state=signed_in.storage_state())
    page = context.new_page()
    page.goto(f"{hub_server.url}/")
    page.fill("#prompt", "by hand #refuse")
    page.click("#generate")
    page.wait_for_timeout(1500)
    page.reload()
    assert "Refused" in page.inner_text("#results")
    page.click("#results .card a.button")
    assert page.input_value("#prompt") == "by hand #refuse"
    page.goto(f"{hub_server.url}/gallery/")
    assert page.locator(".tile").count() == 1
    context.close()
