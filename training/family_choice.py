"""Which of the candidates that were tried is taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from training.cross_validation import Trial
from training.paired_gain import paired_gain
from training.split import FOLDS


def best_first(trials: Sequence[Trial], places: Mapping[str, int]) -> list[Trial]:
    """Trials by objective, but first the first by place that the best does not clearly beat.

    The rule of one standard error (Breiman et al. 1984; Hastie et al. 2009, 7.10), on the
    difference to the best, paired over the folds: what both find easy or hard is no part of its
    error.

    Args:
        trials: of the same splits.
        places: family to its place, the first one taken among equals.
    """
    ranked = sorted(trials, key=lambda trial: (-trial.figures["objective"], trial.family))
    best = ranked[0]
    chosen = min(
        (trial for trial in ranked if trial is best or not _clearly_beaten(trial, best)),
        key=lambda trial: places[trial.family],
    )
    return [chosen, *(trial for trial in ranked if trial is not chosen)]


def _clearly_beaten(trial: Trial, best: Trial) -> bool:
    return paired_gain(trial.by_fold, best.by_fold, FOLDS).clear
