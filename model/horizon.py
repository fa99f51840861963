"""Periods as times: when the year of a period begins and ends.

Periods of four digits are calendar years, in UTC. Of any other period (a term, a course) nobody
knows here when it is, and nothing is concluded from it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_YEAR = re.compile(r"(19|20|21)[0-9]{2}")


@lru_cache(maxsize=1_000)
def year_of(period: str) -> int | None:
    """The calendar year that a period is, or None.

    >>> year_of("2024"), year_of("9"), year_of("2024-1")
    (2024, None, None)
    """
    return int(period) if _YEAR.fullmatch(period) else None


def observed_by(period: str, now: datetime) -> datetime:
    """When an outcome of a period that a file tells of at `now` was observed at the latest.

    >>> observed_by("2023", datetime(2025, 5, 1, tzinfo=UTC)).isoformat()
    '2023-12-31T23:59:59.999000+00:00'
    >>> observed_by("2025", datetime(2025, 5, 1, tzinfo=UTC)).isoformat()
    '2025-05-01T00:00:00+00:00'
    """
    year = year_of(period)
    if year is None:
        return now
    return min(now, datetime(year + 1, 1, 1, tzinfo=UTC) - timedelta(milliseconds=1))


def is_early(period: str, horizon: int | None, observed_at: datetime) -> bool:
    """Whether an outcome was observed before the period began that it is the outcome of.

    That period lies `horizon` periods after the features'. When within its year the outcome is
    final only the school knows, so from its beginning on nothing is called early.

    >>> is_early("2024", 1, datetime(2024, 11, 3, tzinfo=UTC))
    True
    >>> is_early("2024", 1, datetime(2025, 2, 1, tzinfo=UTC))
    False
    """
    year = year_of(period)
    return year is not None and horizon is not None and observed_at.year < year + horizon


def implausible(period: str, observed_at: datetime, now: datetime) -> str:
    """Why no outcome of features of that period can have been observed then; else empty.

    >>> implausible("2031", datetime(2024, 5, 1, tzinfo=UTC), datetime(2024, 5, 2, tzinfo=UTC))
    'period: 2031 lies in the future'
    """
    year = year_of(period)
    if year is None:
        return ""
    if year > now.year:
        return f"period: {period} lies in the future"
    if year > observed_at.year:
        return f"observed_at: lies before period {period} began"
    return ""
