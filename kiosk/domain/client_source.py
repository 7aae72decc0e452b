"""The source of a request: the part of a client's address that the client cannot change at will."""

from ipaddress import IPv6Address, ip_address

IPV6_NETWORK_BITS = 64
"""Leading bits of an IPv6 address that identify a subscriber, who chooses the other bits (RFC 6177, RFC
8981)."""


def source_of(address: str | None) -> str:
    """Return the source of requests from an address: the IPv4 address, or the network of an IPv6 address (its
    first IPV6_NETWORK_BITS bits, the others 0).

    An IPv6 address that maps an IPv4 one counts as the IPv4 address. Text that is no IP address is returned
    unchanged, and "" for None.
    """
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return address or ""
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or IPv6Address(int(parsed) >> IPV6_NETWORK_BITS << IPV6_NETWORK_BITS))
