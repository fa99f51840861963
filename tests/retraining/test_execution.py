from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from database.aliases import CHAMPION, AliasRepository
from database.driver.client import SyncRegistry, open_registry
from database.driver.commands import DeleteMany, Find, InsertMany
from database.labels import LabelRepository
from database.leases import LeaseRepository
from database.mapping.documents import from_document
from database.mapping.nested_lists import packed
from database.promotions import PromotionRepository
from database.runs import RunRepository
from database.versions import ModelVersionRepository
from model.errors import (
    BundleError,
    FarolError,
    LeakageError,
    LeaseHeld,
    LeaseLost,
    NotEnoughData,
    RegistryError,
)
from model.options import RunOptions
from model.promotion import DecisionStatus
from model.run import Run, RunStatus
from preprocessing.task.spec import TaskSpec, parse_task
from retraining.run.champion import load_champion
from retraining.run.execution import execute, own_words
from retraining.run.lock import LEASE, exclusively
from retraining.run.report import headline
from tests.retraining.school import READING, START, SUMS, TASK, plan, run, task, teach

NOW = START + timedelta(days=400)


def champion(registry: SyncRegistry) -> str | None:
    alias = registry.run(AliasRepository().find(CHAMPION))
    return alias.version if alias else None


def test_the_first_run_registers_and_promotes_the_first_champion(
    registry: SyncRegistry, home: Path
) -> None:
    teach(registry, "2022", READING)

    result = run(registry, home)

    assert result.status is DecisionStatus.PROMOTED
    assert (result.challenger, result.champion, result.before) == ("v1", "v1", None)
    assert champion(registry) == "v1"
    assert [b["name"] for b in result.evidence["baselines"]] == ["dummy", "persistence"]


@pytest.mark.slow
def test_a_first_champion_is_measured_on_a_later_period_than_it_learned_from(
    registry: SyncRegistry, home: Path
) -> None:
    teach(registry, "2022", READING)
    teach(registry, "2023", READING)

    run(registry, home)

    version = registry.run(ModelVersionRepository().get("v1"))
    assert version.window.periods == ("2022",)
    assert version.window.rows == 300
    assert version.metrics_on == "300 labelled records of 2023, later than its training"
    assert version.metrics["auc"] > 0.7


@pytest.mark.slow
def test_the_figures_of_the_first_champion_are_those_of_its_stored_bundle(
    registry: SyncRegistry, home: Path, tmp_path: Path
) -> None:
    teach(registry, "2022", READING)
    teach(registry, "2023", READING)
    run(registry, home)

    served = load_champion(registry, tmp_path / "bundle", b"a key of the tests")

    assert served is not None
    found = registry.run(LabelRepository().window(arrived_until=NOW, limit=1000))
    newest = [label for label in found if label.period == "2023"]
    scores = served.predictor.score_many([label.features for label in newest])
    brier = sum((s - x.outcome) ** 2 for s, x in zip(scores, newest, strict=True)) / len(newest)
    assert brier == pytest.approx(served.version.metrics["brier"])


@pytest.mark.usefixtures("first_champion")
@pytest.mark.slow
def test_a_challenger_that_learned_what_has_changed_takes_over(
    registry: SyncRegistry, home: Path
) -> None:
    teach(registry, "2023", SUMS, n=600)

    result = run(registry, home, run_id="run-2")

    assert result.status is DecisionStatus.PROMOTED
    assert (result.before, result.champion) == ("v1", "v2")
    assert result.evidence["rows"] == 600
    ledger = registry.run(PromotionRepository().newest())
    assert [(p.challenger, p.champion, p.revision) for p in ledger] == [
        ("v2", "v1", 2),
        ("v1", None, 1),
    ]
    assert ledger[0].evidence["challenger"]["version"] == "v2"


@pytest.mark.slow
def test_a_challenger_that_learned_nothing_new_is_registered_and_kept_out(
    registry: SyncRegistry, home: Path
) -> None:
    teach(registry, "2022", READING, n=600)
    run(registry, home)
    teach(registry, "2023", READING)

    result = run(registry, home, run_id="run-2")

    assert result.status is DecisionStatus.KEPT
    assert (result.challenger, result.champion) == ("v2", "v1")
    assert champion(registry) == "v1"
    assert [v.version for v in registry.run(ModelVersionRepository().newest())] == ["v2", "v1"]
    kept = registry.run(PromotionRepository().of_version("v2"))[0]
    assert kept.revision is None
    assert kept.reasons == result.reasons


@pytest.mark.usefixtures("first_champion")
def test_without_labels_the_champion_has_not_seen_it_is_kept_with_that_reason(
    registry: SyncRegistry, home: Path
) -> None:
    result = run(registry, home, run_id="run-2")

    assert result.status is DecisionStatus.KEPT
    assert result.reasons[0] == "only 0 new labelled records to judge on; 100 are needed"
    assert result.evidence == {}


@pytest.mark.usefixtures("first_champion")
def test_a_run_that_cannot_compare_says_so_before_it_trains(
    registry: SyncRegistry, home: Path
) -> None:
    teach(registry, "2023", READING, n=1)

    result = run(registry, home, run_id="run-2")

    assert result.reasons[0] == "only 1 new labelled records to judge on; 100 are needed"
    assert (result.status, result.challenger, result.champion) == (DecisionStatus.KEPT, None, "v1")
    kept = registry.run(RunRepository().get("run-2"))
    assert [step.name for step in kept.steps] == ["window", "champion", "decided", "kept"]
    assert kept.status is RunStatus.KEPT
    assert [v.version for v in registry.run(ModelVersionRepository().newest())] == ["v1"]
    assert "nothing was trained" in headline(result)


def test_the_record_of_a_run_keeps_no_other_librarys_message() -> None:
    class Quoting(Exception):
        def __str__(self) -> str:
            return "Maria Silva, 8 years"

    def raised(message: str) -> FarolError:
        try:
            raise BundleError(message) from Quoting()
        except BundleError as error:
            return error

    assert own_words(raised("linear.json: Maria Silva, 8 years")) == "linear.json: Quoting"
    assert own_words(raised("linear.json is damaged")) == "linear.json is damaged (Quoting)"
    assert own_words(NotEnoughData("60 are needed")) == "60 are needed"


def test_a_stored_record_that_cannot_be_read_is_not_quoted() -> None:
    with pytest.raises(RegistryError) as told:
        from_document(Run, {"run_id": "r", "status": "Maria Silva", "requested_by": "x"})

    assert "Maria" not in str(told.value)


@pytest.mark.slow
def test_the_same_labels_and_seed_give_the_same_bundle(
    registry: SyncRegistry, embedded_uri: str, home: Path, tmp_path: Path
) -> None:
    with open_registry(embedded_uri, f"t{uuid4().hex[:12]}") as other:
        for one, place in ((registry, home), (other, tmp_path / "other")):
            teach(one, "2022", READING)
            run(one, place)
        first, second = (one.run(ModelVersionRepository().get("v1")) for one in (registry, other))
    assert first.artifact == second.artifact
    assert first.trained_on == second.trained_on


def test_labels_that_arrive_after_now_are_not_seen(registry: SyncRegistry, home: Path) -> None:
    teach(registry, "2022", READING)
    teach(registry, "2023", SUMS, now=START + timedelta(days=365))

    run(registry, home)

    assert registry.run(ModelVersionRepository().get("v1")).window.periods == ("2022",)


def test_a_dry_run_decides_and_writes_nothing(registry: SyncRegistry, home: Path) -> None:
    teach(registry, "2022", READING)

    result = run(registry, home, options=RunOptions(dry_run=True))

    assert result.status is DecisionStatus.PROMOTED
    assert result.challenger is None
    assert result.champion is None
    assert registry.run(ModelVersionRepository().newest()) == []
    assert registry.run(RunRepository().newest()) == []
    assert registry.run(PromotionRepository().newest()) == []
    assert registry.run(LeaseRepository().find(LEASE)) is None
    assert not home.exists()


def test_the_window_is_the_newest_labels(registry: SyncRegistry, home: Path) -> None:
    teach(registry, "2022", READING)
    teach(registry, "2023", READING, now=START + timedelta(days=10))

    run(registry, home, options=RunOptions(window=300))

    assert registry.run(ModelVersionRepository().get("v1")).window.periods == ("2023",)


def test_every_step_is_recorded_and_the_run_says_how_it_ended(
    registry: SyncRegistry, home: Path
) -> None:
    teach(registry, "2022", READING)

    run(registry, home)

    kept = registry.run(RunRepository().get("run-1"))
    assert [step.name for step in kept.steps] == [
        "window", "champion", "leakage", "trained", "decided", "registered", "promoted",
    ]  # fmt: skip
    assert kept.status is RunStatus.PROMOTED
    assert (kept.challenger, kept.champion) == ("v1", "v1")


@pytest.mark.parametrize(
    ("n", "reason"),
    [(60, "60 labelled records in the window; 100 are needed"), (0, "0 labelled records")],
)
def test_a_window_too_small_to_train_on_is_said_to_be(
    registry: SyncRegistry, home: Path, n: int, reason: str
) -> None:
    if n:
        teach(registry, "2022", READING, n=n)

    with pytest.raises(NotEnoughData, match=reason):
        run(registry, home)

    assert registry.run(RunRepository().get("run-1")).status is RunStatus.NOT_ENOUGH_DATA
    assert champion(registry) is None


@pytest.mark.usefixtures("first_champion")
def test_a_leaking_feature_stops_the_run_and_the_champion_serves_on(
    registry: SyncRegistry, home: Path
) -> None:
    teach(registry, "2023", (1000.0, 0.0), n=600)

    with pytest.raises(LeakageError, match="reading"):
        run(registry, home, run_id="run-2", options=RunOptions(window=600))

    failed = registry.run(RunRepository().get("run-2"))
    assert failed.status is RunStatus.FAILED
    assert failed.error is not None and "reading" in failed.error
    assert champion(registry) == "v1"


@pytest.mark.usefixtures("first_champion")
def test_a_champion_signed_with_another_key_is_not_loaded(
    registry: SyncRegistry, home: Path
) -> None:
    stranger = replace(plan(home, task(), run_id="run-2"), signing_key=b"another")

    with pytest.raises(BundleError):
        execute(registry, stranger, clock=lambda: NOW, say=lambda _: None)

    assert champion(registry) == "v1"


def test_only_one_run_is_under_way_at_a_time(
    registry: SyncRegistry, home: Path, tmp_path: Path
) -> None:
    teach(registry, "2022", READING)
    with exclusively(registry, home, "other", lambda: NOW):
        with pytest.raises(LeaseHeld, match="on this host"):
            run(registry, home)
        with pytest.raises(LeaseHeld):
            run(registry, tmp_path / "another host")

    assert run(registry, home).status is DecisionStatus.PROMOTED


@pytest.mark.usefixtures("first_champion")
def test_a_dead_run_of_this_host_is_succeeded_at_once_and_of_another_when_its_lease_ends(
    registry: SyncRegistry, home: Path, tmp_path: Path
) -> None:
    host = (home / "host.id").read_text()
    dead = LeaseRepository().acquire(LEASE, f"{host}/dead", now=NOW, ttl=timedelta(minutes=1))
    token = registry.run(dead).token
    registry.run(
        RunRepository().start(
            Run("dead", RunStatus.RUNNING, "test", requested_at=NOW, started_at=NOW, token=token)
        )
    )

    with pytest.raises(LeaseHeld):
        run(registry, tmp_path / "another host", run_id="run-2")
    run(registry, home, run_id="run-3")

    assert registry.run(RunRepository().get("dead")).status is RunStatus.ABANDONED
    assert registry.run(RunRepository().get("run-3")).status is RunStatus.KEPT


def test_a_dead_run_is_seen_to_be_dead_though_the_worker_holds_a_lease_of_the_same_token(
    registry: SyncRegistry, home: Path
) -> None:
    registry.run(LeaseRepository().acquire("worker", "w", now=NOW, ttl=timedelta(minutes=1)))
    registry.run(
        RunRepository().start(
            Run("dead", RunStatus.RUNNING, "test", requested_at=NOW, started_at=NOW, token=1)
        )
    )

    assert registry.run(RunRepository().abandon_stale(NOW)) == 1


def test_a_queued_run_keeps_who_asked_for_it_and_when(registry: SyncRegistry, home: Path) -> None:
    teach(registry, "2022", READING)
    asked = NOW - timedelta(minutes=5)
    registry.run(
        RunRepository().start(Run("run-9", RunStatus.QUEUED, "api:someone", requested_at=asked))
    )

    run(registry, home, run_id="run-9")

    kept = registry.run(RunRepository().get("run-9"))
    assert (kept.requested_by, kept.requested_at) == ("api:someone", asked)
    assert kept.status is RunStatus.PROMOTED


def test_the_ids_in_the_registry_tell_no_student(registry: SyncRegistry, home: Path) -> None:
    teach(registry, "2022", READING)
    result = run(registry, home)

    version = registry.run(ModelVersionRepository().get("v1"))
    ledger = registry.run(PromotionRepository().newest())

    told = repr((version, ledger, result.to_mapping(), registry.run(RunRepository().newest())))
    assert "S12" not in told


@pytest.mark.parametrize("stage", ["trained", "registered"])
def test_a_run_that_lost_its_lease_writes_no_result(
    registry: SyncRegistry, home: Path, stage: str
) -> None:
    teach(registry, "2022", READING)

    def steal(told: str) -> None:
        if told.startswith(f"{stage}:"):
            later = NOW + timedelta(hours=1)
            registry.run(
                LeaseRepository().acquire(LEASE, "thief", now=later, ttl=timedelta(hours=1))
            )

    with pytest.raises(LeaseLost, match="taken by somebody else"):
        execute(registry, plan(home, task()), clock=lambda: NOW, say=steal)

    assert champion(registry) is None
    assert registry.run(PromotionRepository().newest()) == []
    assert len(registry.run(ModelVersionRepository().newest())) == (
        1 if stage == "registered" else 0
    )
    assert registry.run(RunRepository().get("run-1")).status is RunStatus.RUNNING
    registry.run(RunRepository().abandon_stale(NOW))
    assert registry.run(RunRepository().get("run-1")).status is RunStatus.ABANDONED


@pytest.mark.slow
def test_a_run_first_settles_the_labels_that_a_dead_process_owed(
    registry: SyncRegistry, home: Path
) -> None:
    teach(registry, "2022", READING)
    lost = "S7"
    where = {"student_id": lost}
    registry.execute(DeleteMany("labels", where))
    note = {"_id": "n", "subjects": packed([[lost, "2022"]]), "noted_at": START}
    registry.execute(InsertMany("pending_joins", [note]))

    dry = run(registry, home, options=RunOptions(dry_run=True))
    assert dry.evidence["rows"] == 299
    assert registry.execute(Find("labels", where)) == []

    result = run(registry, home)

    assert result.evidence["rows"] == 300
    assert registry.run(RunRepository().get("run-1")).steps[0].name == "repaired"
    assert registry.execute(Find("pending_joins", {})) == []


SUMS_COLUMN = "  - {name: sums, low: 0, high: 10}\n"


def changed(former: str, present: str) -> TaskSpec:
    return parse_task(TASK.replace(former, present), source="test")


@pytest.mark.usefixtures("first_champion")
@pytest.mark.slow
def test_a_champion_that_the_changed_task_cannot_be_served_by_is_replaced_by_a_first_one(
    registry: SyncRegistry, home: Path
) -> None:
    teach(registry, "2023", READING)

    result = run(registry, home, run_id="run-2", spec=changed(SUMS_COLUMN, ""))

    assert (result.status, result.before) == (DecisionStatus.PROMOTED, "v1")
    assert champion(registry) == "v2"
    line = registry.run(PromotionRepository().get("run-2"))
    assert line.champion == "v1"
    assert line.reasons[0].startswith("no comparison with v1: a model of task 'school'")
    assert "with features ['sums'] cannot serve" in line.reasons[0]
    assert "first_min_auc" in {guard.name for guard in line.guards}


@pytest.mark.usefixtures("first_champion")
@pytest.mark.slow
def test_a_task_that_gained_a_feature_is_still_compared_with_its_champion(
    registry: SyncRegistry, home: Path
) -> None:
    teach(registry, "2023", READING)

    result = run(
        registry, home, run_id="run-2", spec=changed(SUMS_COLUMN, f"{SUMS_COLUMN}  - name: art\n")
    )

    assert result.evidence["champion"]["version"] == "v1"
