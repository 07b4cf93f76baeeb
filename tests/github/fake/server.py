"""The fake of GitHub over HTTP."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .github import Fake, Response

#: What /_fake/ addresses do: path and body in, an answer out.
Control = Callable[[str, dict[str, Any]], Any]

_METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    #: Set in a class of each server's own.
    fake: Fake
    control: Control | None

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True

    def _any(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        control = self.control
        if control is not None and self.path.startswith("/_fake/"):
            answer = control(self.path, json.loads(content or b"{}"))
            self._send(Response(200, {}, json.dumps(answer).encode()))
            return
        response = self.fake.answer(self.command, self.path, headers, content)
        time.sleep(response.seconds)
        if response.is_lost:
            self.close_connection = True
        else:
            self._send(response)

    def _send(self, response: Response) -> None:
        parts = response.content
        content = parts if isinstance(parts, bytes) else b"".join(parts)
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if response.status not in {204, 304}:
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if response.status not in {204, 304}:
            self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Tests read the answers, and nobody the log."""


def server(
    fake: Fake, port: int = 0, control: Control | None = None, path: str = ""
) -> ThreadingHTTPServer:
    answers = {f"do_{method}": _Handler._any for method in _METHODS}
    own: dict[str, Any] = {"fake": fake, "control": staticmethod(control) if control else None}
    handler = type("Handler", (_Handler,), own | answers)
    made = ThreadingHTTPServer(("127.0.0.1", port), handler)
    made.daemon_threads = True
    fake.url = f"http://127.0.0.1:{made.server_port}{path}"
    return made


@contextmanager
def running(fake: Fake, path: str = "") -> Iterator[Fake]:
    """Served below `path`, as GitHub Enterprise Server has its API below /api/v3."""
    made = server(fake, path=path)
    thread = threading.Thread(target=made.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        made.shutdown()
        made.server_close()
        thread.join()
