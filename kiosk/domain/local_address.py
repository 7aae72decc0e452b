"""Web addresses that point to the browser's own machine, which no other device can open."""

from ipaddress import IPv4Address, IPv6Address, ip_address
from socket import inet_aton
from unicodedata import normalize
from urllib.parse import urlsplit


def leads_to_own_machine(address: str) -> bool:
    """Return whether a web address names the machine that opens it: localhost (RFC 6761), a loopback address
    or the unspecified one, in any form that a browser reads. False for an address without a host, as
    localhost:8000 without http:// is. ValueError for an address that `urlsplit` cannot read."""
    host = normalize("NFKC", urlsplit(address).hostname or "").rstrip(".")
    parsed = _ip_address(host)
    if parsed is None:
        return host == "localhost" or host.endswith(".localhost")
    return parsed.is_loopback or parsed.is_unspecified


def _ip_address(host: str) -> IPv4Address | IPv6Address | None:
    """Return the IP address that a host's text stands for; None for a name.

    An IPv4 address can have fewer than four parts, and each part be octal or hexadecimal, as in 127.1 or
    0x7f000001 (https://url.spec.whatwg.org/#concept-ipv4-parser). An IPv6 address that maps an IPv4 one is
    returned as the IPv4 address.
    """
    try:
        parsed = ip_address(host)
    except ValueError:
        # inet_aton ignores what follows a blank.
        if not host or any(map(str.isspace, host)):
            return None
        try:
            return IPv4Address(inet_aton(host))
        except (OSError, ValueError):
            return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return mapped or parsed
