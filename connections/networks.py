"""Which IP addresses are public: the ones that a customer may have us speak to.

``ipaddress.is_global`` alone is no guard: it calls NAT64, 6to4, multicast and newer documentation ranges global, and
differs between Python releases. So every special-purpose range is named here, and ``is_global`` comes on top.
Sources: the IANA special-purpose registries (RFC 6890 and successors) and the clouds' own pages.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_NOT_PUBLIC_V4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this network
            "10.0.0.0/8",  # private
            "100.64.0.0/10",  # carrier-grade NAT; Alibaba's metadata lives here
            "127.0.0.0/8",  # loopback
            "168.63.129.16/32",  # Azure's platform address: formally public, answers on every virtual machine
            "169.254.0.0/16",  # link-local: the clouds' metadata
            "172.16.0.0/12",  # private
            "192.0.0.0/24",  # protocol assignments; Oracle's metadata lives here
            "192.0.2.0/24",  # documentation
            "192.31.196.0/24",  # AS112
            "192.52.193.0/24",  # automatic multicast tunnelling
            "192.88.99.0/24",  # 6to4 relays, withdrawn
            "192.168.0.0/16",  # private
            "192.175.48.0/24",  # AS112
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and the broadcast address
        ),
    )
)

# Global unicast. What lies outside is never public: unspecified, loopback, IPv4-mapped and -compatible, NAT64
# (64:ff9b::), discard-only (100::), segment routing (5f00::), unique local (fc00::), link- and site-local (fe80::,
# fec0::) and multicast (ff00::).
_GLOBAL_UNICAST = IPv6Network("2000::/3")

_NOT_PUBLIC_V6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4: carries an IPv4 address of the sender's choice
            "2620:4f:8000::/48",  # AS112
            "3ffe::/16",  # 6bone, withdrawn
            "3fff::/20",  # documentation
        ),
    )
)

# ISATAP (RFC 5214) puts an IPv4 address behind this interface identifier, under any prefix.
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)


def is_public(address: str) -> bool:
    """Whether an address is on the public internet. What cannot be read, or carries a zone, is not.

    Forms that embed an IPv4 address are refused even when that address is public: where the packet ends up is decided
    by a translator that we do not know.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return _is_public_v4(parsed) if isinstance(parsed, IPv4Address) else _is_public_v6(parsed)


def _is_public_v4(address: IPv4Address) -> bool:
    return address.is_global and not any(address in network for network in _NOT_PUBLIC_V4)


def _is_public_v6(address: IPv6Address) -> bool:
    if address.scope_id is not None or address not in _GLOBAL_UNICAST or not address.is_global:
        return False
    embeds_v4 = (int(address) >> 32) & 0xFFFF_FFFF in _ISATAP
    return not embeds_v4 and not any(address in network for network in _NOT_PUBLIC_V6)
