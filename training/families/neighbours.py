"""k nearest neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from model.scorers.neighbours import NeighbourScorer
from training.sample import Sample

MOST_ROWS = 5000
"""Records kept: every one of them is looked at for every score."""


def k_nearest_neighbours(sample: Sample, params: Mapping[str, Any], seed: int) -> NeighbourScorer:
    """Keeps the records, or a random part of them where there are many."""
    rows, outcome = sample.rows, sample.outcome
    if len(sample) > MOST_ROWS:
        kept = np.random.default_rng(seed).choice(len(sample), MOST_ROWS, replace=False)
        rows, outcome = rows[np.sort(kept)], outcome[np.sort(kept)]
    return NeighbourScorer(rows, outcome, min(int(params["k"]), len(rows)))
