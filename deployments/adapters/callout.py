"""Requests to addresses that somebody has typed in, which may lead anywhere.

The name is resolved once, every address it has is checked, and the connection goes to a checked
one: a name that means something else a moment later changes nothing. Redirects are not followed,
no proxy of the environment is used, and neither time nor length of an answer is the other's choice.
"""

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpcore

from ..config import config
from ..models.subscription import ANSWER_MAX

_CONNECT, _SECONDS = 5.0, 15.0
#: What a machine in AWS tells of itself, its role's credentials among it, to whoever runs there;
#: most of it is link-local.
_AWS_OWN = ipaddress.ip_network("fd00:ec2::/32")
#: NAT64 and 6to4 carry an IPv4 address that counts instead.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Answer(NamedTuple):
    #: None where nothing answered, and `problem` says why.
    status: int | None = None
    text: str = ""
    headers: Mapping[str, str] = {}
    milliseconds: int = 0
    problem: str = ""


class _Forbidden(Exception):
    """The address is not one to talk to."""


def post(url: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """Send it; never raises for what the other side does."""
    wrong = problem_of(url)
    if wrong:
        return Answer(problem=wrong)
    began = time.monotonic()
    try:
        status, found, text = _posted(url, headers, body, began + _SECONDS)
    except _Forbidden as problem:
        return Answer(problem=str(problem), milliseconds=_since(began))
    except (httpcore.TimeoutException, TimeoutError):
        return Answer(
            problem=f"No answer within {_SECONDS:.0f} seconds.", milliseconds=_since(began)
        )
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError, ValueError) as problem:
        text = str(problem)[:300] or type(problem).__name__
        return Answer(problem=f"It was not reached: {text}", milliseconds=_since(began))
    return Answer(status, text, found, _since(began))


def problem_of(url: str) -> str:
    """What is wrong with the address as it is written; empty where nothing is."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "That is no URL. Write it as https://HOST/PATH."
    schemes = {"http", "https"} if config().outgoing_private else {"https"}
    if parts.scheme not in schemes:
        return "Only https:// is sent to."
    if not parts.hostname or port == 0 or any(ord(sign) <= 32 or ord(sign) > 126 for sign in url):
        return "That is no URL. Write it as https://HOST/PATH."
    if parts.username is not None or parts.password is not None:
        return "Leave name and password out of the URL: what is sent is signed."
    return ""


def is_allowed(text: str) -> bool:
    """Whether an IP address belongs to the public internet."""
    address = _meant(text)
    if isinstance(address, ipaddress.IPv6Address) and (address.teredo or address.is_site_local):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def is_metadata(text: str) -> bool:
    """Whether a machine's own credentials may be there: nobody's word opens that."""
    address = _meant(text)
    return address.is_link_local or address in _AWS_OWN


def _meant(text: str) -> _Address:
    """The address, or the IPv4 address that it carries."""
    address: _Address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _posted(
    url: str, headers: Mapping[str, str], body: bytes, ends: float
) -> tuple[int, dict[str, str], str]:
    timeouts = {"connect": _CONNECT, "read": _SECONDS, "write": _SECONDS, "pool": _CONNECT}
    with (
        httpcore.ConnectionPool(
            ssl_context=ssl.create_default_context(), network_backend=_Checked(ends)
        ) as pool,
        pool.stream(
            "POST", url, headers=[*headers.items()], content=body, extensions={"timeout": timeouts}
        ) as response,
    ):
        found = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in response.headers
        }
        text = _beginning(response.iter_stream())
    return response.status, found, text


def _beginning(parts: Iterable[bytes]) -> str:
    """As much of an answer as is kept; the rest is not even read."""
    read = b""
    for part in parts:
        read += part
        if len(read) >= ANSWER_MAX:
            break
    return read[:ANSWER_MAX].decode("utf-8", "replace").replace("\0", "�")


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


class _Checked(httpcore.NetworkBackend):
    """Connects to what a name means, provided that it may be talked to."""

    def __init__(self, ends: float) -> None:
        self._ends = ends
        self._sync = httpcore.SyncBackend()

    def connect_tcp(self, host: str, port: int, *args: Any, **more: Any) -> httpcore.NetworkStream:
        problem: Exception | None = None
        for address in _resolved(host, port):
            try:
                stream = self._sync.connect_tcp(address, port, *args, **more)
            except httpcore.NetworkError as failed:
                problem = failed
            else:
                return _Timed(stream, self._ends)
        raise problem or _Forbidden(f"{host} has no address.")


class _Timed(httpcore.NetworkStream):
    """A connection that is over at a time, however slowly the other side talks."""

    def __init__(self, stream: httpcore.NetworkStream, ends: float) -> None:
        self._stream, self._ends = stream, ends

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = self._left(timeout)
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, left), self._ends)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def _left(self, timeout: float | None) -> float:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout
        return min(left, timeout or left)


def _resolved(host: str, port: int) -> list[str]:
    """Every address of a name, provided that all of them are allowed."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as problem:
        raise _Forbidden(f"The name {host} is not known.") from problem
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not config().outgoing_private and not all(map(is_allowed, addresses)):
        raise _Forbidden(
            f"{host} leads into a private network, where Edaha sends nothing. An operator allows "
            "it by EDAHA_OUTGOING_PRIVATE=1."
        )
    if any(map(is_metadata, addresses)):
        raise _Forbidden(f"{host} leads to a machine's own address, where Edaha sends nothing.")
    return addresses
