"""k nearest neighbours: keeps the records, or a random part of them where there are many."""

from __future__ import annotations

import numpy as np
from sklearn.neighbors import KNeighborsRegressor

from model.scorers.neighbours import NeighbourScorer
from model.scorers.scorer import Rows
from training.families.family import Family, Params
from training.families.settings import Whole
from training.sample import Sample

MOST_ROWS = 5000
"""Records kept: every one of them is looked at for every score."""


def _fit(sample: Sample, params: Params, seed: int) -> NeighbourScorer:
    rows, outcome = sample.rows, sample.outcome
    if len(sample) > MOST_ROWS:
        kept = np.random.default_rng(seed).choice(len(sample), MOST_ROWS, replace=False)
        rows, outcome = rows[np.sort(kept)], outcome[np.sort(kept)]
    return NeighbourScorer(rows, outcome, min(params["k"], len(rows)))


def _margins(kept: NeighbourScorer, rows: Rows) -> Rows:
    model = KNeighborsRegressor(kept.k, weights=lambda d: 1.0 / (1.0 + d), algorithm="kd_tree")
    return np.asarray(model.fit(kept.rows, kept.outcome).predict(rows))


K_NEAREST_NEIGHBOURS = Family(
    name="k_nearest_neighbours",
    fit=_fit,
    convert=lambda kept, sample: kept,
    library=_margins,
    scorer=NeighbourScorer,
    place=120,
    settings={"k": Whole(25, 5, 101)},
    weighs=False,
)
