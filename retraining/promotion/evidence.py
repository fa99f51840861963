"""What a promotion is decided on: two models on the same students, as facts.

Everything here is plain and frozen, goes into the ledger as it is, and can be read back years later
without the models it speaks of.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, ClassVar

from model.decisions.looks import Look
from model.helping.evidence import HelpedEvidence
from preprocessing.task.outcome_kinds import OutcomeKind
from retraining.promotion.cohorts import CohortFigures

ONE_SIDED = 1.645
"""Normal quantile of 95 %."""


@dataclass(frozen=True, slots=True)
class Scorecard:
    """One model on the compared records.

    The `_at_budget` figures flag the same number of students for every model; `recall`,
    `precision` and `flagged` are what the model's own operating threshold would do.

    Attributes:
        version: its name.
        threshold: its operating threshold on the calibrated score.
        flagged: share of the records at or above it.
        distinct: how many different scores it gave.
        new_recall_at_budget: of those not at risk now who were at risk later, the share found with
            the same students flagged; None where there were none, or no one can tell.
        new_recall: the same at its own operating threshold.
        new_positives: how many they were.
    """

    version: str
    recall_at_budget: float
    precision_at_budget: float
    auc: float
    average_precision: float
    brier: float
    calibration_error: float
    threshold: float
    recall: float
    precision: float
    flagged: float
    distinct: int
    new_recall_at_budget: float | None = None
    new_recall: float | None = None
    new_positives: int | None = None


@dataclass(frozen=True, slots=True)
class Gain:
    """How much better the challenger is in one metric; above zero is better, for Brier too.

    Attributes:
        metric: its name.
        champion: the champion's figure.
        challenger: the challenger's figure.
        gain: their difference, turned so that more is better.
        low: lower end of the bootstrap's 95 % interval of the gain.
        high: upper end.
        margin: what `confidence` is about.
        confidence: share of the resamples in which the gain was above the margin.
        error: standard deviation of the gain over the resamples; None in decisions of before it
            was kept.
    """

    metric: str
    champion: float
    challenger: float
    gain: float
    low: float
    high: float
    margin: float
    confidence: float
    error: float | None = None


@dataclass(frozen=True, slots=True)
class Contrast:
    """Two figures of the same records.

    Attributes:
        ours: the challenger's.
        theirs: what it is held against: the champion's, or that of a rule.
        error: standard error of their difference, students drawn.
    """

    ours: float
    theirs: float
    error: float

    @property
    def room(self) -> float:
        """How far apart the two may lie by chance, one-sided at 95 %."""
        return ONE_SIDED * self.error


@dataclass(frozen=True, slots=True)
class GroupRecall:
    """One protected group, when the same number of students is flagged by both models.

    Attributes:
        attribute: `gender`, say.
        group: its name in the data.
        rows: records of the group.
        positives: how many of them were at risk.
        small: too few at risk to judge; shown, and no guard looks at it.
        champion: share of those at risk that the champion catches, None without a champion or
            without anyone at risk.
        challenger: the same for the challenger.
        low: lower end of the challenger's 95 % Wilson interval.
        high: upper end.
        flagged: share of the group that the challenger flags.
        independent: what its records at risk are worth if a student's several count as one; None
            where each is of another student.
        moved_error: standard error of the challenger's recall less the champion's; 0 if unknown.
    """

    attribute: str
    group: str
    rows: int
    positives: int
    small: bool
    champion: float | None
    challenger: float | None
    low: float | None
    high: float | None
    flagged: float
    independent: float | None = None
    moved_error: float = 0.0


@dataclass(frozen=True, slots=True)
class Baseline:
    """A rule that needs no model, and the challenger flagging exactly as many as it does.

    Attributes:
        name: `dummy` (flags at random), `persistence` (at risk now, at risk next time) or
            `environment` (those of the places with the largest share at risk).
        flagged: share of the records the rule flags.
        recall: share of those at risk it catches.
        challenger: share the challenger catches with as many flags.
        new_recall: share of the new cases that the rule catches; None where no one can tell.
        new_challenger: the same of the challenger.
    """

    name: str
    flagged: float
    recall: float
    challenger: float
    new_recall: float | None = None
    new_challenger: float | None = None


class Source(StrEnum):
    """Which of the two models learned from the period that they are judged on.

    `FORWARD`: neither. `WITHIN_BOTH`: both, so its particulars flatter neither alone.
    `WITHIN_ALONE`: only the challenger, out of fold; what was particular to the period flatters it.
    """

    FORWARD = "forward"
    WITHIN_BOTH = "within_both"
    WITHIN_ALONE = "within_alone"


@dataclass(frozen=True, slots=True)
class Origin:
    """Both recipes on an earlier period, each by a model that is older than the period.

    Attributes:
        period: that was judged.
        rows: its labelled records.
        gain: in recall at the budget, challenger's recipe over champion's.
        error: its standard error, students drawn (`retraining.promotion.sampling_error`).
        around: the gain in recall around the budget.
        around_error: its standard error.
        unshared: share of the records which either model learned from that only one of them had.
        champion: the version that answered itself, or "" where its recipe was trained anew.
    """

    period: str
    rows: int
    gain: float
    error: float
    around: float
    around_error: float
    unshared: float = 0.0
    champion: str = ""


@dataclass(frozen=True, slots=True)
class Expected:
    """The gain in recall at the budget that the next period is expected to bring.

    Attributes:
        gain: the expectation.
        low: lower end of the 95 % interval of that period's own gain.
        high: upper end.
        spread: standard deviation between periods that the interval assumes.
        basis: `origins`, `period` (one period that both had learned from) or `persistence` (one
            that only the challenger had).
    """

    gain: float
    low: float
    high: float
    spread: float
    basis: str


@dataclass(frozen=True, slots=True)
class BinaryEvidence:
    """A comparison on n labelled records that the champion never trained on.

    Attributes:
        rows: records compared.
        students: how many students they are about.
        positives: how many of the records were at risk.
        periods: their feature periods, oldest first.
        flagged: how many are flagged by either model in the `_at_budget` figures.
        challenger_scored: how the challenger came by its scores (`out_of_fold`, say).
        same_model: champion and challenger are the same bundle or answer the same everywhere.
        champion: None when there is none yet.
        gains: one a metric, empty without a champion.
        early: of how many the outcome was observed before its period began, and may still change.
        look: what part of the period's error budget this comparison has; None in decisions of
            before, and without a champion.
        precision: of those that the challenger's own threshold flags, against the champion's
            flagging as many, or without one against the share at risk; None where it flags nobody.
        recalibration: the challenger is the champion with a new calibration.
        ranking_kept: of a recalibration, whether it orders the records as the champion does.
        source: a `Source`; "" without a champion, and in decisions of before it was told.
        refresh: the champion's recipe with more records, most of the judged period among them.
        origins: both recipes on earlier periods, oldest first.
        expected: the gain of the next period; None without a champion.
        unshared: share of the records which either model learned from that only one of them had.
        cohorts: both models on each period by itself.
        without_erased: the champion learned from students who were erased since, and the
            challenger is to replace it: it need be no worse.
        helped: the same figures with and without students who were helped; None where nobody was.
    """

    kind: ClassVar[OutcomeKind] = "binary"

    rows: int
    students: int
    positives: int
    periods: tuple[str, ...]
    flagged: int
    challenger_scored: str
    resamples: int
    seed: int
    same_model: bool
    challenger: Scorecard
    champion: Scorecard | None = None
    gains: tuple[Gain, ...] = ()
    groups: tuple[GroupRecall, ...] = ()
    baselines: tuple[Baseline, ...] = ()
    early: int = 0
    look: Look | None = None
    precision: Contrast | None = None
    recalibration: bool = False
    ranking_kept: bool = True
    source: str = ""
    refresh: bool = False
    origins: tuple[Origin, ...] = ()
    expected: Expected | None = None
    unshared: float = 0.0
    cohorts: tuple[CohortFigures, ...] = ()
    helped: HelpedEvidence | None = None
    without_erased: bool = False

    @property
    def beyond_chance(self) -> bool:
        """Whether more of those it would flag at the budget are at risk than of all, beyond chance.

        A student's several records count as one.
        """
        share = self.positives / self.rows
        error = math.sqrt(share * (1 - share) / self.flagged * self.rows / self.students)
        return self.challenger.precision_at_budget > share + ONE_SIDED * error

    def gain(self, metric: str) -> Gain:
        """The gain in one metric.

        Raises:
            KeyError: it was not compared.
        """
        for gain in self.gains:
            if gain.metric == metric:
                return gain
        raise KeyError(metric)

    def to_mapping(self) -> dict[str, Any]:
        """As JSON and the registry can hold it: lists, strings, finite numbers, None."""
        mapping: dict[str, Any] = plain(asdict(self))
        return mapping


def plain(value: Any) -> Any:
    """Nested data with lists for tuples and None for what is not a finite number."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value
