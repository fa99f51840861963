"""Families that go on from the champion's trees: what they are, when they cannot, and no leak."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.bundle import load_bundle
from model.errors import ConfigurationError
from model.figures import auc
from model.scorers.trees import TreeScorer
from preprocessing.dataset import TrainingSet
from preprocessing.encoder import FeatureEncoder
from preprocessing.predictor import Predictor
from preprocessing.task.columns import Column
from preprocessing.task.spec import TaskSpec
from retraining.run.challenge import successor_trial
from tests.training.continued import QUICK, champion, start_of, two_years, with_continued
from tests.training.family_walk import TOLERANCE, quick, wild
from training.candidates import FAMILIES, candidate
from training.continuing.able import able, unable
from training.continuing.monotone import first_broken
from training.continuing.start import NoStart, without_trees
from training.crossfit import out_of_fold
from training.dropped import dropped_features
from training.families.family import Family
from training.holdout import scores_without
from training.lightgbm_text import grown, parse_text
from training.sample import BegunModel, sample_of
from training.train import fit
from training.tuning.budget import Budget

CONTINUED = [family for family in FAMILIES if family.continues]
TREES = [family for family in CONTINUED if family.scorer is TreeScorer]
BOTH = ("lightgbm", "lightgbm_continued")
quiet = partial(fit, seed=0, progress=lambda _: None, repeats=1)


@pytest.mark.parametrize("family", TREES, ids=lambda family: family.name)
@pytest.mark.parametrize("numeric", [False, True])
def test_what_goes_on_is_the_trees_before_and_what_its_library_adds_to_them(
    family: Family, numeric: bool, task: TaskSpec
) -> None:
    first, both = two_years()
    encoder = FeatureEncoder.fit(task, first.records)
    rows = encoder.encode_many(both.records)
    outcome = rows[:, 0] * 10 if numeric else both.outcome
    sample = replace(sample_of(both, encoder, task), outcome=outcome, numeric=numeric)
    root = candidate(family.continues)
    before = root.train(sample.take(np.arange(len(first))), quick(root), 0)
    begun = BegunModel(np.arange(len(both)) < len(first), quick(root), before.dump())

    model = family.fit(replace(sample, start=begun), quick(family), 0)
    after = family.convert(model, sample)

    far = np.abs(after.margin(wild(rows)) - family.library(model, wild(rows))).max()
    assert far <= (100 if numeric else 1) * TOLERANCE.get(family.name, 1e-9)
    assert grown(after.dump()) == grown(before.dump()) + 20
    kept, all_of_them = parse_text(before.dump()), parse_text(after.dump())
    assert all(
        np.array_equal(old.value, new.value) and np.array_equal(old.threshold, new.threshold)
        for old, new in zip(kept, all_of_them, strict=False)
    ), "the trees before are kept as they are"
    loss = [float(np.mean((s.margin(rows) - outcome) ** 2)) for s in (before, after)]
    assert not numeric or loss[1] < loss[0]


@pytest.mark.parametrize("family", CONTINUED, ids=lambda family: family.name)
def test_a_start_that_is_grown_anew_is_what_its_records_alone_would_grow(
    family: Family, task: TaskSpec
) -> None:
    _, both = two_years()
    encoder = FeatureEncoder.fit(task, both.records)
    sample = sample_of(both, encoder, task)
    known = np.arange(len(both)) % 3 == 0
    root = candidate(family.continues)
    before = root.train(sample.take(known), quick(root), 0)
    told = [
        replace(sample, start=BegunModel(known, quick(root), scorer))
        for scorer in (before.dump(), None)
    ]

    one, other = (family.train(each, quick(family), 0).dump() for each in told)

    assert one == other


def test_the_model_that_goes_on_serves_explains_and_reads_rows_as_the_champion_does(
    task: TaskSpec, tmp_path: Path
) -> None:
    first, both = two_years()
    task = with_continued(task, *BOTH)
    serving = champion(first, task)

    model = fit(
        both, task, seed=0, progress=lambda _: None, family="lightgbm_continued", repeats=1,
        start=start_of(serving, first, task),
    )  # fmt: skip

    assert model.continued
    assert model.encoder.spec() == serving.encoder.spec()
    predictor = Predictor(load_bundle(tmp_path / "b", model.write(tmp_path / "b")))
    predictor.self_test()
    told = predictor.explain(both.records[0])
    score = predictor.score_one(both.records[0])
    total = told.base_value + sum(reason.contribution for reason in told.reasons)
    assert total == pytest.approx(np.log(score / (1 - score)), abs=1e-8)
    assert sum(predictor.bundle.importance.values()) == pytest.approx(1.0)


def memorised(task: TaskSpec, n: int = 400) -> tuple[TrainingSet, TaskSpec, Any]:
    """Outcomes that no feature tells, and a champion that knows each of them by heart."""
    _, both = two_years(n // 2)
    coin = np.random.default_rng(5).integers(0, 2, n).astype(np.float64)
    data = replace(both, outcome=coin, students=np.array([f"s{i}" for i in range(n)]))
    task = with_continued(task, *BOTH)
    by_heart = {"trees": 150, "leaf": 1, "leaves": 31, "subsample": 1.0, "columns": 1.0}
    serving = fit(
        data, task, seed=0, progress=lambda _: None, family="lightgbm", repeats=1,
        params={**candidate("lightgbm").params, **QUICK, **by_heart},
    )  # fmt: skip
    assert auc(coin, serving.score(data.records)) == 1.0
    return data, task, start_of(serving, data, task)


def only_continued(task: TaskSpec) -> TaskSpec:
    """No other candidate: whatever is scored is scored by what goes on."""
    policy = task.training.model_copy(update={"candidates": ("lightgbm_continued",)})
    return task.model_copy(update={"training": policy})


def test_no_figure_rests_on_a_champion_that_knows_the_judged_outcomes_by_heart(
    task: TaskSpec,
) -> None:
    data, task, start = memorised(task)
    task = only_continued(task)

    trial = successor_trial(data, None, task, seed=0, progress=lambda _: None, start=start)

    assert trial.model.family == "lightgbm_continued" and trial.model.continued
    assert auc(data.outcome, trial.model.score(data.records)) == 1.0, "it knows them by heart too"
    chance = (0.4, 0.6)
    assert chance[0] < auc(data.outcome, trial.scores) < chance[1]
    assert chance[0] < auc(data.outcome, trial.model.held_out) < chance[1]
    assert chance[0] < trial.model.candidates[0]["auc"] < chance[1]
    assert np.ptp(trial.model.held_out) < 0.5, "a calibration that knew them would be sure"
    large = successor_trial(
        data, None, task, seed=0, progress=lambda _: None, start=start, cross_fit_rows=0
    )
    assert chance[0] - 0.1 < auc(large.cases.outcome, large.scores) < chance[1] + 0.1


def test_with_the_trees_themselves_each_of_these_figures_would_be_perfect(task: TaskSpec) -> None:
    """So that the test above can fail: what evidence would be if it took the trees."""
    data, task, start = memorised(task)
    half = np.arange(len(data)) % 2 == 0

    leaky = quiet(data.take(half), task, family="lightgbm_continued", start=start)

    assert leaky.continued
    assert auc(data.outcome[~half], leaky.score(data.take(~half).records)) > 0.95


def test_evidence_is_given_no_trees(task: TaskSpec) -> None:
    first, both = two_years()
    task = with_continued(task, *BOTH)
    start = start_of(champion(first, task), first, task)

    anew = without_trees(start)

    assert not hasattr(anew, "text")
    assert without_trees(NoStart("why")) == NoStart("why")
    told: dict[str, Any] = {"seed": 0, "progress": lambda _: None, "start": anew}
    held = both.students == "s1"
    scores = scores_without(both, held, only_continued(task), **told)
    assert scores.shape == (int(held.sum()),)
    assert len(out_of_fold(both, only_continued(task), **told)) == len(both)


def test_a_family_that_cannot_go_on_is_left_out_with_the_reason(task: TaskSpec) -> None:
    first, both = two_years()
    task = with_continued(task, *BOTH)
    start = start_of(champion(first, task), first, task)
    recipe = start.recipe
    going_on = candidate("lightgbm_continued")
    wider = task.model_copy(update={"features": (*task.features, Column(name="age"))})
    gone = replace(start, recipe=replace(recipe, derived={"double": "grade * 2"}))
    long = with_continued(task, *BOTH, most_trees=39)
    new = replace(both, periods=np.full(len(both), "2031"))

    assert unable(going_on, both, task, start) == ""
    assert (
        unable(going_on, both, task, NoStart("no champion serves yet")) == "no champion serves yet"
    )
    assert (
        unable(candidate("xgboost_continued"), both, task, start)
        == "v1 is a lightgbm, not a xgboost"
    )
    assert unable(going_on, both, wider, start).endswith("no longer those of v1 (new: age)")
    assert "worked out otherwise: double" in unable(going_on, both, task, gone)
    assert unable(going_on, both, long, start).startswith(
        "v1 has 20 trees, and with 20 more they would exceed most_trees (39)"
    )
    assert "only 0 of the 240 records that v1 learned from are here" in unable(
        going_on, new, task, start
    )
    said: list[str] = []
    model = fit(both, task, seed=0, progress=said.append, repeats=1)
    assert model.left_out == {"lightgbm_continued": "no champion serves yet"}
    assert said[0] == "lightgbm_continued is left out: no champion serves yet"
    assert [one["family"] for one in model.candidates] == ["lightgbm"]
    assert able(BOTH, both, task, start) == (BOTH, {})


def test_a_chain_ends_where_the_trees_are_as_many_as_are_allowed(task: TaskSpec) -> None:
    first, both = two_years()
    task = with_continued(task, *BOTH, most_trees=50)
    model, trees = champion(first, task), [20]
    while not unable(candidate("lightgbm_continued"), both, task, start_of(model, first, task)):
        start = start_of(model, first, task)
        model = quiet(both, task, family="lightgbm_continued", start=start)
        model = replace(model, family="lightgbm")
        trees.append(grown(model.scorer.dump()))

    assert trees == [20, 40]
    sample = sample_of(
        both, model.encoder, task,
        BegunModel(np.ones(len(both), dtype=np.bool_), {}, model.scorer.dump()),
    )  # fmt: skip
    params = {**quick(candidate("lightgbm_continued")), "most_trees": 50, "trees": 200}
    assert grown(candidate("lightgbm_continued").train(sample, params, 0).dump()) == 50
    with pytest.raises(ConfigurationError, match="most_trees: 40 trees leave no room below 40"):
        candidate("lightgbm_continued").train(sample, {**params, "most_trees": 40}, 0)


def test_a_continued_family_alone_could_train_no_first_model(tmp_path: Path) -> None:
    from tests.training.test_task_params import saying
    from training.candidates import load_task_to_train

    with pytest.raises(
        ConfigurationError, match=r"goes on from a lightgbm, which has to be a cand"
    ):
        load_task_to_train(saying(tmp_path, "{candidates: [ridge, lightgbm_continued]}"))
    load_task_to_train(saying(tmp_path, "{candidates: [lightgbm, lightgbm_continued]}"))


@pytest.mark.parametrize("family", ["lightgbm", "xgboost"])
def test_trees_of_before_a_feature_was_held_monotone_are_found(family: str, task: TaskSpec) -> None:
    first, _ = two_years()
    held = task.model_copy(
        update={
            "features": tuple(
                c.model_copy(update={"monotone": -1}) if c.name == "noise" else c
                for c in task.features
            )
        }
    )
    free, bound = (champion(first, with_continued(t, family), family) for t in (task, held))
    columns = [held.monotone.get(c.feature, 0) for c in free.encoder.numeric]
    assert first_broken(parse_text(bound.scorer.dump()), columns) is None
    assert first_broken(parse_text(free.scorer.dump()), columns) is not None
    going_on = candidate(f"{family}_continued")
    spec = with_continued(held, family, going_on.name)
    assert unable(going_on, first, spec, start_of(free, first, spec)) == (
        "v1 was grown without holding noise monotone"
    )


def test_it_is_tuned_within_the_bound_and_measured_without_each_feature(task: TaskSpec) -> None:
    first, both = two_years(200)
    task = with_continued(task, *BOTH, most_trees=60)
    policy = task.training.model_copy(update={"params": {"lightgbm_continued": {"most_trees": 60}}})
    task = task.model_copy(update={"training": policy})
    small = fit(
        first, task, seed=0, progress=lambda _: None, family="lightgbm", repeats=1,
        params={**candidate("lightgbm").params, **QUICK, "trees": 10},
    )  # fmt: skip
    start = start_of(small, first, task)
    params = {**candidate("lightgbm_continued").params, **QUICK, "most_trees": 60}

    tuned = fit(
        both, task, seed=0, progress=lambda _: None, family="lightgbm_continued", repeats=1,
        budget=Budget(3), start=start,
    )  # fmt: skip
    study = dropped_features(
        both, task, "lightgbm_continued", params, seed=0, progress=lambda _: None,
        start=start.recipe,
    )  # fmt: skip

    assert tuned.tuning is not None
    assert grown(tuned.scorer.dump()) <= 60
    assert study.strongest is not None and study.strongest.brings > 0
