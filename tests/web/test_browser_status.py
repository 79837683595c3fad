"""The Status page in a real Chromium: it renews itself, leaves forms alone, works by keyboard and without scripts."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from cloudhub.catalog.models import CloudModel
from cloudhub.catalog.register import register_model
from cloudhub.generations import perform
from cloudhub.generations.cancel import cancel_generation
from cloudhub.generations.models import Attempt, Generation
from cloudhub.lanes import circuit
from cloudhub.lanes.models import Lane
from providers.emulation.server import RunningServer
from tests.conftest import RunningHub
from tests.generations.stage import NANO, fault, submit
from tests.health.stage import attempts, key_lane, model_lane
from tests.web.browsing import PHONE, Faults, NewContext, studio
from tests.web.test_browser_pages import AXE, RUN_AXE, open_everything

pytestmark = pytest.mark.browser
VENDOR = "#vendor-google-gemini"
TOO_WIDE = """[...document.querySelectorAll('body *')].filter((found) => !found.closest('.places ul') &&
    found.getBoundingClientRect().right > document.documentElement.clientWidth).map((found) => found.outerHTML)"""


@pytest.fixture
def faults() -> Iterator[Faults]:
    found = Faults()
    yield found
    assert found == []


@pytest.fixture
def nano(gemini: RunningServer, hub_server: RunningHub) -> CloudModel:
    return register_model(provider="google-gemini", cloud_model_id=NANO)


def status(hub: RunningHub, context: BrowserContext, faults: Faults) -> Page:
    page = studio(hub, context, faults)
    page.goto(f"{hub.url}/status/")
    page.evaluate("window.stayed = true")
    return page


def renew(page: Page) -> None:
    """What happens by itself every ten seconds."""
    with page.expect_response("**/status/live"):
        page.evaluate("htmx.trigger('#poll', 'hub:poll')")


def shows_soon(page: Page, words: str, within: str = VENDOR) -> None:
    """The page, renewed again and again, comes to show these words."""
    place = page.locator(within)
    for _ in range(60):
        renew(page)
        if words in " ".join(place.inner_text().split()):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{words!r} does not appear in {place.inner_text()!r}")


def test_five_failures_open_the_circuit_and_one_trial_closes_it(
    nano: CloudModel, gemini: RunningServer, hub_server: RunningHub, new_context: NewContext, faults: Faults,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(perform, "PAUSES", (0.01, 0.02))
    monkeypatch.setattr(circuit, "FIRST_OPENING", timedelta(minutes=5))
    page = status(hub_server, new_context(), faults)
    expect(page.locator("#concerns")).to_contain_text("Everything works.")
    fault(gemini, vendor="google-gemini", status=503, times=5)
    for _ in range(2):
        submit(hub_server.cast.bob, NANO)
    shows_soon(page, "Open: 5 failures in a row, calls wait. One is tried in")
    shows_soon(page, "1 call waits for a turn")
    expect(page.locator("#concerns")).to_contain_text("Google Gemini: 5 calls failed in a row, the last one")
    expect(page.locator(f"{VENDOR} .badge").first).to_contain_text("calls wait")
    expect(page.locator("#status-mark")).to_contain_text("1 needs you")
    expect(page.locator("#announcer")).to_have_text("Google Gemini: 5 calls failed in a row")
    cancel_generation(hub_server.cast.bob, Generation.objects.get(state="running").id)
    # The five minutes pass.
    Lane.objects.filter(model="").update(opened_until=timezone.now())
    shows_soon(page, "Half open after 5 failures in a row: the next call is the trial.")
    submit(hub_server.cast.bob, NANO)
    shows_soon(page, "Closed: calls go.")
    shows_soon(page, "1 succeeded")
    expect(page.locator("#concerns")).to_contain_text("Everything works.")
    expect(page.locator("#status-mark")).to_be_empty()
    assert page.evaluate("window.stayed") is True


def test_it_renews_itself_every_ten_seconds_but_not_in_a_hidden_tab(
    nano: CloudModel, hub_server: RunningHub, new_context: NewContext, faults: Faults
) -> None:
    page = studio(hub_server, new_context(), faults)
    page.clock.install()
    page.goto(f"{hub_server.url}/status/")
    attempts(hub_server.cast.bob, nano, 3)
    expect(page.locator(VENDOR)).to_contain_text("nothing was sent")
    page.clock.fast_forward(11_000)
    expect(page.locator(VENDOR)).to_contain_text("3 succeeded")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    page.clock.fast_forward(60_000)
    page.wait_for_timeout(300)
    assert asked == []
    page.evaluate("Object.defineProperty(document, 'hidden', {value: false})")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.clock.run_for(100)
    assert [url.endswith("/status/live") for url in asked] == [True]


def test_an_open_form_is_left_alone_while_the_rest_goes_on(
    nano: CloudModel, hub_server: RunningHub, new_context: NewContext, faults: Faults
) -> None:
    attempts(hub_server.cast.bob, nano, state="unknown", ago=timedelta(hours=1))
    page = status(hub_server, new_context(), faults)
    page.click("text=Decide this outcome")
    page.fill("input[name=reason]", "The bill of November says")
    attempts(hub_server.cast.bob, nano, 4)
    attempts(hub_server.cast.bob, nano, state="unknown")
    shows_soon(page, "4 succeeded")
    expect(page.locator("input[name=reason]")).to_have_value("The bill of November says")
    expect(page.locator("#concerns")).to_contain_text("2 unknown outcomes wait")
    expect(page.locator("#unknown li")).to_have_count(1)
    page.click("text=Decide this outcome")
    renew(page)
    expect(page.locator("#unknown li")).to_have_count(2)


def test_what_is_opened_to_be_read_stays_open_and_a_focus_stays_where_it_is(
    nano: CloudModel, hub_server: RunningHub, new_context: NewContext, faults: Faults
) -> None:
    page = status(hub_server, new_context(), faults)
    page.click("text=1 model without limits of its own")
    page.focus("#check-google-gemini")
    renew(page)
    expect(page.locator("#resting-google-gemini")).to_have_attribute("open", "")
    expect(page.locator("#check-google-gemini")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(VENDOR)).to_contain_text("API credentials are valid")
    assert page.evaluate("window.stayed") is True


def test_limits_are_added_and_removed_by_keyboard(
    nano: CloudModel, hub_server: RunningHub, new_context: NewContext, faults: Faults
) -> None:
    lane = key_lane(nano)
    page = status(hub_server, new_context(), faults)
    form = page.locator(f"#limits-{lane.pk}")
    form.locator("summary").press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("20")
    form.get_by_role("button", name="Add a limit").press("Enter")
    page.keyboard.type("3")
    form.locator("select[name=kind]").nth(1).select_option("parallel")
    expect(form.locator(".span").nth(1)).to_be_hidden()
    form.get_by_role("button", name="Add a limit").press("Enter")
    page.keyboard.type("9")
    form.locator("button.remove").nth(2).press("Enter")
    expect(form.locator(".limit-row")).to_have_count(2)
    form.get_by_role("button", name="Save the limits").press("Enter")
    expect(page.locator(VENDOR)).to_contain_text("20 requests a minute set by an owner")
    expect(page.locator(VENDOR)).to_contain_text("3 calls at once set by an owner")
    assert [limit["count"] for limit in Lane.objects.get(pk=lane.pk).limits] == [20, 3]


def test_without_javascript_everything_can_be_done(
    nano: CloudModel, hub_server: RunningHub, new_context: NewContext
) -> None:
    (attempt,) = attempts(hub_server.cast.bob, nano, state="unknown", ago=timedelta(hours=1))
    signed_in = new_context()
    studio(hub_server, signed_in, Faults())
    context = signed_in.browser.new_context(java_script_enabled=False, storage_state=signed_in.storage_state())
    page = context.new_page()
    page.goto(f"{hub_server.url}/status/")
    page.click("#check-google-gemini")
    assert "API credentials are valid" in page.inner_text(VENDOR)
    page.click(f"#limits-{key_lane(nano).pk} summary")
    page.fill(f"#limits-{key_lane(nano).pk} input[name=count]", "7")
    page.click("text=Save the limits")
    assert "7 requests a minute" in page.inner_text(VENDOR)
    assert page.locator(".limits-form button.add:visible").count() == 0
    page.click("text=Decide this outcome")
    page.click(f"#decide-{attempt.pk} button")
    assert Attempt.objects.get(pk=attempt.pk).state == "unknown"
    page.fill("input[name=reason]", "On the bill.")
    page.click(f"#decide-{attempt.pk} button")
    assert "Decided: settled." in page.inner_text(".messages")
    context.close()


def ill(hub: RunningHub, model: CloudModel) -> None:
    """Something of everything on the page."""
    now = timezone.now()
    key_lane(model, failures=5, opened_until=now + timedelta(minutes=9), last_failure="HTTP 503.", last_failure_at=now,
             limits=[{"kind": "requests", "count": 10, "seconds": 60}])  # fmt: skip
    model_lane(model, paused_until=now + timedelta(hours=2), pause_code="rate_day", pause_reason="HTTP 429.")
    attempts(hub.cast.bob, model, 3)
    attempts(hub.cast.bob, model, 2, state="released", code="rate_minute")
    attempts(hub.cast.bob, model, 2, state="unknown")
    CloudModel.objects.filter(pk=model.pk).update(shut_down_on=now.date(), successor="gemini-next-long-name-preview")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_when_much_is_wrong(
    theme: str, nano: CloudModel, hub_server: RunningHub, new_context: NewContext, faults: Faults
) -> None:
    ill(hub_server, nano)
    page = status(hub_server, new_context(scheme=theme), faults)
    open_everything(page)
    page.evaluate(AXE)
    assert page.evaluate(RUN_AXE) == []


@pytest.mark.parametrize("size", [PHONE, {"width": 2560, "height": 1300}], ids=["phone", "wide"])
def test_it_never_scrolls_sideways(
    size: dict[str, int], nano: CloudModel, hub_server: RunningHub, new_context: NewContext, faults: Faults
) -> None:
    ill(hub_server, nano)
    page = status(hub_server, new_context(**size), faults)
    open_everything(page)
    assert page.evaluate(TOO_WIDE) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    expect(page.locator(".places a[aria-current]")).to_be_in_viewport(ratio=1)
