"""What every page keeps, in both languages and both themes: nobody is shut out (axe), nothing
breaks the content policy, the first visit is light, and the smallest phone shows all of it."""

from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Page

from .__main__ import theme
from .scenes import SCENES, Scene
from .visit import Visitors

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
#: Everything that is needed to show a page for the first time, as it travels.
FIRST_VISIT_MAX = 150_000

each_scene = pytest.mark.parametrize("scene", SCENES, ids=[scene.name for scene in SCENES])

#: Whoever comes first waits until two installations with their stories are there.
pytestmark = pytest.mark.timeout(300)


@each_scene
@pytest.mark.parametrize("language", ["en", "ja"])
def test_nobody_is_shut_out(visitors: Visitors, scene: Scene, language: str) -> None:
    said: list[str] = []
    page = visitors.open(scene, language, hear=said.append)
    page.evaluate(AXE)
    theme(page, "light")
    assert _violations(page, {}) == []
    theme(page, "dark")
    assert _violations(page, {"runOnly": ["color-contrast"]}) == []
    assert page.locator("html").get_attribute("lang") == language
    _check_smallest_phone(page)
    page.close()
    assert [each for each in said if not _is_expected(each, scene)] == []


@pytest.mark.parametrize("name", ["sign-in", "previews", "preview-live", "deployment-live"])
def test_a_first_visit_is_light(visitors: Visitors, name: str) -> None:
    scene = next(scene for scene in SCENES if scene.name == name)
    page = visitors.open(scene, "en", first=True)
    found: list[tuple[str, int]] = page.evaluate(
        "['navigation', 'resource'].flatMap(kind => performance.getEntriesByType(kind))"
        ".map(one => [one.name, one.transferSize])"
    )
    page.close()
    assert sum(size for _name, size in found) <= FIRST_VISIT_MAX, found


def _violations(page: Page, options: dict[str, Any]) -> list[Any]:
    found: list[Any] = page.evaluate(
        "options => axe.run(document, {resultTypes: ['violations'], ...options}).then(found => "
        "found.violations.map(each => [each.id, each.nodes.map(node => node.html.slice(0, 200))]))",
        options,
    )
    return found


#: The innermost elements that reach over the edge, as far as nothing around them scrolls.
_TOO_WIDE = """[...document.querySelectorAll("body *")].filter(each => {
    const over = one => one.getBoundingClientRect().right > 320 || one.scrollWidth > 320;
    return over(each) && ![...each.children].some(over) && !each.closest(".overflow-x-auto");
}).slice(0, 5).map(each => each.outerHTML.slice(0, 120))"""


def _check_smallest_phone(page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    widest = page.evaluate("document.documentElement.scrollWidth")
    assert widest <= 320, f"{widest} pixels wide: {page.evaluate(_TOO_WIDE)}"


def _is_expected(text: str, scene: Scene) -> bool:
    """Chromium itself says that the document was an error page."""
    return scene.name in ("not-found", "forbidden") and "Failed to load resource" in text
