"""Slow down the guessing of passwords, by counting attempts per address and name.

Input: an address and a name. Output: the seconds until the next attempt is accepted.
"""

from __future__ import annotations

import ipaddress
import math
import time
from collections.abc import Callable

# Five attempts allow for typing errors and a wrong keyboard layout. Then come the waits of NIST
# SP 800-63B-4, 3.2.2, "e.g. 30 seconds up to an hour", doubled each time as OWASP's
# Authentication Cheat Sheet says. The first day allows 34 guesses. A name is never locked, because
# anybody who reaches the page could lock the owner's name.
FREE_ATTEMPTS = 5
FIRST_WAIT_SECONDS = 30
LONGEST_WAIT_SECONDS = 3600
EXPIRY_SECONDS = 24 * 3600
MOST_ENTRIES = 10_000  # about 2 MB

AttemptKey = tuple[str, str]


class Attempts:
    """The failed attempts of the last day, by address and name. Not thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # The number of attempts and the time of the last one; oldest entry first.
        self._entries: dict[AttemptKey, tuple[int, float]] = {}

    def wait_seconds(self, address: str, name: str) -> int:
        """Return the seconds until `name` may be tried from `address`; 0 means now."""
        count, last = self._entries.get(_key(address, name), (0, 0.0))
        if count < FREE_ATTEMPTS:
            return 0
        wait = FIRST_WAIT_SECONDS << min(count - FREE_ATTEMPTS, 10)
        return max(0, math.ceil(last + min(wait, LONGEST_WAIT_SECONDS) - self._clock()))

    def begin(self, address: str, name: str) -> None:
        """Count an attempt as failed before its password is checked.

        Otherwise a hundred concurrent attempts would all be checked before the first one counts.
        """
        now = self._clock()
        count, last = self._entries.pop(_key(address, name), (0, now))
        if now - last > EXPIRY_SECONDS:
            count = 0
        if len(self._entries) >= MOST_ENTRIES:
            self._make_room(now)
        self._entries[_key(address, name)] = (count + 1, now)

    def succeed(self, address: str, name: str) -> None:
        """Forget the failed attempts, after the right password."""
        self._entries.pop(_key(address, name), None)

    def _make_room(self, now: float) -> None:
        """Delete expired entries; if none, the oldest one without a wait; if none, the oldest."""
        for key, (_, last) in list(self._entries.items()):
            if now - last <= EXPIRY_SECONDS:
                break
            del self._entries[key]
        if len(self._entries) >= MOST_ENTRIES:
            # By trying this many names an attacker could otherwise displace entries with a wait.
            without_wait = (
                key for key, (count, _) in self._entries.items() if count < FREE_ATTEMPTS
            )
            del self._entries[next(without_wait, next(iter(self._entries)))]


def _key(address: str, name: str) -> AttemptKey:
    return network(address), name


def network(address: str) -> str:
    """Return the part of `address` that is taken for one person: IPv4 in full, IPv6 as a /64.

    All of the 16 million loopback addresses of this machine count as one.
    """
    try:
        number = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(number, ipaddress.IPv6Address) and number.ipv4_mapped:
        number = number.ipv4_mapped  # an IPv4 client of a socket for both
    if number.is_loopback:
        return "localhost"
    if isinstance(number, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((int(number), 64), strict=False))
    return str(number)
