"""What a retraining run told while it went on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

MOST_LINES = 500
"""Lines of one run that are kept, the newest."""

LONGEST_LINE = 400


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line: when (aware UTC) and what. No personal data."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class RunLog:
    """The lines of one run, oldest first.

    Attributes:
        run_id: the run.
        at: of the newest line (aware UTC).
        dropped: older lines that are not kept.
        revision: as stored; 0 before.
    """

    run_id: str
    at: datetime
    lines: tuple[LogLine, ...] = ()
    dropped: int = 0
    revision: int = 0

    def plus(self, lines: Iterable[LogLine]) -> RunLog:
        """The log with more lines, cut to what is kept.

        >>> from datetime import UTC
        >>> now = datetime(2026, 1, 1, tzinfo=UTC)
        >>> log = RunLog("r", now).plus([LogLine(now, "a")] * (MOST_LINES + 3))
        >>> len(log.lines), log.dropped
        (500, 3)
        """
        every = [*self.lines, *(LogLine(one.at, one.text[:LONGEST_LINE]) for one in lines)]
        over = max(0, len(every) - MOST_LINES)
        at = every[-1].at if every else self.at
        return replace(self, at=at, lines=tuple(every[over:]), dropped=self.dropped + over)
