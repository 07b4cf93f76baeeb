"""github.com in a browser, as far as the set-up of an App needs it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .state import State, Thing


class Web:
    """Somebody who owns the organisation acme is signed in there."""

    def __init__(self, state: State) -> None:
        self.state = state
        #: What the App has that is made of any manifest.
        self.app: Thing = {}
        self.manifest: dict[str, Any] = {}
        self.address = ""

    def page(self, method: str, path: str, query: str, form: dict[str, str]) -> tuple[int, str]:
        """A page, or where to go on (302)."""
        if path == "/organizations/acme/settings/apps/new" and method == "POST":
            self.manifest = json.loads(form["manifest"])
            (state,) = parse_qs(query)["state"]
            return 200, _button("Create GitHub App", "/make", {"state": state})
        if path == "/make":
            self.state.manifest_codes["c0de"] = dict(self.app)
            return 302, f"{self.manifest['redirect_url']}?code=c0de&state={form['state']}"
        if path == "/apps/edaha-acme/installations/new":
            return 200, _button("Install", "/install", {})
        if path == "/install":
            return 302, f"{self.manifest['setup_url']}?installation_id=11&setup_action=install"
        return 404, "Not Found"


def _button(name: str, action: str, hidden: dict[str, str]) -> str:
    fields = "".join(
        f'<input type="hidden" name="{key}" value="{escape(value)}">'
        for key, value in hidden.items()
    )
    return f'<form method="post" action="{action}">{fields}<button>{name}</button></form>'


@contextmanager
def browsed(state: State) -> Iterator[Web]:
    web = Web(state)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            parts = urlsplit(self.path)
            form = {key: values[0] for key, values in parse_qs(body.decode()).items()}
            status, text = web.page(self.command, parts.path, parts.query, form)
            self.send_response(status)
            more = {"Location": text} if status == 302 else {"Content-Type": "text/html"}
            content = b"" if status == 302 else text.encode()
            for name, value in (more | {"Content-Length": str(len(content))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}).start()
        web.address = f"http://127.0.0.1:{server.server_port}"
        yield web
        server.shutdown()
