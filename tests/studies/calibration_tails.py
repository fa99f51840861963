"""How far calibrated scores are off beyond the data: `python -m tests.studies.calibration_tails`.

The margin is the true log-odds, so that whatever a calibration changes is its error. `before` is
the calibration whose last lines went on for ever and whose blocks were not pooled after smoothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression

from model.calibration import Calibration
from model.figures import calibration_error
from training.calibrate import isotonic

Array = NDArray[np.float64]
Fit = Callable[[Array, Array], Calibration]

BEYOND = -6.0
FITS = 40


@dataclass(frozen=True, slots=True)
class Result:
    """Root mean square and worst error of the log-odds at `BEYOND`, and mean divergence."""

    rms: float
    worst: float
    divergence: float


def study(fit: Fit, *, records: int, spread: float, fits: int = FITS, seed: int = 0) -> Result:
    """Fits on new draws of `records` margins ~ N(0, spread²)."""
    random = np.random.default_rng(seed)
    off, divergence = [], []
    for _ in range(fits):
        margins = random.normal(0, spread, records)
        made = fit((random.random(records) < _risk(margins)).astype(float), margins)
        off.append(made.logit_one(BEYOND) - BEYOND)
        fresh = random.normal(0, spread, 20_000)
        divergence.append(_divergence(_risk(fresh), made.score(fresh)))
    far = np.array(off)
    return Result(
        float(np.sqrt((far**2).mean())),
        float(far[np.abs(far).argmax()]),
        float(np.mean(divergence)),
    )


def before(outcome: Array, margins: Array) -> Calibration:
    """Isotonic regression as it was fitted before tails were bounded."""
    fitted = IsotonicRegression().fit_transform(margins, outcome)
    _, block = np.unique(fitted, return_inverse=True)
    size = np.bincount(block)
    middle = np.bincount(block, weights=margins) / size
    share = (np.bincount(block, weights=outcome) + 0.5) / (size + 1.0)
    x, y = [middle[0]], [np.log(share[0] / (1 - share[0]))]
    for at, level in zip(middle[1:], np.log(share / (1 - share))[1:], strict=True):
        if level > y[-1] + 1e-6:
            x, y = [*x, at], [*y, level]
    slopes = np.diff(y) / np.diff(x)
    return Calibration("isotonic", tuple(x[:-1]), tuple(y[:-1]), tuple(slopes.tolist()))


def perfect_error(records: int, draws: int = 2000) -> float:
    """The mean calibration error of perfect, uniform scores."""
    random = np.random.default_rng(0)
    scores = random.random((draws, records))
    outcomes = (random.random((draws, records)) < scores).astype(float)
    pairs = zip(outcomes, scores, strict=True)
    return float(np.mean([calibration_error(y, s) for y, s in pairs]))


def _risk(margins: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-margins)))


def _divergence(truth: Array, scores: Array) -> float:
    scores = np.clip(scores, 1e-12, 1 - 1e-12)
    return float(
        np.mean(truth * np.log(truth / scores) + (1 - truth) * np.log((1 - truth) / (1 - scores)))
    )


def main() -> None:
    print("| records | spread | | rms error | worst | divergence |")
    print("|--:|--:|---|--:|--:|--:|")
    for records in (2_000, 5_000, 20_000):
        for spread in (1.0, 2.0):
            for name, fit in (("before", before), ("bounded", isotonic)):
                r = study(fit, records=records, spread=spread)
                print(
                    f"| {records:,} | {spread:.0f} | {name} | {r.rms:.2f} | {r.worst:+.1f} "
                    f"| {r.divergence:.5f} |"
                )
    for records in (60, 100, 300, 765):
        print(f"perfect scores of {records}: calibration error {perfect_error(records):.3f}")


if __name__ == "__main__":
    main()
