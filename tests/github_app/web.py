"""github.com in a browser, as far as the set-up needs it, over HTTP; its API is `Hub`."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from .hub import Hub


class Web:
    """Somebody who owns the organisation acme is signed in there."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.manifest: dict[str, Any] = {}
        self.address = ""

    @property
    def api(self) -> str:
        return f"{self.address}/api/v3"

    def page(self, method: str, path: str, query: str, form: dict[str, str]) -> tuple[int, str]:
        """A page, or where to go on (302)."""
        if path == "/organizations/acme/settings/apps/new" and method == "POST":
            self.manifest = json.loads(form["manifest"])
            (state,) = parse_qs(query)["state"]
            return 200, _button("Create GitHub App", "/make", {"state": state})
        if path == "/make":
            return 302, f"{self.manifest['redirect_url']}?code=c0de&state={form['state']}"
        if path == "/apps/edaha-acme/installations/new":
            return 200, _button("Install", "/install", {})
        if path == "/install":
            return 302, f"{self.manifest['setup_url']}?installation_id=11&setup_action=install"
        return 404, "Not Found"

    def ask(self, method: str, path: str, headers: dict[str, str], body: bytes) -> httpx.Response:
        asked = httpx.Request(
            method, f"https://api.github.com{path.removeprefix('/api/v3')}",
            headers={"Authorization": headers.get("Authorization", "")}, content=body,
        )  # fmt: skip
        return self.hub.handle(asked)


def _button(name: str, action: str, hidden: dict[str, str]) -> str:
    fields = "".join(
        f'<input type="hidden" name="{key}" value="{escape(value)}">'
        for key, value in hidden.items()
    )
    return f'<form method="post" action="{action}">{fields}<button>{name}</button></form>'


@contextmanager
def serving(hub: Hub) -> Iterator[Web]:
    web = Web(hub)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            body = self.rfile.read(length)
            parts = urlsplit(self.path)
            if parts.path.startswith("/api/v3"):
                answer = web.ask(self.command, self.path, dict(self.headers), body)
                self._say(answer.status_code, answer.content, {"Content-Type": "application/json"})
                return
            form = {key: values[0] for key, values in parse_qs(body.decode()).items()}
            status, text = web.page(self.command, parts.path, parts.query, form)
            if status == 302:
                self._say(status, b"", {"Location": text})
            else:
                self._say(status, text.encode(), {"Content-Type": "text/html"})

        def do_POST(self) -> None:
            self.do_GET()

        def _say(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in (headers | {"Content-Length": str(len(body))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}).start()
        web.address = f"http://127.0.0.1:{server.server_port}"
        yield web
        server.shutdown()
