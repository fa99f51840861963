"""How far shares measured on students may lie from the truth, where a student may stand in twice.

Records of one student are not independent, so what is summed is a student's whole part.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retraining.promotion.evidence import Contrast
from retraining.promotion.ranking import Floats

Students = NDArray[np.str_]


def standard_error(parts: Floats, students: Students) -> float:
    """Standard error of a figure from what each record adds to it beyond its mean, shape (n,).

    Source: Binder (1983), On the variances of asymptotically normal estimators from complex
    surveys: linearisation, summed by cluster.

    >>> round(standard_error(np.array([0.5, -0.5]) / 2, np.array(["a", "b"])), 4)
    0.3536
    """
    _, student = np.unique(students, return_inverse=True)
    return float(np.sqrt(np.square(np.bincount(student, weights=parts)).sum()))


def independent(students: Students) -> float:
    """How many independent records so many records of some students are worth at least.

    Source: Kish (1965), Survey Sampling: n² over the sum of the squared cluster sizes.

    >>> independent(np.array(["a", "b", "c"])), independent(np.array(["a", "a"]))
    (3.0, 1.0)
    """
    _, counts = np.unique(students, return_counts=True)
    return float(counts.sum() ** 2 / np.square(counts).sum()) if len(counts) else 0.0


def precision_against_chance(outcome: Floats, flags: Floats, students: Students) -> Contrast | None:
    """The precision of some flags against the share at risk; None where nobody is flagged.

    Args:
        outcome: shape (n,), 1.0 at risk.
        flags: shape (n,), how much of each record is flagged.
        students: shape (n,).
    """
    if not flags.sum():
        return None
    share = float(outcome.mean())
    everybody = (outcome - share) / len(outcome)
    return _contrast(_share(outcome, flags), share, _parts(outcome, flags) - everybody, students)


def precision_against(
    outcome: Floats, flags: Floats, others: Floats, students: Students
) -> Contrast | None:
    """The precision of some flags against that of other flags; None where nobody is flagged.

    Args:
        outcome: shape (n,), 1.0 at risk.
        flags: shape (n,), how much of each record is flagged.
        others: shape (n,), the same of the other model.
        students: shape (n,).
    """
    if not flags.sum() or not others.sum():
        return None
    parts = _parts(outcome, flags) - _parts(outcome, others)
    return _contrast(_share(outcome, flags), _share(outcome, others), parts, students)


def _share(outcome: Floats, flags: Floats) -> float:
    return float(outcome @ flags / flags.sum())


def _parts(outcome: Floats, flags: Floats) -> Floats:
    parts: Floats = flags * (outcome - _share(outcome, flags)) / flags.sum()
    return parts


def _contrast(ours: float, theirs: float, parts: Floats, students: Students) -> Contrast:
    return Contrast(ours, theirs, standard_error(parts, students))
