"""The leakage guard on small made-up schools: where it looks, whom it names, what it lets pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from threadpoolctl import threadpool_info

from model.errors import LeakageError
from preprocessing import leakage, leakage_measures
from preprocessing.dataset import TrainingSet
from preprocessing.leakage import check_leakage, measure_leakage
from preprocessing.leakage_measures import LeakageProbe
from preprocessing.task.spec import TaskSpec, parse_task

Floats = NDArray[np.float64]

TASK = """
name: school
title: A made-up school
id: {name: student, kind: category, reader: text}
features: [{name: a}, {name: b}, {name: c}]
outcome:
  column: {name: lag}
  horizon: 1
  below: 0
"""


@pytest.fixture(autouse=True)
def small_forests(monkeypatch: pytest.MonkeyPatch) -> None:
    """On so few records a few trees tell as much as the many of a real run."""
    monkeypatch.setattr(leakage_measures, "TREES", 6)


def task(*features: str, kind: str = "binary", **leakage: Any) -> TaskSpec:
    raw = parse_task(TASK, source="test").model_dump()
    raw["features"] = [{"name": name} for name in features]
    raw["leakage"] |= leakage
    if kind == "numeric":
        raw["outcome"] |= {"kind": "numeric", "below": None}
        raw["status"] |= {"concern": "low", "alert": 0.0, "critical": -10.0}
    return TaskSpec.model_validate(raw)


def school(
    outcome: Floats,
    columns: Mapping[str, Floats],
    *,
    periods: NDArray[np.str_] | None = None,
    students: NDArray[np.str_] | None = None,
) -> TrainingSet:
    n = len(outcome)
    return TrainingSet(
        records=tuple({name: float(v[i]) for name, v in columns.items()} for i in range(n)),
        outcome=outcome,
        students=np.array([f"S{i}" for i in range(n)]) if students is None else students,
        periods=np.full(n, "2023") if periods is None else periods,
        protected={},
    )


def noise(n: int, seed: int) -> Floats:
    return np.array(np.random.default_rng(seed).standard_normal(n).tolist())


def half_at_risk(n: int) -> Floats:
    return np.array([float(i % 2) for i in range(n)])


def culprits(data: TrainingSet, spec: TaskSpec) -> list[tuple[str, ...]]:
    return [one.features for one in measure_leakage(data, spec).culprits]


def test_a_feature_that_is_the_outcome_is_named_with_its_figure() -> None:
    outcome = half_at_risk(80)
    data = school(outcome, {"a": noise(80, 1), "b": outcome * 3})

    with pytest.raises(LeakageError) as caught:
        check_leakage(data, task("a", "b"))

    said = "task school: b alone determines the outcome (figure 1.000)"
    assert str(caught.value).startswith(said)
    assert str(caught.value).endswith("{accepted: {b: why it is known when predicting}}")


def test_two_features_that_are_the_outcome_are_both_named() -> None:
    outcome = half_at_risk(80)
    data = school(outcome, {"a": outcome, "b": -outcome})

    with pytest.raises(LeakageError, match=r"a alone .*\(figure 1\.000\); b alone .*\(figure") as e:
        check_leakage(data, task("a", "b"))
    why = "why it is known when predicting"
    assert str(e.value).endswith(f"leakage: {{accepted: {{a: {why}, b: {why}}}}}")


def test_honest_features_pass_with_what_was_measured() -> None:
    outcome = half_at_risk(80)
    data = school(outcome, {"a": noise(80, 1), "b": noise(80, 2)})

    report = check_leakage(data, task("a", "b"))

    assert (report.metric, report.culprits, report.skipped) == ("auc", (), "")
    assert report.alone.keys() == {"a", "b"}
    assert all(0.5 <= figure < 0.9 for figure in report.alone.values())
    assert 0.3 < report.together < 0.9


def weighted_by_year() -> TrainingSet:
    """b + c decides in one year and b - c in the other; over both years together neither tells."""
    n = 160
    b, c = noise(n, 1), noise(n, 2)
    periods = np.where(np.arange(n) < n // 2, "2022", "2023")
    decided = np.where(periods == "2022", b + c, b - c)
    return school((decided > 0).astype(float), {"b": b, "c": c}, periods=periods)


def test_weights_that_differ_by_year_are_found_in_the_single_years() -> None:
    data = weighted_by_year()

    with pytest.raises(LeakageError, match=r"b, c together determine the outcome "):
        check_leakage(data, task("b", "c", jointly=0.97))


def test_one_year_alone_is_looked_at_once_and_as_a_whole() -> None:
    one_year = weighted_by_year().take(np.arange(80))

    assert culprits(one_year, task("b", "c", jointly=0.97)) == [("b", "c")]


def test_a_feature_that_tells_in_one_year_only_is_named() -> None:
    outcome = half_at_risk(160)
    periods = np.where(np.arange(160) < 80, "2022", "2023")
    told = np.where(periods == "2022", outcome, noise(160, 3))

    assert culprits(
        school(outcome, {"a": told, "b": noise(160, 4)}, periods=periods), task("a", "b")
    ) == [("a",)]


def test_a_year_too_small_to_measure_is_not_measured_alone() -> None:
    outcome = half_at_risk(130)
    periods = np.where(np.arange(130) < 30, "2022", "2023")
    told = np.where(periods == "2022", outcome, noise(130, 3))

    assert (
        culprits(school(outcome, {"a": told, "b": noise(130, 4)}, periods=periods), task("a", "b"))
        == []
    )


def test_a_feature_that_takes_no_part_in_a_conspiracy_is_not_named() -> None:
    b, c = noise(120, 1), noise(120, 2)
    data = school((b + c > 0).astype(float), {"a": noise(120, 3), "b": b, "c": c})

    report = measure_leakage(data, task("a", "b", "c", jointly=0.97))

    (found,) = report.culprits
    assert found.features == ("b", "c")
    assert found.figure >= 0.97
    # What remains together without them.
    assert report.together < 0.97


def test_features_of_a_conspiracy_are_honest_alone() -> None:
    b, c = noise(120, 1), noise(120, 2)
    data = school((b + c > 0).astype(float), {"b": b, "c": c})

    report = measure_leakage(data, task("b", "c", jointly=0.97))

    assert max(report.alone.values()) < 0.92
    assert report.together == 0.0


def test_an_accepted_feature_is_measured_and_never_a_culprit() -> None:
    outcome = half_at_risk(80)
    data = school(outcome, {"a": noise(80, 1), "b": outcome})
    reason = {"b": "known in March"}

    report = check_leakage(data, task("a", "b", accepted=reason))

    assert (report.accepted, report.culprits, report.alone["b"]) == (reason, (), 1.0)
    assert report.together < 0.9


def test_an_accepted_feature_takes_no_part_in_a_conspiracy() -> None:
    b, c = noise(120, 1), noise(120, 2)
    data = school((b + c > 0).astype(float), {"b": b, "c": c})

    assert culprits(data, task("b", "c", jointly=0.97, accepted={"c": "why"})) == []


def test_the_limit_itself_is_refused() -> None:
    outcome = half_at_risk(80)
    data = school(outcome, {"a": outcome, "b": noise(80, 1)})

    assert culprits(data, task("a", "b", alone=1.0)) == [("a",)]


@pytest.mark.parametrize(
    ("at_risk", "others", "skipped"), [(30, 30, False), (29, 40, True), (40, 29, True)]
)
def test_thirty_students_of_each_outcome_are_needed(
    at_risk: int, others: int, skipped: bool
) -> None:
    outcome = np.array([1.0] * at_risk + [0.0] * others)
    spec = task("a", accepted={"a": "why"})

    report = measure_leakage(school(outcome, {"a": noise(len(outcome), 1)}), spec)

    assert bool(report.skipped) is skipped
    assert bool(report.alone) is not skipped
    assert report.accepted == {"a": "why"}
    if skipped:
        assert "fewer than 30 students of each outcome" in report.skipped
        assert (report.metric, report.together, report.culprits) == ("auc", 0.0, ())


@pytest.mark.parametrize(("students", "skipped"), [(30, False), (29, True)])
def test_many_records_of_few_students_are_not_enough(students: int, skipped: bool) -> None:
    outcome = half_at_risk(120)
    who = np.array([f"S{i % students}" for i in range(120)])

    report = measure_leakage(school(outcome, {"a": noise(120, 1)}, students=who), task("a"))

    assert bool(report.skipped) is skipped


def test_a_numeric_outcome_is_guarded_by_explained_variance() -> None:
    outcome = noise(60, 1) * 10
    data = school(outcome, {"a": noise(60, 2), "b": outcome + noise(60, 3) * 0.01})
    spec = task("a", "b", kind="numeric")

    report = measure_leakage(data, spec)

    assert (report.metric, [c.features for c in report.culprits]) == ("r2", [("b",)])
    assert report.alone["a"] < 0.5
    assert measure_leakage(data.take(np.arange(29)), spec).skipped
    assert not measure_leakage(data.take(np.arange(30)), spec).skipped


def test_of_many_records_some_are_looked_at_and_the_seed_says_which(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(leakage, "ROWS", 100)
    outcome = half_at_risk(400)
    data = school(outcome, {"a": noise(400, 1)})

    figures = [measure_leakage(data, task("a"), seed=seed).alone["a"] for seed in (0, 1)]

    assert figures[0] != figures[1]
    assert measure_leakage(data, task("a")).alone["a"] == figures[0]


def test_a_rare_outcome_among_many_records_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leakage, "ROWS", 100)
    outcome = np.array([1.0] * 30 + [0.0] * 400)
    data = school(outcome, {"a": noise(430, 1), "b": outcome})

    assert culprits(data, task("a", "b")) == [("b",)]


def test_a_numeric_outcome_is_sampled_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leakage, "ROWS", 100)
    outcome = noise(400, 1)
    data = school(outcome, {"a": outcome})

    assert culprits(data, task("a", kind="numeric")) == [("a",)]


def test_a_sample_of_too_few_students_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leakage, "ROWS", 100)
    outcome = half_at_risk(5000)
    who = np.array(["often"] * 4970 + [f"S{i}" for i in range(30)])

    report = measure_leakage(school(outcome, {"a": noise(5000, 1)}, students=who), task("a"))

    assert "fewer than 30 students" in report.skipped


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[LeakageProbe]:
    """The trials, without what costs time: of a feature its mean is told, of several nothing."""
    trials: list[LeakageProbe] = []

    def mean(trial: LeakageProbe, feature: str) -> float:
        trials.append(trial)
        return float(trial.blocks[feature].mean())

    monkeypatch.setattr(LeakageProbe, "alone", mean)
    monkeypatch.setattr(LeakageProbe, "linear", lambda *_: 0.5)
    monkeypatch.setattr(LeakageProbe, "forest", lambda *_: 0.5)
    return trials


@pytest.mark.usefixtures("looked_at")
def test_the_check_measures_with_the_seed_it_is_given_and_with_none_as_with_0(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(leakage, "ROWS", 100)
    data, spec = school(half_at_risk(400), {"a": noise(400, 1)}), task("a")

    assert check_leakage(data, spec) == measure_leakage(data, spec, seed=0)
    assert check_leakage(data, spec, seed=1) == measure_leakage(data, spec, seed=1)
    assert check_leakage(data, spec, seed=1) != check_leakage(data, spec)


@pytest.mark.parametrize(
    ("years", "sizes"),
    [((100,), [100]), ((80, 120), [200, 80, 120]), ((80, 120, 100), [300, 80, 120, 100])],
)
def test_the_whole_is_looked_at_and_each_of_several_years(
    looked_at: list[LeakageProbe], years: tuple[int, ...], sizes: list[int]
) -> None:
    n = sum(years)
    periods = np.repeat([str(2020 + i) for i in range(len(years))], years)

    measure_leakage(school(half_at_risk(n), {"a": noise(n, 1)}, periods=periods), task("a"))

    assert [len(trial.outcome) for trial in looked_at] == sizes


@pytest.mark.parametrize("kind", ["binary", "numeric"])
def test_of_many_records_exactly_as_many_as_agreed_are_looked_at(
    looked_at: list[LeakageProbe], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(leakage, "ROWS", 100)

    measure_leakage(school(half_at_risk(400), {"a": noise(400, 1)}), task("a", kind=kind))

    assert [len(trial.outcome) for trial in looked_at] == [100]


def test_a_sample_of_sixty_holds_thirty_of_each_outcome(
    looked_at: list[LeakageProbe], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leakage, "ROWS", 60)
    outcome = np.array([1.0] * 40 + [0.0] * 400)

    measure_leakage(school(outcome, {"a": noise(440, 1)}), task("a"))

    assert [(len(trial.outcome), trial.outcome.sum()) for trial in looked_at] == [(60, 30)]


def test_what_is_measured_is_measured_on_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[int] = []

    def noted(self: LeakageProbe, feature: str) -> float:
        threads.extend(pool["num_threads"] for pool in threadpool_info())
        return 0.5

    monkeypatch.setattr(LeakageProbe, "alone", noted)
    measure_leakage(school(half_at_risk(80), {"a": noise(80, 1)}), task("a"))

    assert set(threads) == {1}


@dataclass(frozen=True)
class Stated:
    """A trial whose figures are given; of features together the linear and the forest's agree."""

    figures: Mapping[str, float]
    together: Callable[[frozenset[str]], float]

    def alone(self, feature: str) -> float:
        return self.figures[feature]

    def linear(self, features: Sequence[str]) -> float:
        return self.together(frozenset(features))

    forest = linear


def found_with(
    monkeypatch: pytest.MonkeyPatch,
    alone: Mapping[str, float],
    together: Callable[[frozenset[str]], float],
) -> leakage.LeakageReport:
    monkeypatch.setattr(leakage, "_trials", lambda *_: [Stated(alone, together)])
    data = school(half_at_risk(2), {name: noise(2, 1) for name in alone})
    return measure_leakage(data, task(*alone, jointly=0.97))


def test_of_two_features_that_say_the_same_the_one_that_tells_more_alone_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def together(features: frozenset[str]) -> float:
        return 0.99 if "c" in features and features & {"a", "b"} else 0.6

    report = found_with(monkeypatch, {"a": 0.8, "b": 0.6, "c": 0.7}, together)

    assert [(one.features, one.figure) for one in report.culprits] == [(("a", "c"), 0.99)]
    assert report.together == 0.6


@pytest.mark.parametrize(("figure", "refused"), [(0.97, True), (0.9699, False)])
def test_the_limit_of_features_together_is_refused_itself(
    monkeypatch: pytest.MonkeyPatch, figure: float, refused: bool
) -> None:
    report = found_with(
        monkeypatch, {"a": 0.6, "b": 0.6}, lambda features: figure if len(features) == 2 else 0.5
    )

    assert bool(report.culprits) is refused


@pytest.mark.parametrize(
    ("without_c", "named"),
    [(0.9969, ("a", "b", "c")), (0.999 - leakage.SLACK, ("a", "b")), (0.9985, ("a", "b"))],
)
def test_a_feature_is_named_when_the_figure_without_it_falls_by_more_than_the_slack(
    monkeypatch: pytest.MonkeyPatch, without_c: float, named: tuple[str, ...]
) -> None:
    def together(features: frozenset[str]) -> float:
        if not {"a", "b"} <= features:
            return 0.5
        return 0.999 if "c" in features else without_c

    report = found_with(monkeypatch, {"a": 0.7, "b": 0.7, "c": 0.6}, together)

    assert [one.features for one in report.culprits] == [named]
