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
