"""A soft vote of tree families: the mean of their calibrated log-odds.

Each member's sigmoid is a straight line, so the vote is again a sum of trees, served as one model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from model.calibration import Calibration
from model.scorers.trees import TreeScorer
from training.calibrate import sigmoid
from training.lightgbm_text import Tree, constant, parse_text, scaled, text_model
from training.sample import Sample
from training.split import each_fold, grouped_folds

Member = Callable[[Sample, int], TreeScorer]
FOLDS = 3


def vote(sample: Sample, members: Mapping[str, Member], seed: int) -> TreeScorer:
    """Fits every member, and each one's sigmoid on folds held out, and adds them up."""
    trees: list[Tree] = []
    for member in members.values():
        line = _line(sample, member, seed)
        fitted = parse_text(member(sample, seed).dump())
        trees += scaled(fitted, line.slopes[0] / len(members))
        trees.append(constant(line.logits[0] / len(members)))
    return TreeScorer(text_model(trees, sample.width))


def _line(sample: Sample, member: Member, seed: int) -> Calibration:
    if sample.numeric:
        return Calibration.identity()
    held_out = np.zeros(len(sample))
    fold = grouped_folds(sample.outcome, sample.students, seed=seed, folds=FOLDS)
    for train, held in each_fold(fold):
        held_out[held] = member(sample.take(train), seed).margin(sample.rows[held])
    return sigmoid(sample.outcome, held_out)
