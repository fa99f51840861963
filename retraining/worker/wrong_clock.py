"""What a wall clock that is set, or differs between hosts, must not do to the worker.

Leases and jobs are recorded in wall time, because hosts share nothing else. Within a process time
is measured by a clock that nobody sets.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from model.run import Lease
from retraining.run.lock import Clock

LEAST = timedelta(minutes=1)
"""A smaller difference is a host that was busy, or a clock that is being led to the right time."""


class LeaseSilence:
    """How long a lease has been left as it is, however its times read.

    A lease that was written by a clock that is ahead ends hours from now by any other clock. Its
    holder, if it lives, writes it anew every few seconds.

    Args:
        monotonic: seconds that only grow.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lease: Lease | None = None
        self._since = monotonic()

    def of(self, lease: Lease) -> timedelta:
        """For how long this lease was seen without a change."""
        now = self._monotonic()
        if lease != self._lease:
            self._lease, self._since = lease, now
        return timedelta(seconds=now - self._since)


class ClockWatch:
    """Notices that the wall clock was set.

    Args:
        clock: gives now (aware UTC).
        monotonic: seconds that only grow.
    """

    def __init__(self, clock: Clock, monotonic: Callable[[], float]) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._seen = clock(), monotonic()

    def set_by(self) -> timedelta:
        """By how much it was set since the last look; zero where it was not."""
        (wall, steady), self._seen = self._seen, (self._clock(), self._monotonic())
        went = self._seen[0] - wall
        apart = went - timedelta(seconds=self._seen[1] - steady)
        return apart if abs(apart) >= LEAST else timedelta()
