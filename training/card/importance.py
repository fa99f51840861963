"""Which features a model's scores rest on, by its own explanations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from model.calibration import Calibration
from model.neighbours import NeighbourScorer
from model.scorer import Scorer
from model.student import Features
from preprocessing.encoder import FeatureEncoder

EXPLAINED = 200
EXPLAINED_BY_NEIGHBOURS = 20
"""A nearest-neighbour explanation asks the whole training set a hundred times."""


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
    most = EXPLAINED_BY_NEIGHBOURS if isinstance(scorer, NeighbourScorer) else EXPLAINED
    chosen = np.unique(np.linspace(0, len(records) - 1, min(most, len(records))).astype(np.intp))
    rows = encoder.encode_many([records[i] for i in chosen])
    parts = np.stack([calibration.contributions(*scorer.contributions(row))[0] for row in rows])
    columns = np.array(encoder.columns)
    means = {
        name: float(np.abs(parts[:, columns == name].sum(axis=1)).mean())
        for name in encoder.features
    }
    return dict(sorted(means.items(), key=lambda item: (-item[1], item[0]))), len(chosen)
