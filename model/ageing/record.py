"""What the last look at old records found, and what is removed because of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

SUBJECT = "retention"
NOTICE = timedelta(days=7)
"""So long is told what a new age would remove before the worker first removes it."""


@dataclass(frozen=True, slots=True)
class OldRecords:
    """Records of one kind that are older than the task keeps them.

    Attributes:
        number: how many.
        oldest: when the oldest of them came; None where there is none.
    """

    number: int
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class KindAge:
    """How one kind of records ages.

    Attributes:
        kind: which, as the key of the task's `retention` names it.
        days: how long it is kept.
        since: when that age, or a shorter one, was first found in the task's file.
        before: what came before that moment is old.
        found: so many were old at the last look, before anything was removed.
        oldest: when the oldest of them came.
        removed: so many were removed, ever.
        removed_at: when something was removed last.
    """

    kind: str
    days: int
    since: datetime
    before: datetime
    found: int = 0
    oldest: datetime | None = None
    removed: int = 0
    removed_at: datetime | None = None

    @property
    def removes_from(self) -> datetime:
        """From when on the worker removes what is old."""
        return self.since + NOTICE


@dataclass(frozen=True, slots=True)
class AgeingRecord:
    """The last look.

    Attributes:
        subject: `SUBJECT`; there is one.
        at: when it was taken.
        kinds: those that the task gives an age.
    """

    subject: str
    at: datetime
    kinds: tuple[KindAge, ...]

    def of(self, kind: str) -> KindAge | None:
        """What was found of a kind; None where it did not age."""
        return next((one for one in self.kinds if one.kind == kind), None)


def old_before(now: datetime, days: int) -> datetime:
    """What came before that moment is older than so many whole days, in UTC.

    >>> old_before(datetime(2026, 3, 10, 12, tzinfo=UTC), 30).isoformat()
    '2026-02-08T00:00:00+00:00'
    """
    return datetime.combine((now.astimezone(UTC) - timedelta(days=days)).date(), time(), UTC)
