"""Which of the candidates that were tried is taken."""

from __future__ import annotations

from collections.abc import Sequence

from training.cross_validation import Trial

TIED_STUDENTS = 2.0
"""A lead of fewer students at risk than this, of all that are found, is chance: which of two equal
models finds more of them changes with every dealing of the folds."""


def best_first(trials: Sequence[Trial], positives: float) -> list[Trial]:
    """Trials by objective; those that tie with the best go by average precision, then by name.

    Args:
        trials: of the same splits.
        positives: records at risk; 0 for a numeric outcome, where only equal objectives tie.
    """
    slack = TIED_STUDENTS / positives if positives else 0.0
    line = max(trial.figures["objective"] for trial in trials) - slack

    def order(trial: Trial) -> tuple[float, float, float, str]:
        objective, precision = (
            trial.figures["objective"],
            trial.figures.get("average_precision", 0.0),
        )
        if objective >= line:
            return 0.0, -precision, -objective, trial.family
        return 1.0, -objective, -precision, trial.family

    return sorted(trials, key=order)
