"""Stands in for nginx: asks the real gate, and then whether ECS really runs what it names."""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_SECONDS = 2


class Handler(BaseHTTPRequestHandler):
    dashboard: str
    aws: str

    def do_GET(self) -> None:
        try:
            self._answer(self._status())
        except OSError:
            self._answer(503)

    def _status(self) -> int:
        headers = {"X-Edaha-Host": self.headers["Host"]}
        if probe := self.headers.get("X-Edaha-Probe"):
            headers["X-Edaha-Probe"] = probe
        request = urllib.request.Request(f"{self.dashboard}/router/gate", headers=headers)
        try:
            with _DIRECT.open(request, timeout=_SECONDS) as answer:
                name = answer.headers["X-Edaha-Upstream"].partition(".")[0]
        except urllib.error.HTTPError:
            return 503
        with _DIRECT.open(f"{self.aws}/_proxy/running?name={name}", timeout=_SECONDS) as answer:
            counts = json.load(answer)
        return 200 if counts["tasks"] and counts["instances"] else 502

    def _answer(self, status: int) -> None:
        try:
            self.send_response(status)
            if status != 200:
                self.send_header("X-Edaha-Status", "building")
            self.send_header("Content-Length", "0")
            self.end_headers()
        except OSError:
            return  # nobody waits any more

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def router(port: int, *, dashboard: str, aws: str) -> Iterator[None]:
    handler = type("BoundHandler", (Handler,), {"dashboard": dashboard, "aws": aws})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="router", daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
