from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model.bundle import load_bundle
from model.errors import ConfigurationError, NotEnoughData
from model.student import Features
from preprocessing.dataset import TrainingSet
from preprocessing.predictor import Predictor
from preprocessing.task.policies import StatusPolicy
from preprocessing.task.spec import TaskSpec
from tests.training.conftest import made_up
from training.baselines import dummy, persistence
from training.crossfit import out_of_fold
from training.metrics import evaluate
from training.train import fit, part_for_comparison


def _quiet(line: str) -> None:
    pass


def test_the_best_candidate_is_fitted_and_every_one_is_told(
    task: TaskSpec, students: TrainingSet
) -> None:
    told: list[str] = []

    model = fit(students, task, seed=0, progress=told.append)

    assert [c["family"] for c in model.candidates].count(model.family) == 1
    assert {c["family"] for c in model.candidates} == {"logistic_regression", "lightgbm"}
    assert model.candidates[0]["family"] == model.family
    assert len(told) == 3


def test_the_same_seed_and_data_give_the_same_digest_and_another_seed_another(
    task: TaskSpec, students: TrainingSet, tmp_path: Path
) -> None:
    digests = [
        fit(students, task, seed=seed, progress=_quiet, family="lightgbm").write(tmp_path / name)
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    ]

    assert digests[0] == digests[1] != digests[2]


@pytest.mark.slow
@pytest.mark.parametrize(
    "family", ["logistic_regression", "extra_trees", "lightgbm", "vote", "k_nearest_neighbours"]
)
def test_a_written_bundle_scores_and_explains_as_the_model_it_was_made_of(
    family: str, task: TaskSpec, students: TrainingSet, tmp_path: Path
) -> None:
    model = fit(students, task, seed=0, progress=_quiet, family=family)

    digest = model.write(tmp_path / "bundle")
    predictor = Predictor(load_bundle(tmp_path / "bundle"))

    fresh = made_up(100, seed=9).records
    predictor.self_test()
    assert predictor.bundle.digest == digest
    assert np.array_equal(predictor.score_many(fresh), model.score(fresh))
    odd: list[Features] = [{}, {"school": "unheard of", "grade": 1e9}]
    for record in (*odd, *fresh[:5]):
        score = predictor.score_one(record)
        told = predictor.explain(record)
        total = told.base_value + sum(reason.contribution for reason in told.reasons)
        assert total == pytest.approx(np.log(score / (1 - score)), abs=1e-8)
        strengths = [abs(reason.contribution) for reason in told.reasons]
        assert strengths == sorted(strengths, reverse=True)


def test_no_record_of_a_student_is_in_the_bundle(
    task: TaskSpec, students: TrainingSet, tmp_path: Path
) -> None:
    fit(students, task, seed=0, progress=_quiet, family="lightgbm").write(tmp_path / "bundle")

    golden = [g.record for g in load_bundle(tmp_path / "bundle").golden]

    assert not any(dict(record) == dict(known) for record in golden for known in students.records)


def test_held_out_scores_are_worth_what_fresh_students_show(task: TaskSpec) -> None:
    train, test = made_up(1500, seed=1), made_up(3000, seed=2)

    scores = out_of_fold(train, task, seed=0, progress=_quiet, family="lightgbm")
    model = fit(train, task, seed=0, progress=_quiet, family="lightgbm")

    promised = evaluate(train.outcome, scores)
    kept = evaluate(test.outcome, model.score(test.records))
    assert promised["auc"] == pytest.approx(kept["auc"], abs=0.03)
    assert kept["calibration_error"] < 0.06


def test_out_of_fold_scores_know_nothing_of_an_outcome_that_is_pure_chance(
    task: TaskSpec,
) -> None:
    data = made_up(400)
    shuffled = TrainingSet(
        records=data.records,
        outcome=np.random.default_rng(5).permutation(data.outcome),
        students=data.students,
        periods=data.periods,
        protected=data.protected,
    )

    scores = out_of_fold(shuffled, task, seed=0, progress=_quiet)

    assert 0.4 < evaluate(shuffled.outcome, scores)["auc"] < 0.6


def test_a_feature_that_is_always_missing_or_constant_changes_no_score(task: TaskSpec) -> None:
    data = made_up(300)
    records = tuple({**r, "noise": 1.0} for r in data.records)
    without = tuple({k: v for k, v in r.items() if k != "noise"} for r in data.records)

    models = [
        fit(
            TrainingSet(rows, data.outcome, data.students, data.periods, data.protected),
            task, seed=0, progress=_quiet, family="lightgbm",
        )
        for rows in (records, without)
    ]  # fmt: skip

    assert np.array_equal(models[0].score(records), models[1].score(records))
    assert models[0].encoder.dropped == {"noise": "constant"}
    assert models[1].encoder.dropped == {"noise": "always missing"}


def test_too_little_to_learn_from_is_said(task: TaskSpec) -> None:
    data = made_up(300)
    one_class = data.take(data.outcome == 1)
    nothing = TrainingSet(
        tuple({} for _ in data.records), data.outcome, data.students, data.periods, data.protected
    )

    with pytest.raises(NotEnoughData, match="of either outcome"):
        fit(one_class, task, seed=0, progress=_quiet)
    with pytest.raises(NotEnoughData, match="0 students"):
        fit(data.take(np.zeros(300, dtype=np.bool_)), task, seed=0, progress=_quiet)
    with pytest.raises(NotEnoughData, match="grade always missing"):
        fit(nothing, task, seed=0, progress=_quiet)


def test_ten_positives_are_enough_to_fit(task: TaskSpec) -> None:
    data = made_up(300)
    few = data.take(np.sort(np.r_[np.flatnonzero(data.outcome == 1)[:10],
                                  np.flatnonzero(data.outcome == 0)]))  # fmt: skip

    model = fit(few, task, seed=0, progress=_quiet)

    assert np.isfinite(model.score(few.records)).all()


def test_an_unknown_candidate_is_named(task: TaskSpec, students: TrainingSet) -> None:
    with pytest.raises(ConfigurationError, match="'oracle' is not one of logistic_regression"):
        fit(students, task, seed=0, progress=_quiet, family="oracle")


def test_families_are_compared_on_part_of_a_large_window_by_whole_students() -> None:
    data = made_up(12_500)

    part = part_for_comparison(data, "made_up", seed=0)

    assert len(part) == 5_000
    inside = set(data.students[part])
    outside = set(np.delete(data.students, part))
    assert len(inside & outside) <= 1


def test_a_numeric_outcome_is_fitted_and_scored_as_a_number(task: TaskSpec, tmp_path: Path) -> None:
    numeric = task.model_copy(
        update={
            "outcome": task.outcome.model_copy(update={"kind": "numeric", "below": None}),
            "features": tuple(c for c in task.features if c.name != "grade"),
            "status": StatusPolicy(concern="low", alert=1.0, critical=0.0),
        }
    )
    data = made_up(400)
    target = np.array([float(r["lag"]) * 3 + float(r["grade"]) / 10 for r in data.records])
    data = TrainingSet(data.records, target, data.students, data.periods, data.protected)

    model = fit(data, numeric, seed=0, progress=_quiet)
    model.write(tmp_path / "bundle")
    predictor = Predictor(load_bundle(tmp_path / "bundle"))

    assert np.abs(predictor.score_many(data.records) - target).mean() < 0.5
    told = predictor.explain(data.records[0])
    total = told.base_value + sum(reason.contribution for reason in told.reasons)
    assert total == pytest.approx(predictor.score_one(data.records[0]))


def test_baselines_know_the_share_and_the_present_state(
    task: TaskSpec, students: TrainingSet
) -> None:
    unknown = TrainingSet(
        ({"lag": -1.0}, {"lag": 0.0}, {}), np.zeros(3), students.students[:3],
        students.periods[:3], {},
    )  # fmt: skip

    scores = persistence(students, unknown, task)

    assert scores is not None
    assert scores[0] > scores[2] > scores[1]
    assert dummy(students, 2).tolist() == [students.outcome.mean()] * 2
