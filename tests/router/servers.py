"""What stands around nginx in its tests: a dashboard, a DNS server and applications."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from dnslib import DNSRecord
from dnslib.server import BaseResolver, DNSHandler, DNSLogger, DNSServer

from sandbox.discovery.zone import Records, answer

NAMESPACE = "edaha.test"
Reply = tuple[int, dict[str, str], bytes]


Answer = Callable[["Handler"], Reply]


class Handler(BaseHTTPRequestHandler):
    """Answers with what its server's `reply` makes of the request."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def handle_any(self) -> None:
        self.server.requests.append(self)
        status, headers, body = self.server.reply(self)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = handle_any  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Silence."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, reply: Answer, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.reply = reply
        self.requests: list[Handler] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away in the middle is part of some tests."""


@contextmanager
def serving(reply: Answer, port: int = 0) -> Iterator[Server]:
    with Server(reply, port) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@dataclass
class Dashboard:
    """The gate and the status page, as the router's contract has them."""

    upstreams: dict[str, str] = field(default_factory=dict)  # by host
    probed: dict[str, str] = field(default_factory=dict)  # by host, for probes only
    #: Protected hosts, with what opens each: a pass, a bypass token or a picture's token.
    protected: dict[str, set[str]] = field(default_factory=dict)
    doors: dict[str, Reply] = field(default_factory=dict)  # by path
    status: Reply = (503, {"Retry-After": "5", "X-Edaha-Status": "building"}, b"building")

    def reply(self, request: Handler) -> Reply:
        if request.path == "/router/status":
            return self.status
        if request.path in self.doors:
            return self.doors[request.path]
        assert request.path == "/router/gate", request.path
        host = request.headers["X-Edaha-Host"]
        shown = {request.headers.get(f"X-Edaha-{kind}") for kind in ("Pass", "Bypass", "Picture")}
        if host in self.protected and not shown & self.protected[host]:
            return 401, {}, b""
        served = self.probed if "X-Edaha-Probe" in request.headers else self.upstreams
        upstream = served.get(host)
        return (204, {"X-Edaha-Upstream": upstream}, b"") if upstream else (403, {}, b"")


class Names(BaseResolver):  # type: ignore[misc]  # dnslib has no annotations
    """Answers from a dictionary of addresses by service name."""

    def __init__(self, addresses: dict[str, tuple[str, ...]]) -> None:
        self.addresses = addresses

    def resolve(self, request: DNSRecord, handler: DNSHandler) -> DNSRecord:
        return answer(request, [NAMESPACE], self.find)

    def find(self, service: str, namespace: str) -> Records | None:
        found = self.addresses.get(service)
        return Records(found, 1) if found else None


@contextmanager
def resolving(names: Names) -> Iterator[int]:
    """The DNS server's port."""
    silent = DNSLogger(log="-request,-reply,-truncated,-error", prefix=False)
    server = DNSServer(names, address="127.0.0.1", port=0, logger=silent)
    server.start_thread()
    try:
        yield server.server.server_address[1]
    finally:
        server.stop()
        server.server.server_close()
        server.thread.join()
