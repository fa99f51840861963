"""Logistic regression by stochastic gradient descent, one small batch after another in time.

A sample is in the order of its periods, so the weights end near the newest ones. What goes on from
a champion's weights learns from the records that are new to the champion, and from no other.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import SGDClassifier

from model.scorers.linear import LinearScorer
from training.families.family import Family, Params, sklearn_margins
from training.families.linear import linear_scorer
from training.families.settings import Real, Whole
from training.families.trees import scorer_before
from training.sample import Sample

BATCH = 50
"""Records between two of which the order of time is kept; within a batch they are as they come."""


def _from_nothing(sample: Sample, params: Params, seed: int) -> SGDClassifier:
    model = _begun(sample, params, seed)
    every = np.arange(len(sample))
    return _learned(model, sample, every, params)


def _from_weights(sample: Sample, params: Params, seed: int) -> SGDClassifier:
    """The weights before, moved by what is new."""
    text = scorer_before(sample, ONLINE_LOGISTIC.train, seed)
    model = _begun(sample, params, seed)
    if text is None or sample.start is None:
        return _learned(model, sample, np.arange(len(sample)), params)
    before = LinearScorer.load(text)
    model.coef_ = before.weights.reshape(1, -1).copy()
    model.intercept_ = np.array([before.intercept])
    return _learned(model, sample, np.flatnonzero(~sample.start.known), params)


def _begun(sample: Sample, params: Params, seed: int) -> SGDClassifier:
    """A model that has room for its weights, all of them 0."""
    model = SGDClassifier(
        loss="log_loss", penalty="l2", alpha=params["l2"], learning_rate="constant",
        eta0=params["rate"], shuffle=False, random_state=seed,
    )  # fmt: skip
    model.partial_fit(sample.rows[:1], sample.outcome[:1], classes=np.array([0.0, 1.0]))
    model.coef_ = np.zeros((1, sample.width))
    model.intercept_ = np.zeros(1)
    return model


def _learned(
    model: SGDClassifier, sample: Sample, chosen: NDArray[np.intp], params: Params
) -> SGDClassifier:
    """Learns batch after batch, each a few times over before the next one comes."""
    weights, passes = sample.weights(params), params["passes"]
    for begin in range(0, len(chosen), BATCH):
        batch = chosen[begin : begin + BATCH]
        counted = None if weights is None else weights[batch]
        for _ in range(passes):
            model.partial_fit(sample.rows[batch], sample.outcome[batch], sample_weight=counted)
    return model


ONLINE_LOGISTIC = Family(
    name="online_logistic",
    fit=_from_nothing,
    convert=linear_scorer,
    library=sklearn_margins,
    scorer=LinearScorer,
    place=160,
    settings={
        "rate": Real(0.02, 0.001, 0.2, log=True),
        "l2": Real(0.001, 1e-5, 0.1, log=True),
        "passes": Whole(3, 1, 10),
    },
    numeric=False,
)
ONLINE_LOGISTIC_CONTINUED = replace(
    ONLINE_LOGISTIC,
    name="online_logistic_continued",
    fit=_from_weights,
    place=170,
    continues="online_logistic",
)
