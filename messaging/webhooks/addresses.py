"""Where a webhook may go: public addresses, and networks that the settings name.

A name is resolved, its addresses are checked, and the connection is made to one that was checked. So a name whose
address changes between check and connection gains nothing.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any, Final
from urllib.parse import urlsplit

import httpcore

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
SocketOptions = Iterable[Any]

MAX_URL: Final = 2000
METADATA: Final = frozenset({ip_address("168.63.129.16")})  # a cloud's, though it looks public
NAT64: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))  # RFC 6052, RFC 8215


class AddressRefused(Exception):
    """The address is private, loopback, link-local or otherwise not for webhooks. `str()` names the host alone."""


class NameUnknown(Exception):
    """The host's name has no address."""


class BadUrl(ValueError):
    """`str()` says what is accepted."""


async def system_resolver(host: str, port: int) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class AddressRules:
    """`allowed`: networks that are taken although they are not public."""

    allowed: Sequence[Network] = ()
    resolve: Resolve = system_resolver

    def permits(self, address: Address) -> bool:
        if any(address in network for network in self.allowed):
            return True
        inner = _carried(address)
        if inner is not None:
            return self.permits(inner)
        return (
            address.is_global
            and not address.is_multicast
            and not address.is_reserved
            and address not in METADATA
            and not any(address in network for network in NAT64)
        )

    async def checked(self, host: str, port: int) -> Sequence[str]:
        """The host's addresses, if every one of them is permitted.

        Raises: AddressRefused, NameUnknown.
        """
        try:
            found = [ip_address(text.partition("%")[0]) for text in await self.resolve(host, port)]
        except (OSError, UnicodeError):
            raise NameUnknown(f"{host} has no address") from None
        if not found:
            raise NameUnknown(f"{host} has no address")
        if not all(self.permits(address) for address in found):
            raise AddressRefused(f"{host} has an address that webhooks are not sent to")
        return [str(address) for address in found]

    def check_url(self, url: str) -> None:
        """What can be told without a look at the network. Raises BadUrl."""
        if len(url) > MAX_URL or not url.isascii() or not url.isprintable() or " " in url:
            raise BadUrl(f"a URL of at most {MAX_URL} visible ASCII characters is accepted")
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname or "", parts.port
        except ValueError:
            raise BadUrl("the URL is malformed; https://host/path is accepted") from None
        if not host or parts.username is not None or parts.fragment:
            raise BadUrl("https://host/path is accepted, without user name, password and fragment")
        literal = _literal(host)
        if literal is not None and not self.permits(literal):
            raise BadUrl("private, loopback, link-local and metadata addresses are not accepted")
        plain = parts.scheme == "http" and literal is not None and any(literal in each for each in self.allowed)
        if parts.scheme != "https" and not plain:
            raise BadUrl("https is accepted")


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Connects to checked addresses alone. TLS still verifies the name."""

    def __init__(self, rules: AddressRules) -> None:
        self._rules, self._inner = rules, httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: SocketOptions | None = None,
    ) -> httpcore.AsyncNetworkStream:
        failure: Exception | None = None
        for address in await self._rules.checked(host, port):
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        assert failure is not None
        raise failure

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def _literal(host: str) -> Address | None:
    """The address that a host is, in any spelling that a resolver takes for one: 127.1, 0x7f000001, 2130706433."""
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


def _carried(address: Address) -> IPv4Address | None:
    """The IPv4 address within an IPv6 one that stands for it."""
    if isinstance(address, IPv4Address):
        return None
    if any(address in network for network in NAT64):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
