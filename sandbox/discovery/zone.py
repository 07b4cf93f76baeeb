"""Answers of an authoritative DNS server over Cloud Map's names. No calls, no sockets."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from dnslib import CLASS, QTYPE, RCODE, RR, SOA, A, DNSRecord

NEGATIVE_TTL = 1  # seconds a resolver may remember that a name is not there


@dataclass(frozen=True)
class Records:
    """The A records of one name."""

    addresses: tuple[str, ...]
    ttl: int  # seconds


Lookup = Callable[[str, str], Records | None]


def answer(request: DNSRecord, namespaces: Collection[str], lookup: Lookup) -> DNSRecord:
    """The reply to one query.

    `lookup(service, namespace)` finds the records of a name, None when there is no such name.
    Whatever it raises is the caller's to turn into SERVFAIL.
    """
    reply = request.reply(ra=0, aa=1)
    name = str(request.q.qname).rstrip(".").lower()
    namespace = _namespace(name, namespaces)
    if request.q.qclass != CLASS.IN or namespace is None:
        reply.header.aa = 0
        reply.header.rcode = RCODE.REFUSED
        return reply
    if name == namespace:
        return _empty(reply, namespace)
    records = lookup(name.removesuffix("." + namespace), namespace)
    if records is None:
        reply.header.rcode = RCODE.NXDOMAIN
        return _empty(reply, namespace)
    if request.q.qtype not in (QTYPE.A, QTYPE.ANY):
        return _empty(reply, namespace)
    for address in records.addresses:
        reply.add_answer(RR(request.q.qname, QTYPE.A, rdata=A(address), ttl=records.ttl))
    return reply


def _namespace(name: str, namespaces: Collection[str]) -> str | None:
    """The namespace that a name belongs to, the longest when one lies within another."""
    inside = [one for one in namespaces if name == one or name.endswith("." + one)]
    return max(inside, key=len, default=None)


def _empty(reply: DNSRecord, namespace: str) -> DNSRecord:
    """RFC 2308: the SOA record says how long the absence may be remembered."""
    times = (1, 7200, 900, 1209600, NEGATIVE_TTL)
    soa = SOA("ns." + namespace, "hostmaster." + namespace, times)
    section = reply.add_answer if reply.q.qtype == QTYPE.SOA else reply.add_auth
    section(RR(namespace, QTYPE.SOA, rdata=soa, ttl=NEGATIVE_TTL))
    return reply
