"""What scores are worth as probabilities, as far as the records held out can tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from model.profile import SCORE, NumericProfile, read_profile
from model.risk_interval import HeldOutMap
from model.version import ModelVersion

Floats = NDArray[np.float64]

BETWEEN_PERIODS = 0.15
"""Standard deviation, in log-odds, of what a whole period has above or below what its indicators
say; the spread between school years that promotions are judged with (docs/decisions/0006)."""


@dataclass(frozen=True, slots=True)
class CalibrationDoubt:
    """The log-odds of n records: normal around `design @ means`.

    Attributes:
        design: shape (n, k): ones, the scores' log-odds, and columns.
        means: shape (k,).
        factor: shape (k, k), the Cholesky factor of the covariance.
    """

    design: Floats
    means: Floats
    factor: Floats

    @property
    def risks(self) -> Floats:
        """The risk of each record at the mean, shape (n,)."""
        return risk_of(self.design @ self.means)

    def drawn(self, number: int, random: np.random.Generator) -> Floats:
        """Risks as they may be, shape (number, n)."""
        normal = random.normal(size=(number, len(self.means)))
        return risk_of((self.means + normal @ self.factor.T) @ self.design.T)


def doubt_of(
    scores: Floats,
    known: HeldOutMap,
    rows: Floats | None = None,
    *,
    between: float = BETWEEN_PERIODS,
) -> CalibrationDoubt:
    """How sure the risks of n records are.

    Args:
        scores: shape (n,), calibrated.
        known: from the records held out.
        rows: shape (n, d), the records as the encoder makes them; without them the columns of the
            map are left out.
        between: standard deviation of the intercept between periods.
    """
    size = len(known.means)
    factor = np.zeros((size, size))
    factor[np.tril_indices(size)] = known.factor
    covariance = factor @ factor.T
    covariance[0, 0] += between**2
    means = np.array(known.means)
    design = np.column_stack([np.ones(len(scores)), log_odds_of(scores)])
    if rows is None or not known.columns:
        return CalibrationDoubt(design, means[:2], _factor_of(covariance[:2, :2]))
    columns = rows[:, list(known.columns)]
    standard = (columns - np.array(known.centers)) / np.array(known.scales)
    return CalibrationDoubt(np.column_stack([design, standard]), means, _factor_of(covariance))


def map_of_version(version: ModelVersion, reference: Mapping[str, Any]) -> HeldOutMap | None:
    """How outcomes followed a version's scores; None where nothing is known of its scores.

    Args:
        version: as registered.
        reference: the profile of its signed bundle, for a version of before maps were kept.
    """
    if version.held_out_map is not None:
        return version.held_out_map
    scores = read_profile(reference).get(SCORE)
    if not isinstance(scores, NumericProfile) or not scores.values:
        return None
    return map_of_scores(scores)


def map_of_scores(profile: NumericProfile) -> HeldOutMap:
    """The map of a version of before maps were kept, from the profile of its held-out scores.

    The calibration is taken as right, with the error that a logistic regression on as many records
    has; what columns would add is not known.

    Args:
        profile: of the scores in the version's reference profile, with values.
    """
    values, upto = np.array(profile.values), np.array(profile.upto, dtype=np.float64)
    counts = np.diff(upto, prepend=0.0)
    design = np.column_stack([np.ones(len(values)), log_odds_of(values)])
    weight = counts * np.maximum(values * (1 - values), 1e-6)
    curve = (design * weight[:, None]).T @ design + np.eye(2)
    factor = np.linalg.cholesky(np.linalg.inv(curve))
    return HeldOutMap(
        profile.rows, (), (), (), (0.0, 1.0), tuple(factor[np.tril_indices(2)].tolist())
    )


def disagreement_by_chance(outcomes: Floats, scores: Floats, doubt: CalibrationDoubt) -> float:
    """The chance of outcomes as unlike the scores as these, if the scores are what they claim.

    Looked at are how many are at risk, and whether it is the high scores: the score test of
    intercept and slope. Its variance holds that of the outcomes and that of the calibration, which
    was itself learned from so many records.

    Args:
        outcomes: shape (n,), 0.0 or 1.0, n ≥ 1.
        scores: shape (n,).
        doubt: of these records.

    Source: Cox (1958), Biometrika 45, on intercept and slope; Rao's score test.
    """
    risks = doubt.risks
    looked = np.column_stack([np.ones(len(scores)), log_odds_of(scores)])
    weight = (risks * (1 - risks))[:, None]
    reach = (looked * weight).T @ doubt.design @ doubt.factor
    variance = (looked * weight).T @ looked + reach @ reach.T
    off = looked.T @ (outcomes - risks)
    found = float(off @ np.linalg.solve(variance + 1e-9 * np.eye(2), off))
    return float(chi2.sf(found, 2))


def risk_of(log_odds: Floats) -> Floats:
    """Log-odds to probabilities, of the same shape."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(log_odds, -35.0, 35.0))))


def log_odds_of(scores: Floats) -> Floats:
    """Probabilities to log-odds, those of 0 and 1 kept finite."""
    known = np.clip(scores, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(known / (1 - known)))


def _factor_of(covariance: Floats) -> Floats:
    return np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)
