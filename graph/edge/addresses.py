"""Finds the address that a request came from, by `X-Forwarded-For` where a trusted proxy brings it.

A proxy appends the address that it was asked from, so the header is read from its end: what stands before an address
that is no trusted proxy's may be anything that a client wrote. The header is believed of nobody but the proxies named
in `--forwarded-allow-ips`, by default of nobody.
"""

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from starlette.types import Scope

from graph.message import Headers, header
from graph.settings import ANY_ADDRESS, Settings, network

Address = IPv4Address | IPv6Address

MOST_HOPS = 32
"""Most addresses of one header that are read, from its end."""
SHARED_BITS = 64
"""How much of an IPv6 address tells clients apart: each of them has at least a network of this size."""
WITH_PORT = re.compile(r"(?:\[([^\]]*)\]|([^:]*))(?::[0-9]{1,5})?")
"""An address in brackets or an IPv4 address, each perhaps with a port."""


class Addresses:
    """The addresses of clients, as one server sees them; `believes` is False where no proxy is trusted."""

    def __init__(self, settings: Settings) -> None:
        self.trusts_all = ANY_ADDRESS in settings.forwarded_allow_ips
        self.trusted = [network(each) for each in settings.forwarded_allow_ips if each != ANY_ADDRESS]
        self.believes = bool(settings.forwarded_allow_ips)

    def of(self, peer: str | None, headers: Headers) -> str | None:
        """Return the address of the client that *peer* asks for: its own, unless it is a trusted proxy's.

        It is the last that is not trusted. What is no address ends the search: the one behind it is the client's.
        """
        found = peer
        if not self._trusts(parsed(peer or "")):
            return found
        forwarded = header(headers, b"x-forwarded-for").decode("latin-1")
        for entry in reversed(forwarded.rsplit(",", MOST_HOPS)[-MOST_HOPS:]):
            if not entry.strip():  # an empty element of a list is none (RFC 9110, section 5.6.1)
                continue
            address = parsed(entry)
            if address is None:
                break
            found = str(address)
            if not self._trusts(address):
                break
        return found

    def seen(self, scope: Scope) -> Scope:
        """Return an ASGI scope whose client is the one that `of` finds; its port is not known behind a proxy."""
        peer = scope["client"][0] if scope.get("client") else None
        client = self.of(peer, scope["headers"])
        return scope if client == peer else {**scope, "client": (client, 0)}

    def _trusts(self, address: Address | None) -> bool:
        return self.trusts_all or (address is not None and any(address in each for each in self.trusted))


def parsed(text: str) -> Address | None:
    """Return an address without brackets, port and zone, None for what is none; mapped to IPv6, it is the IPv4 one."""
    text = text.strip()
    if found := WITH_PORT.fullmatch(text):
        text = found[1] or found[2]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or IPv6Address(int(address))
    return address


def share(client: str) -> str:
    """Return what the clients that count as one have in common: an IPv4 address, or a network of IPv6."""
    address = parsed(client)
    if isinstance(address, IPv6Address):
        return str(IPv6Network((int(address), SHARED_BITS), strict=False))
    return client if address is None else str(address)
