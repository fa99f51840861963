"""What a challenger may go on from.

The champion's trees have learned from its records, so nothing that is measured on these may rest on
them. Wherever a figure is taken, a start is *grown anew* from those of the champion's records that
are on the training side; the trees themselves (`GrownStart`) enter the model that is to serve, and
no other. Decision 10 says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.erasing.record_ids import Learned
from preprocessing.dataset import TrainingSet
from preprocessing.encoder import FeatureEncoder
from preprocessing.task.spec import TaskSpec


@dataclass(frozen=True, slots=True)
class NoStart:
    """Nothing to go on from.

    Attributes:
        why: in words, for the run's report.
    """

    why: str


NOBODY = NoStart("no champion serves yet")


@dataclass(frozen=True, slots=True)
class RegrownStart:
    """How the champion's trees were grown, and from which records: no tree itself.

    Attributes:
        version: the champion.
        family: of its trees, as grown at once (`lightgbm`, of a continued one too).
        params: its settings, with all its trees where it has any.
        features: it was trained for.
        derived: derived number it reads to its formula.
        learned: the records it learned from.
    """

    version: str
    family: str
    params: Mapping[str, Any]
    features: tuple[str, ...]
    derived: Mapping[str, str]
    learned: Learned

    def known(self, data: TrainingSet) -> NDArray[np.bool_]:
        """The records that the champion learned from, shape (n,)."""
        return data.known_to(self.learned)

    def changed(self, task: TaskSpec) -> str:
        """How the task's features differ from those it was trained for; empty if they do not."""
        new = sorted(set(task.feature_names) - set(self.features))
        gone = sorted(set(self.features) - set(task.feature_names))
        formulas = {one.name: one.formula for one in task.derived}
        other = sorted(n for n, text in self.derived.items() if formulas.get(n) != text)
        told = [
            f"{what} {', '.join(names)}"
            for what, names in (("new:", new), ("gone:", gone), ("worked out otherwise:", other))
            if names
        ]
        return "; ".join(told)


@dataclass(frozen=True, slots=True)
class GrownStart:
    """The champion's own trees, for the model that is to serve.

    Attributes:
        recipe: how they were grown.
        encoder: that they read rows of; whatever goes on from them reads the same ones.
        text: the trees, as its bundle has them.
    """

    recipe: RegrownStart
    encoder: FeatureEncoder
    text: bytes


Start = GrownStart | RegrownStart | NoStart


def without_trees(start: Start) -> RegrownStart | NoStart:
    """What evidence may rest on: the start without a tree that has seen what is judged."""
    return start.recipe if isinstance(start, GrownStart) else start
