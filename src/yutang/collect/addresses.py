"""Whose address a request came from, and how much of it may be kept."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

IP_MODES = ("truncate", "keep", "none")


def sender(peer: str, forwarded: list[str], proxies: int) -> str:
    """The sender's address: behind `proxies` proxies of ours, each of which has appended the
    address it saw to X-Forwarded-For; what stands further left is the sender's own word.

    >>> sender("10.0.0.1", ["6.6.6.6, 1.2.3.4"], 1)
    '1.2.3.4'
    >>> sender("10.0.0.1", ["6.6.6.6, 1.2.3.4"], 0)
    '10.0.0.1'
    """
    if not proxies:
        return peer
    hops = [one.strip() for line in forwarded for one in line.split(",")]
    return hops[-proxies] if len(hops) >= proxies else peer


@lru_cache(maxsize=4096)
def kept(address: str, mode: str) -> str:
    """What is stored of an address: all of it, its network (/24, /48), or nothing ("").

    >>> kept("1.2.3.4", "truncate"), kept("2001:db8:1:2::3", "truncate"), kept("x", "keep")
    ('1.2.3.0', '2001:db8:1::', '')
    """
    if mode == "none":
        return ""
    try:
        found: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:  # a header that is none, or a socket without an address
        return ""
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    if mode == "keep":
        return str(found)
    network = ip_network((found, 24 if found.version == 4 else 48), strict=False)
    return str(network.network_address)


def is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
