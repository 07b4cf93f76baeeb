"""WebSockets, server-sent events and large bodies flow through as they come."""

import hashlib
import http.client
import socket
import threading
import time

from websockets.sync.client import connect
from websockets.sync.server import ServerConnection, serve

from tests.router.conftest import Router
from tests.router.servers import NAMESPACE, Handler, Reply

MEGABYTE = 1024 * 1024


def test_a_websocket_echoes(router: Router) -> None:
    def echo(connection: ServerConnection) -> None:
        for message in connection:
            connection.send(message)

    with serve(echo, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        port = server.socket.getsockname()[1]
        router.names.addresses["red"] = ("127.0.0.1",)
        router.dashboard.upstreams["red.preview.test"] = f"red.{NAMESPACE}:{port}"
        sock = socket.create_connection(("127.0.0.1", router.port))
        with connect("ws://red.preview.test/socket", sock=sock) as client:
            for message in ("one", "two", "x" * 100_000):
                client.send(message)
                assert client.recv(5) == message
        server.shutdown()
        thread.join()


def test_events_arrive_when_they_are_sent(router: Router) -> None:
    def reply(request: Handler) -> Reply:
        request.send_response(200)
        request.send_header("Content-Type", "text/event-stream")
        request.send_header("Connection", "close")
        request.end_headers()
        for number in range(3):
            request.wfile.write(f"data: {number} {time.monotonic()}\n\n".encode())
            time.sleep(0.3)
        request.close_connection = True
        raise ConnectionAbortedError

    router.application("red", reply)
    connection = http.client.HTTPConnection("127.0.0.1", router.port, timeout=10)
    connection.request("GET", "/", headers={"Host": "red.preview.test"})
    response = connection.getresponse()

    delays = []
    while line := response.readline():
        if line.startswith(b"data:"):
            delays.append(time.monotonic() - float(line.split()[2]))
    connection.close()

    assert len(delays) == 3
    assert max(delays) < 0.1


def test_a_large_upload_passes(router: Router) -> None:
    def reply(request: Handler) -> Reply:
        digest, left = hashlib.sha256(), int(request.headers["Content-Length"])
        while left:
            block = request.rfile.read(min(left, MEGABYTE))
            digest.update(block)
            left -= len(block)
        return 200, {}, digest.hexdigest().encode()

    router.application("red", reply)
    body = bytes(range(256)) * (50 * MEGABYTE // 256)

    response = router.get("red.preview.test", "/upload", method="POST", body=body)

    assert response.text == hashlib.sha256(body).hexdigest()


def test_a_large_download_passes(router: Router) -> None:
    router.application("red", lambda request: (200, {}, b"a" * 20 * MEGABYTE))

    assert len(router.get("red.preview.test").text) == 20 * MEGABYTE
