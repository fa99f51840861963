"""Which period a drift check judges: the newest cohort, never a few try-out calls."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from model.drift import LeftOut, Unjudged
from model.horizon import year_of
from model.prediction import Prediction, PredictionSource


@dataclass(frozen=True, slots=True)
class PeriodCount:
    """How many students a period is known of.

    Attributes:
        filed: students whom school files report.
        served: distinct students for whom predictions were asked.
    """

    period: str
    filed: int
    served: int

    @property
    def size(self) -> int:
        """The larger of the two: the same student may be in both."""
        return max(self.filed, self.served)


@dataclass(frozen=True, slots=True)
class CohortRule:
    """What makes a period's records a cohort.

    Attributes:
        min_records: fewest students.
        min_share: fewest students, as a share of the usual cohort.
        trained: students per period in the champion's training window: the usual cohort where no
            former period says otherwise.
        year: the current one; a period of a later year is in the future.
        most_served: predictions counted at most; no more than a fifth of it is ever needed.
    """

    min_records: int
    min_share: float
    trained: float
    year: int
    most_served: int


@dataclass(frozen=True, slots=True)
class Cohort:
    """The period to judge.

    Attributes:
        period: None where no period holds enough.
        from_files: whether its records are those of school files, or those that were served.
        left_out: every period that is not judged because it is in the future or holds too little.
    """

    period: str | None
    from_files: bool
    left_out: tuple[LeftOut, ...]


def choose_cohort(counts: Iterable[PeriodCount], rule: CohortRule) -> Cohort:
    """The newest period that is no future one and holds a cohort.

    The usual cohort is the median over the former periods that hold at least `min_records`. A
    period's school files count alone, or else its predictions.

    >>> rule = CohortRule(50, 0.2, trained=600, year=2026, most_served=5000)
    >>> usual = [PeriodCount("2023", 1014, 0), PeriodCount("2024", 1156, 0)]
    >>> chosen = choose_cohort([*usual, PeriodCount("2026", 0, 3)], rule)
    >>> chosen.period, [(o.records, o.period, o.reason.value, o.needed) for o in chosen.left_out]
    ('2024', [(3, '2026', 'few', 217)])
    """
    every = sorted(counts, key=lambda count: count.period)
    left_out: list[LeftOut] = []
    chosen: PeriodCount | None = None
    for count in every:
        if in_future(count.period, rule.year):
            left_out.append(LeftOut(count.period, count.size, Unjudged.FUTURE))
            continue
        needed = _needed(count, every, rule)
        if count.filed >= needed or count.served >= _needed_of_served(needed, rule):
            chosen = count
        elif count.size:
            left_out.append(LeftOut(count.period, count.size, Unjudged.FEW, needed))
    if chosen is None:
        return Cohort(None, from_files=False, left_out=tuple(left_out))
    from_files = chosen.filed >= _needed(chosen, every, rule)
    return Cohort(chosen.period, from_files, tuple(left_out))


def in_future(period: str, year: int) -> bool:
    """Whether the period is a later year; of one that is no year nobody knows when it is.

    >>> in_future("2031", 2026), in_future("2026", 2026), in_future("term 1", 2026)
    (True, False, False)
    """
    of_period = year_of(period)
    return of_period is not None and of_period > year


def latest_of_each(served: Sequence[Prediction]) -> dict[str, dict[str, Prediction]]:
    """The latest prediction of each student, by period and student.

    A record asked for ten times is not ten students. A prediction without a student counts once per
    distinct record, under a name of its own; one that somebody tried in the dashboard does not.

    Args:
        served: predictions, newest first.
    """
    latest: defaultdict[str, dict[str, Prediction]] = defaultdict(dict)
    for prediction in served:
        if prediction.student_id is None and prediction.source is PredictionSource.DASHBOARD:
            continue  # Somebody tried what a score would be; that is no student of the cohort.
        latest[prediction.period].setdefault(_asked_for(prediction), prediction)
    return dict(latest)


def counts_of(
    filed: Mapping[str, int], served: Mapping[str, Mapping[str, Prediction]]
) -> list[PeriodCount]:
    """One count per period that anything is known of."""
    return [
        PeriodCount(period, filed.get(period, 0), len(served.get(period, {})))
        for period in sorted(filed.keys() | served.keys())
    ]


def unfiled(
    period: str, served: Mapping[str, Prediction], filed: Iterable[str]
) -> tuple[LeftOut, ...]:
    """What was served in the judged period for students whom its school files do not hold."""
    known = set(filed)
    others = sum(prediction.student_id not in known for prediction in served.values())
    return (LeftOut(period, others, Unjudged.UNFILED),) if others else ()


def usual_size(counts: Iterable[PeriodCount], period: str, rule: CohortRule) -> float:
    """Students of the usual cohort, as the periods before that one tell it.

    >>> rule = CohortRule(50, 0.2, trained=600, year=2026, most_served=5000)
    >>> usual_size([PeriodCount("2023", 1014, 0), PeriodCount("2024", 1156, 0)], "2024", rule)
    1014
    """
    former = [c.size for c in counts if c.period < period and c.size >= rule.min_records]
    return median(former) if former else rule.trained


def fewest(usual: float, rule: CohortRule) -> int:
    """How many students make a cohort where the usual one has so many."""
    return max(rule.min_records, math.ceil(rule.min_share * usual))


def _needed(count: PeriodCount, every: Sequence[PeriodCount], rule: CohortRule) -> int:
    return fewest(usual_size(every, count.period, rule), rule)


def _needed_of_served(needed: int, rule: CohortRule) -> int:
    return max(rule.min_records, min(needed, rule.most_served // 5))


def _asked_for(prediction: Prediction) -> str:
    if prediction.student_id is not None:
        return f"student {prediction.student_id}"
    return f"record {sorted(prediction.features.items())}"
