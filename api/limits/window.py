"""How many calls each caller may still make, in a window of time that moves.

Kept in this worker's memory: each worker counts what reaches it, so a host with four workers
answers up to four times as much, and a worker that starts anew begins to count anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil

from limits import RateLimitItem
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

BLOCKS = 100
"""A caller takes its calls from the window by the hundredth: that the window costs a call of
`/predict` next to nothing is worth being a hundredth wrong."""

MOST_CALLERS = 10_000
"""Counted one by one in the time of a window; further ones are counted together."""

OTHERS = "others"
SET_BACK_SECONDS = 1.0


@dataclass(slots=True)
class CallWindow:
    """The calls of every caller within a window.

    Args:
        rate: how many calls in what time.
        wall: seconds since 1970, by which the library counts.
        steady: seconds that only grow.
    """

    rate: RateLimitItem
    wall: Callable[[], float]
    steady: Callable[[], float]
    _storage: MemoryStorage = field(default_factory=MemoryStorage)
    _left: dict[str, int] = field(default_factory=dict)
    _limiter: MovingWindowRateLimiter = field(init=False)
    _item: RateLimitItem = field(init=False)
    _block: int = field(init=False)
    _ahead: float = field(init=False)
    _begun: float = field(init=False)

    def __post_init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(self._storage)
        self._block = max(1, self.rate.amount // BLOCKS)
        self._item = type(self.rate)(self.rate.amount // self._block, self.rate.multiples)
        self._begun = self.steady()
        self._ahead = self.wall() - self._begun

    def take(self, caller: str) -> int:
        """Counts a call.

        Returns:
            0 where it may be made; else after how many seconds the next one may.
        """
        left = self._left.get(caller, 0)
        if left:
            self._left[caller] = left - 1
            return 0
        caller = self._counted(caller)
        if not self._limiter.hit(self._item, caller):
            return self._wait(caller)
        self._left[caller] = self._block - 1
        return 0

    def _wait(self, caller: str) -> int:
        reset = self._limiter.get_window_stats(self._item, caller).reset_time
        return max(1, ceil(reset - self.wall()))

    def _counted(self, caller: str) -> str:
        """Under which name a caller is counted, in a window that is kept in order."""
        now = self.steady()
        ahead = self.wall() - now
        if ahead < self._ahead - SET_BACK_SECONDS:
            # By a clock that was set back what was counted lies ahead, and would for as long.
            self._storage.reset()
        self._ahead = ahead
        if now - self._begun > self.rate.get_expiry():
            self._left, self._begun = {}, now
            self._forget()
        known = caller in self._left or len(self._left) < MOST_CALLERS
        return caller if known else OTHERS

    def _forget(self) -> None:
        """The library empties the calls of who comes no more, and keeps the name for ever: under
        addresses that change it would grow, and look at all of them for each call."""
        gone = [key for key, calls in self._storage.events.items() if not calls]
        for key in gone:
            self._storage.clear(key)
