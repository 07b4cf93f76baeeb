"""Servers that are busy, away, wrong, slow, or hostile: what is said, and the exit code."""

import json
import ssl
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from edaha_cli import http
from edaha_cli.errors import Unreachable
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from .conftest import ROOT, Ended, started


@pytest.fixture
def edaha(tmp_path: Path, httpserver: HTTPServer) -> Any:
    def run(*arguments: str, **changes: str) -> Ended:
        place = ["--repository", "acme/shop", "--branch", "feature-x"]
        given = {
            "HOME": str(tmp_path),
            "EDAHA_SERVER": httpserver.url_for("").rstrip("/"),
            "EDAHA_TOKEN": "edaha_secret",
        }
        return started([*arguments, *place], tmp_path, given | changes)

    return run


def a_row(**fields: Any) -> dict[str, Any]:
    row = dict.fromkeys(("title", "author", "commit", "waiting_for", "expires_at", "deployment"))
    known = {"id": 1, "repository": "acme/shop", "name": "feature-x", "state": "live"}
    return row | known | {"url": "https://x.example", "live": {"id": 1}, "is_fork": False} | fields


def problem(status: int, **headers: str) -> Response:
    body = json.dumps({"status": status, "detail": "Not now.", "hint": "Later."})
    return Response(body, status, {"Content-Type": "application/problem+json"} | headers)


@pytest.mark.parametrize("status", [429, 503])
def test_it_waits_as_long_as_the_server_says(
    edaha: Any, httpserver: HTTPServer, status: int
) -> None:
    busy = problem(status, **{"Retry-After": "1"})
    httpserver.expect_ordered_request("/api/v1/branches").respond_with_response(busy)
    httpserver.expect_ordered_request("/api/v1/branches").respond_with_json([a_row()])
    began = time.monotonic()
    done = edaha("status")
    assert (done.returncode, time.monotonic() - began > 1) == (0, True), done.stderr
    assert "waiting 1 s" in done.stderr


@pytest.mark.parametrize("told", ["3600", "soon", "-5", "", "9" * 400])
def test_it_does_not_wait_for_ever(edaha: Any, httpserver: HTTPServer, told: str) -> None:
    httpserver.expect_request("/api/v1/branches").respond_with_response(
        problem(503, **{"Retry-After": told})
    )
    done = edaha("status")
    assert (done.returncode, "Not now." in done.stderr) == (5, True)


def test_a_wish_that_is_sent_twice_has_one_key(edaha: Any, httpserver: HTTPServer) -> None:
    keys = []

    def answer(request: Request) -> Response:
        keys.append(request.headers["Idempotency-Key"])
        if len(keys) == 1:
            return problem(503, **{"Retry-After": "1"})
        made = {"id": 7, "state": "queued", "commit": "a" * 40}
        return Response(json.dumps(made), 202, content_type="application/json")

    httpserver.expect_request("/api/v1/branches").respond_with_json([a_row()])
    httpserver.expect_request("/api/v1/branches/1/deployments").respond_with_handler(answer)
    done = edaha("redeploy", "--no-wait", "--json")
    assert done.returncode == 0, done.stderr
    assert len(keys) == 2
    assert keys[0] == keys[1]


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        (Response("<h1>Welcome</h1>"), 5, "is not Edaha"),
        (Response("nothing", 404), 5, "is not Edaha"),
        (Response('{"a": 1}'), 5, "is not Edaha"),
        (problem(401), 4, "edaha login"),
        (problem(403), 4, "Not now."),
        (problem(409), 1, "Later."),
        (problem(422), 2, "Not now."),
        (problem(500), 5, "Not now."),
        (Response("", 302, {"Location": "https://evil.example/\x1b[2J"}), 5, "evil.example"),
        (Response("", 502), 5, "502"),
    ],
)
def test_what_servers_answer(
    edaha: Any, httpserver: HTTPServer, answer: Response, code: int, said: str
) -> None:
    httpserver.expect_request("/api/v1/branches").respond_with_response(answer)
    done = edaha("status")
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert "\x1b" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_server_that_says_nothing_is_given_up(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sleep(_request: Request) -> Response:
        time.sleep(1.5)
        return Response("[]")

    httpserver.expect_request("/").respond_with_handler(sleep)
    with pytest.raises(Unreachable, match=r"within 0\.3 seconds"):
        http.ask(http.Call("GET", httpserver.url_for("/"), seconds=0.3))


def test_a_name_that_nobody_has_is_told(edaha: Any) -> None:
    done = edaha("status", EDAHA_SERVER="https://edaha.invalid")
    assert (done.returncode, "There is no https://edaha.invalid" in done.stderr) == (5, True)


def a_certificate(folder: Path) -> Path:
    """One for localhost that nobody else vouches for, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    signed = made.add_extension(names, critical=False).sign(key, hashes.SHA256())
    kept = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = folder / "certificate.pem"
    file.write_bytes(signed.public_bytes(Encoding.PEM) + kept)
    return file


def test_a_certificate_that_nobody_vouches_for(edaha: Any, tmp_path: Path) -> None:
    file, context = a_certificate(tmp_path), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with HTTPServer(ssl_context=context) as server:
        server.expect_request("/api/v1/branches").respond_with_json([a_row()])
        address = f"https://localhost:{server.port}"
        done = edaha("status", EDAHA_SERVER=address)
        assert (done.returncode, "SSL_CERT_FILE" in done.stderr) == (5, True), done.stderr
        assert not server.log
        trusted = edaha("status", EDAHA_SERVER=address, SSL_CERT_FILE=str(file))
        assert trusted.returncode == 0, trusted.stderr


def test_a_near_name_is_offered(edaha: Any, httpserver: HTTPServer) -> None:
    def answer(request: Request) -> Response:
        rows = [] if "name" in request.args else [a_row(name="feature-xy")]
        return Response(json.dumps(rows), content_type="application/json")

    httpserver.expect_request("/api/v1/branches").respond_with_handler(answer)
    done = edaha("status")
    assert (done.returncode, "Did you mean feature-xy?" in done.stderr) == (3, True)


def test_only_addresses_of_the_web_are_opened(
    edaha: Any, httpserver: HTTPServer, tmp_path: Path
) -> None:
    (tmp_path / "browser").write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/opened\n')
    (tmp_path / "browser").chmod(0o755)
    for url in ("javascript:alert(1)", "file:///etc/passwd", "-x", "https://x.example"):
        httpserver.clear()
        httpserver.expect_request("/api/v1/branches").respond_with_json([a_row(url=url)])
        assert edaha("open", BROWSER=str(tmp_path / "browser")).returncode == 0
    assert (tmp_path / "opened").read_text() == "https://x.example\n"


def a_line(number: int) -> dict[str, Any]:
    return {"number": number, "at": 0, "step": 0, "text": f"line {number}"}


def test_a_log_goes_on_where_the_connection_broke(edaha: Any, httpserver: HTTPServer) -> None:
    asked: list[str] = []
    row = a_row(deployment={"id": 7, "state": "building"})

    def stream(request: Request) -> Response:
        asked.append(request.args["after"])
        after = int(asked[-1])
        lines = [a_line(after), a_line(after + 1), a_line(after + 2)][0 if after else 1 :]
        event = f"event: lines\nid: {after + 2}\ndata: {json.dumps(lines)}\n\n: still here\n\n"
        torn = "event: lines\ndata: [{" if len(asked) < 3 else "event: end\ndata: \n\n"
        return Response(event + torn, content_type="text/event-stream")

    def deployment(_request: Request) -> Response:
        state = "live" if len(asked) == 3 else "building"
        return Response(json.dumps({"id": 7, "state": state}), content_type="application/json")

    httpserver.expect_request("/api/v1/branches").respond_with_json([row])
    httpserver.expect_request("/api/v1/deployments/7").respond_with_handler(deployment)
    httpserver.expect_request("/api/v1/deployments/7/log/stream").respond_with_handler(stream)
    httpserver.expect_request("/api/v1/deployments/7/log").respond_with_json([])
    done = edaha("logs", "-f")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:-1] == [f"line {number}" for number in range(1, 7)]
    assert asked == ["0", "2", "4"]


def test_a_server_without_a_stream_is_asked_now_and_then(
    edaha: Any, httpserver: HTTPServer
) -> None:
    states = iter(["building", "building", "live"])

    def deployment(_request: Request) -> Response:
        body = json.dumps({"id": 7, "state": next(states, "live")})
        return Response(body, content_type="application/json")

    row = a_row(deployment={"id": 7, "state": "building"})
    httpserver.expect_request("/api/v1/branches").respond_with_json([row])
    httpserver.expect_request("/api/v1/deployments/7").respond_with_handler(deployment)
    httpserver.expect_request("/api/v1/deployments/7/log/stream").respond_with_response(
        problem(404)
    )
    httpserver.expect_request("/api/v1/deployments/7/log").respond_with_json([a_line(1)])
    done = edaha("logs", "-f")
    assert (done.returncode, done.stdout) == (0, "line 1\n"), done.stderr


def test_a_closed_pipe_ends_quietly(httpserver: HTTPServer, tmp_path: Path) -> None:
    row = a_row(deployment={"id": 7, "state": "live"})
    httpserver.expect_request("/api/v1/branches").respond_with_json([row])
    lines = [a_line(number) for number in range(1, 20_000)]
    httpserver.expect_request("/api/v1/deployments/7/log").respond_with_json(lines)
    logs = "python -m edaha_cli logs --repository acme/shop --branch x"
    command = f"{logs} | head -1; echo ${{PIPESTATUS[0]}}"
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "PYTHONPATH": str(ROOT / "cli"),
        "HOME": str(tmp_path),
        "EDAHA_TOKEN": "x",
        "EDAHA_SERVER": httpserver.url_for("").rstrip("/"),
    }
    done = subprocess.run(
        ["bash", "-c", command], env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("line 1\n0\n", "")
