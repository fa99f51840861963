"""What a single run may do differently from the task."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from preprocessing.task import TaskSpec

DEFAULT_SEED = 0
"""Fixed, not drawn: two runs on the same labels must come to the same decision, or a challenger
that is no better would only have to be tried often enough."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """One run's options; None takes the task's own value.

    Attributes:
        window: how many of the newest labelled records are looked at.
        min_recall_gain: what the challenger must gain.
        seed: for folds, models and resamples.
        dry_run: decides and writes nothing.
        trials: settings of the best family that are tried.
        seconds: how long tuning may take.
    """

    window: int | None = None
    min_recall_gain: float | None = None
    seed: int = DEFAULT_SEED
    dry_run: bool = False
    trials: int | None = None
    seconds: float | None = None

    def applied_to(self, task: TaskSpec) -> TaskSpec:
        """The task with these options in it."""
        promotion = task.promotion
        training = task.training
        if self.min_recall_gain is not None:
            promotion = promotion.model_copy(update={"min_recall_gain": self.min_recall_gain})
        asked = {"window": self.window, "trials": self.trials, "seconds": self.seconds}
        given = {name: value for name, value in asked.items() if value is not None}
        training = training.model_copy(update=given)
        return task.model_copy(update={"promotion": promotion, "training": training})

    def to_mapping(self) -> dict[str, Any]:
        """As the run's record keeps it."""
        return asdict(self)
