"""In Chromium: a passkey is made, asked for and signs in alone; an invitation is taken up; nothing meets the policy."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.conftest import PASSWORD, RunningHub, sign_in
from tests.web.browsing import PHONE, Faults

pytestmark = [pytest.mark.browser, pytest.mark.sqlite_only]


def with_authenticator(page: Page) -> None:
    """A device of Chromium's own that makes passkeys and always finds its person."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
               "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_a_passkey_is_the_second_step_and_signs_in_alone(
    hub_server: RunningHub, new_context: Callable[..., BrowserContext]
) -> None:
    # A passkey belongs to a name; browsers refuse one for a bare address.
    url = hub_server.url.replace("127.0.0.1", "localhost")
    page, faults = new_context().new_page(), Faults()
    faults.watch(page)
    with_authenticator(page)
    sign_in(page, url, hub_server.cast.bob)
    page.goto(f"{url}/account/")
    page.click("text=Set up a passkey or an app")
    page.click("text=Add a passkey")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.fill("input[name=name]", "My laptop")
    page.click("button:has-text('Add the passkey')")
    page.wait_for_selector("text=This is the only time they are shown")
    page.goto(f"{url}/account/second-factor/")
    assert "My laptop" in page.inner_text("main")
    assert "without a password" in page.inner_text("main")

    page.click("text=Sign out")
    page.fill("input[name=username]", "bob@example.org")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.click("text=Use a passkey")
    page.wait_for_url(f"{url}/")

    page.click("text=Sign out")
    page.click("text=Sign in with a passkey")
    page.wait_for_url(f"{url}/")
    page.goto(f"{url}/account/")
    assert "bob@example.org" in page.inner_text("main")
    assert faults == []


def test_an_invitation_goes_from_hand_to_hand(
    hub_server: RunningHub, new_context: Callable[..., BrowserContext]
) -> None:
    owner, faults = new_context(**PHONE).new_page(), Faults()
    faults.watch(owner)
    sign_in(owner, hub_server.url, hub_server.cast.alice)
    owner.goto(f"{hub_server.url}/people/")
    assert owner.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    owner.fill("#email", "dora@example.org")
    owner.select_option("#role", "viewer")
    owner.click("button:has-text('Invite')")
    link = owner.inner_text(".secret")
    guest = new_context(scheme="dark").new_page()
    faults.watch(guest)
    guest.goto(link)
    guest.fill("#password", "a horse of Dora")
    guest.press("#password", "Enter")
    guest.wait_for_url(f"{hub_server.url}/gallery/")
    owner.goto(f"{hub_server.url}/people/")
    assert "dora@example.org" in owner.inner_text("main")
    assert faults == []
