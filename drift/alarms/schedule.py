"""How often a schedule checks for drift."""

from __future__ import annotations

from datetime import datetime, timedelta

from apscheduler.triggers.cron import CronTrigger

YEAR = timedelta(days=365)
MOST_FOLLOWED = 50
"""Times of a schedule that are looked at; the rest of the year is taken to be like them."""


def times_a_year(line: str, now: datetime) -> int:
    """How often a crontab line comes due in a year, UTC.

    Raises:
        ValueError: not a crontab line.

    >>> from datetime import UTC
    >>> at = datetime(2025, 3, 1, tzinfo=UTC)
    >>> [times_a_year(line, at) for line in ("0 6 * * *", "0 6 * * mon", "0 6 1 2 *")]
    [365, 52, 1]
    """
    trigger = CronTrigger.from_crontab(line, timezone="UTC")
    due: list[datetime] = []
    moment: datetime | None = now
    while moment is not None and len(due) <= MOST_FOLLOWED and moment - now <= YEAR:
        moment = trigger.get_next_fire_time(moment if due else None, moment)
        if moment is not None:
            due.append(moment)
    within = [one for one in due if one - now <= YEAR]
    if len(within) == len(due) > 1:
        return round(YEAR / ((due[-1] - due[0]) / (len(due) - 1)))
    return len(within)
