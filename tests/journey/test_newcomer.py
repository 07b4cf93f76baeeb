"""What a newcomer sees: one command, three previews, a push, and a start on the next day."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from .running import Running, wait_for

SAMPLE = "edaha/sample"


@pytest.fixture(scope="module")
def with_sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    edaha = Running(tmp_path_factory.mktemp("newcomer"))
    edaha.start()
    yield edaha
    edaha.close()


@pytest.fixture(scope="module")
def page(with_sample: Running, browser: Browser) -> Iterator[Page]:
    """Signed in, as the terminal says."""
    user, password = re.findall(r"Sign in +(\S+) / (\S+)", with_sample.output.read_text())[0]
    page = browser.new_page()
    page.goto(with_sample.url)
    page.get_by_label("Name").fill(user)
    page.get_by_label("Password").fill(password)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Previews")).to_be_visible()
    yield page
    page.close()


def test_three_pull_requests_come_alive_before_ones_eyes(page: Page) -> None:
    expect(page.get_by_role("link", name="Open")).to_have_count(3, timeout=120_000)
    expect(page.get_by_text("Live", exact=True)).to_have_count(3, timeout=120_000)


def test_a_click_opens_the_branchs_own_copy(page: Page, with_sample: Running) -> None:
    for branch in with_sample.api("GET", "/branches", params={"repository": SAMPLE}).json():
        page.goto(branch["url"])
        expect(page.get_by_text(branch["name"]).first).to_be_visible()


def test_somebody_finds_a_preview_by_a_word_and_opens_it(page: Page, with_sample: Running) -> None:
    """At most two clicks and one word: here it is one of each."""
    page.goto(with_sample.url)
    page.get_by_role("searchbox").fill("evening")
    expect(page.locator("#rows > li")).to_have_count(1)
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Open").click()
    expect(opened.value.get_by_text("feature/dark-mode").first).to_be_visible()
    opened.value.close()


def test_it_is_found_on_a_phone(page: Page, with_sample: Running) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(with_sample.url)
    page.get_by_role("searchbox").fill("evening")
    expect(page.locator("#rows > li")).to_have_count(1)
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Open").click()
    expect(opened.value.get_by_text("feature/dark-mode").first).to_be_visible()
    opened.value.close()
    page.set_viewport_size({"width": 1280, "height": 800})


def test_it_is_found_by_keyboard_alone(page: Page, with_sample: Running) -> None:
    page.goto(with_sample.url)
    page.keyboard.press("/")
    page.keyboard.type("evening")
    expect(page.locator("#rows > li")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Add an evening mode to the menu")


def test_it_is_found_without_javascript(page: Page, browser: Browser, with_sample: Running) -> None:
    plain = browser.new_context(
        storage_state=page.context.storage_state(), java_script_enabled=False
    )
    other = plain.new_page()
    other.goto(with_sample.url)
    other.get_by_role("searchbox").fill("evening")
    other.get_by_role("searchbox").press("Enter")
    expect(other.locator("#rows > li")).to_have_count(1)
    with plain.expect_page() as opened:
        other.get_by_role("link", name="Open").click()
    expect(opened.value.get_by_text("feature/dark-mode").first).to_be_visible()
    plain.close()


def test_it_can_be_read_in_japanese(page: Page, with_sample: Running) -> None:
    page.goto(with_sample.url)
    page.get_by_role("button", name="日本語").click()
    expect(page.get_by_role("heading", name="プレビュー", level=1)).to_be_visible()
    expect(page.get_by_text("公開中").first).to_be_visible()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Previews", level=1)).to_be_visible()


def test_a_preview_shows_what_runs_and_how_it_looks(page: Page, with_sample: Running) -> None:
    branch = with_sample.wait_for_branch(SAMPLE, "feature/dark-mode", "live")
    page.goto(f"{with_sample.url}/branches/{branch['id']}")
    running = page.locator("#running")
    expect(running).to_contain_text("1 of 1 copies run", timeout=30_000)
    expect(running).to_contain_text("USD a day")
    expect(page.locator(".screenshot img")).to_be_visible(timeout=60_000)
    is_loaded = "image => image.complete && image.naturalWidth === 640"
    wait_for(lambda: page.locator(".screenshot img").evaluate(is_loaded), "the picture", 10)
    page.get_by_role("link", name="What it prints").click()
    expect(page.locator(".log-line").first).to_be_visible(timeout=30_000)


def test_a_push_is_watched_from_the_first_line_to_the_new_page(
    page: Page, with_sample: Running
) -> None:
    before = with_sample.wait_for_branch(SAMPLE, "feature/dark-mode", "live")
    page.goto(f"{with_sample.url}/branches/{before['id']}")

    clone = _clone(with_sample)
    menu = clone / "app" / "menu.json"
    menu.write_text(menu.read_text().replace("Hinode", "Yoake"))
    html = clone / "app" / "page.html"
    html.write_text(html.read_text().replace("Hinode", "Yoake"))
    _git(clone, "commit", "--all", "--message", "Give it another name")
    _git(clone, "push", "--quiet")

    expect(page.get_by_text("Give it another name").first).to_be_visible(timeout=30_000)
    expect(page.get_by_text("✓ Live at").first).to_be_visible(timeout=60_000)
    after = with_sample.wait_for_branch(
        SAMPLE, "feature/dark-mode", "live", commit=_git(clone, "rev-parse", "HEAD")
    )
    wait_for(lambda: "Yoake" in with_sample.preview(after["slug"]).text, "the new page", 10)


def test_a_failure_is_understood(page: Page, with_sample: Running) -> None:
    before = with_sample.wait_for_branch(SAMPLE, "feature/dark-mode", "live")
    clone = _clone(with_sample)
    dockerfile = clone / "Dockerfile"
    good = dockerfile.read_text()
    dockerfile.write_text(good.replace("USER nobody", "RUN python3 -c 'import corsheaders'"))
    _git(clone, "commit", "--all", "--message", "Allow other origins")
    _git(clone, "push", "--quiet")

    page.goto(f"{with_sample.url}/branches/{before['id']}")
    told = page.get_by_role("group", name="Why it failed").first
    expect(told).to_contain_text("A step of the Dockerfile failed", timeout=90_000)
    expect(told).to_contain_text("ModuleNotFoundError: No module named 'corsheaders'")
    expect(told).to_contain_text("The application’s repository")
    assert with_sample.preview(before["slug"]).status_code == 200

    dockerfile.write_text(good)
    _git(clone, "commit", "--all", "--message", "Take that back")
    _git(clone, "push", "--quiet")
    with_sample.wait_for_branch(
        SAMPLE, "feature/dark-mode", "live", commit=_git(clone, "rev-parse", "HEAD")
    )


def test_an_earlier_version_is_brought_back_without_a_build(
    page: Page, with_sample: Running
) -> None:
    branch = with_sample.wait_for_branch(SAMPLE, "feature/dark-mode", "live")
    page.goto(f"{with_sample.url}/branches/{branch['id']}")
    page.get_by_role("link", name="Roll back…").click()
    page.get_by_role("radio").last.check()
    page.get_by_role("dialog").get_by_role("button", name="Roll back").click()
    expect(page.get_by_text("is on its way back.")).to_be_visible()
    wait_for(lambda: "Hinode" in with_sample.preview(branch["slug"]).text, "the old page", 60)
    rolled = with_sample.wait_for_branch(SAMPLE, "feature/dark-mode", "live")
    assert rolled["deployment"]["trigger"] == "rollback"
    assert "no build" in with_sample.log(rolled["deployment"]["id"])

    # And forward again, by the button that takes it back.
    page.get_by_role("button", name="Deploy the newest commit").click()
    wait_for(lambda: "Yoake" in with_sample.preview(branch["slug"]).text, "the new page", 60)


def test_it_is_destroyed_by_somebody_without_a_terminal(page: Page, with_sample: Running) -> None:
    branch = with_sample.wait_for_branch(SAMPLE, "fix/login-typo", "live")
    page.goto(f"{with_sample.url}/branches/{branch['id']}")

    page.get_by_role("link", name="Destroy").click()
    page.get_by_role("button", name="Destroy").click()

    with_sample.wait_for_branch(SAMPLE, "fix/login-typo", "destroyed")
    page.goto(branch["url"])
    expect(page.get_by_text("This preview was taken down.")).to_be_visible()


def test_the_next_day_everything_is_there_again(with_sample: Running) -> None:
    slug = with_sample.wait_for_branch(SAMPLE, "feature/dark-mode", "live")["slug"]

    assert with_sample.containers()
    assert with_sample.stop() == 0
    assert with_sample.containers() == []
    with_sample.start()

    wait_for(lambda: with_sample.preview(slug).status_code == 200, "the preview", 60)
    assert "Yoake" in with_sample.preview(slug).text


def _clone(edaha: Running) -> Path:
    clone = next(path.parent for path in (edaha.data / "sample").glob("*/.git"))
    _git(clone, "switch", "--quiet", "feature/dark-mode")
    return clone


def _git(clone: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(clone), *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
