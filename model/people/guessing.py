"""How long somebody who guesses passwords has to wait."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

FORGOTTEN = timedelta(hours=1)
"""Failures are forgotten when there was none for so long."""

LONGEST_WAIT = timedelta(minutes=5)
"""Whoever guesses at a name must not be able to shut the person out for long."""

FREE_NAME = 5
"""Failures at one name before there is a wait: typing errors."""

FREE_ADDRESS = 20
"""Failures from one address: a whole school may be behind it."""


@dataclass(frozen=True, slots=True)
class Guesses:
    """Failures at a name or from an address.

    Attributes:
        guessed: which, as an HMAC: what was typed as a name may be a password.
        failures: in a row, with less than `FORGOTTEN` between two.
        at: when the last one was.
    """

    guessed: str
    failures: int
    at: datetime
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
