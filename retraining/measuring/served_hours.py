"""Statistics of what was served, by the hour: a bounded job beside the path of a prediction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from database.driver.commands import Op
from database.predictions import PredictionRepository
from database.watch.statistics import HourStatisticsRepository
from drift.performance.hourly import hourly_statistics, read_from
from model.watch.served import HourStatistics, ServedScore

PAGE = 2_000
MOST_READ = 20_000
"""Predictions that are read at most each time, the newest; an hour that held more says so."""


def measure_hours(features: Sequence[str], *, now: datetime) -> Op[list[HourStatistics]]:
    """Computes the newest hours anew, those that are not settled yet, and keeps them.

    Nothing but one prediction is read where none was served since.

    Args:
        features: names of the task's features.
        now: aware UTC.

    Raises:
        RegistryError: the registry refuses, or does not answer.
    """
    newest = yield from HourStatisticsRepository().newest(1)
    known = newest[0] if newest else None
    latest = yield from PredictionRepository().page_of_scores(skip=0, limit=1)
    if not latest or (known is not None and latest[0].at <= known.newest):
        return []
    since = read_from(known)
    served, cut = yield from _served(since)
    hours = [
        hour
        for hour in hourly_statistics(served, features, since=since, cut=cut, now=now)
        # An hour that was read whole before is not replaced by a part of it.
        if hour.whole or known is None or hour.hour >= known.hour
    ]
    yield from HourStatisticsRepository().keep(hours)
    return hours


def _served(since: datetime) -> Op[tuple[list[ServedScore], bool]]:
    """Predictions from a moment on, newest first, and whether older ones of it were not read."""
    served: list[ServedScore] = []
    while len(served) < MOST_READ:
        page = yield from PredictionRepository().page_of_scores(skip=len(served), limit=PAGE)
        served += page
        if len(page) < PAGE or page[-1].at < since:
            return served, False
    return served, True
