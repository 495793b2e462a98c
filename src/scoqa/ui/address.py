"""The address to serve at: who can reach it, its form in a URL, and a socket bound to it.

Input: `host` of the settings, which is an IP address or localhost.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import socket

from scoqa.errors import ScoqaError

_PORTS_TRIED = 100


def is_local(host: str) -> bool:
    """Return whether `host` can be reached from this machine only."""
    return host == "localhost" or ipaddress.ip_address(host).is_loopback


def is_wildcard(host: str) -> bool:
    """Return whether `host` means every address of this machine: 0.0.0.0 or ::."""
    return host != "localhost" and ipaddress.ip_address(host).is_unspecified


def url_host(host: str) -> str:
    """Return `host` as it appears in the URL for a browser on this machine and in a Host header."""
    if host == "localhost":
        return host
    address = ipaddress.ip_address(host)
    if address.version == 4:
        return "127.0.0.1" if address.is_unspecified else str(address)
    if address.is_unspecified:
        return "[::1]"
    # Without the interface, which URLs in browsers cannot contain.
    return f"[{str(address).partition('%')[0]}]"


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket bound to `port` of `host`, or to the next free port.

    It stays bound, so no other program can take the port before the server starts. `::` accepts
    IPv4 too. Raises ScoqaError if no port is free or `host` is not an address of this machine.
    """
    if host == "localhost":
        host = "127.0.0.1"
    for candidate in range(port, min(port + _PORTS_TRIED, 65_536)):
        try:
            return _bind(host, candidate)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise ScoqaError(
                    f"The chat cannot be served at {host}: {error.strerror}. Set the host to an "
                    "address of this machine, or to 0.0.0.0 for all its addresses."
                ) from error
    raise ScoqaError(
        f"No port from {port} to {min(port + _PORTS_TRIED, 65_536) - 1} is free."
        " Choose another one with --port."
    )


def _bind(host: str, port: int) -> socket.socket:
    """Return a listening socket. Raises OSError."""
    numeric = socket.AI_NUMERICHOST
    family, kind, _, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=numeric
    )[0]
    listener = socket.socket(family, kind)
    try:
        if os.name == "posix":  # on Windows this option would let two programs share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6 and socket.has_dualstack_ipv6():
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(not is_wildcard(host)))
        listener.bind(address)
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener
