"""May an address that came from outside be called? Only one of the public internet, and exactly the one looked at.

Whoever writes a delivery chooses the addresses in it, and would like to see what the gateway sees: the company's own
network, the cloud's metadata service, this machine. So a name is looked up once, every address that it has must be
public, and the connection goes to what was looked up, not to what the name says a moment later.
"""

import ipaddress
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from adapters.contract.errors import ChannelRefused

_GLOBAL_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052
_6TO4: Final = ipaddress.IPv6Network("2002::/16")  # RFC 3056
_TEREDO: Final = ipaddress.IPv6Network("2001::/32")  # RFC 4380
_6TO4_RELAYS: Final = ipaddress.IPv4Network("192.88.99.0/24")  # RFC 7526


@dataclass(frozen=True, slots=True, kw_only=True)
class Borders:
    """Which addresses from outside may be called."""

    ports: frozenset[int] = frozenset({443})
    has_loopback: bool = False
    """For tests: this machine counts as public, on any port and without TLS."""


class NotPublic(OSError):
    """A name has an address that is not public. Neither is told."""


def is_public(address: str, *, has_loopback: bool = False) -> bool:
    """Whether an IP address is one of the public internet; one that wraps another is as public as that one."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if has_loopback and ip.is_loopback:
        return True
    if isinstance(ip, ipaddress.IPv6Address):
        inner = _wrapped(ip)
        if inner is None:
            return ip in _GLOBAL_UNICAST and ip not in _TEREDO and ip.is_global
        ip = inner
    return ip.is_global and not ip.is_multicast and not ip.is_reserved and ip not in _6TO4_RELAYS


def _wrapped(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address to which a mapped, NAT64 or 6to4 address leads; None for others."""
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.sixtofour if ip in _6TO4 else None


def checked(address: str | URL, borders: Borders) -> URL:
    """The address, where its form allows to call it. Raises ChannelRefused, whose words do not quote it."""
    try:
        url = URL(address)
        host, port = url.host, url.port
    except ValueError:
        raise _refused("it cannot be read") from None
    if not host:
        raise _refused("it names no host")
    if url.user is not None or url.password is not None:
        raise _refused("it holds a name or a password")
    literal = _ip(host)
    if borders.has_loopback and literal is not None and literal.is_loopback and url.scheme in {"http", "https"}:
        return url
    if url.scheme != "https":
        raise _refused("it is not https")
    if port not in borders.ports:
        raise _refused(f"its port is {port}")
    if literal is not None and not is_public(host):
        raise _refused("it is not of the public internet")
    return url


def _ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _refused(why: str) -> ChannelRefused:
    return ChannelRefused(f"An address that came from outside is not called: {why}.", code="address_not_allowed")


class PublicResolver(AbstractResolver):
    """Looks names up, and gives their addresses only where all of them are public."""

    def __init__(self, borders: Borders, inner: AbstractResolver | None = None) -> None:
        self._borders = borders
        self._inner = inner or aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a host. Raises NotPublic."""
        found = await self._inner.resolve(host, port, family)
        # A name with public and private addresses is a trap, not a mistake.
        if not all(is_public(one["host"], has_loopback=self._borders.has_loopback) for one in found):
            raise NotPublic("A name has an address that is not public.")
        return found

    async def close(self) -> None:
        """Releases the resolver behind it."""
        await self._inner.close()


def to_strangers(
    borders: Borders, tls: ssl.SSLContext | None, resolver: AbstractResolver | None = None
) -> aiohttp.TCPConnector:
    """Connections to public addresses only, each closed after its request."""

    def open_socket(info: tuple[Any, Any, Any, str, Sequence[Any]]) -> socket.socket:
        # The last door: nothing that leads around the lookup leads around this.
        family, kind, protocol, _, place = info
        if not is_public(str(place[0]), has_loopback=borders.has_loopback):
            raise NotPublic("A connection to an address that is not public was about to be made.")
        opened = socket.socket(family=family, type=kind, proto=protocol)
        opened.setblocking(False)
        return opened

    return aiohttp.TCPConnector(
        limit=0,
        force_close=True,
        use_dns_cache=False,
        resolver=PublicResolver(borders, resolver),
        socket_factory=open_socket,
        ssl=tls or True,
    )
