"""Hosts of plain git, which somebody else runs: where they lead to, and how much they say."""

import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from deployments.adapters import git, gitcommand
from deployments.adapters.output import TooMuch, output_of
from deployments.errors import PlatformError
from deployments.models import Repository
from tests.reconcile.serving import _certificate
from tests.reconcile.test_github import configured

pytestmark = pytest.mark.django_db


@contextmanager
def answering(tls: Path, to: str = "") -> Iterator[tuple[str, list[dict[str, str]]]]:
    """A server that leads everybody to another address, and remembers what it was sent."""
    seen: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append({"path": self.path, **{k.lower(): v for k, v in self.headers.items()}})
            self.send_response(302 if to else 404)
            if to:
                self.send_header("Location", f"{to}{self.path}")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls / "git.pem", tls / "git.key")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_gitlab_cve_2021_22214_a_host_leads_git_to_nothing_inside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clone URL is what an administrator looked at; where it redirects to, nobody did."""
    certificate, _ = _certificate(tmp_path)
    monkeypatch.setenv("GIT_SSL_CAINFO", str(certificate))
    with answering(tmp_path) as (inside, led), answering(tmp_path, inside) as (host, asked):
        shop = Repository.objects.create(full_name="acme/shop", clone_url=f"{host}/shop.git")
        signed_in = configured(git_credentials=[f"{host}/=ada:s3cret"])
        with signed_in, pytest.raises(PlatformError) as refused:
            git.heads(shop)
    assert asked[0]["authorization"].startswith("Basic ")
    assert led == []
    assert "leads elsewhere" in refused.value.hint


def test_flooded_by_refs_a_host_that_never_ends_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list of refs without an end filled the worker's memory."""
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\nexec yes 1111111111111111111111111111111111111111\trefs/heads/x\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:/usr/bin:/bin")
    monkeypatch.setattr(gitcommand, "OUTPUT_MAX", 4 * 1024 * 1024)
    shop = Repository.objects.create(full_name="acme/shop", clone_url="https://x.example/shop")
    with pytest.raises(PlatformError, match="answered with more than 4 MB"):
        git.heads(shop)


def test_what_a_command_says_is_read_whole_from_both_ends() -> None:
    script = "import sys; sys.stdout.write('o' * 300000); sys.stderr.write('e' * 300000); exit(3)"
    done = output_of([sys.executable, "-c", script], {}, seconds=30, most=1 << 20)
    assert (done.code, len(done.out), len(done.err)) == (3, 300_000, 300_000)


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_too_much_on_either_end_is_the_end(stream: str) -> None:
    script = f"import sys\nwhile True: sys.{stream}.write('x' * 65536)"
    with pytest.raises(TooMuch):
        output_of([sys.executable, "-c", script], {}, seconds=30, most=1 << 20)


def test_who_closes_its_ends_and_stays_is_left_too() -> None:
    script = "import os, time; os.close(1); os.close(2); time.sleep(60)"
    with pytest.raises(subprocess.TimeoutExpired):
        output_of([sys.executable, "-c", script], {}, seconds=0.5, most=1 << 20)
