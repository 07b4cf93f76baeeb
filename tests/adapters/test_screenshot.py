"""Pictures of previews by a real Chromium, of pages that behave and of pages that do not."""

import select
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.conf import settings

from deployments.adapters import screenshot

OUTSIDE = """<h1>hello</h1>
<img src="http://127.0.0.1:{port}/ip"><img src="http://localhost:{port}/name">
<img src="http://[::1]:{port}/ip6"><img src="http://169.254.169.254/latest/meta-data/">
<img src="http://shop.preview.example:{port}/own-name-other-port">
<img src="http://other.preview.example:{router}/other-preview">
<script>
fetch("http://127.0.0.1:{port}/fetch", {{mode: "no-cors"}});
new WebSocket("ws://127.0.0.1:{port}/socket");
</script>"""

PEERS = """<h1>hello</h1><script>
for (const urls of ["stun:127.0.0.1:{udp}", "turn:127.0.0.1:{tcp}?transport=tcp"]) {{
  const peer = new RTCPeerConnection({{iceServers: [{{urls, username: "a", credential: "b"}}]}});
  peer.createDataChannel("x");
  peer.createOffer().then((offer) => peer.setLocalDescription(offer));
}}
</script>"""


class Server:
    """Answers with `page`, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.page, self.redirect, self.asked = "<h1>hello</h1>", "", list[str]()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(f"{self.headers['Host']}{self.path}")
                is_chromium = outer.asked.count(outer.asked[-1]) > 1
                self.send_response(302 if outer.redirect and is_chromium else 200)
                self.send_header("Location", outer.redirect)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(outer.page.encode())

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port: int = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def router(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    server = Server()
    changed = {
        "router_url": f"http://127.0.0.1:{server.port}",
        "preview_domain": "preview.example",
        "preview_port": server.port,
    }
    monkeypatch.setattr(settings, "EDAHA", settings.EDAHA.model_copy(update=changed))
    yield server
    server.close()


@pytest.fixture
def elsewhere() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


def test_a_page_becomes_a_picture(router: Server) -> None:
    picture = screenshot.take("shop")
    assert picture is not None
    assert (picture.width, picture.height) == (640, 400)
    assert set(router.asked) <= {
        f"shop.preview.example:{router.port}/",
        f"shop.preview.example:{router.port}/favicon.ico",
    }


def test_the_page_reaches_nothing_but_itself(router: Server, elsewhere: Server) -> None:
    router.page = OUTSIDE.format(port=elsewhere.port, router=router.port)
    assert screenshot.take("shop") is not None
    assert elsewhere.asked == []
    assert not any("other" in each for each in router.asked)


def test_webrtc_reaches_nothing_either(router: Server) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(type=socket.SOCK_DGRAM) as udp,
    ):
        udp.bind(("127.0.0.1", 0))
        router.page = PEERS.format(tcp=tcp.getsockname()[1], udp=udp.getsockname()[1])
        assert screenshot.take("shop") is not None
        assert select.select([tcp, udp], [], [], 0)[0] == []


def test_a_redirect_leads_nowhere_else(router: Server, elsewhere: Server) -> None:
    router.redirect = f"http://127.0.0.1:{elsewhere.port}/secret"
    screenshot.take("shop")
    assert elsewhere.asked == []


def test_a_page_that_never_ends_is_ended(router: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screenshot, "_SECONDS", 4)
    router.page = "<h1>hello</h1><script>for (;;) {}</script>"
    assert screenshot.take("shop") is None


def test_what_is_no_page_has_no_picture(router: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screenshot, "_run", lambda *_: pytest.fail("it was asked for"))
    router.server.RequestHandlerClass.do_GET = (  # type: ignore[attr-defined]
        lambda handler: handler.send_error(502)
    )
    assert screenshot.take("shop") is None


@pytest.mark.parametrize("wanted", ["off", "/nowhere/chromium"])
def test_without_chromium_there_is_no_error(
    router: Server, monkeypatch: pytest.MonkeyPatch, wanted: str
) -> None:
    changed = settings.EDAHA.model_copy(update={"chromium": wanted})
    monkeypatch.setattr(settings, "EDAHA", changed)
    assert screenshot.take("shop") is None
