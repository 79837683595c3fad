"""Take README's pictures from the real pages: `.venv/bin/python -m tests.take_screenshots`.

Starts the real program on a throw-away data folder, lets the practice vendor draw, and drives a headless Chromium.
"""

import os
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.processes.hub_process import ROOT, HubFolder, HubProcess
from tests.suite import chromium_for_tests

TARGET = ROOT / "docs" / "images"
PASSWORD = "correct horse battery"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WISHES = [
    {"prompt": "a lighthouse by the sea at sunset", "aspect_ratio": "3:2", "seed": 3},
    {"prompt": "northern lights over a lake", "aspect_ratio": "16:9", "seed": 8},
    {"prompt": "a bamboo garden, ink painting", "aspect_ratio": "2:3", "seed": 5, "style": "ink"},
    {"prompt": "tokyo skyline neon", "aspect_ratio": "3:2", "seed": 4},
    {"prompt": "abstract poster of the ocean", "aspect_ratio": "2:3", "seed": 2, "style": "geometry"},
    {"prompt": "paper hills in the snow", "aspect_ratio": "4:3", "seed": 6, "style": "paper"},
    {"prompt": "a forbidden thing #refuse", "aspect_ratio": "1:1"},
    {"prompt": "rose garden at dawn", "aspect_ratio": "4:5", "seed": 11, "num_images": 2},
]


def main() -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data:
        folder = HubFolder(Path(data), "", "", environment(data))
        hub = folder.serve()
        try:
            folder.key = folder.manage("create_hub_key", "pictures").stdout.strip()
            fill(hub)
            photograph(hub)
        finally:
            hub.kill()


def environment(data: str) -> dict[str, str]:
    return {
        **os.environ,
        "CLOUDHUB_ENV_FILE": "",
        "CLOUDHUB_DATA_DIR": data,
        "SECRET_KEY": "only-for-pictures-0123456789-abcdefghijklmnopqrstuvwxyz",
        "OWNER_PASSWORD": PASSWORD,
    }


def fill(hub: HubProcess) -> None:
    """Pictures, a refusal, budgets and a vendor's models, as a team would have them."""
    for name, scope, limit in (("Practice a day", "hub", "0.50"), ("Team a month", "team", "5")):
        target = {"target": "1"} if scope == "team" else {}
        window = "day" if scope == "hub" else "month"
        body = {"name": name, "scope": scope, "window": window, "limit": limit, "currency": "XTS", **target}
        assert hub.ask("POST", "budgets", body).status_code == 201
    for model in ("gemini-nano-banana-2.1", "gemini-3-pro-image"):
        body = {"provider": "google-gemini", "cloud_model_id": model}
        assert hub.ask("POST", "cloud_models", body).status_code == 201
    for wish in WISHES:
        answer = hub.ask("POST", "generations?wait=60", {"model": "practice-1", **wish})
        assert answer.status_code == 200, answer.text


def photograph(hub: HubProcess) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_for_tests(os.environ), args=FLAGS)
        for scheme in ("dark", "light"):
            page = browser.new_context(viewport={"width": 1280, "height": 860}, color_scheme=scheme).new_page()
            sign_in(page, hub.url)
            for name in ("studio", "gallery") if scheme == "dark" else ("models", "costs", "budgets"):
                take(page, hub.url, name, f"{name}-{scheme}")
        phone = browser.new_context(viewport={"width": 390, "height": 844}, device_scale_factor=2).new_page()
        sign_in(phone, hub.url)
        take(phone, hub.url, "studio", "studio-phone")
        browser.close()


def sign_in(page: Page, url: str) -> None:
    page.goto(f"{url}/login/")
    page.fill("input[name=username]", "owner@localhost")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"{url}/")


def take(page: Page, url: str, name: str, picture: str) -> None:
    page.goto(f"{url}/" if name == "studio" else f"{url}/{name}/")
    if name == "studio":
        page.click("#model-picker summary")
        page.locator("label.model-choice", has_text="Practice 1").click()
        page.wait_for_timeout(1000)
        page.fill("textarea[name=prompt]", "A lighthouse at dusk, long exposure, calm sea")
        page.fill("[name=num_images]", "4")
        page.wait_for_timeout(1500)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=TARGET / f"{picture}.jpg", type="jpeg", quality=86)


if __name__ == "__main__":
    main()
