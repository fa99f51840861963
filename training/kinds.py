"""What training does otherwise for each kind of outcome: one strategy per kind, in one table."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.calibration import Calibration
from model.figures import auc
from model.prediction import IntervalRule, Thresholds
from model.risk_interval import RiskInterval
from preprocessing.dataset import TrainingSet
from preprocessing.lanes import Lanes, lanes_of, new_cases
from preprocessing.task.outcome_kinds import OutcomeKind
from preprocessing.task.policies import PromotionPolicy
from preprocessing.task.spec import TaskSpec
from training.calibrate import calibrate, sigmoid
from training.metrics import average_precision, evaluate, evaluate_numeric, recall_at
from training.operating_point import lane_thresholds
from training.risk_interval import risk_interval

Array = NDArray[np.float64]

BUDGETS = np.linspace(0.75, 1.25, 11)

FEWEST_OF_A_CLASS = 10
"""With fewer students of one kind than this, cross-validation has folds without any."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """From margins to scores, and from scores to statuses."""

    calibration: Calibration
    thresholds: Thresholds
    interval: IntervalRule | None = None
    risk_interval: RiskInterval | None = None


class LearnedKind(ABC):
    """How models of one kind of outcome are trained and measured.

    Everywhere `outcome` has shape (n,) and `margins` or `scores` belong to its records.
    """

    @abstractmethod
    def draw(self, task: TaskSpec, data: TrainingSet, margins: Array) -> Drawn:
        """What a model needs beside its scorer; margins are of models new to the student."""

    @abstractmethod
    def evaluate(
        self,
        task: TaskSpec,
        cases: TrainingSet,
        scores: Array,
        threshold: float | Array | None = None,
    ) -> dict[str, float]:
        """The figures of the scores of n labelled records, see `training.metrics`."""

    @abstractmethod
    def figures(
        self, outcome: Array, margins: Array, budget: float | None, lanes: Lanes | None = None
    ) -> dict[str, float]:
        """What candidates are compared by, the `objective` among it."""

    @abstractmethod
    def objective(
        self, outcome: Array, margins: Array, budget: float | None, lanes: Lanes | None = None
    ) -> float:
        """What the best candidate has most of."""

    @abstractmethod
    def positives(self, outcome: Array) -> int:
        """Records at risk; 0 where no outcome is one."""

    @abstractmethod
    def rarest(self, outcome: Array) -> int:
        """Records of the rarer outcome; all of them where there are no two."""

    @abstractmethod
    def enough_positives(self, outcome: Array, policy: PromotionPolicy) -> bool:
        """Whether as many records are at risk as a decision needs."""

    @abstractmethod
    def one_sided(self, outcome: Array, students: NDArray[np.str_]) -> str:
        """Why no model can be trained on these outcomes; empty if one can."""

    @abstractmethod
    def unknown(self, mean: float) -> float:
        """What the persistence rule says of a student whose present value is missing."""

    @abstractmethod
    def persisted(self, outcome: Array, now: Array, then: Array) -> Array:
        """The persistence rule's scores, shape (m,).

        Args:
            outcome: shape (n,), what became of the training students.
            now: shape (n,), the state they were in; NaN where it is unknown.
            then: shape (m,), the state of those to score.
        """


class BinaryKind(LearnedKind):
    """At risk or not: scores are probabilities."""

    def draw(self, task: TaskSpec, data: TrainingSet, margins: Array) -> Drawn:
        """Calibrated risk, and cut-offs that are learned."""
        outcome = data.outcome
        calibration = calibrate(outcome, margins)
        scores = calibration.score(margins)
        return Drawn(
            calibration,
            lane_thresholds(data, scores, task),
            risk_interval=risk_interval(outcome, scores),
        )

    def evaluate(
        self,
        task: TaskSpec,
        cases: TrainingSet,
        scores: Array,
        threshold: float | Array | None = None,
    ) -> dict[str, float]:
        """At the threshold, or at the task's alert budget without one."""
        return evaluate(
            cases.outcome,
            scores,
            threshold=threshold,
            budget=task.promotion.budget,
            new=new_cases(cases.records, task),
            lanes=lanes_of(cases.records, task),
        )

    def figures(
        self, outcome: Array, margins: Array, budget: float | None, lanes: Lanes | None = None
    ) -> dict[str, float]:
        """`objective`, `recall` at the budget, `auc`, `average_precision`, `brier`."""
        share = float(outcome.mean()) if budget is None else budget
        scores = sigmoid(outcome, margins).score(margins)
        return {
            "objective": self.objective(outcome, margins, budget, lanes),
            "recall": recall_at(outcome, margins if lanes is None else lanes.order(margins), share),
            "auc": auc(outcome, margins),
            "average_precision": average_precision(outcome, margins),
            "brier": float(np.mean((scores - outcome) ** 2)),
        }

    def objective(
        self, outcome: Array, margins: Array, budget: float | None, lanes: Lanes | None = None
    ) -> float:
        """Recall averaged over budgets from three quarters to five quarters of the alert budget.

        Recall at one budget counts a handful of students next to the line and jumps with each; the
        neighbourhood asks the same question with less chance in the answer. With a budget per lane
        both lanes' rooms shrink and grow alike.
        """
        share = float(outcome.mean()) if budget is None else budget
        order = margins if lanes is None else lanes.order(margins)
        near = [recall_at(outcome, order, min(share * f, 1.0)) for f in BUDGETS.tolist()]
        return float(np.mean(near))

    def positives(self, outcome: Array) -> int:
        """Those whose outcome is 1."""
        return int((outcome == 1).sum())

    def rarest(self, outcome: Array) -> int:
        """Of those at risk and those not, the fewer."""
        positives = self.positives(outcome)
        return min(positives, len(outcome) - positives)

    def enough_positives(self, outcome: Array, policy: PromotionPolicy) -> bool:
        """As many as the policy's `min_positives`."""
        return self.positives(outcome) >= policy.min_positives

    def one_sided(self, outcome: Array, students: NDArray[np.str_]) -> str:
        """Both outcomes are needed, of ten students each."""
        positives = self.positives(outcome)
        without, with_it = (len(np.unique(students[outcome == kind])) for kind in (0, 1))
        if min(without, with_it) == 0:
            kind = "at risk" if positives else "not at risk"
            return f"all {len(outcome)} labelled records are {kind}; both kinds are needed"
        if min(without, with_it) < FEWEST_OF_A_CLASS:
            return (
                f"{positives} of {len(outcome)} labelled records are at risk ({with_it} students, "
                f"{without} not); {FEWEST_OF_A_CLASS} students of each kind are needed to train"
            )
        return ""

    def unknown(self, mean: float) -> float:
        """Not at risk."""
        return 0.0

    def persisted(self, outcome: Array, now: Array, then: Array) -> Array:
        """What became of training students in the same state: at risk, not at risk or unknown."""
        mean = float(outcome.mean())
        scores = np.full(len(then), mean)
        for state in (0.0, 1.0):
            seen = outcome[now == state]
            # One imaginary student per outcome: a state nobody was in is worth nothing.
            scores[then == state] = (seen.sum() + mean) / (len(seen) + 1.0)
        return scores


class NumericKind(LearnedKind):
    """A number: scores are predictions of it."""

    def draw(self, task: TaskSpec, data: TrainingSet, margins: Array) -> Drawn:
        """The margin itself, the task's cut-offs, and how far outcomes lie from predictions."""
        outcome = data.outcome
        level, column = task.status.interval, task.outcome.column
        width = conformal_width(outcome, margins, level)
        rule = IntervalRule(level, width, column.low, column.high)
        return Drawn(Calibration.identity(), task.status.cutoffs(), rule)

    def evaluate(
        self,
        task: TaskSpec,
        cases: TrainingSet,
        scores: Array,
        threshold: float | Array | None = None,
    ) -> dict[str, float]:
        """Errors; a threshold changes none of them."""
        return evaluate_numeric(cases.outcome, scores)

    def figures(
        self, outcome: Array, margins: Array, budget: float | None, lanes: Lanes | None = None
    ) -> dict[str, float]:
        """`objective` and `mae`."""
        objective = self.objective(outcome, margins, budget)
        return {"objective": objective, "mae": -objective}

    def objective(
        self, outcome: Array, margins: Array, budget: float | None, lanes: Lanes | None = None
    ) -> float:
        """Less mean absolute error."""
        return -float(np.abs(margins - outcome).mean())

    def positives(self, outcome: Array) -> int:
        """None."""
        return 0

    def rarest(self, outcome: Array) -> int:
        """All records."""
        return len(outcome)

    def enough_positives(self, outcome: Array, policy: PromotionPolicy) -> bool:
        """None are needed."""
        return True

    def one_sided(self, outcome: Array, students: NDArray[np.str_]) -> str:
        """The outcome must vary."""
        same = np.ptp(outcome) == 0
        return f"all {len(outcome)} labelled records have the same outcome" if same else ""

    def unknown(self, mean: float) -> float:
        """The mean of everybody."""
        return mean

    def persisted(self, outcome: Array, now: Array, then: Array) -> Array:
        """Today's value, or the training mean where it is unknown."""
        return np.where(np.isnan(then), float(outcome.mean()), then)


KINDS: Mapping[OutcomeKind, LearnedKind] = {"binary": BinaryKind(), "numeric": NumericKind()}


def kind_of(task: TaskSpec) -> LearnedKind:
    """The strategy of a task's outcome."""
    return KINDS[task.outcome.kind]


def conformal_width(outcome: Array, predicted: Array, level: float) -> float:
    """How far from the prediction the outcome lies at most, in `level` of the cases.

    The ceil((n + 1) * level)-th smallest absolute error on records held out, which split conformal
    prediction proves to hold for one more record from the same population (Vovk et al. 2005; Lei et
    al. 2018). With too few records for that rank, the largest error.

    >>> conformal_width(np.array([1.0, 2.0, 3.0, 4.0]), np.zeros(4), 0.6)
    3.0
    """
    errors = np.sort(np.abs(outcome - predicted))
    rank = math.ceil((len(errors) + 1) * level - 1e-9)
    return float(errors[min(rank, len(errors)) - 1])
