from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from sandbox import base_image

from . import account, base_images
from .application import Application
from .running import Running
from .step import EXAMPLES, Step, branch_of

CHROMIUM = "/usr/bin/chromium"
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/journey" in str(item.path):
            item.add_marker(pytest.mark.journey)
            item.add_marker(pytest.mark.timeout(400))


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Edaha without the sample; afterwards nothing of it may be left on the machine."""
    edaha = Running(tmp_path_factory.mktemp("edaha"))
    edaha.start("--no-sample")
    base_image.ensure()
    yield edaha
    edaha.close()


@pytest.fixture(scope="session")
def application(tmp_path_factory: pytest.TempPathFactory, running: Running) -> Application:
    """The application `acme/shop`, every pull request of which gets a preview."""
    made = Application(tmp_path_factory.mktemp("acme") / "shop")
    running.add_repository("acme/shop", made.path, "--port", "3000", "--startup-seconds", "15")
    return made


@pytest.fixture(scope="session")
def steps(running: Running, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Step]:
    """Every example of the guide with a pull request; all are deployed side by side."""
    base_images.ensure()
    account.prepare(running)
    folder = tmp_path_factory.mktemp("examples")
    # What an administrator allows whose files name roles.
    roles = ("--allow", f"role:{account.ROLES}/shop", "--allow", f"role:{account.ROLES}/shop-*")
    found = {
        name: Step(running, folder / name, *(roles if "ecspresso" in name else ()))
        for name in EXAMPLES
    }
    for name, step in found.items():
        step.open(branch_of(name))
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    assert Path(CHROMIUM).exists(), "Chromium is missing: apt-get install chromium"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, headless=True, args=CHROMIUM_OPTIONS
        )
        yield chromium
        chromium.close()
