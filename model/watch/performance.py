"""How the champion does over time, measured on outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from model.figures import Share
from model.helping.bounds import UNBOUNDED, HelpedBounds

NONE = Share()


class Measure(StrEnum):
    """The figures that a champion is held to."""

    RECALL = "recall"
    NEW_RECALL = "new_recall"
    PRECISION = "precision"
    AUC = "auc"
    CALIBRATION = "calibration_error"


class Span(StrEnum):
    """What the outcomes of one row have in common.

    `LAST` are the newest ones; `DAY` and `HOUR` (UTC) are when an outcome first arrived; `PERIOD`
    is that of the features.
    """

    LAST = "last"
    PERIOD = "period"
    DAY = "day"
    HOUR = "hour"


@dataclass(frozen=True, slots=True)
class RealisedFigures:
    """What the champion did on outcomes of records that it did not learn from.

    What would tell of fewer than ten records is left out: None, or a share without a value.

    Attributes:
        span: what the outcomes have in common.
        name: the period, the day (`2026-11-27`) or the hour (`2026-11-27T03`); empty for `LAST`.
        n: labelled records.
        positives: how many of them were at risk.
        flagged: how many of them were flagged.
        recall: of those at risk, the share flagged.
        precision: of those flagged, the share at risk.
        auc: with its interval.
        new_positives: at risk and not so when the score was made.
        new_recall: of those, the share flagged.
        calibration_error: mean distance of score and outcome share.
        calibration_by_chance: what perfectly calibrated scores of so many records show on average.
        helped: records of students who were helped before the outcome; None also in rows of before
            that was known.
        helped_recall: the recall with and without them, as bounds (`model.helping.bounds`).
    """

    span: Span
    name: str
    n: int | None
    positives: int | None = None
    flagged: int | None = None
    recall: Share = NONE
    precision: Share = NONE
    auc: Share = NONE
    new_positives: int | None = None
    new_recall: Share = NONE
    calibration_error: float | None = None
    calibration_by_chance: float | None = None
    helped: int | None = None
    helped_recall: HelpedBounds = UNBOUNDED

    def share(self, measure: Measure) -> Share:
        """One figure with its interval; the calibration error has none."""
        if measure is Measure.CALIBRATION:
            return Share(self.calibration_error)
        found: Share = getattr(self, measure.value)
        return found


@dataclass(frozen=True, slots=True)
class DegradationLook:
    """One look at whether the champion has become worse than promised. Names no student.

    Attributes:
        at: when (aware UTC).
        number: which look of its year it was, 1 the first.
        model_version: who was looked at.
        labelled: outcomes that it was judged on.
        newest: when the last of them first arrived.
        level: the probability that it finds something where there is nothing.
    """

    at: datetime
    number: int
    model_version: str
    labelled: int
    newest: datetime
    level: float


@dataclass(frozen=True, slots=True)
class Degradation:
    """A figure that is worse than promised by more than chance.

    Attributes:
        metric: which one.
        promised: when the version was made.
        low: lower end of the 95 % interval of what was measured.
        high: upper end.
        measured: on the newest outcomes.
        n: records that it was taken of: those at risk for a recall, those flagged for a precision.
        since: the first look that found it, of those in a row.
        p_value: the chance of as bad a figure if nothing has changed.
    """

    metric: Measure
    promised: float
    low: float | None
    high: float | None
    measured: float
    n: int
    since: datetime
    p_value: float


@dataclass(frozen=True, slots=True)
class LabelledShare:
    """How many predictions of a period have an outcome by now.

    Attributes:
        period: of the predictions.
        asked: distinct students looked at, the latest asked for; None is withheld.
        labelled: share of them with an outcome.
        newest_only: more students than these were asked for, and the others not looked at.
    """

    period: str
    asked: int | None
    labelled: Share
    newest_only: bool = False


@dataclass(frozen=True, slots=True)
class PromisedFigure:
    """One of a version's own figures, with the interval it was known with."""

    metric: Measure
    share: Share


SUBJECT = "champion"


@dataclass(frozen=True, slots=True)
class PerformanceRecord:
    """How the champion does, as last measured.

    Attributes:
        subject: what it is of, its key.
        model_version: the champion.
        at: when it was measured (aware UTC).
        newest_label: when the last outcome that was seen arrived or changed; None before any.
        labelled: outcomes looked at, of records that it did not learn from.
        promised: the version's figures as they were when it was made.
        last: the newest outcomes; None before any.
        periods: newest first.
        days: newest first.
        hours: newest first.
        labelled_shares: newest period first.
        labelled_shares_at: when those were counted.
        looks: at whether it has become worse, oldest first.
        degradations: what the latest look at this version found.
    """

    subject: str
    model_version: str
    at: datetime
    newest_label: datetime | None
    labelled: int
    promised: tuple[PromisedFigure, ...] = ()
    last: RealisedFigures | None = None
    periods: tuple[RealisedFigures, ...] = ()
    days: tuple[RealisedFigures, ...] = ()
    hours: tuple[RealisedFigures, ...] = ()
    labelled_shares: tuple[LabelledShare, ...] = ()
    labelled_shares_at: datetime | None = None
    looks: tuple[DegradationLook, ...] = ()
    degradations: tuple[Degradation, ...] = ()

    @property
    def degraded(self) -> bool:
        """Whether anything is worse than promised."""
        return bool(self.degradations)
