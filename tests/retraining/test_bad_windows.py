"""Windows nothing can be learned from: each run ends with a reason, and the champion serves on."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from database.aliases import CHAMPION, AliasRepository
from database.driver.client import SyncRegistry
from database.labelling.recording import record_outcomes
from database.runs import RunRepository
from database.students import StudentRepository
from model.errors import NotEnoughData
from model.label import Outcome
from model.options import RunOptions
from model.promotion import DecisionStatus
from model.run import RunStatus
from model.student import Observation
from tests.retraining.school import READING, START, run, teach

pytestmark = pytest.mark.long

NEW = RunOptions(window=400)
FIX = "bring more outcomes (POST /labels or school files) or widen the window"


@pytest.fixture
def served(registry: SyncRegistry, home: Path) -> SyncRegistry:
    """A registry with a champion, v1, of a period before all that are put."""
    teach(registry, "1980", READING)
    run(registry, home)
    return registry


def put(
    registry: SyncRegistry,
    outcomes: list[float],
    *,
    features: tuple[str, ...] = ("reading", "sums", "late"),
    constant: tuple[str, ...] = (),
    of: int | None = None,
    last_period: int = 2023,
) -> None:
    """One labelled record per outcome, of `of` students who were there in each earlier period."""
    rng = np.random.default_rng(0)
    grades = rng.uniform(0, 4, (len(outcomes), 3)).round(2)
    people = of or len(outcomes)
    known, came = [], []
    for i, value in enumerate(outcomes):
        student, period = f"N{i % people}", str(last_period - i // people)
        row = dict(zip(("reading", "sums", "late"), grades[i].tolist(), strict=True))
        record = {n: 2.0 if n in constant else row[n] for n in features}
        known.append(Observation(student, period, record, START, {"gender": "girl"}))
        came.append(Outcome(value, START + timedelta(days=300), student_id=student, period=period))
    registry.run(StudentRepository().observe(known))
    registry.run(record_outcomes(came, now=START + timedelta(days=301)))


def outcomes(n: int, at_risk: int) -> list[float]:
    return [1.0] * at_risk + [0.0] * (n - at_risk)


def champion(registry: SyncRegistry) -> str | None:
    alias = registry.run(AliasRepository().find(CHAMPION))
    return alias.version if alias else None


def refused(registry: SyncRegistry, home: Path, options: RunOptions = NEW) -> str:
    """The reason of a run that could not train; the champion is looked at too."""
    before = champion(registry)
    with pytest.raises(NotEnoughData):
        run(registry, home, run_id="bad", options=options)
    ended = registry.run(RunRepository().get("bad"))
    assert ended.status is RunStatus.NOT_ENOUGH_DATA
    assert champion(registry) == before
    (reason,) = ended.reasons
    return reason


@pytest.mark.parametrize(("at_risk", "kind"), [(0, "not at risk"), (400, "at risk")])
def test_one_class_only(served: SyncRegistry, home: Path, at_risk: int, kind: str) -> None:
    put(served, outcomes(400, at_risk))

    assert refused(served, home) == (
        f"all 400 labelled records are {kind}; both kinds are needed: {FIX}"
    )


def test_nine_at_risk(served: SyncRegistry, home: Path) -> None:
    put(served, outcomes(400, 9))

    assert refused(served, home) == (
        "9 of 400 labelled records are at risk (9 students, 391 not); "
        f"10 students of each kind are needed to train: {FIX}"
    )


def test_ten_at_risk_are_too_few_to_compare_and_nothing_is_trained(
    served: SyncRegistry, home: Path
) -> None:
    put(served, outcomes(400, 10))

    result = run(served, home, run_id="bad", options=NEW)

    assert result.status is DecisionStatus.KEPT
    assert result.champion == champion(served) == "v1"
    assert result.challenger is None
    assert "10 of them at risk and 390 not; 50 at risk and 10 not are needed" in result.reasons


def test_ten_at_risk_make_no_first_champion(registry: SyncRegistry, home: Path) -> None:
    put(registry, outcomes(400, 10))

    result = run(registry, home)

    assert (result.status, result.champion, champion(registry)) == (DecisionStatus.KEPT, None, None)


def test_the_same_few_students_again_and_again(served: SyncRegistry, home: Path) -> None:
    put(served, [float(i % 2) for i in range(400)], of=15)

    assert refused(served, home) == (
        f"400 labelled records are of 15 students; 20 students are needed to train: {FIX}"
    )


def test_one_student_at_risk_in_many_years(served: SyncRegistry, home: Path) -> None:
    put(served, [float(i % 40 == 0) for i in range(400)], of=40)

    assert "10 of 400 labelled records are at risk (1 students, 39 not)" in refused(served, home)


def test_a_window_of_nothing(registry: SyncRegistry, home: Path) -> None:
    assert refused(registry, home) == (
        f"0 labelled records in the window; 100 are needed to train: {FIX}"
    )


def test_no_feature_that_tells_anything(served: SyncRegistry, home: Path) -> None:
    put(served, outcomes(400, 200), features=("reading", "sums"), constant=("reading", "sums"))

    reason = refused(served, home)

    assert "reading constant" in reason and "late always missing" in reason
    assert "check that the columns of the school files are those the task names" in reason


@pytest.mark.parametrize(
    ("features", "constant", "told"),
    [
        (("reading", "late"), (), "not used: sums (always missing)"),
        (("reading", "sums", "late"), ("sums",), "not used: sums (constant)"),
    ],
)
def test_a_feature_that_tells_nothing_is_left_out_and_said_to_be(
    served: SyncRegistry,
    home: Path,
    features: tuple[str, ...],
    constant: tuple[str, ...],
    told: str,
) -> None:
    put(served, [float(i % 2) for i in range(400)], features=features, constant=constant)

    result = run(served, home, run_id="bad", options=NEW)

    ended = served.run(RunRepository().get("bad"))
    (step,) = [step for step in ended.steps if step.name == "trained"]
    assert step.detail.endswith(told)
    # The challenger is refused; the champion, which misses the feature too, is recalibrated.
    assert (result.refused, result.challenger, champion(served)) == ("v2", "v3", "v3")


def test_the_same_student_and_period_twice_is_one_record(served: SyncRegistry, home: Path) -> None:
    put(served, [float(i % 2) for i in range(400)])
    put(served, [float(i % 2) for i in range(400)])

    run(served, home, run_id="bad", options=RunOptions(window=1000))

    (step,) = [s for s in served.run(RunRepository().get("bad")).steps if s.name == "window"]
    assert step.detail.startswith("700 labelled records")
