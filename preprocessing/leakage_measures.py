"""How well features tell the outcome of students that were held back.

Imports scikit-learn, so it belongs to the training side: nothing that serves may import it.
"""

from __future__ import annotations

import math
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from model.student import Features, Value
from preprocessing.task.columns import Column, Kind
from preprocessing.task.outcome_kinds import OutcomeKind

Floats = NDArray[np.float64]
Fold = tuple[NDArray[np.intp], NDArray[np.intp]]
FOLDS = 5
TREES = 40
MOST_CATEGORIES = 30


@dataclass(frozen=True, slots=True)
class ProbedKind:
    """How one kind of outcome is probed.

    Attributes:
        metric: `auc`, or `r2` for a numeric outcome.
        figure: outcome and guesses to the figure.
        order: what the plain order of a feature says; 0.0 where that is no figure.
        answer: a fitted model and rows to its guesses.
        tree: the class of a shallow tree.
        forest: the class of a forest.
        line: makes a linear model.
        folds: the class that deals students to folds.
        rarest: outcome to how many records have the rarer one.
    """

    metric: str
    figure: Callable[[Floats, Floats], float]
    order: Callable[[Floats, Floats], float]
    answer: Callable[[Any, Floats], Floats]
    tree: Callable[..., Any]
    forest: Callable[..., Any]
    line: Callable[[], Any]
    folds: Callable[..., Any]
    rarest: Callable[[Floats], int]


def _either_way(outcome: Floats, values: Floats) -> float:
    order = float(roc_auc_score(outcome, values))
    return max(order, 1.0 - order)


def _fewer(outcome: Floats) -> int:
    positives = int(outcome.sum())
    return min(positives, len(outcome) - positives)


PROBED: Mapping[OutcomeKind, ProbedKind] = {
    "binary": ProbedKind(
        metric="auc",
        figure=roc_auc_score,
        order=_either_way,
        answer=lambda model, rows: model.predict_proba(rows)[:, 1],
        tree=DecisionTreeClassifier,
        forest=RandomForestClassifier,
        line=lambda: LogisticRegression(C=100.0, max_iter=300),
        folds=StratifiedGroupKFold,
        rarest=_fewer,
    ),
    "numeric": ProbedKind(
        metric="r2",
        figure=r2_score,
        order=lambda *_: -math.inf,
        answer=lambda model, rows: model.predict(rows),
        tree=DecisionTreeRegressor,
        forest=RandomForestRegressor,
        line=lambda: Ridge(alpha=1e-3),
        folds=GroupKFold,
        rarest=len,
    ),
}


@dataclass(frozen=True, slots=True)
class LeakageProbe:
    """Records on which the figure of any selection of features can be measured.

    The figure is the area under the ROC curve for a binary outcome and R² for a numeric one, both
    on predictions for students that the fold's model has not seen.

    Attributes:
        blocks: feature name to its columns, shape (n, k).
        outcome: shape (n,).
        folds: positions to learn from and positions held back, no student in both.
        kind: how the outcome is probed.
        seed: for the models.
    """

    blocks: Mapping[str, Floats]
    outcome: Floats
    folds: Sequence[Fold]
    kind: ProbedKind
    seed: int

    def alone(self, feature: str) -> float:
        """The figure of one feature: a shallow tree, or its plain order if that says more."""
        rows = self.blocks[feature]
        tree = self._held_back(rows, self._tree)
        return max(tree, self.kind.order(self.outcome, rows[:, 0]))

    def linear(self, features: Sequence[str]) -> float:
        """The figure of a linear model on these features."""
        return self._held_back(self._rows(features), self._line)

    def forest(self, features: Sequence[str]) -> float:
        """The figure of a random forest on these features."""
        return self._held_back(self._rows(features), self._forest)

    def _rows(self, features: Sequence[str]) -> Floats:
        return np.hstack([self.blocks[name] for name in features])

    def _held_back(self, rows: Floats, make: Callable[[], Any]) -> float:
        guess = np.zeros(len(rows))
        for train, test in self.folds:
            model = make()
            with warnings.catch_warnings():
                # Where the outcome is determined, the weights grow without end; that is the point.
                warnings.simplefilter("ignore", ConvergenceWarning)
                model.fit(rows[train], self.outcome[train])
            guess[test] = self.kind.answer(model, rows[test])
        return float(self.kind.figure(self.outcome, guess))

    def _tree(self) -> Any:
        return self.kind.tree(max_depth=4, min_samples_leaf=5, random_state=self.seed)

    def _line(self) -> Any:
        return make_pipeline(StandardScaler(), self.kind.line())

    def _forest(self) -> Any:
        return self.kind.forest(TREES, min_samples_leaf=3, random_state=self.seed)


def probe_folds(
    outcome: Floats, students: NDArray[np.str_], kind: ProbedKind, *, seed: int
) -> list[Fold]:
    """Five folds that keep a student's records together, with the classes spread evenly."""
    count = min(FOLDS, len(np.unique(students)))
    folds = kind.folds(count, shuffle=True, random_state=seed)
    return list(folds.split(outcome, outcome, students))


def block(column: Column, records: Sequence[Features]) -> Floats:
    """The columns of one feature: a number and whether it is missing, or one a category.

    Returns:
        shape (n, k); a missing number becomes the median, so nothing is NaN.
    """
    values = [record.get(column.name) for record in records]
    if column.kind is Kind.NUMERIC:
        return _numbers(values)
    return _one_hot(values)


def _numbers(values: Sequence[Value | None]) -> Floats:
    numbers = np.array([np.nan if v is None else v for v in values], dtype=np.float64)
    missing = np.isnan(numbers)
    fill = 0.0 if missing.all() else float(np.median(numbers[~missing]))
    return np.column_stack([np.where(missing, fill, numbers), missing.astype(np.float64)])


def _one_hot(values: Sequence[Value | None]) -> Floats:
    common = [name for name, _ in Counter(values).most_common(MOST_CATEGORIES)]
    return np.array([[float(value == name) for name in common] for value in values])
