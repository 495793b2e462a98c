"""Wrong passwords are slowed: who tries a name from where, how often, and how long to wait.

Receives an address and a name; hands on the seconds until the next attempt is looked at.
"""

from __future__ import annotations

import ipaddress
import math
import time
from collections.abc import Callable

# Five are for typing errors and the wrong keyboard; then the waits of NIST SP 800-63B-4, 3.2.2,
# "e.g. 30 seconds up to an hour", doubled each time as OWASP's Authentication Cheat Sheet says.
# The first day gives 34 guesses. There is no number after which a name is closed: anybody who
# can reach the page could close the owner's.
FREE_ATTEMPTS = 5
FIRST_WAIT_SECONDS = 30
LONGEST_WAIT_SECONDS = 3600
FORGOTTEN_SECONDS = 24 * 3600
MOST_KEPT = 10_000  # some 2 MB

AttemptKey = tuple[str, str]


class Attempts:
    """The wrong attempts of the last day, by address and name. Not for several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[
            AttemptKey, tuple[int, float]
        ] = {}  # how many, when the last; oldest first

    def wait_seconds(self, address: str, name: str) -> int:
        """Return how long it is until `name` may be tried from `address`; 0: now."""
        count, last = self._kept.get(_key(address, name), (0, 0.0))
        if count < FREE_ATTEMPTS:
            return 0
        wait = FIRST_WAIT_SECONDS << min(count - FREE_ATTEMPTS, 10)
        return max(0, math.ceil(last + min(wait, LONGEST_WAIT_SECONDS) - self._clock()))

    def begin(self, address: str, name: str) -> None:
        """Count an attempt as a wrong one, before it is looked at.

        Otherwise a hundred sent at once would all be looked at before the first one counts.
        """
        now = self._clock()
        count, last = self._kept.pop(_key(address, name), (0, now))
        if now - last > FORGOTTEN_SECONDS:
            count = 0
        if len(self._kept) >= MOST_KEPT:
            self._make_room(now)
        self._kept[_key(address, name)] = (count + 1, now)

    def succeed(self, address: str, name: str) -> None:
        """Forget the attempts before the right password."""
        self._kept.pop(_key(address, name), None)

    def _make_room(self, now: float) -> None:
        """Drop what is a day old; else the oldest that nobody waits for; else the oldest."""
        for key, (_, last) in list(self._kept.items()):
            if now - last <= FORGOTTEN_SECONDS:
                break
            del self._kept[key]
        if len(self._kept) >= MOST_KEPT:
            # So many names are tried that one who guesses could push out his own waits.
            few = (key for key, (count, _) in self._kept.items() if count < FREE_ATTEMPTS)
            del self._kept[next(few, next(iter(self._kept)))]


def _key(address: str, name: str) -> AttemptKey:
    return network(address), name


def network(address: str) -> str:
    """Return what one person is taken to hold of `address`: all of IPv4's, IPv6's first half.

    This machine is one, whichever of its 16 million loopback addresses a program here takes.
    """
    try:
        number = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(number, ipaddress.IPv6Address) and number.ipv4_mapped:
        number = number.ipv4_mapped  # an IPv4 client of a socket that takes both
    if number.is_loopback:
        return "localhost"
    if isinstance(number, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((int(number), 64), strict=False))
    return str(number)
