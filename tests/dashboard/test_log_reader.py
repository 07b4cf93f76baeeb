"""The reader of logs in Chromium: a very long log is as quick to read as a short one."""

import pytest
from playwright.sync_api import Browser, Page, expect

from deployments.adapters import wakeups
from deployments.models import Deployment, LogChunk
from deployments.states import BranchState, DeploymentState

from .conftest import sign_in
from .rows import a_branch, a_deployment, an_end, some_lines

pytestmark = [
    pytest.mark.usefixtures("dashboard"),
    # WhiteNoise hands static files out by synchronous iterators.
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous"),
]

LONG = 200_000


@pytest.fixture
def building() -> Deployment:
    return a_deployment(a_branch(state=BranchState.BUILDING), DeploymentState.BUILDING)


@pytest.fixture
def long(building: Deployment) -> Deployment:
    """200,000 lines of unequal lengths; of three of them a word is to be found."""
    rare = {70: "needle", 100_000: "a <b>NEEDLE</b>", 199_000: "\x1b[31mnee\x1b[32mdle\x1b[0m"}
    LogChunk.objects.bulk_create(
        LogChunk(
            deployment=building,
            first=first,
            lines=[
                [1_700_000_000 + n, 1 + n // 5000, rare.get(n, f"line {n} " + "word " * (n % 41))]
                for n in range(first, first + 200)
            ],
        )
        for first in range(1, LONG + 1, 200)
    )
    return building


def expect_line(page: Page, line: str) -> None:
    """The box shows the line; whether the page shows the box is the reader's own business."""
    page.locator(line).wait_for(state="attached")
    page.locator(".log-lines").evaluate("box => box.scrollIntoView({ block: 'center' })")
    expect(page.locator(line)).to_be_in_viewport()


def drawn(page: Page) -> list[int]:
    """The numbers of all lines that are on the page."""
    numbers: list[int] = page.locator(".log-line").evaluate_all(
        "lines => lines.map(line => Number(line.id.slice(1)))"
    )
    return numbers


def seen(page: Page) -> list[int]:
    """The numbers of the lines that can be seen."""
    numbers: list[int] = page.locator(".log-lines").evaluate(
        """box => { const { top, bottom } = box.getBoundingClientRect();
          return [...box.querySelectorAll('.log-line')].filter(line => {
            const place = line.getBoundingClientRect();
            return place.bottom > top && place.top < bottom;
          }).map(line => Number(line.id.slice(1))) }"""
    )
    return numbers


def test_a_long_log_begins_at_its_end_and_can_be_read_anywhere(
    page: Page, long: Deployment
) -> None:
    page.goto(f"/deployments/{long.pk}")
    expect_line(page, f"#L{LONG}")
    expect(page.locator("[data-log-count]")).to_have_text("200,000")
    assert len(drawn(page)) <= 1000
    box = page.locator(".log-lines")
    for part in (0.25, 0.5, 0.75, 0):
        box.evaluate("(box, part) => { box.scrollTop = box.scrollHeight * part }", part)
        page.wait_for_function(
            """() => { const box = document.querySelector('.log-lines').getBoundingClientRect();
              const there = document.elementFromPoint(box.left + 90, box.top + 60);
              return there?.closest('.log-line') }"""
        )
        numbers = seen(page)
        assert numbers == list(range(numbers[0], numbers[-1] + 1))
        assert abs(numbers[0] - LONG * part) < LONG * 0.1
        assert len(drawn(page)) <= 3000
    assert seen(page)[0] == 1
    expect(page.get_by_role("button", name="Follow")).to_have_attribute("aria-pressed", "false")
    box.focus()
    page.keyboard.press("End")
    expect_line(page, f"#L{LONG}")


def test_searching_finds_what_is_not_on_the_page(page: Page, long: Deployment) -> None:
    page.goto(f"/deployments/{long.pk}#L100")
    expect_line(page, "#L100")
    search = page.get_by_role("searchbox", name="Search the log")
    search.fill("needle")
    expect_line(page, "#L100000")
    expect(page.locator("[data-log-found]")).to_have_text("2 / 3")
    assert page.locator("#L100000 span").inner_text() == "a <b>NEEDLE</b>"
    search.press("Enter")
    expect_line(page, "#L199000")
    # The mark spans two colours.
    # A range whose line has left the page is empty until the next drawing.
    marked = "[...CSS.highlights.get('log-search')].map(range => range.toString()).filter(Boolean)"
    page.wait_for_function(f"JSON.stringify({marked}) === '[\"needle\"]'")
    search.press("Enter")
    expect_line(page, "#L70")
    page.get_by_role("button", name="Previous match").click()
    expect_line(page, "#L199000")
    # What comes later is found as well.
    some_lines(long, LONG + 1, 1, "one more needle")
    wakeups.notify(deployment=long.pk, line=LONG + 1)
    expect(page.locator("[data-log-found]")).to_have_text("3 / 4")
    search.fill("nothing like it")
    expect(page.locator("[data-log-found]")).to_have_text("none")


def test_a_range_of_lines_can_be_linked_to_and_copied(page: Page, long: Deployment) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    an_end(long)
    page.goto(f"/deployments/{long.pk}#L120-L130")
    expect_line(page, "#L120")
    expect(page.locator(".is-target")).to_have_count(11)
    page.locator("#L124 > a").click()
    page.locator("#L126 > a").click(modifiers=["Shift"])
    assert page.url.endswith("#L124-L126")
    expect(page.locator(".is-target")).to_have_count(3)
    page.get_by_role("button", name="Copy lines").click()
    expect(page.locator("#announcements")).to_have_text("Copied.")
    copied = page.evaluate("navigator.clipboard.readText()").split("\n")
    assert [line.split()[1] for line in copied] == ["124", "125", "126"]


@pytest.mark.parametrize("hash", ["#L0", "#L999999999", "#Lx", "#L201000"])
def test_a_link_to_no_line_shows_the_end(page: Page, long: Deployment, hash: str) -> None:
    an_end(long)
    page.goto(f"/deployments/{long.pk}{hash}")
    expect(page.locator("[data-log-count]")).to_have_text("200,000")


def test_the_first_error_is_one_click_away(page: Page, long: Deployment) -> None:
    page.goto(f"/deployments/{long.pk}")
    expect_line(page, f"#L{LONG}")
    Deployment.objects.filter(pk=long.pk).update(error_line=4321)
    wakeups.notify(deployment=long.pk)
    page.get_by_role("link", name="First error").click()
    expect_line(page, "#L4321")


def test_a_flood_is_followed_without_keeping_it(page: Page, building: Deployment) -> None:
    page.goto(f"/deployments/{building.pk}")
    for first in range(1, 20_001, 200):
        some_lines(building, first, 200, "\x1b[32mline {}\x1b[0m")
        wakeups.notify(deployment=building.pk, line=first + 199)
    expect_line(page, "#L20000")
    numbers = drawn(page)
    assert numbers == sorted(set(numbers)) and len(numbers) < 4000
    page.locator(".log-lines").evaluate("box => { box.scrollTop = 0 }")
    expect_line(page, "#L1")


def test_lines_may_be_left_long_and_tell_their_time(page: Page, building: Deployment) -> None:
    some_lines(building, 1, 300, "word " * 300)
    page.set_viewport_size({"width": 360, "height": 700})
    page.goto(f"/deployments/{building.pk}")
    expect_line(page, "#L300")
    page.get_by_role("button", name="Wrap").click()
    expect_line(page, "#L300")
    assert page.locator("#L300").evaluate("line => line.offsetHeight") < 30
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    expect(page.locator("#L300 b")).to_be_hidden()
    page.get_by_role("button", name="Times").click()
    page.reload()
    expect(page.get_by_role("button", name="Wrap")).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#L300 b")).to_be_attached()
    expect(page.locator(".log-times")).to_be_visible()


def test_the_log_can_be_read_without_javascript(
    browser: Browser, dashboard: str, long: Deployment
) -> None:
    context = browser.new_context(base_url=dashboard, locale="en", java_script_enabled=False)
    page = context.new_page()
    sign_in(page)
    page.goto(f"/deployments/{long.pk}")
    page.get_by_role("link", name="Read the log page by page").click()
    page.get_by_role("link", name="Earlier lines").click()
    expect(page.locator("#L198001")).to_be_visible()
    page.get_by_role("searchbox").fill("needle")
    page.get_by_role("searchbox").press("Enter")
    page.get_by_role("link", name="100000", exact=True).first.click()
    expect_line(page, "#L100000")
    context.close()
