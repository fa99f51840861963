"""How well the champion did, once outcomes are known."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.stats import hypergeom

from model.figures import auc, calibration_error, new_case_figures

Floats = NDArray[np.float64]

LEVEL = 0.05
LEAST_FALL = 0.05
"""A smaller fall is not worth a sentence, however sure it is."""


def realised_performance(
    outcomes: Floats,
    scores: Floats,
    threshold: float | Floats,
    new: NDArray[np.bool_] | None = None,
) -> dict[str, float]:
    """What the champion did on records whose outcomes have come in.

    Args:
        outcomes: shape (n,), 1.0 at risk and 0.0 not, n ≥ 1.
        scores: shape (n,), what the champion said of them.
        threshold: at or above it a student is flagged; one for all, or each one's own.
        new: shape (n,), who was not at risk when the score was made; None where no one can tell.

    Returns:
        As `estimated_performance`, without the interval, and `calibration_error`, `auc`; of the new
        cases `new_positives` and `new_recall`. What is
        undefined (recall without a positive, say) is left out.
    """
    at_risk = outcomes > 0.5
    flagged = scores >= threshold
    found = float((at_risk & flagged).sum())
    measured = {
        "n": float(scores.size),
        "positives": float(at_risk.sum()),
        "prevalence": float(at_risk.mean()),
        "flagged": float(flagged.mean()),
        "brier": float(np.mean((scores - outcomes) ** 2)),
        "calibration_error": calibration_error(outcomes, scores),
    }
    if at_risk.any():
        measured["recall"] = found / float(at_risk.sum())
    if flagged.any():
        measured["precision"] = found / float(flagged.sum())
    if at_risk.any() and not at_risk.all():
        measured["auc"] = auc(outcomes, scores)
    if new is not None:
        measured |= new_case_figures(outcomes, flagged.astype(np.float64), new)
    return measured


def disagreements(realised: Mapping[str, float], trained: Mapping[str, float]) -> tuple[str, ...]:
    """Sentences on what is clearly worse now than when the version was made.

    Worse means that the recall has fallen by more than chance explains, the error of both figures
    counted (`fall_by_chance` at most 5 %), and by five points.

    Args:
        realised: `recall` and `positives` of the outcomes that came in since.
        trained: the version's metrics. Of one without `positives` the error of its recall is not
            known, so that nothing can be told.

    >>> disagreements({"recall": 0.5, "positives": 400}, {"recall": 0.75, "positives": 300})
    ('recall is 0.500 of 400 at risk whose outcomes came in since, 0.750 of 300 when the model ...
    """
    if not ({"recall", "positives"} <= realised.keys() & trained.keys()):
        return ()
    then, now = trained["recall"], realised["recall"]
    of_then, of_now = round(trained["positives"]), round(realised["positives"])
    by_chance = fall_by_chance(
        np.array([round(then * of_then)]), of_then, np.array([round(now * of_now)]), of_now
    )
    if then - now < LEAST_FALL or by_chance[0] > LEVEL:
        return ()
    return (
        f"recall is {now:.3f} of {of_now} at risk whose outcomes came in since, {then:.3f} of "
        f"{of_then} when the model was made: worse by more than chance (p = {by_chance[0]:.2g})",
    )


def fall_by_chance(
    found_then: NDArray[np.int_], of_then: int, found_now: NDArray[np.int_], of_now: int
) -> Floats:
    """The chance of so few found now, or fewer, if the chance to be found has not changed.

    Fisher's exact test, one-sided: given how many were found in all, those found now are
    hypergeometric. It keeps its level at every recall and size, and needs no old figure without
    error.

    Args:
        found_then: shape (n,), of `of_then` at risk when the model was made.
        of_then: at least 1.
        found_now: shape (n,), of `of_now` at risk now.
        of_now: at least 1.

    Source: Fisher (1935), "The logic of inductive inference".

    >>> fall_by_chance(np.array([3]), 4, np.array([1]), 4).round(4).tolist()
    [0.2429]
    """
    found = found_then + found_now
    return np.asarray(hypergeom.cdf(found_now, of_then + of_now, found, of_now))
