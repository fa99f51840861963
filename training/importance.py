"""Which features a model's scores rest on, by its own explanations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from model.calibration import Calibration
from model.scorers.scorer import Scorer
from model.student import Features
from preprocessing.encoder import FeatureEncoder
from preprocessing.task.formula import Formula


def importance(
    encoder: FeatureEncoder,
    scorer: Scorer,
    calibration: Calibration,
    records: Sequence[Features],
) -> tuple[dict[str, float], int]:
    """Mean absolute contribution of each feature to the score's log-odds, largest first.

    The contributions are those that serving gives as reasons (TreeSHAP for trees, linear terms);
    those of one feature's columns are added before the absolute value is taken.

    Args:
        encoder: the model's.
        scorer: the model's.
        calibration: the model's; under `identity` contributions are on the outcome's own scale.
        records: n records; evenly spaced ones of them are explained.

    Returns:
        feature to mean absolute contribution, and how many records were explained.
    """
    chosen = spread(records, scorer.EXPLAINED)
    rows = encoder.encode_many(chosen)
    margins, base = scorer.contributions_many(rows)
    parts = np.stack([calibration.contributions(one, base)[0] for one in margins])
    columns = np.array(encoder.columns)
    means = {
        name: float(np.abs(parts[:, columns == name].sum(axis=1)).mean())
        for name in encoder.features
    }
    return dict(sorted(means.items(), key=lambda item: (-item[1], item[0]))), len(chosen)


def shares(means: Mapping[str, float], derived: Mapping[str, Formula]) -> dict[str, float]:
    """Each feature's share of the importance, 1 in sum; empty where nothing is of any.

    What a derived number is worth belongs to the features it is worked out from, in equal parts:
    nobody sends it.

    Args:
        means: feature, or derived number, to its mean absolute contribution.
        derived: derived number to its formula.

    >>> shares({"ida": 2.0, "lag": 2.0}, {"lag": Formula("fase - fase_ideal")})
    {'ida': 0.5, 'fase': 0.25, 'fase_ideal': 0.25}
    """
    total = sum(means.values())
    if total <= 0:
        return {}
    found: dict[str, float] = {}
    for name, mean in means.items():
        reads = derived[name].names if name in derived else (name,)
        for feature in reads:
            found[feature] = found.get(feature, 0.0) + mean / total / len(reads)
    return found


def spread(records: Sequence[Features], most: int) -> tuple[Features, ...]:
    """At most so many of the records, evenly spaced, the first and the last among them."""
    at = np.unique(np.linspace(0, len(records) - 1, min(most, len(records))).astype(np.intp))
    return tuple(records[i] for i in at)
