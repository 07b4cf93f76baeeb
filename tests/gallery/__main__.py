"""Writes a picture of every page: light, dark, on a phone, in Japanese."""

import sys
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Page

from .scenes import SCENES, Scene
from .server import served
from .visit import PHONE, WIDE, Visitors, chromium


def main(arguments: list[str]) -> None:
    folder = Path(arguments[0] if arguments else "screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    wanted = set(arguments[1:])
    scenes = [scene for scene in SCENES if not wanted or scene.name in wanted]
    with ExitStack() as end:
        stories = sorted({scene.story for scene in scenes})
        servers = {story: end.enter_context(served(story)) for story in stories}
        visitors = Visitors(end.enter_context(chromium()), servers)
        for scene in scenes:
            _pictures(visitors, scene, folder)
            print(scene.name, flush=True)


def _pictures(visitors: Visitors, scene: Scene, folder: Path) -> None:
    page = visitors.open(scene, "en")
    _take(page, folder / f"{scene.name}.png")
    theme(page, "dark")
    _take(page, folder / f"{scene.name}-dark.png")
    theme(page, "light")
    page.set_viewport_size(PHONE)
    _take(page, folder / f"{scene.name}-phone.png")
    page.set_viewport_size(WIDE)
    page.close()
    page = visitors.open(scene, "ja")
    _take(page, folder / f"{scene.name}-ja.png")
    page.close()


def theme(page: Page, name: str) -> None:
    page.evaluate("name => { document.documentElement.dataset.theme = name }", name)


def _take(page: Page, path: Path) -> None:
    page.wait_for_timeout(150)
    page.screenshot(path=path, full_page=True, animations="disabled")


if __name__ == "__main__":
    main(sys.argv[1:])
