"""Web addresses that point to the browser's own machine, which no other device can open."""

from ipaddress import ip_address
from urllib.parse import urlsplit


def leads_to_own_machine(address: str) -> bool:
    """Return whether a web address names the machine that opens it: localhost (RFC 6761), a loopback address
    or the unspecified one. False for an address without a host."""
    host = (urlsplit(address).hostname or "").rstrip(".")
    try:
        parsed = ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return parsed.is_loopback or parsed.is_unspecified
