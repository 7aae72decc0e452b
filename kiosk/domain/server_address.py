"""The address of a database server, or of a cluster: postgresql://user:password@host:port,host:port/name.

https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING
"""

from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

DEFAULT_PORT = 5432


class Host(NamedTuple):
    """A server's name or IP address, and its port."""

    name: str
    port: int


def split_hosts(url: str) -> tuple[str, list[Host]]:
    """Return (the address with only the first of its servers, all servers that it names, in order). The list
    is empty for the server of this machine (postgresql:///name).

    Raises ValueError for an address that cannot be read. Its message may contain the password.
    """
    parts = urlsplit(url)
    account, at, servers = parts.netloc.rpartition("@")
    if "," in servers:
        first = servers.partition(",")[0]
        return urlunsplit(parts._replace(netloc=f"{account}{at}{first}")), [*map(_host, servers.split(","))]
    _ = parts.port  # raises ValueError for one that is no number
    return url, [_host(servers)] if parts.hostname else []


def _host(text: str) -> Host:
    """Return the server that a text names: host or host:port, an IPv6 address in brackets. Raises ValueError
    for a text without a name, and for a port that is no number."""
    parts = urlsplit(f"//{text}")
    if not parts.hostname or parts.netloc != text:
        raise ValueError("a server without a name")
    return Host(parts.hostname, parts.port or DEFAULT_PORT)
