"""An address to serve at: who reaches it, how it stands in a URL, a socket on it.

Receives `host` as it stands in the settings: an IP address, or localhost.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import socket

from scoqa.errors import ScoqaError

_PORTS_TRIED = 100


def is_local(host: str) -> bool:
    """Return whether only this machine reaches `host`."""
    return host == "localhost" or ipaddress.ip_address(host).is_loopback


def is_every(host: str) -> bool:
    """Return whether `host` stands for every address of this machine: 0.0.0.0, ::."""
    return host != "localhost" and ipaddress.ip_address(host).is_unspecified


def in_url(host: str) -> str:
    """Return `host` as a browser on this machine is given it, and as its Host header says it."""
    if host == "localhost":
        return host
    address = ipaddress.ip_address(host)
    if address.version == 4:
        return "127.0.0.1" if address.is_unspecified else str(address)
    if address.is_unspecified:
        return "[::1]"
    return f"[{str(address).partition('%')[0]}]"  # a browser's URL names no interface


def listen(host: str, port: int) -> socket.socket:
    """Return a socket bound to `port` of `host`, or to the next free one.

    Bound once, so nobody gets between. `::` takes IPv4 too.
    Raises ScoqaError when no port is free, or `host` is no address of this machine.
    """
    if host == "localhost":
        host = "127.0.0.1"
    for candidate in range(port, min(port + _PORTS_TRIED, 65_536)):
        try:
            return _bound(host, candidate)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise ScoqaError(
                    f"The chat cannot be served at {host}: {error.strerror}. Is it an address of "
                    "this machine? 0.0.0.0 stands for all of them."
                ) from error
    raise ScoqaError(
        f"No port from {port} to {min(port + _PORTS_TRIED, 65_536) - 1} is free."
        " Name another one with --port."
    )


def _bound(host: str, port: int) -> socket.socket:
    """Return a listening socket. Raises OSError."""
    numeric = socket.AI_NUMERICHOST
    family, kind, _, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=numeric
    )[0]
    listener = socket.socket(family, kind)
    try:
        if os.name == "posix":  # elsewhere this option would let two programs share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6 and socket.has_dualstack_ipv6():
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(not is_every(host)))
        listener.bind(address)
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener
