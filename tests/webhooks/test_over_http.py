"""The receiver behind the real server, asked by clients that mean no good."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from django.db import connections

from deployments.models import Delivery

from .conftest import Webhook, signed

MB = 1024 * 1024


@pytest.fixture
def port(webhook: Webhook) -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    settings = uvicorn.Config(
        webhook.receiver,
        http="httptools",
        loop="uvloop",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(settings)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield listener.getsockname()[1]
    server.should_exit = True
    thread.join()
    connections.close_all()


def _post(port: int, body: bytes | Iterator[bytes], headers: dict[str, str]) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("POST", "/webhooks/github", body=body, headers=headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_a_delivery_comes_in_over_http(port: int) -> None:
    request = signed()
    status, text = _post(port, request.body[0], request.headers)
    assert (status, json.loads(text)["status"]) == (202, "accepted")
    assert Delivery.objects.count() == 1


def test_the_largest_payload_that_github_sends_is_taken(port: int) -> None:
    request = signed(b'{"text": "%s"}' % (b"x" * (24 * MB)))
    assert _post(port, request.body[0], request.headers)[0] == 202
    assert len(Delivery.objects.get().payload) > 24 * MB


def test_30_mb_are_refused_and_the_sender_can_read_why(port: int) -> None:
    status, text = _post(port, b"x" * (30 * MB), signed().headers)
    assert (status, json.loads(text)["status"]) == (413, 413)


def test_30_mb_in_chunks_are_refused_as_well(port: int) -> None:
    chunks = iter([b"x" * MB] * 30)
    status, _ = _post(port, chunks, signed().headers)
    assert status == 413
    assert not Delivery.objects.exists()


def test_deliveries_on_one_connection_are_answered_one_by_one(port: int) -> None:
    requests = [signed() for _ in range(20)]
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(
            b"".join(_on_the_wire(request.headers, request.body[0]) for request in requests)
        )
        text = b""
        while text.count(b"accepted") < 20:
            text += client.recv(65536)
    assert Delivery.objects.count() == 20


def test_a_thousand_senders_at_once_are_all_served(port: int) -> None:
    requests = [signed() for _ in range(1000)]
    clients = [socket.create_connection(("127.0.0.1", port)) for _ in requests]
    for client, request in zip(clients, requests, strict=True):
        client.sendall(_on_the_wire(request.headers, request.body[0]))
    answers = [client.recv(4096) for client in clients]
    for client in clients:
        client.close()
    assert {answer.split(b" ", 2)[1] for answer in answers} == {b"202"}
    assert Delivery.objects.count() == 1000


def test_senders_that_stall_keep_nobody_waiting(port: int) -> None:
    request = signed()
    whole = _on_the_wire(request.headers, request.body[0])
    stalled = [socket.create_connection(("127.0.0.1", port)) for _ in range(200)]
    for client in stalled:
        client.sendall(whole[:-10])
    another = signed()
    started = time.monotonic()
    assert _post(port, another.body[0], another.headers)[0] == 202
    assert time.monotonic() - started < 1
    for client in stalled:
        client.close()


def _on_the_wire(headers: dict[str, str], body: bytes) -> bytes:
    lines = [f"{name}: {value}" for name, value in headers.items()]
    head = ["POST /webhooks/github HTTP/1.1", "Host: x", *lines, f"Content-Length: {len(body)}"]
    return "\r\n".join([*head, "", ""]).encode() + body
