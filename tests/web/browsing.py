"""What the browser tests share: signing in, a quick wish, and watching for what a page must never do."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page

from tests.conftest import RunningHub, sign_in

PHONE = {"width": 360, "height": 740}
NewContext = Callable[..., BrowserContext]


class Faults(list[str]):
    """Errors and policy reports of a page; a browser test ends with none."""

    def watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.append(str(error)))
        page.on("console", lambda message: self.append(message.text) if message.type == "error" else None)


def studio(hub: RunningHub, context: BrowserContext, faults: Faults) -> Page:
    """The Studio of Alice, with a quick style chosen."""
    page = context.new_page()
    faults.watch(page)
    sign_in(page, hub.url, hub.cast.alice)
    return page


def make_quick(page: Page) -> None:
    """Choose settings with which the practice vendor draws in a moment."""
    page.click("text=More settings")
    page.select_option("#style", "geometry")
    page.select_option("#quality", "draft")
    page.click("text=More settings")
