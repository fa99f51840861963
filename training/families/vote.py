"""A soft vote of tree families: the mean of their calibrated log-odds.

Each member's sigmoid is a straight line, so the vote is again a sum of trees, served as one model.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from model.calibration import Calibration
from model.scorers.scorer import Rows, Scorer
from model.scorers.trees import TreeScorer
from training.calibrate import sigmoid
from training.families.family import Family, Params
from training.families.settings import Names
from training.families.trees import tree_scorer
from training.lightgbm_text import Tree, constant, parse_text, scaled
from training.sample import Sample
from training.split import each_fold, grouped_folds

FOLDS = 3
Voters = Sequence[tuple[Scorer, Calibration]]
"""Members that were fitted on all records, each with its sigmoid."""


def vote_of(members: Sequence[Family]) -> Family:
    """The family that votes among some of those, which must become trees."""
    known = {member.name: member for member in members}
    return Family(
        name="vote",
        fit=partial(_fit, known),
        convert=_scorer,
        library=_margins,
        scorer=TreeScorer,
        place=130,
        settings={"members": Names(["extra_trees", "gradient_boosting", "lightgbm"], (*known,))},
    )


def _fit(known: dict[str, Family], sample: Sample, params: Params, seed: int) -> Voters:
    weighed = {k: v for k, v in params.items() if k == "class_weight"}
    return [
        _voter(sample, known[name], {**known[name].params, **weighed}, seed)
        for name in params["members"]
    ]


def _voter(sample: Sample, member: Family, params: Params, seed: int) -> tuple[Scorer, Calibration]:
    """A member, and its sigmoid on folds held out."""
    scorer = member.train(sample, params, seed)
    if sample.numeric:
        return scorer, Calibration.identity()
    held_out = np.zeros(len(sample))
    fold = grouped_folds(sample.outcome, sample.students, task=sample.task, seed=seed, folds=FOLDS)
    for train, held in each_fold(fold):
        fitted = member.train(sample.take(train), params, seed)
        held_out[held] = fitted.margin(sample.rows[held])
    return scorer, sigmoid(sample.outcome, held_out)


def _scorer(voters: Voters, sample: Sample) -> TreeScorer:
    trees: list[Tree] = []
    for scorer, line in voters:
        trees += scaled(parse_text(scorer.dump()), line.slopes[0] / len(voters))
        trees.append(constant(line.logits[0] / len(voters)))
    return tree_scorer(trees, sample)


def _margins(voters: Voters, rows: Rows) -> Rows:
    lines = [scorer.margin(rows) * line.slopes[0] + line.logits[0] for scorer, line in voters]
    return np.asarray(np.mean(lines, axis=0))
