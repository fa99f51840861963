"""What judging a challenger does otherwise for each kind of outcome: one strategy per kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from model.computing.pool import Pool
from model.units.tested import JudgedUnits
from preprocessing.task.outcome_kinds import OutcomeKind
from preprocessing.task.policies import PromotionPolicy
from preprocessing.task.spec import TaskSpec
from retraining.promotion.cases import Answers, Cases
from retraining.promotion.comparison import compare
from retraining.promotion.guards.shared import AnyEvidence
from retraining.promotion.numeric import compare_numeric
from retraining.promotion.realised import Came, error_came, recall_came
from retraining.promotion.spread import Standing, placed, placed_numeric
from retraining.run.challenge import ScoredChallenger
from retraining.run.group_fairness import (
    JudgedGroups,
    errors_by_group,
    errors_by_unit,
    recall_by_group,
    recall_by_unit,
)
from retraining.run.intervals import Intervals, error_intervals, risk_intervals


class Compare(Protocol):
    """Reads both models on the same records."""

    def __call__(
        self,
        cases: Cases,
        challenger: Answers,
        champion: Answers | None,
        policy: PromotionPolicy,
        *,
        seed: int,
        same_bundle: bool,
        challenger_scored: str,
        pool: Pool,
    ) -> AnyEvidence:
        """The evidence, see `retraining.promotion.comparison.compare`."""


class Gained(Protocol):
    """What a version brought over the one it replaced."""

    def __call__(
        self,
        cases: Cases,
        promoted: Answers,
        replaced: Answers,
        policy: PromotionPolicy,
        *,
        seed: int,
    ) -> Came:
        """The gain, see `retraining.promotion.realised`."""


@dataclass(frozen=True, slots=True)
class JudgedKind:
    """How challengers for one kind of outcome are judged.

    Attributes:
        finds_cases: whether some students are at risk and others are not, so that recall, counts
            of those at risk and a table of gains have a meaning.
        compare: champion and challenger on the same records.
        groups: a challenger's figures by protected group.
        units: its figures by unit; no guard looks at them.
        placed: the evidence with where it comes from.
        intervals: figure to its 95 % interval, from challenger, task and seed.
        came: what a promotion brought in the period after it.
    """

    finds_cases: bool
    compare: Compare
    groups: Callable[[ScoredChallenger, TaskSpec], JudgedGroups]
    units: Callable[[ScoredChallenger], JudgedUnits]
    placed: Callable[[Any, Standing, PromotionPolicy], AnyEvidence]
    intervals: Callable[[ScoredChallenger, TaskSpec, int], Intervals]
    came: Gained


JUDGED: Mapping[OutcomeKind, JudgedKind] = {
    "binary": JudgedKind(
        True, compare, recall_by_group, recall_by_unit, placed, risk_intervals, recall_came
    ),
    "numeric": JudgedKind(
        False,
        compare_numeric,
        errors_by_group,
        errors_by_unit,
        placed_numeric,
        error_intervals,
        error_came,
    ),
}
