"""Learns how outcomes follow the scores of records held out, and how sure that is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.risk_interval import HeldOutMap

Array = NDArray[np.float64]

MOST_COLUMNS = 24
"""The most varied ones are looked at; a map of 24 takes 4 KB of a version's document."""
FEWEST = 50
"""On fewer records held out nothing is learned."""
WIDTHS = (0.05, 0.1, 0.2, 0.4)
"""Standard deviations that the weights may have before anything is seen: the model has looked at
these columns, so what it missed is small. The likeliest one is taken."""
FREE = 1.0
"""The same of the intercept, and of the slope around 1."""
STEPS = 25
DIGITS = 6


def held_out_map(outcome: Array, scores: Array, rows: Array) -> HeldOutMap | None:
    """A logistic regression of the outcomes on the scores' log-odds and the columns.

    What a calibration map says of everybody may be wrong for those with high marks in one column;
    a batch with many of them shows it. So the columns are looked at again, held close to zero.

    Args:
        outcome: shape (n,), 0.0 or 1.0.
        scores: shape (n,), calibrated risks by models that had not learned from the record.
        rows: shape (n, d), the records as the encoder makes them.

    Returns:
        None for fewer than `FEWEST` records, or without both outcomes.

    Source: logistic regression with a normal prior, its width by the Laplace approximation of the
    evidence (MacKay 1992, Neural Computation 4; Bishop 2006, section 4.5).
    """
    if len(outcome) < FEWEST or not 0 < outcome.sum() < len(outcome):
        return None
    deviations = rows.std(axis=0)
    varied = [i for i in np.argsort(-deviations, kind="stable").tolist() if deviations[i] > 1e-9]
    columns = np.sort(np.array(varied[:MOST_COLUMNS], dtype=np.intp))
    centers, scales = rows[:, columns].mean(axis=0), deviations[columns]
    design = np.column_stack(
        [np.ones(len(scores)), _logit(scores), (rows[:, columns] - centers) / scales]
    )
    fits = [_posterior(design, outcome, width) for width in WIDTHS]
    _, means, covariance = max(fits, key=lambda fit: fit[0])
    factor: Array = np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)
    return HeldOutMap(
        rows=len(outcome),
        columns=tuple(columns.tolist()),
        centers=_rounded(centers),
        scales=_rounded(scales),
        means=_rounded(means),
        factor=_rounded(factor[np.tril_indices(len(means))]),
    )


def _posterior(design: Array, outcome: Array, width: float) -> tuple[float, Array, Array]:
    """Log evidence up to a constant, means and covariance for one width of the weights."""
    precision = np.full(design.shape[1], width**-2)
    precision[:2] = FREE**-2
    prior = np.zeros(design.shape[1])
    prior[1] = 1.0
    means = prior.copy()
    for _ in range(STEPS):
        risk = _risk(design @ means)
        slope = design.T @ (outcome - risk) - precision * (means - prior)
        curve = (design * (risk * (1 - risk))[:, None]).T @ design + np.diag(precision)
        step = np.linalg.solve(curve, slope)
        means = means + step
        if float(np.abs(step).max()) < 1e-9:
            break
    risk = _risk(design @ means)
    curve = (design * (risk * (1 - risk))[:, None]).T @ design + np.diag(precision)
    likelihood = float(np.sum(outcome * np.log(risk) + (1 - outcome) * np.log(1 - risk)))
    held = float(precision @ (means - prior) ** 2) / 2
    sharpness = (float(np.log(precision).sum()) - float(np.linalg.slogdet(curve)[1])) / 2
    return likelihood - held + sharpness, means, np.asarray(np.linalg.inv(curve), dtype=np.float64)


def _risk(logits: Array) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -30.0, 30.0))))


def _logit(scores: Array) -> Array:
    known = np.clip(scores, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(known / (1 - known)))


def _rounded(values: Array) -> tuple[float, ...]:
    return tuple(np.round(values, DIGITS).tolist())
