"""How many predictions of each period have an outcome by now."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from database.driver.commands import Op
from database.labels import LabelRepository
from database.outcomes import label_key
from database.predictions import PredictionRepository
from database.students import PeriodRepository
from model.figures import Share, share_of
from model.units.disclosure import FEWEST_SHOWN
from model.watch.performance import LabelledShare, PerformanceRecord

MOST_PERIODS = 6
MOST_PREDICTIONS = 2_000
"""Of a period the newest are looked at; a share of 2,000 is known to two points."""
AGAIN = timedelta(hours=20)
"""Predictions alone change the shares slowly: without new outcomes they are counted once a day."""


def due(former: PerformanceRecord, now: datetime) -> bool:
    """Whether the shares are to be counted again though no outcome is new."""
    counted = former.labelled_shares_at
    return counted is None or now - counted >= AGAIN


def labelled_shares(periods: Iterable[str]) -> Op[tuple[LabelledShare, ...]]:
    """Of the newest periods, the newest first, those of which predictions were asked for.

    Args:
        periods: that anything is known of; those of files are looked up.

    Raises:
        RegistryError: the registry refuses, or does not answer.
    """
    filed = yield from PeriodRepository().all()
    found = []
    for period in sorted({*filed, *periods}, reverse=True)[:MOST_PERIODS]:
        students = yield from PredictionRepository().students_of(period, MOST_PREDICTIONS)
        if not students:
            continue
        keys = [label_key(student, period) for student in students]
        labelled = yield from LabelRepository().labelled(keys)
        found.append(_share(period, len(students), len(labelled)))
    return tuple(found)


def _share(period: str, asked: int, labelled: int) -> LabelledShare:
    """A count of fewer than ten, of either kind, is withheld; that there is none is told."""
    if asked < FEWEST_SHOWN:
        return LabelledShare(period, None, Share())
    known = labelled == 0 or labelled >= FEWEST_SHOWN
    known = known and (asked == labelled or asked - labelled >= FEWEST_SHOWN)
    share = share_of(labelled, asked) if known else Share()
    return LabelledShare(period, asked, share, newest_only=asked >= MOST_PREDICTIONS)
