"""Runs share the error budget of a labelled period, whatever they ask for."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from database.driver.client import SyncRegistry
from database.driver.commands import Find
from database.looks import LookRepository
from database.promotions import PromotionRepository
from database.runs import RunRepository
from database.students import StudentRepository
from database.versions import ModelVersionRepository
from model.decisions.cause import RunCause, TriggerKind
from model.decisions.looks import Look, PeriodLooks
from model.errors import Conflict
from model.options import RunOptions
from model.promotion import DecisionStatus
from model.run import Run, RunStatus
from model.student import Observation
from preprocessing.task.spec import TaskSpec
from retraining.promotion.looks import Counted, weigh
from retraining.run.execution import execute
from retraining.run.looking import Prospect, take
from retraining.run.plan import RunResult
from retraining.run.report import look_told
from tests.retraining.school import READING, START, SUMS, plan, run, task, teach

NOW = START + timedelta(days=400)
BUDGET: Any = pytest.approx(0.05)


def looks(registry: SyncRegistry, period: str = "2023") -> PeriodLooks:
    return registry.run(LookRepository().find(period)) or PeriodLooks(period)


def known(registry: SyncRegistry, period: str, n: int, *, first: int = 5000) -> None:
    """Students, from that number on, whose outcome is not there yet."""
    registry.run(
        StudentRepository().observe(
            [
                Observation(
                    f"S{first + i}", period, {"reading": 5.0, "sums": 5.0, "late": 0.0}, START
                )
                for i in range(n)
            ]
        )
    )


@pytest.fixture
def served(registry: SyncRegistry, home: Path) -> SyncRegistry:
    """A champion that reading taught, and a later period in which reading still decides."""
    teach(registry, "2022", READING)
    run(registry, home, run_id="run-0")
    teach(registry, "2023", READING)
    return registry


def test_a_first_champion_is_compared_with_nobody_and_costs_nothing(
    registry: SyncRegistry, home: Path
) -> None:
    teach(registry, "2022", READING)

    result = run(registry, home)

    assert result.look is None
    assert registry.run(LookRepository().count()) == 0


def test_a_comparison_is_a_look_that_run_evidence_and_ledger_tell(
    served: SyncRegistry, home: Path
) -> None:
    result = run(served, home, run_id="run-1")

    assert result.look == Look("2023", 1, 1.0, BUDGET, BUDGET, BUDGET)
    assert result.evidence["look"]["alpha"] == BUDGET
    assert result.to_mapping()["look"]["spent"] == BUDGET
    assert json.dumps(result.to_mapping())
    stored = served.run(RunRepository().get("run-1"))
    assert stored.look == result.look
    assert [step.name for step in stored.steps][3:6] == ["trained", "look", "decided"]
    (decision,) = [
        p for p in served.run(PromotionRepository().newest()) if p.promotion_id == "run-1"
    ]
    assert decision.evidence["look"]["number"] == 1
    assert "5.00% of the period's error budget of 5.0% are spent" in look_told(result.look)
    (kept,) = looks(served).looks
    assert (kept.run_id, kept.labelled, kept.alpha) == ("run-1", 300, BUDGET)


@pytest.mark.long
def test_repeating_the_same_look_is_free_and_has_the_level_it_had(
    served: SyncRegistry, home: Path
) -> None:
    first = run(served, home, run_id="run-1")

    again = run(served, home, run_id="run-2")

    assert again.look == first.look
    assert again.reasons == first.reasons
    assert len(looks(served).looks) == 1


def scheduled(registry: SyncRegistry, home: Path, run_id: str) -> RunResult:
    """A run that the clock asks for."""
    asked = replace(plan(home, task(), run_id=run_id), cause=RunCause(TriggerKind.SCHEDULE, "", ""))
    return execute(registry, asked, clock=lambda: NOW, say=lambda _: None)


@pytest.mark.long
def test_what_the_schedule_asks_for_once_more_without_any_change_leaves_no_version(
    served: SyncRegistry, home: Path
) -> None:
    dry = run(served, home, run_id="run-1", options=RunOptions(dry_run=True))

    first, again, third = (scheduled(served, home, f"run-{n}") for n in (2, 3, 4))

    assert dry.look == first.look == again.look == third.look
    assert (first.challenger, again.challenger, third.challenger) == ("v2", None, None)
    assert again.reasons == ("nothing has changed since run-2 kept v1", *first.reasons)
    assert served.run(RunRepository().get("run-4")).status is RunStatus.KEPT
    assert len(served.run(ModelVersionRepository().newest())) == 2
    assert len(served.run(PromotionRepository().newest())) == 2


ANOTHER = (RunOptions(seed=1), RunOptions(window=500), RunOptions(min_recall_gain=0.0))


@pytest.mark.long
def test_another_seed_window_or_gain_asked_for_is_another_look_and_is_not_taken(
    served: SyncRegistry, home: Path
) -> None:
    run(served, home, run_id="run-1")
    versions = served.run(ModelVersionRepository().count())

    for number, asked in enumerate(ANOTHER, 2):
        result = run(served, home, run_id=f"run-{number}", options=asked)

        assert result.status is DecisionStatus.KEPT
        assert [g.name for g in result.guards if not g.passed] == ["error_budget"]
        assert result.evidence == {}
        assert result.look == Look("2023", 0, 1.0, 0.0, BUDGET, BUDGET)
        assert look_told(result.look).startswith("No look at 2023 was taken")
        assert served.run(RunRepository().get(f"run-{number}")).look == result.look
    assert served.run(ModelVersionRepository().count()) == versions
    assert len(looks(served).looks) == 1


@pytest.mark.long
def test_a_dry_run_that_shows_evidence_counts_and_the_run_after_it_is_the_same_look(
    served: SyncRegistry, home: Path
) -> None:
    dry = run(served, home, run_id="run-1", options=RunOptions(dry_run=True))
    assert len(looks(served).looks) == 1

    other = run(served, home, run_id="run-2", options=RunOptions(seed=1, dry_run=True))
    same = run(served, home, run_id="run-3")

    assert other.evidence == {}
    assert same.look == dry.look
    assert len(looks(served).looks) == 1


@pytest.mark.long
def test_a_look_with_few_new_labels_is_not_taken_before_anything_is_trained(
    served: SyncRegistry, home: Path
) -> None:
    known(served, "2023", 100)
    told: list[str] = []
    first = run(served, home, run_id="run-1")
    assert first.look is not None
    teach_more(served, 340, NOW + timedelta(days=1))

    result = execute(
        served,
        plan(home, task(), run_id="run-2"),
        clock=lambda: NOW + timedelta(days=2),
        say=told.append,
    )

    assert [g.name for g in result.guards if not g.passed] == ["new_labels"]
    assert result.look is not None
    assert result.look.spent == first.look.alpha
    assert not [line for line in told if line.startswith("trained")]
    assert len(looks(served).looks) == 1


@pytest.mark.long
def test_half_of_a_periods_labels_leave_most_of_the_budget_for_the_rest(
    served: SyncRegistry, home: Path
) -> None:
    known(served, "2023", 300)

    result = run(served, home)

    assert result.look is not None
    assert result.look.information == 0.5
    assert result.look.alpha == pytest.approx(0.05 / 8)


@pytest.mark.long
def test_students_who_never_had_an_outcome_in_the_period_before_are_not_waited_for(
    registry: SyncRegistry, home: Path
) -> None:
    teach(registry, "2022", READING)
    known(registry, "2022", 300)
    run(registry, home, run_id="run-0")
    teach(registry, "2023", READING)
    known(registry, "2023", 300)

    result = run(registry, home)

    assert result.look is not None
    assert result.look.information == 1.0


@pytest.mark.long
def test_a_promotion_does_not_refill_the_budget(registry: SyncRegistry, home: Path) -> None:
    teach(registry, "2022", READING)
    run(registry, home, run_id="run-0")
    teach(registry, "2023", SUMS, n=600)
    known(registry, "2023", 200, first=600)
    promoted = run(registry, home, run_id="run-1")
    assert promoted.status is DecisionStatus.PROMOTED
    assert promoted.look is not None
    teach(registry, "2023", SUMS, n=800, now=NOW - timedelta(days=300))

    result = run(registry, home, run_id="run-2", now=NOW + timedelta(days=2))

    assert result.look is not None
    assert result.look.number == 2
    assert result.look.alpha == pytest.approx(0.05 - promoted.look.alpha)


@pytest.mark.long
def test_another_period_has_a_budget_of_its_own(served: SyncRegistry, home: Path) -> None:
    run(served, home, run_id="run-1")
    teach(served, "2024", READING)

    result = run(served, home, run_id="run-2", now=NOW + timedelta(days=1))

    assert result.look == Look("2024", 1, 1.0, BUDGET, BUDGET, BUDGET)


@pytest.mark.long
def test_where_periods_never_change_new_labels_alone_are_judged_by_a_renewed_budget(
    served: SyncRegistry, home: Path
) -> None:
    run(served, home, run_id="run-1")
    teach_more(served, 599, NOW + timedelta(days=1))
    few = run(served, home, run_id="run-2", now=NOW + timedelta(days=2))
    teach_more(served, 600, NOW + timedelta(days=3))

    result = run(served, home, run_id="run-3", now=NOW + timedelta(days=4))

    assert few.look is not None
    assert few.look.alpha == 0.0
    assert result.evidence["rows"] == 300
    assert result.look == Look("2023", 2, 1.0, BUDGET, BUDGET, BUDGET)
    assert [one.budget for one in looks(served).looks] == [0, 1]


def teach_more(registry: SyncRegistry, n: int, now: datetime) -> None:
    """As many labels of 2023 altogether, the further ones at that moment."""
    teach(registry, "2023", READING, n=n, now=now - timedelta(days=301))


def test_a_look_names_no_student(served: SyncRegistry, home: Path) -> None:
    run(served, home, run_id="run-1")

    (document,) = served.execute(Find("looks", {}))

    (look,) = document["looks"]
    assert set(look) == {"at", "run_id", "digest", "labelled", "information", "alpha", "budget"}
    assert "S1" not in look["digest"]
    assert len(look["digest"]) == 64


def test_of_two_runs_that_look_at_once_the_later_one_has_what_the_first_left(
    registry: SyncRegistry,
) -> None:
    prospect = prospect_at(PeriodLooks("2023"), "one")

    first = take(registry, prospect, "run-1")
    second = take(registry, replace(prospect, digest="other"), "run-2")
    same = take(registry, prospect, "run-3")

    assert isinstance(first, Look)
    assert isinstance(second, Prospect)
    assert second.refused.spent == BUDGET
    assert same == first
    assert len(looks(registry).looks) == 1


def prospect_at(held: PeriodLooks, digest: str) -> Prospect:
    weighed = weigh(held, Counted("2023", 300, 300, 300), 0.05)
    return Prospect(held, weighed, digest, NOW, np.ones(3, dtype=np.bool_), task().promotion)


def test_looks_are_replaced_only_where_nobody_took_one_meanwhile(registry: SyncRegistry) -> None:
    registry.run(LookRepository().put(PeriodLooks("2023")))

    with pytest.raises(Conflict, match="2023"):
        registry.run(LookRepository().put(PeriodLooks("2023")))

    assert looks(registry) == PeriodLooks("2023", revision=1)


def test_a_run_of_before_has_no_look(registry: SyncRegistry) -> None:
    registry.run(RunRepository().start(Run("run-1", RunStatus.QUEUED, "cli", NOW)))

    assert registry.run(RunRepository().get("run-1")).look is None


@pytest.mark.long
def test_a_search_that_depends_on_the_machines_speed_is_never_the_same_look(
    served: SyncRegistry, home: Path
) -> None:
    run(served, home, run_id="run-1", spec=timed())

    result = run(served, home, run_id="run-2", spec=timed())

    assert result.evidence == {}


def timed() -> TaskSpec:
    spec = task()
    return spec.model_copy(update={"training": spec.training.model_copy(update={"seconds": 1.0})})


def test_nothing_is_spent_by_a_run_that_fails_while_it_trains(
    served: SyncRegistry, home: Path
) -> None:
    with pytest.raises(RuntimeError):
        execute(served, plan(home, task()), clock=lambda: NOW, say=_stop_when_trained)

    assert looks(served).looks == ()


def _stop_when_trained(line: str) -> None:
    if line.startswith("trained"):
        raise RuntimeError("stopped")
