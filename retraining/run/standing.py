"""How champion and challenger stand to the period that they are judged on: pure facts of a window.

What they share is told by the hashed ids of the records that each was trained on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from model.version import ModelVersion
from preprocessing.dataset import TrainingSet
from preprocessing.task.spec import TaskSpec
from retraining.run.window import Mask
from training.candidates import candidate
from training.recipe import recipe

CONTAINED = 0.95
"""Share of the champion's records that the window must hold; some may have been erased."""
KNOWN = 0.5
"""A model has learned from a period if it had this share of its labelled records."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """What two models trained on the same labels have in common.

    Attributes:
        contained: the challenger has all of the champion's records, and more.
        same_recipe: it is trained by what the champion was trained by.
        both: the champion too learned from most of what they are judged on.
        unshared: share of the records which either learned from that only one of them had.
        known: shape (n,), the window's records that the champion learned from.
        behind: by how many of the window's periods the champion's newest is older than the
            challenger's.
    """

    contained: bool
    same_recipe: bool
    both: bool
    unshared: float
    known: Mask
    behind: int

    @property
    def refresh(self) -> bool:
        """The champion's recipe with more records, most of the judged period among them."""
        return self.same_recipe and self.contained and not self.both

    @property
    def lag(self) -> int:
        """How many periods earlier than the challenger's the champion's proxy ends.

        A challenger that has the champion's records, and another recipe, is judged by the recipe
        alone: both on the same records.
        """
        return 0 if self.contained and not self.same_recipe else self.behind


def overlap(
    data: TrainingSet, fresh: Mask, version: ModelVersion, trained_on: int, task: TaskSpec
) -> Overlap:
    """Compares the champion's records and recipe with the window's.

    Args:
        data: the window, n records, of which the challenger learns.
        fresh: shape (n,), those that the champion did not learn from, on which they are judged.
        version: the champion.
        trained_on: how many records it learned from.
        task: what the challenger is trained by.
    """
    known = ~fresh
    shared = int(known.sum())
    either = len(data) + trained_on - shared
    periods, at = np.unique(data.periods, return_inverse=True)
    by_period = np.bincount(at, weights=known) / np.bincount(at)
    learned = np.flatnonzero(by_period >= KNOWN)
    newest = int(learned[-1]) if len(learned) else -1
    return Overlap(
        contained=0 < shared < len(data) and shared >= CONTAINED * trained_on,
        same_recipe=same_recipe(version, task),
        both=bool(fresh.any()) and float(by_period[at[fresh]].mean()) >= KNOWN,
        unshared=1 - shared / either,
        known=known,
        behind=len(periods) - 1 - max(newest, _last(periods.tolist(), version.window.periods)),
    )


def same_recipe(version: ModelVersion, task: TaskSpec) -> bool:
    """Whether the task still trains by what the version was trained by.

    A version of before the recipe was kept had the same one where its family is still tried with
    these settings, on these features.
    """
    if version.recipe:
        return version.recipe == recipe(task)
    if version.family not in task.training.candidates or version.features != task.feature_names:
        return False
    return _plain(candidate(version.family).params_under(task.training)) == _plain(version.params)


def _last(periods: Sequence[str], before: Sequence[str]) -> int:
    """Where the newest period of a version that the window does not hold would stand."""
    if not before or before[-1] in periods:
        return -1
    return sum(period <= before[-1] for period in periods) - 1


def _plain(params: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as a registry gives them back."""
    return {k: list(v) if isinstance(v, (list, tuple)) else v for k, v in params.items()}
