"""The online learner: batch after batch in time, and from a champion's weights by what is new."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from model.figures import auc
from model.scorers.linear import LinearScorer
from preprocessing.dataset import TrainingSet
from preprocessing.task.spec import TaskSpec
from retraining.run.challenge import successor_trial
from tests.training.continued import start_of, two_years, with_continued
from training.candidates import candidate
from training.continuing.able import unable
from training.sample import BegunModel, Sample
from training.train import fit

ONLINE, CONTINUED = candidate("online_logistic"), candidate("online_logistic_continued")
BOTH = (ONLINE.name, CONTINUED.name)


def sample(n: int = 600, seed: int = 0, sign: float = 1.0) -> Sample:
    random = np.random.default_rng(seed)
    rows = random.normal(size=(n, 3))
    outcome = (rows[:, 0] * sign + random.logistic(size=n) * 0.5 > 0).astype(np.float64)
    return Sample(rows, outcome, np.array([f"s{i}" for i in range(n)]))


def joined(first: Sample, second: Sample, scorer: bytes | None = None) -> Sample:
    """Both in this order; the first is what a model learned from before."""
    known = np.arange(len(first) + len(second)) < len(first)
    return Sample(
        np.vstack([first.rows, second.rows]),
        np.concatenate([first.outcome, second.outcome]),
        np.concatenate([first.students, second.students]),
        start=BegunModel(known, ONLINE.params, scorer),
    )


def test_it_ranks_as_well_as_a_logistic_regression_that_sees_all_at_once() -> None:
    known, new = sample(), sample(seed=1)

    online, at_once = (
        family.train(known, family.params, 0)
        for family in (ONLINE, candidate("logistic_regression"))
    )

    figures = [auc(new.outcome, scorer.margin(new.rows)) for scorer in (online, at_once)]
    assert figures[0] > figures[1] - 0.01


def test_from_a_champions_weights_it_learns_what_is_new_and_nothing_else() -> None:
    first, second = sample(), sample(seed=1, sign=-1.0)
    champion = ONLINE.train(first, ONLINE.params, 0)
    assert isinstance(champion, LinearScorer)
    data = joined(first, second, champion.dump())
    forgotten = replace(data, outcome=np.where(np.arange(len(data)) < 600, 0.0, data.outcome))
    nothing_new = joined(first, second.take(np.arange(0)), champion.dump())

    after = CONTINUED.train(data, CONTINUED.params, 0)

    assert after.dump() == CONTINUED.train(forgotten, CONTINUED.params, 0).dump()
    assert CONTINUED.train(nothing_new, CONTINUED.params, 0).dump() == champion.dump()
    assert after.dump() != champion.dump()
    assert after.dump() == CONTINUED.train(joined(first, second), CONTINUED.params, 0).dump(), (
        "trained anew on its own records a start is the champion"
    )


def test_what_came_last_counts_most() -> None:
    then, now, next_one = sample(), sample(seed=1, sign=-1.0), sample(seed=2, sign=-1.0)
    data = joined(then, now)

    online, at_once = (
        family.train(data, family.params, 0)
        for family in (ONLINE, candidate("logistic_regression"))
    )

    found = [auc(next_one.outcome, one.margin(next_one.rows)) for one in (online, at_once)]
    assert found[0] > 0.8 > found[1] + 0.1


@pytest.mark.parametrize("seed", [0, 1])
def test_one_outcome_alone_moves_it_and_breaks_nothing(seed: int) -> None:
    first, second = sample(), sample(60, seed=seed + 1)
    champion = ONLINE.train(first, ONLINE.params, 0)
    at_risk = replace(second, outcome=np.ones(60))

    after = CONTINUED.train(joined(first, at_risk, champion.dump()), CONTINUED.params, 0)

    rows = second.rows
    assert after.margin(rows).mean() > champion.margin(rows).mean()


def test_it_is_judged_by_evidence_in_which_the_champions_weights_have_no_part(
    task: TaskSpec,
) -> None:
    first, both = two_years()
    task = with_continued(task, *BOTH)
    champion = fit(first, task, seed=0, progress=lambda _: None, family=ONLINE.name, repeats=1)
    start = start_of(champion, first, task)
    telling = replace(start, text=LinearScorer(np.full(champion.scorer.width, 9e9), 9e9).dump())
    alone = task.model_copy(
        update={"training": task.training.model_copy(update={"candidates": (CONTINUED.name,)})}
    )

    def scores(data: TrainingSet) -> list[np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
        return [
            successor_trial(data, None, alone, seed=0, progress=lambda _: None, start=one).scores
            for one in (start, telling)
        ]

    assert unable(CONTINUED, both, task, start) == ""
    assert unable(candidate("lightgbm_continued"), both, task, start) == (
        "v1 is a online_logistic, not a lightgbm"
    )
    honest, with_other_weights = scores(both)
    assert np.array_equal(honest, with_other_weights)
    assert auc(both.outcome, honest) > 0.7
