"""What Edaha sends to addresses that somebody has typed in, and what is made of the answers."""

import socket
from typing import Any

import httpcore
import pytest

from deployments.adapters import callout
from tests.reconcile.test_github import configured

#: Where machines in AWS, tasks of ECS and pods of EKS are told their own credentials.
METADATA = (
    "169.254.169.254 169.254.170.2 169.254.170.23 fd00:ec2::254 fd00:ec2::23 "
    "::ffff:169.254.169.254 64:ff9b::a9fe:a9fe 2002:a9fe:a9fe::1 fe80::1"
).split()


@pytest.mark.parametrize("address", METADATA)
def test_capital_one_ssrf_no_word_of_an_operator_opens_a_machines_credentials(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """EDAHA_OUTGOING_PRIVATE lets subscribers be inside; the metadata service is none of them."""
    connected: list[str] = []

    def connect(self: object, host: str, *args: Any, **more: Any) -> None:
        connected.append(host)
        raise httpcore.ConnectError("nobody there")

    def answered(host: str, port: int, *args: Any, **more: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    monkeypatch.setattr(socket, "getaddrinfo", answered)
    with configured(outgoing_private=True):
        answer = callout.post("http://innocent.example.com/", {}, b"{}")
    assert connected == []
    assert "machine's own address" in answer.problem
