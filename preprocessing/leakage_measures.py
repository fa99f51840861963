"""How well features tell the outcome of students that were held back.

Imports scikit-learn, so it belongs to the training side: nothing that serves may import it.
"""

from __future__ import annotations

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

Floats = NDArray[np.float64]
Fold = tuple[NDArray[np.intp], NDArray[np.intp]]
FOLDS = 5
TREES = 40
MOST_CATEGORIES = 30


@dataclass(frozen=True, slots=True)
class LeakageProbe:
    """Records on which the figure of any selection of features can be measured.

    The figure is the area under the ROC curve for a binary outcome and R² for a numeric one, both
    on predictions for students that the fold's model has not seen.

    Attributes:
        blocks: feature name to its columns, shape (n, k).
        outcome: shape (n,).
        folds: positions to learn from and positions held back, no student in both.
        binary: whether the outcome is 0 or 1.
        seed: for the models.
    """

    blocks: Mapping[str, Floats]
    outcome: Floats
    folds: Sequence[Fold]
    binary: bool
    seed: int

    def alone(self, feature: str) -> float:
        """The figure of one feature: a shallow tree, or its plain order if that says more."""
        rows = self.blocks[feature]
        tree = self._held_back(rows, self._tree)
        if not self.binary:
            return tree
        order = float(roc_auc_score(self.outcome, rows[:, 0]))
        return max(tree, order, 1.0 - order)

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
            binary = self.binary
            guess[test] = (
                model.predict_proba(rows[test])[:, 1] if binary else model.predict(rows[test])
            )
        figure = roc_auc_score if self.binary else r2_score
        return float(figure(self.outcome, guess))

    def _tree(self) -> Any:
        kind = DecisionTreeClassifier if self.binary else DecisionTreeRegressor
        return kind(max_depth=4, min_samples_leaf=5, random_state=self.seed)

    def _line(self) -> Any:
        model = LogisticRegression(C=100.0, max_iter=300) if self.binary else Ridge(alpha=1e-3)
        return make_pipeline(StandardScaler(), model)

    def _forest(self) -> Any:
        kind = RandomForestClassifier if self.binary else RandomForestRegressor
        return kind(TREES, min_samples_leaf=3, random_state=self.seed)


def probe_folds(
    outcome: Floats, students: NDArray[np.str_], *, binary: bool, seed: int
) -> list[Fold]:
    """Five folds that keep a student's records together, with the classes spread evenly."""
    count = min(FOLDS, len(np.unique(students)))
    kind = StratifiedGroupKFold if binary else GroupKFold
    folds = kind(count, shuffle=True, random_state=seed)
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
