"""What is told of versions, runs and drift: figures with names that MLflow takes, and of nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from deployment.mlflow.facts import (
    DAY,
    LONGEST_PARAM,
    drift_point,
    of_run_alone,
    of_version,
    of_version_now,
)
from model.decisions.cause import RunCause, TriggerKind
from model.drift import DriftReport, FeatureDrift
from model.promotion import DecisionStatus, Promotion
from model.run import Run, RunStatus
from model.version import ModelVersion
from tests.api import bundles

NOW = bundles.NOW
RUN = Run(
    "run-1", RunStatus.PROMOTED, "Ana's key", NOW, NOW + timedelta(minutes=1),
    NOW + timedelta(minutes=3), reasons=("It finds more.",), reason="Maria Silva asked for it",
    cause=RunCause(TriggerKind.SCHEDULE, "it was time", "era hora"),
)  # fmt: skip


def version() -> ModelVersion:
    return replace(
        bundles._version(bundles.archive(), "a" * 64, 3),
        created_at=NOW + timedelta(minutes=2),
        metrics={"recall": 0.8, "new_recall": 0.5, "new_positives": 4.0, "r2": float("nan")},
        params={"trees": 200, "members": "m" * 900},
        candidates=(
            {"family": "lightgbm", "params": {"trees": 1}, "auc": 0.9},
            {"family": "lightgbm", "auc": 0.91, "tuned": True, "taken": True},
        ),
        fairness_gaps={"gênero": 0.1},
    )


def test_a_version_is_told_with_what_it_was_made_with_and_how_good_it_is() -> None:
    told = of_version(version(), RUN)

    assert (told.key, told.name) == ("version v3", "v3")
    assert (told.started, told.ended) == (NOW + timedelta(minutes=1), NOW + timedelta(minutes=2))
    assert told.params["family.trees"] == "200"
    assert len(told.params["family.members"]) == LONGEST_PARAM
    assert told.metrics["recall"] == 0.8
    assert told.metrics["thresholds/critical"] == 0.8
    assert told.metrics["candidates/lightgbm.auc"] == 0.9
    assert told.metrics["candidates/lightgbm tuned.auc"] == 0.91
    assert told.metrics["fairness_gap/g_nero"] == 0.1
    assert told.tags["farol.trigger"] == "schedule"
    assert told.note == "- It finds more."


def test_figures_of_fewer_than_ten_and_what_a_person_wrote_are_not_told() -> None:
    few = replace(version(), window=replace(version().window, rows=60, positives=55))

    told = of_version(few, RUN)

    assert "new_recall" not in told.metrics
    assert "r2" not in told.metrics
    assert "positives" not in told.params
    assert "positives" in of_version(version(), RUN).params
    assert not any(name in str(told) for name in ("Maria", "Ana"))
    assert not any(name in str(of_run_alone(RUN, "t")) for name in ("Maria", "Ana"))


def test_a_version_whose_run_is_no_longer_kept_is_told_all_the_same() -> None:
    told = of_version(version(), None)

    assert told.started == told.ended
    assert told.note == ""


def test_a_run_that_failed_is_told_as_failed_with_its_reason() -> None:
    told = of_run_alone(
        replace(RUN, status=RunStatus.FAILED, error="the registry went away", reasons=()), "school"
    )

    assert (told.key, told.failed) == ("run run-1", True)
    assert told.note == "- the registry went away"
    assert told.tags["farol.status"] == "failed"
    assert told.tags["farol.task"] == "school"


def decision(action: str, status: DecisionStatus) -> Promotion:
    return Promotion("p", NOW, "Ana", action, status, "v3", "v2", ("Ana thinks so",))


def test_what_was_decided_is_told_by_kind_and_never_by_whom() -> None:
    by_hand = decision("rollback", DecisionStatus.PROMOTED)
    by_run = decision("train", DecisionStatus.KEPT)

    assert of_version_now("v3", [by_hand, by_run]) == {
        "farol.decision": "kept", "farol.last_decision": "rollback: promoted",
    }  # fmt: skip
    assert of_version_now("v3", []) == {}


MOVED = FeatureDrift("ida", "ks", 0.4, 0.01, 0.02, 0.4, 0.2, 0.3, True, 0.1, 0.0)
REPORT = DriftReport(
    "d1", NOW, "v3", 40, ("2023",), (MOVED,), True,
    {"n": 40.0, "positives": 4.0, "recall": 0.7}, {"auc": 0.8},
)  # fmt: skip


def test_a_drift_report_becomes_points_and_what_came_of_a_few_is_withheld() -> None:
    point = drift_point(REPORT)

    assert point is not None
    assert point.step == NOW.timestamp() // DAY
    assert point.records == 40
    assert point.metrics == {
        "effect/ida.ks": 0.4, "psi/ida": 0.3, "missing/ida": 0.1, "estimated/auc": 0.8,
        "drifted_features": 1.0,
    }  # fmt: skip


def test_a_report_that_compared_nothing_or_fewer_than_ten_gives_no_point() -> None:
    assert drift_point(replace(REPORT, compared=False)) is None
    assert drift_point(replace(REPORT, rows=9)) is None
