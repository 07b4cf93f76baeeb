"""Opening scenes in a browser, signed in, in a language and a theme."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from .scenes import Scene
from .server import Served

PASSWORD = "leaves"
WIDE = ViewportSize(width=1280, height=860)
PHONE = ViewportSize(width=390, height=844)
_CHROMIUM = ["--no-sandbox", "--headless", "--disable-gpu", "--disable-background-networking"]


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=_CHROMIUM)
        yield browser
        browser.close()


class Visitors:
    """One browser context for each person and language, signed in once."""

    def __init__(self, browser: Browser, servers: dict[str, Served]) -> None:
        self._browser = browser
        self._servers = servers
        self._contexts: dict[tuple[str, str, str], BrowserContext] = {}

    def open(
        self,
        scene: Scene,
        language: str,
        *,
        hear: Callable[[str], None] = lambda _said: None,
        first: bool = False,
    ) -> Page:
        """The scene, loaded and quiet.

        `hear` gets whatever the console says; with `first`, nothing was ever loaded before.
        """
        server = self._servers[scene.story]
        context = self._context(server, scene, language)
        if first:
            cookies = context.cookies()
            context = self._browser.new_context(locale=language)
            context.add_cookies(cookies)  # type: ignore[arg-type]
        page = context.new_page()
        page.on("console", lambda said: hear(said.text))
        page.on("pageerror", lambda problem: hear(str(problem)))
        page.goto(scene.address(server), wait_until="load")
        page.wait_for_timeout(250)
        return page

    def _context(self, server: Served, scene: Scene, language: str) -> BrowserContext:
        key = (scene.story, scene.person, language)
        if key not in self._contexts:
            context = self._browser.new_context(
                locale=language,
                viewport=WIDE,
                # A colour on its way to another one has no contrast yet.
                reduced_motion="reduce",
            )
            self._contexts[key] = context
            if scene.person:
                _sign_in(context, server, scene.person)
        return self._contexts[key]


def _sign_in(context: BrowserContext, server: Served, person: str) -> None:
    page = context.new_page()
    page.goto(f"{server.address}/sign-in")
    page.fill("main input[name=login]", person)
    page.fill("main input[name=password]", PASSWORD)
    page.click("main form button[type=submit]")
    page.wait_for_url(f"{server.address}/")
    page.close()
