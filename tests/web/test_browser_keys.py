"""The Keys page in a real Chromium: a key is tested in the form without being lost, and a new hub key is copied."""

import base64
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from pytest_django import Settings

from cloudhub.vault.models import ProviderKey
from providers.emulation.server import RunningServer
from tests.conftest import RunningHub
from tests.web.browsing import PHONE, Faults, NewContext, studio

pytestmark = pytest.mark.browser


@pytest.fixture
def faults() -> Iterator[Faults]:
    found = Faults()
    yield found
    assert found == []


def test_keys_are_made_and_tested_on_a_phone(
    hub_server: RunningHub, new_context: NewContext, faults: Faults, vendors: RunningServer, settings: Settings
) -> None:
    settings.CLOUDHUB_ENCRYPTION_KEYS = base64.urlsafe_b64encode(b"o" * 32).decode()
    context = new_context(**PHONE)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = studio(hub_server, context, faults)
    page.goto(f"{hub_server.url}/keys/")
    vendor = page.locator("#vendor-openai")
    vendor.get_by_text("Add a key").press("Enter")
    vendor.get_by_label("OPENAI_API_KEY").fill("test-key-0123456789")
    vendor.get_by_role("button", name="Test it first").press("Enter")
    expect(vendor.locator("#try-openai-key")).to_contain_text("The key works.")
    expect(vendor.get_by_label("OPENAI_API_KEY")).to_have_value("test-key-0123456789")
    vendor.get_by_role("button", name="Store the key").press("Enter")
    expect(page.locator("#vendor-openai .stored")).to_contain_text("in use for your team")
    vendor.get_by_role("button", name="Test OpenAI").press("Enter")
    expect(vendor.locator(f"#test-{ProviderKey.objects.get().pk}")).to_contain_text("The key works.")
    page.get_by_label("Name", exact=True).last.fill("CI")
    page.get_by_role("button", name="Make a hub key").press("Enter")
    text = page.locator("#new-key").inner_text()
    page.get_by_role("button", name="Copy").press("Enter")
    expect(page.get_by_text("Copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == text
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
