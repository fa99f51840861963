"""How long somebody who guesses passwords has to wait."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

FORGOTTEN = timedelta(hours=1)
"""Failures are forgotten when there was none for so long."""

AT_HOME = timedelta(days=30)
"""So long an address is known from which somebody signed in."""

LONGEST_WAIT = timedelta(minutes=5)
"""Whoever guesses at a name must not be able to shut the person out for long."""

FREE_NAME = 5
"""Failures at one name before there is a wait: typing errors."""

FREE_ADDRESS = 20
"""Failures from one address: a whole school may be behind it."""


@dataclass(frozen=True, slots=True)
class Guesses:
    """Failures at a name, from an address, or at a name from an address that is known of it.

    Attributes:
        guessed: which, as an HMAC: what was typed as a name may be a password.
        failures: in a row, with less than `FORGOTTEN` between two.
        at: when the last one was.
        home: whether somebody of that name signed in from that address before. What others guess
            elsewhere does not count there, so they cannot shut the person out.
    """

    guessed: str
    failures: int
    at: datetime
    home: bool = False
    revision: int = 0

    def another(self, now: datetime) -> Guesses:
        """The same with one more failure."""
        kept = self.failures if now - self.at < FORGOTTEN else 0
        return replace(self, failures=kept + 1, at=now)

    def one_less(self) -> Guesses:
        """The same without the last failure, which turned out to be none."""
        return replace(self, failures=max(0, self.failures - 1))

    def wait(self, now: datetime, free: int) -> timedelta:
        """How long until the next one is looked at; it doubles from a second on.

        Args:
            now: aware UTC.
            free: failures without a wait.

        >>> from datetime import UTC
        >>> at = datetime(2026, 3, 2, tzinfo=UTC)
        >>> [Guesses("g", n, at).wait(at, 5).total_seconds() for n in (4, 5, 8, 80)]
        [0.0, 1.0, 8.0, 300.0]
        """
        if self.failures < free:
            return timedelta(0)
        asked = min(LONGEST_WAIT, timedelta(seconds=2 ** min(self.failures - free, 20)))
        return max(timedelta(0), self.at + asked - now)


def network_of(address: str) -> str:
    """What guesses from an address are counted by: a caller of IPv6 has 2^64 addresses to choose.

    >>> network_of("10.1.2.3"), network_of("2001:db8:1:2:3:4:5:6"), network_of("::ffff:10.1.2.3")
    ('10.1.2.3', '2001:db8:1:2::', '10.1.2.3')
    >>> network_of("")
    ''
    """
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return address
    return str(found.ipv4_mapped or IPv6Address(int(found) >> 64 << 64))
