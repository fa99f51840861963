"""What is answered about how the champion does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from typing_extensions import TypedDict

from api.answers.filled import Count
from model.watch.expected import EstimatedFigures
from model.watch.performance import Degradation, LabelledShare, PromisedFigure, RealisedFigures
from model.watch.served import HourStatistics


class PerformanceAnswer(TypedDict):
    """How the champion does; what tells of fewer than ten records is null.

    Attributes:
        model_version: the version that was measured; null before anything was.
        at: when that was.
        labelled: outcomes looked at, of records that it did not learn from.
        promised: its figures when it was made, with their intervals.
        last: the newest outcomes, a thousand at most; null before any.
        periods: by the period of the features, newest first, like the rows that follow.
        days: by the day (UTC) on which an outcome first arrived.
        hours: by the hour.
        labelled_shares: of each period's students that were asked for, how many have an outcome.
        degraded: whether anything is worse than promised by more than chance.
        degradations: what, since when, with the chance of it if nothing has changed.
        estimated: what was to be expected before outcomes came, why it must not be relied on
            (`withdrawn`), and what `came`; newest first.
        served_hours: count, mean, spread and extremes of the score and the features.
    """

    model_version: str | None
    at: datetime | None
    labelled: Count
    promised: Sequence[PromisedFigure]
    last: RealisedFigures | None
    periods: Sequence[RealisedFigures]
    days: Sequence[RealisedFigures]
    hours: Sequence[RealisedFigures]
    labelled_shares: Sequence[LabelledShare]
    degraded: bool
    degradations: Sequence[Degradation]
    estimated: Sequence[EstimatedFigures]
    served_hours: Sequence[HourStatistics]
