"""The emulator behind the proxy: any one by its URL, or moto's server in this process."""

import http.client
import logging
import threading
from urllib.parse import urlsplit

from moto.server import ThreadedMotoServer

from .call import Call, Reply

#: Of one connection, and so nothing to pass on.
_HOP = {"host", "connection", "keep-alive", "transfer-encoding", "content-length", "expect"}


class Upstream:
    def __init__(self, url: str) -> None:
        self.url = url
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._own = threading.local()

    def ask(self, call: Call) -> Reply:
        """Pass a call on. An idle connection that the emulator has closed is opened anew."""
        try:
            return self._ask(call)
        except (http.client.RemoteDisconnected, ConnectionError):
            self._own.connection = None
            return self._ask(call)

    def _ask(self, call: Call) -> Reply:
        connection = self._connection()
        kept = {name: value for name, value in call.headers.items() if name not in _HOP}
        connection.request(call.method, call.path, call.content, kept)
        answer = connection.getresponse()
        content = answer.read()
        headers = {name: value for name, value in answer.getheaders() if name.lower() not in _HOP}
        return Reply(answer.status, content, headers)

    def _connection(self) -> http.client.HTTPConnection:
        found: http.client.HTTPConnection | None = getattr(self._own, "connection", None)
        if found is None:
            found = http.client.HTTPConnection(self._host, self._port, timeout=60)
            self._own.connection = found
        return found


def start_moto() -> str:
    """Its URL; it ends with the process."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    return f"http://{host}:{port}"
