"""The list of previews in Chromium: filters, stars, keys, the palette, news in the background."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Locator, Page, expect

from dashboard.facets import kept
from dashboard.models import Favourite
from deployments.adapters import wakeups
from deployments.models import Branch
from deployments.states import BranchState

from .conftest import sign_in
from .rows import a_branch, a_live_branch, a_move, a_repository

pytestmark = [
    pytest.mark.usefixtures("dashboard"),
    # WhiteNoise hands static files out by synchronous iterators.
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous"),
]

#: As if the page were behind another one, in a browser that lets it notify.
IN_THE_BACKGROUND = """
  window.said = [];
  window.Notification = class extends EventTarget {
    static permission = "granted";
    constructor(text) { super(); window.said.push(text); }
  };
  Object.defineProperty(document, "hidden", { get: () => window.isHidden === true });
  document.hasFocus = () => window.isHidden !== true;
  localStorage.setItem("notify", "on");
"""


@pytest.fixture
def several() -> list[Branch]:
    # What was there to choose from while somebody signed in.
    kept.forget()
    return [
        a_live_branch("a", title="Coupons", author="mika"),
        a_live_branch("b", title="Search", author="hanako", repository=a_repository("acme/docs")),
        a_branch("c", title="Gifts", author="hanako", state=BranchState.BUILDING),
    ]


def move(branch: Branch, to: BranchState) -> None:
    a_move(branch, to)
    wakeups.notify(branch=branch.pk)


def titles(page: Page) -> Locator:
    return page.locator("#rows h2")


def options(page: Page) -> Locator:
    return page.locator("#palette [role=option]:visible")


def chosen(page: Page) -> Locator:
    return page.locator("#palette [aria-selected=true]")


def test_filters_are_put_on_and_taken_off_in_place(page: Page, several: list[Branch]) -> None:
    page.goto("/")
    page.evaluate("window.isSamePage = true")
    page.get_by_label("Author").focus()
    page.get_by_label("Author").select_option("hanako")
    expect(titles(page)).to_have_text(["Gifts", "Search"])
    expect(page.locator("#filter-author")).to_be_focused()
    page.get_by_role("link", name="Live 1").click()
    expect(titles(page)).to_have_text(["Search"])
    page.get_by_role("searchbox").fill("sea")
    page.wait_for_url("**/?q=sea&state=live&author=hanako")
    page.get_by_role("link", name="Take this filter away: hanako").click()
    page.wait_for_url("**/?q=sea&state=live")
    page.get_by_label("Mine").check(force=True)
    expect(page.get_by_text("No preview fits all of this.")).to_be_visible()
    assert page.evaluate("window.isSamePage")
    assert page.url.endswith("/?q=sea&state=live&mine=1")
    page.reload()
    expect(page.get_by_label("Mine")).to_be_checked()
    expect(page.get_by_role("searchbox")).to_have_value("sea")


def test_a_line_that_fits_no_longer_stays_with_its_new_state(
    page: Page, several: list[Branch]
) -> None:
    page.goto("/?state=live")
    expect(page.locator("#tab-live .number")).to_have_text("2")
    page.locator("#filter-sort").focus()
    page.evaluate("getSelection().selectAllChildren(document.querySelector('#rows h2'))")
    move(several[0], BranchState.FAILED)
    row = page.locator(f"#branch-{several[0].pk}")
    expect(row).to_contain_text("Failed")
    expect(titles(page)).to_have_text(["Search", "Coupons"])
    expect(page.locator("#tab-live .number")).to_have_text("1")
    expect(page.locator("#tab-failed .number")).to_have_text("1")
    expect(page.locator("#filter-sort")).to_be_focused()
    assert page.evaluate("String(getSelection())").strip() == "Search"


def test_a_star_stays_through_what_happens(page: Page, several: list[Branch]) -> None:
    page.goto("/")
    star = page.get_by_role("button", name="Favourite Gifts")
    star.click()
    expect(star).to_have_attribute("aria-pressed", "true")
    move(several[2], BranchState.LIVE)
    expect(page.locator(f"#branch-{several[2].pk}")).to_contain_text("Live")
    expect(star).to_have_attribute("aria-pressed", "true")
    page.goto("/?favourite=1")
    expect(titles(page)).to_have_text(["Gifts"])
    star.click()
    expect(star).to_have_attribute("aria-pressed", "false")
    page.reload()
    expect(page.get_by_text("No favourites yet.")).to_be_visible()


def test_a_star_that_could_not_be_kept_goes_back(page: Page, several: list[Branch]) -> None:
    page.goto("/")
    page.route("**/favourite", lambda route: route.abort())
    star = page.get_by_role("button", name="Favourite Gifts")
    star.click()
    expect(star).to_have_attribute("aria-pressed", "false")
    assert not Favourite.objects.exists()


def test_everything_has_a_key(page: Page, several: list[Branch]) -> None:
    page.context.route("**://*.localhost/", lambda route: route.fulfill(body="the application"))
    page.goto("/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Search", exact=True)).to_be_focused()
    page.keyboard.press("k")
    expect(page.get_by_role("link", name="Gifts", exact=True)).to_be_focused()
    page.keyboard.press("s")
    expect(page.get_by_role("button", name="Favourite Gifts")).to_have_attribute(
        "aria-pressed", "true"
    )
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Gifts", exact=True)).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type("j?gh/")
    expect(page.get_by_role("searchbox")).to_have_value("j?gh/")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.goto("/me")
    page.keyboard.press("g")
    page.keyboard.press("m")
    page.wait_for_url("**/?mine=1")
    page.keyboard.press("j")
    with page.context.expect_page() as opened:
        page.keyboard.press("o")
    assert opened.value.url.startswith(several[0].url)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/branches/{several[0].pk}")


def test_the_palette_goes_anywhere(page: Page, several: list[Branch]) -> None:
    page.goto("/")
    page.keyboard.press("Control+k")
    box = page.get_by_role("combobox", name="Go to or do")
    expect(box).to_be_focused()
    box.fill("gif")
    expect(chosen(page)).to_contain_text("Gifts")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/branches/{several[2].pk}")
    # What this page can do; by the button in the header this time.
    page.get_by_role("link", name="Go to…").click()
    box.fill("destr")
    expect(chosen(page)).to_have_text("Destroy…")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Destroy this preview?")).to_be_visible()


def test_the_palette_says_where_nothing_matches(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Go to or do").fill("<b>xyz</b>")
    expect(options(page)).to_have_text(["Search for “<b>xyz</b>”"])
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing matches “<b>xyz</b>”.")).to_be_visible()


def test_news_of_mine_are_told_in_the_background(page: Page, several: list[Branch]) -> None:
    Favourite.objects.create(user=User.objects.get(), branch=several[2])
    page.add_init_script(IN_THE_BACKGROUND)
    page.goto("/")
    page.evaluate("window.isHidden = true")
    move(several[1], BranchState.FAILED)  # somebody else's
    expect(page.locator("#announcements")).to_have_text("Search: Failed")
    move(several[0], BranchState.BUILDING)  # mine, but no news yet
    expect(page.locator("#announcements")).to_have_text("Coupons: Building")
    move(several[0], BranchState.LIVE)
    expect(page).to_have_title("(1) Previews · Edaha")
    move(several[2], BranchState.FAILED)
    expect(page).to_have_title("(2) Previews · Edaha")
    assert page.evaluate("said") == ["Coupons: Live", "Gifts: Failed"]
    page.evaluate(
        "() => { window.isHidden = false; document.dispatchEvent(new Event('visibilitychange')) }"
    )
    expect(page).to_have_title("Previews · Edaha")


def test_a_previews_page_tells_news_whoevers_it_is(page: Page, several: list[Branch]) -> None:
    page.add_init_script(IN_THE_BACKGROUND)
    page.goto(f"/branches/{several[2].pk}")
    page.evaluate("window.isHidden = true")
    move(several[2], BranchState.LIVE)
    expect(page).to_have_title("(1) Gifts · Edaha")
    assert page.evaluate("said") == ["Gifts: Live"]


def test_notifications_are_turned_on_by_oneself(page: Page) -> None:
    page.add_init_script(IN_THE_BACKGROUND.replace('localStorage.setItem("notify", "on");', ""))
    page.goto("/me")
    page.get_by_role("button", name="Turn notifications on").click()
    expect(page.get_by_text("They are on in this browser.")).to_be_visible()
    page.reload()
    page.get_by_role("button", name="Turn notifications off").click()
    expect(page.get_by_role("button", name="Turn notifications on")).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/?author=hanako&pinned=1", "/me"])
def test_a_narrow_phone_shows_everything(page: Page, several: list[Branch], path: str) -> None:
    a_branch("\u202e<b>" + "x" * 200, title="W" * 500, author="W" * 100)
    page.set_viewport_size({"width": 320, "height": 700})
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.keyboard.press("Control+k")
    expect(options(page).first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_filters_and_stars_work_without_javascript(
    browser: Browser, dashboard: str, several: list[Branch]
) -> None:
    context = browser.new_context(base_url=dashboard, locale="en", java_script_enabled=False)
    page = context.new_page()
    sign_in(page)
    page.get_by_label("Author").select_option("hanako")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(titles(page)).to_have_text(["Gifts", "Search"])
    page.get_by_role("button", name="Favourite Gifts").click()
    expect(titles(page)).to_have_text(["Gifts", "Search"])
    page.get_by_label("Favourites").check(force=True)
    page.get_by_role("button", name="Search", exact=True).click()
    expect(titles(page)).to_have_text(["Gifts"])
    page.get_by_role("link", name="Clear all").click()
    expect(titles(page)).to_have_count(3)
    context.close()
