"""IP addresses and networks: the everyday queries of Ansible's `ipaddr`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, IPv6Network

    Interface = IPv4Interface | IPv6Interface

_PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10")


def ipaddr(value: Any, query: Any = "", version: int | None = None) -> Any:
    """The value if it is an IP address or network, else false; with a query what it asks for: address, broadcast,
    first_usable, host, host/prefix, hostmask, int, last_usable, loopback, multicast, net, netmask, network, prefix,
    private, public, revdns, size, subnet, type, version; a network (is it inside?); a number (the address of that
    place in the network). Of a list, what is left.

    `'192.0.2.48/24' | ipaddr('subnet')` → `"192.0.2.0/24"`
    """
    if isinstance(value, list | tuple):
        found = [ipaddr(one, query, version) for one in value]
        return [one for one in found if one is not False]
    read = _read(value)
    if read is None or (version and read.version != version):
        return False
    answer = _answer(read, query)
    return False if answer is None else answer


def ipv4(value: Any, query: Any = "") -> Any:
    """As `ipaddr`, for addresses of version 4.

    `['192.0.2.1', '::1'] | ipv4` → `["192.0.2.1"]`
    """
    return ipaddr(value, query, 4)


def ipv6(value: Any, query: Any = "") -> Any:
    """As `ipaddr`, for addresses of version 6.

    `['192.0.2.1', '::1'] | ipv6` → `["::1"]`
    """
    return ipaddr(value, query, 6)


def ipwrap(value: Any) -> Any:
    """Addresses of version 6 in brackets, as addresses of the web have them; everything else as it is.

    `['::1', 'web1'] | ipwrap` → `["[::1]", "web1"]`
    """
    if isinstance(value, list | tuple):
        return [ipwrap(one) for one in value]
    text = ipv6(value)
    if text is False:
        return value
    address, slash, prefix = str(text).partition("/")
    return f"[{address}]{slash}{prefix}"


def _read(value: Any) -> Interface | None:
    """An address with the network that it is in; the network of a bare address is itself."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    from ipaddress import ip_address, ip_interface

    address, slash, prefix = str(value).strip().partition("/")
    try:
        if address.isascii() and address.isdigit():
            address = str(ip_address(int(address)))
        return ip_interface(address + slash + prefix)
    except ValueError:
        return None


def _answer(read: Interface, query: Any) -> Any:
    """None when the query does not hold."""
    text = str(query).strip()
    if text in _QUERIES:
        return _QUERIES[text](read)
    if text.lstrip("-").isdigit():
        return _at(read, int(text))
    if (around := _read(text)) is not None:
        inside: Any = read.network  # versions are compared before
        return _text(read) if read.version == around.version and inside.subnet_of(around.network) else None
    raise ValueError(f"ipaddr: {text!r} is not one of {', '.join(filter(None, _QUERIES))}, a network or a number")


def _at(read: Interface, index: int) -> str | None:
    network = read.network
    if not -network.num_addresses <= index < network.num_addresses:
        return None
    return f"{network[index]}/{network.prefixlen}"


def _text(read: Interface) -> str:
    return str(read.ip) if _single(read) else str(read)


def _single(read: Interface) -> bool:
    return read.network.num_addresses == 1


def _is_host(read: Interface) -> bool:
    """Is it an address, and not a network as a whole?"""
    return read.network.num_addresses <= 2 or read.ip != read.network.network_address


def _when(test: Callable[[Interface], bool], give: Callable[[Interface], Any]) -> Callable[[Interface], Any]:
    return lambda read: give(read) if test(read) else None


def _several(read: Interface) -> bool:
    return not _single(read)


def _with_prefix(read: Interface) -> str:
    return f"{read.ip}/{read.network.prefixlen}"


def _private(read: Interface) -> bool:
    return any(read.ip in network for network in _private_networks() if network.version == read.version)


@lru_cache(maxsize=1)
def _private_networks() -> list[IPv4Network | IPv6Network]:
    from ipaddress import ip_network

    return list(map(ip_network, _PRIVATE))


def _public(read: Interface) -> bool:
    ip = read.ip
    return not (_private(read) or ip.is_loopback or ip.is_multicast or ip.is_unspecified)


def _usable(read: Interface, first: bool) -> str | None:
    network: IPv4Network | IPv6Network = read.network
    size = network.num_addresses
    if size == 1:
        return None
    last = -1 if size == 2 or read.version == 6 else -2
    return str(network[0 if size == 2 else 1] if first else network[last])


_QUERIES: Mapping[str, Callable[[Interface], Any]] = {
    "": _text,
    "address": _when(_is_host, lambda read: str(read.ip)),
    "broadcast": _when(
        lambda read: read.version == 4 and read.network.num_addresses > 2,
        lambda read: str(read.network.broadcast_address),
    ),
    "cidr": _with_prefix,
    "first_usable": lambda read: _usable(read, True),
    "host": _when(_is_host, _with_prefix),
    "host/prefix": _when(lambda read: _several(read) and _is_host(read), _with_prefix),
    "hostmask": lambda read: str(read.hostmask),
    "int": lambda read: f"{int(read.ip)}/{read.network.prefixlen}" if _several(read) else int(read.ip),
    "last_usable": lambda read: _usable(read, False),
    "loopback": _when(lambda read: read.ip.is_loopback, _text),
    "multicast": _when(lambda read: read.ip.is_multicast, _text),
    "net": _when(lambda read: _several(read) and read.ip == read.network.network_address, _with_prefix),
    "netmask": lambda read: str(read.netmask),
    "network": _when(_several, lambda read: str(read.network.network_address)),
    "network/prefix": _when(_several, lambda read: str(read.network)),
    "prefix": lambda read: read.network.prefixlen,
    "private": _when(_private, _text),
    "public": _when(_public, _text),
    "revdns": lambda read: f"{read.ip.reverse_pointer}.",
    "size": lambda read: read.network.num_addresses,
    "subnet": lambda read: str(read.network),
    "type": lambda read: "address" if _single(read) or read.ip != read.network.network_address else "network",
    "version": lambda read: read.version,
    "wildcard": lambda read: str(read.hostmask),
}
