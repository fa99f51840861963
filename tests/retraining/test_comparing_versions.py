"""Any two versions, on the newest labelled records that neither learned from."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from database.artifacts import ArtifactRepository
from database.comparing.comparisons import ComparisonRepository
from database.driver.client import SyncRegistry
from database.students import StudentRepository
from database.versions import ModelVersionRepository
from model.comparing.comparison import (
    ComparedFigure,
    ComparisonFinding,
    ComparisonStatus,
    NotComparable,
    VersionComparison,
)
from model.erasing.record_ids import record_id
from preprocessing.dataset import TrainingSet
from preprocessing.task.policies import PromotionPolicy
from retraining.comparing.duty import FEWEST, compare_versions, found_of, not_comparable
from retraining.comparing.figures import risk_figures, value_figures
from retraining.promotion.cases import Answers, Cases
from tests.drift.school import KEY, NOW, School, cohort, found_school, graduate, little_task

N = 400
POLICY = PromotionPolicy()


def cases(*, new: bool = True) -> Cases:
    random = np.random.default_rng(7)
    outcome = (random.random(N) < 0.4).astype(np.float64)
    return Cases(
        outcome=outcome,
        students=np.array([f"S{i // 2}" for i in range(N)]),
        periods=np.array(["2023"] * (N // 2) + ["2024"] * (N // 2)),
        protected={},
        rules={},
        new=np.arange(N) % 2 == 0 if new else None,
    )


def model(name: str, of: Cases, noise: float, seed: int = 1) -> Answers:
    """The outcome seen through noise, as a score from 0 to 1."""
    seen = of.outcome + np.random.default_rng(seed).normal(0, noise, len(of.outcome))
    return Answers(name, 1 / (1 + np.exp(-(seen - 0.5) * 3)), 0.5)


def by_name(found: tuple[ComparedFigure, ...]) -> dict[str, ComparedFigure]:
    return {one.metric: one for one in found}


def test_the_better_of_two_versions_is_ahead_in_every_ranking_figure_and_the_error_turned() -> None:
    of = cases()

    found = by_name(risk_figures(of, (model("v1", of, 2.0), model("v2", of, 0.4)), POLICY, seed=0))

    for name in ("recall_at_budget", "new_recall_at_budget", "auc", "average_precision", "recall"):
        assert found[name].better == 2, name
        assert found[name].difference.low > 0
    assert found["brier"].difference.high < 0
    assert found["brier"].better == 2


def test_each_figure_is_the_plain_figure_of_those_records() -> None:
    of = cases()
    first, second = model("v1", of, 2.0), model("v2", of, 0.4)

    found = by_name(risk_figures(of, (first, second), POLICY, seed=0, resamples=50))

    new = of.new
    assert new is not None
    for one, figure in ((first, "first"), (second, "second")):
        high = one.scores >= 0.5
        assert getattr(found["flagged"], figure).value == pytest.approx(high.mean())
        assert getattr(found["recall"], figure).value == pytest.approx(high[of.outcome == 1].mean())
        assert getattr(found["precision"], figure).value == pytest.approx(of.outcome[high].mean())
        at_risk_new = (of.outcome == 1) & new
        assert getattr(found["new_recall"], figure).value == pytest.approx(high[at_risk_new].mean())


def test_a_version_against_itself_differs_by_nothing_however_students_are_drawn() -> None:
    of = cases()
    same = model("v1", of, 1.0)

    found = risk_figures(of, (same, replace(same, version="v2")), POLICY, seed=0, resamples=50)

    assert {(f.difference.low, f.difference.value, f.difference.high) for f in found} == {(0, 0, 0)}
    assert all(f.better == 0 for f in found)


def test_two_versions_swapped_swap_their_figures_and_turn_the_difference() -> None:
    of = cases(new=False)
    first, second = model("v1", of, 2.0), model("v2", of, 0.4)

    there = risk_figures(of, (first, second), POLICY, seed=0, resamples=200)
    back = risk_figures(of, (second, first), POLICY, seed=0, resamples=200)

    for one, other in zip(there, back, strict=True):
        assert (one.first, one.second) == (other.second, other.first)
        assert one.difference.low == pytest.approx(-other.difference.high)
    assert "new_recall" not in by_name(there)


def test_the_intervals_of_equal_models_leave_out_no_difference_about_as_often_as_they_say() -> None:
    """Of 20 pairs of equally good models, 95 % intervals miss zero in one on average."""
    missed = 0
    for seed in range(20):
        of = cases(new=False)
        pair = model("v1", of, 1.0, seed=2 * seed + 10), model("v2", of, 1.0, seed=2 * seed + 11)
        auc = by_name(risk_figures(of, pair, POLICY, seed=0, resamples=100))["auc"]
        missed += auc.better != 0

    assert missed <= 4


def test_of_a_numeric_outcome_the_errors_are_compared() -> None:
    of = replace(cases(), outcome=np.linspace(0, 10, N))
    close = Answers("v2", of.outcome + 0.5, 5.0)
    far = Answers("v1", of.outcome - 2.0, 5.0)

    mae, rmse = value_figures(of, (far, close), seed=0, resamples=50)

    assert [mae.first.value, mae.second.value] == pytest.approx([2.0, 0.5])
    assert rmse.first.value == pytest.approx(2.0)
    assert mae.better == 2 and rmse.better == 2


def records(outcome: np.ndarray) -> TrainingSet:
    n = len(outcome)
    students = np.array([f"S{i}" for i in range(n)])
    return TrainingSet(({"ieg": 5.0},) * n, outcome, students, np.array(["2024"] * n), {})


def test_too_few_records_or_all_of_one_kind_say_why_nothing_is_compared() -> None:
    task = little_task()

    def why(n: int, *, at_risk: int, learned: int = 0) -> NotComparable | None:
        return not_comparable(
            records(np.r_[np.ones(at_risk), np.zeros(n - at_risk)]), task, learned
        )

    assert why(0, at_risk=0, learned=300) is NotComparable.LEARNED
    assert why(FEWEST - 1, at_risk=5, learned=300) is NotComparable.FEW
    assert why(FEWEST, at_risk=0) is NotComparable.ONE_SIDED
    assert why(200, at_risk=9) is why(200, at_risk=191) is NotComparable.ONE_SIDED
    assert why(FEWEST, at_risk=10) is None


def test_a_period_of_a_handful_of_records_has_no_row_of_its_own() -> None:
    data = records(np.tile([1.0, 0.0], 45))
    scores = np.linspace(0.9, 0.1, 90)
    pair = Answers("a", scores, 0.5), Answers("b", scores, 0.5)

    def found(**n: int) -> ComparisonFinding:
        periods = np.repeat([name.strip("_") for name in n], list(n.values()))
        return found_of(replace(data, periods=periods), pair, little_task(), learned=0)

    shown = found(_2023=40, _2024=24, _2025=26)
    assert [one.period for one in shown.by_period] == ["2023", "2024", "2025"]
    assert shown.same_scores and shown.flagged == 45 and shown.both_flagged == pytest.approx(45.0)
    # Of the last one nine are at risk; it would follow as a difference, so another one goes too.
    assert [one.period for one in found(_2023=42, _2024=30, _2025=18).by_period] == ["2023"]


def test_of_a_handful_of_new_cases_or_flags_no_figure_is_told() -> None:
    of = cases()
    assert of.new is not None
    few = np.flatnonzero(of.new & (of.outcome == 1))[:9]
    of = replace(of, new=np.isin(np.arange(N), few))
    high = Answers("v1", np.where(np.arange(N) < 9, 0.9, 0.1), 0.5)

    narrow = PromotionPolicy(alert_budget=9 / N)
    found = by_name(risk_figures(of, (high, model("v2", of, 0.4)), narrow, seed=0, resamples=50))

    assert not {"new_recall", "new_recall_at_budget", "precision", "precision_at_budget"} & {*found}
    assert {"recall", "flagged", "recall_at_budget", "auc"} <= {*found}


def second_version(opened: SyncRegistry, school: School, *, learned: str) -> None:
    """v2: v1's bundle under another name, said to have learned from those records too."""
    v1 = school.version
    ids = opened.run(ArtifactRepository().get(v1.trained_on)).decode() + learned
    trained_on = opened.run(ArtifactRepository().put(ids.encode()))
    v2 = replace(v1, version="v2", number=2, trained_on=trained_on)
    v2 = replace(v2, signature=v2.statement.sign(KEY))
    opened.run(ModelVersionRepository().add(v2))


def asked(opened: SyncRegistry, name: str, first: str = "v1", second: str = "v2") -> None:
    one = VersionComparison(name, NOW + timedelta(minutes=len(name)), first, second, "ana")
    opened.run(ComparisonRepository().ask(one))


def finding(opened: SyncRegistry, name: str) -> ComparisonFinding:
    found = opened.run(ComparisonRepository().get(name)).finding
    assert found is not None
    return found


def test_the_worker_compares_on_records_that_neither_learned_from_and_says_why_where_it_cannot(
    registry: SyncRegistry,
) -> None:
    school = found_school(registry)
    newer = cohort(60, "2024", seed=5)
    assert compare_versions(registry, school.task, KEY, NOW) == "no comparison waits"
    registry.run(StudentRepository().observe(newer))
    graduate(registry, school, newer, seed=3, now=NOW)
    second_version(registry, school, learned="")
    for name, second in (("a", "v2"), ("bb", "v9")):
        asked(registry, name, second=second)

    told = compare_versions(registry, school.task, KEY, NOW)

    assert told == "v1 and v2: done; v1 and v9: failed"
    found = finding(registry, "a")
    assert (found.rows, found.students, found.periods, found.learned) == (60, 60, ("2024",), 0)
    assert found.same_scores
    failed = registry.run(ComparisonRepository().get("bb"))
    assert "v9" in failed.error and failed.done_at == NOW
    assert registry.run(ComparisonRepository().waiting()) == []


def test_records_that_one_of_the_two_learned_from_are_left_out_and_without_others_that_is_said(
    registry: SyncRegistry,
) -> None:
    school = found_school(registry)
    newer = cohort(60, "2024", seed=5)
    registry.run(StudentRepository().observe(newer))
    graduate(registry, school, newer, seed=3, now=NOW)
    seen = [record_id(o.student_id, o.period) for o in newer]
    second_version(registry, school, learned="\n" + "\n".join(sorted(seen)))
    asked(registry, "a")

    compare_versions(registry, school.task, KEY, NOW)

    done = registry.run(ComparisonRepository().get("a"))
    assert (done.status, done.why) == (ComparisonStatus.IMPOSSIBLE, NotComparable.LEARNED)


def test_a_bundle_that_cannot_be_trusted_fails_its_comparison_and_no_other(
    registry: SyncRegistry,
) -> None:
    school = found_school(registry)
    newer = cohort(60, "2024", seed=5)
    registry.run(StudentRepository().observe(newer))
    graduate(registry, school, newer, seed=3, now=NOW)
    forged = replace(school.version, version="v2", number=2)
    registry.run(ModelVersionRepository().add(forged))
    asked(registry, "a")

    told = compare_versions(registry, school.task, KEY, NOW)

    assert told == "v1 and v2: failed"
    assert "sign" in registry.run(ComparisonRepository().get("a")).error


def test_what_fails_unforeseen_fails_its_comparison_and_keeps_nobody_waiting(
    registry: SyncRegistry, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    school = found_school(registry)
    newer = cohort(60, "2024", seed=5)
    registry.run(StudentRepository().observe(newer))
    graduate(registry, school, newer, seed=3, now=NOW)
    second_version(registry, school, learned="")
    asked(registry, "a", second="v1")
    asked(registry, "bb")
    turns = iter([ZeroDivisionError("of Ana")])

    def fails_once(*given: object) -> object:
        for error in turns:
            raise error
        return not_comparable(*given)  # type: ignore[arg-type]

    monkeypatch.setattr("retraining.comparing.duty.not_comparable", fails_once)

    told = compare_versions(registry, school.task, KEY, NOW)

    assert told == "v1 and v1: failed; v1 and v2: done"
    said = registry.run(ComparisonRepository().get("a")).error
    assert "ZeroDivisionError" in said and "Ana" not in said
    assert "v1 and v1" in caplog.text
