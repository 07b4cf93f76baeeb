"""The router is no proxy to anywhere else, and believes no header about who is speaking."""

import socket

import pytest
from django.test import Client

from deployments.config import config
from tests.dashboard.rows import a_live_branch
from tests.router.conftest import Router, says
from tests.router.servers import NAMESPACE, serving

from . import naughty

METADATA = "169.254.169.254"
CLOSE = "Connection: close\r\n"


def raw(router: Router, request: str) -> str:
    """What nginx answers to exactly these bytes."""
    with socket.create_connection(("127.0.0.1", router.port), timeout=10) as line:
        line.sendall(request.encode("latin-1"))
        answer = b""
        while piece := line.recv(65536):
            answer += piece
    return answer.decode("latin-1")


@pytest.mark.parametrize(
    "target",
    [f"http://{METADATA}/latest/meta-data/", "http://127.0.0.1/", "https://evil.example/", "*"],
)
def test_cve_2021_40438_an_absolute_address_is_no_order_to_a_proxy(
    router: Router, target: str
) -> None:
    """Apache's mod_proxy was made to ask whomever the request named."""
    router.application("red", says("red"))
    with serving(says("secret")):
        answer = raw(router, f"GET {target} HTTP/1.1\r\nHost: red.preview.test\r\n{CLOSE}\r\n")
    assert answer.split(" ")[1] in {"404", "400"}
    assert "secret" not in answer


@pytest.mark.parametrize("method", ["CONNECT", "TRACE"])
def test_cve_2003_1567_no_tunnel_and_no_trace(router: Router, method: str) -> None:
    router.application("red", says("red"))
    line = f"{method} {METADATA}:80 HTTP/1.1\r\nHost: red.preview.test\r\n{CLOSE}"
    answer = raw(router, line + "Cookie: a=secret\r\n\r\n")
    assert answer.split(" ")[1] in {"400", "405"}
    assert "secret" not in answer


@pytest.mark.parametrize(
    "header",
    [
        "X-Edaha-Upstream: {address}",
        "X-Edaha-Host: blue.preview.test",
        "X-Forwarded-Host: blue.preview.test",
        "X-Host: blue.preview.test",
        "Forwarded: host=blue.preview.test",
        "X-Original-URL: /_edaha/gate",
        "X-Rewrite-URL: /_edaha/gate",
        "X-Accel-Redirect: /_edaha/gate",
        "X_Edaha_Upstream: {address}",
    ],
)
def test_cve_2023_24044_no_header_chooses_another_preview(router: Router, header: str) -> None:
    router.application("red", says("red"))
    router.application("blue", says("blue"))
    with serving(says("secret")) as elsewhere:
        given = header.format(address=f"127.0.0.1:{elsewhere.port}")
        request = (
            f"GET / HTTP/1.1\r\nHost: red.preview.test\r\nConnection: close\r\n{given}\r\n\r\n"
        )
        answer = raw(router, request)
    assert answer.endswith("red")
    assert elsewhere.requests == []


@pytest.mark.parametrize(
    "hosts",
    [
        "Host: red.preview.test\r\nHost: blue.preview.test",
        "Host: red.preview.test@blue.preview.test",
        "Host: red.preview.test/blue",
        "Host: red.preview.test\x00.evil.example",
        f"Host: {METADATA}",
        "Host: [::1]",
        "Host: localhost",
        "Host: preview.test",
        "Host: ..preview.test",
        "Host: %72ed.preview.test",
        "Host: red.preview.test.",
        "Host:",
        "X-Host: red.preview.test",
    ],
)
def test_cve_2022_29153_an_odd_host_is_nobodys(router: Router, hosts: str) -> None:
    """Consul, and many others, asked whatever host a request led them to."""
    router.application("blue", says("blue"))
    answer = raw(router, f"GET / HTTP/1.1\r\n{hosts}\r\nConnection: close\r\n\r\n")
    # With a dot at its end it is the same host, which is not live here.
    assert answer.split(" ")[1] in {"400", "404", "503"}
    assert "blue" not in answer.partition("\r\n\r\n")[2]


@pytest.mark.parametrize(
    "upstream",
    [
        f"{METADATA}:80",
        f"{METADATA}.{NAMESPACE}:80@evil",
        "localhost:6379",
        f"red.{NAMESPACE}:80/../../",
        f"red.{NAMESPACE}:80\\evil",
        f"red.{NAMESPACE}@{METADATA}:80",
        f"red.x.{NAMESPACE}:80",
        "unix:/var/run/docker.sock",
        f"red.{NAMESPACE}",
        "",
    ],
)
def test_a_gate_that_lies_opens_nothing(router: Router, upstream: str) -> None:
    """Who has taken over the dashboard still reaches nothing but previews through the router."""
    router.names.addresses["red"] = ("127.0.0.1",)
    router.dashboard.upstreams["red.preview.test"] = upstream
    answer = router.get("red.preview.test")
    assert answer.status == 503


def test_cve_2019_20372_one_request_is_not_two(router: Router) -> None:
    """A body's length told twice let a second request through behind somebody else's."""
    red = router.application("red", says("red"))
    smuggled = "GET /smuggled HTTP/1.1\r\nHost: red.preview.test\r\n\r\n"
    for framing in (
        f"Content-Length: {len(smuggled)}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}",
        f"Transfer-Encoding: xchunked\r\nContent-Length: 4\r\n\r\n{smuggled}",
        f"Content-Length: 5\r\nContent-Length: 0\r\n\r\n{smuggled}",
        f"Content-Length: 0\r\n Transfer-Encoding: chunked\r\n\r\n{smuggled}",
    ):
        request = f"POST / HTTP/1.1\r\nHost: red.preview.test\r\nConnection: close\r\n{framing}"
        raw(router, request)
    assert "/smuggled" not in [request.path for request in red.requests]


@pytest.mark.parametrize("text", naughty.ALL)
def test_the_gate_knows_a_host_by_its_whole_name(db: None, text: str) -> None:
    branch = a_live_branch("red")
    clean = text.replace("\r", "").replace("\n", "")
    for host in (clean, f"{clean}.{config().preview_domain}", f"{branch.slug}{clean}"):
        try:
            host.encode("latin-1")
        except UnicodeEncodeError:
            host = host.encode().decode("latin-1")
        for path in ("/router/gate", "/router/status"):
            response = Client().get(path, headers={"X-Edaha-Host": host, "X-Edaha-Probe": host})
            assert response.status_code in {403, 404}
            assert "X-Edaha-Upstream" not in response


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io"])
def test_cve_2016_9014_the_dashboard_answers_to_its_own_name_alone(db: None, host: str) -> None:
    """DNS rebinding, and addresses in mails and pages that lead to another host."""
    response = Client().get("/sign-in", headers={"Host": host})
    assert response.status_code == 400
    response = Client().get("/sign-in", headers={"X-Forwarded-Host": host})
    assert response.status_code == 200
    assert host not in response.content.decode()


@pytest.mark.parametrize(
    "address",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "\t//evil",
    ],
)
def test_cve_2017_7233_nobody_is_sent_elsewhere(viewer: Client, address: str) -> None:
    told = viewer.post("/language", {"language": "ja", "next": address})
    signed_in = viewer.get("/sign-in", {"next": address})
    for response in (told, signed_in):
        assert "evil" not in response.get("Location", "")
        assert not response.get("Location", "").startswith("javascript")
