"""What the worker keeps tidy, with a registry."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from database.artifacts import ArtifactRepository
from database.drift_reports import DriftReportRepository
from database.driver.client import SyncRegistry
from database.erasing.receipts import ErasureRepository, HostRepository
from database.labelling.recording import record_outcomes
from database.labels import LabelRepository, OrphanRepository
from database.leases import LeaseRepository
from database.predictions import PredictionRepository
from database.repositories import REPOSITORIES
from database.runs import RunRepository
from database.versions import ModelVersionRepository
from database.watch.jobs import JobRepository
from model.drift import DriftReport
from model.erasing.host import home_id
from model.errors import NotFound
from model.run import Run, RunStatus
from model.watch.job import JobState
from preprocessing.task.policies import RetentionPolicy
from retraining.run.lock import LEASE
from retraining.worker.context import AtWork
from retraining.worker.maintenance.artifacts import SAFE_AGE, remove_unnamed
from retraining.worker.maintenance.erasures import carry_out_erasures
from retraining.worker.maintenance.orphans import join_late, look_at_orphans
from retraining.worker.maintenance.outboxes import look_at_outboxes
from retraining.worker.maintenance.retention import BOUNDED, NEWEST, keep_bounded
from retraining.worker.outcome import JobFailed, JobWaits
from tests.database.builders import model_version, outcome, prediction
from tests.retraining.school import task
from tests.retraining.working import NOW, SECOND, Clock, Recorder, at_work

ROOT = Path(__file__).parents[2]


def keeping(registry: SyncRegistry, clock: Clock | None = None, **keys: int) -> AtWork:
    spec = task().model_copy(update={"retention": RetentionPolicy(**keys)})
    return at_work(registry, clock=clock, spec=spec)


def wait(registry: SyncRegistry, student: str, days: int) -> None:
    """An outcome that has waited for so long."""
    at = NOW - timedelta(days=days)
    registry.run(record_outcomes([outcome(1.0, at, student_id=student)], now=at))


def test_outcomes_are_joined_to_predictions_that_another_host_kept_until_now(
    registry: SyncRegistry,
) -> None:
    late = [
        outcome(1.0, NOW, prediction_id="of-another-host"),
        outcome(0.0, NOW, student_id="RA-2"),
        outcome(1.0, NOW, student_id="of-nobody"),
    ]
    registry.run(record_outcomes(late, now=NOW))
    served = [
        prediction("of-another-host", "RA-1", created_at=NOW - SECOND),
        prediction("another", "RA-2", created_at=NOW - SECOND),
    ]
    registry.run(PredictionRepository().add_many(served))

    told = join_late(registry, task(), b"", NOW)

    assert told == "2 outcomes joined whose features came after them"
    labels = registry.run(LabelRepository().newest(0))
    assert {(one.student_id, one.outcome) for one in labels} == {("RA-1", 1.0), ("RA-2", 0.0)}
    assert registry.run(OrphanRepository().count()) == 1


def test_the_newest_outcomes_are_tried_and_those_of_long_ago_left_to_a_run(
    registry: SyncRegistry,
) -> None:
    wait(registry, "S1", 40)
    wait(registry, "S2", 1)

    tried = registry.run(OrphanRepository().arrived_since(NOW - timedelta(days=7), most=10))
    none = registry.run(OrphanRepository().arrived_since(NOW - timedelta(days=60), most=1))

    assert [student for student, _, _ in tried] == ["S2"]
    assert [student for student, _, _ in none] == ["S2"]


def test_how_long_outcomes_wait_is_told_and_all_are_kept_unless_the_task_says_otherwise(
    registry: SyncRegistry,
) -> None:
    wait(registry, "S1", 400)
    wait(registry, "S2", 40)

    told = look_at_orphans(keeping(registry))

    assert told.startswith("2 outcomes wait for their features, since ")
    assert told.endswith("1 of them for more than 365 days; all are kept")
    assert registry.run(OrphanRepository().count()) == 2


def test_outcomes_are_dropped_after_as_many_days_as_the_task_says(registry: SyncRegistry) -> None:
    wait(registry, "S1", 400)
    wait(registry, "S2", 29)

    told = look_at_orphans(keeping(registry, orphans_days=30))

    assert told.endswith("dropped after more than 30 days: 1")
    assert [one.student_id for one in registry.run(OrphanRepository().newest())] == ["S2"]


def test_of_reports_and_runs_the_newest_are_kept(registry: SyncRegistry) -> None:
    for day in range(12):
        at = NOW + timedelta(days=day)
        report = DriftReport(f"d{day}", at, "v1", 60, ("2026",), (), drifted=False)
        registry.run(DriftReportRepository().add(report))
    for day in range(103):
        at = NOW + timedelta(days=day)
        registry.run(RunRepository().start(Run(f"r{day}", RunStatus.KEPT, "schedule", at)))

    told = keep_bounded(keeping(registry, drift_reports=10, runs=100))

    assert told.startswith(
        "drift_reports: 2 beyond the newest 10 removed; runs: 3 beyond the newest 100 removed"
    )
    assert [r.report_id for r in registry.run(DriftReportRepository().newest(0))][-1] == "d2"
    assert [r.run_id for r in registry.run(RunRepository().newest(0))][-1] == "r3"


def test_a_job_that_nobody_does_any_more_is_forgotten(registry: SyncRegistry) -> None:
    for name, days in (("outboxes@gone", -31), ("outboxes@here", -29), ("retrain", 300)):
        due = NOW + timedelta(days=days)
        registry.run(JobRepository().put(JobState(name, started_at=NOW, next_at=due)))

    assert keep_bounded(keeping(registry)).endswith("jobs: 1 forgotten")
    assert [job.name for job in registry.run(JobRepository().all())] == ["outboxes@here", "retrain"]


def test_every_collection_is_bounded_or_says_why_it_grows() -> None:
    told = {*BOUNDED, *NEWEST.values()}
    missing = [kind.__name__ for kind in REPOSITORIES if kind not in told]

    assert missing == [], "add to NEWEST or BOUNDED of retraining/worker/maintenance/retention.py"
    assert [kind.__name__ for kind in told if kind not in REPOSITORIES] == []
    assert set(NEWEST) == {
        name for name, field in RetentionPolicy.model_fields.items() if field.annotation is int
    }


def artifacts(registry: SyncRegistry, home: Path, clock: Clock) -> str:
    return remove_unnamed(at_work(registry, clock=clock, home=home))


def stored(registry: SyncRegistry, digest: str) -> bool:
    try:
        registry.run(ArtifactRepository().get(digest))
    except NotFound:
        return False
    return True


def test_what_no_version_names_is_removed_after_a_safe_age_and_what_one_names_stays(
    registry: SyncRegistry, home: Path
) -> None:
    clock = Clock()
    named, left = (registry.run(ArtifactRepository().put(data)) for data in (b"bundle", b"died"))
    registry.run(ModelVersionRepository().add(model_version(artifact=named)))

    told = artifacts(registry, home, clock)
    young = stored(registry, left)
    clock.move(SAFE_AGE)
    artifacts(registry, home, clock)

    assert told == "2 artifacts, 1 that no version names; 0 removed"
    assert young
    assert (stored(registry, named), stored(registry, left)) == (True, False)


def test_bytes_that_were_left_and_then_named_after_all_stay(
    registry: SyncRegistry, home: Path
) -> None:
    clock = Clock()
    left = registry.run(ArtifactRepository().put(b"died, and made again"))
    artifacts(registry, home, clock)
    clock.move(SAFE_AGE)

    assert registry.run(ArtifactRepository().put(b"died, and made again")) == left
    registry.run(ModelVersionRepository().add(model_version(trained_on=left)))
    artifacts(registry, home, clock)

    assert stored(registry, left)


def test_while_a_run_may_be_registering_nothing_is_removed(
    registry: SyncRegistry, home: Path
) -> None:
    clock = Clock()
    left = registry.run(ArtifactRepository().put(b"about to be named"))
    artifacts(registry, home, clock)
    clock.move(SAFE_AGE)
    ttl = timedelta(minutes=1)
    registry.run(LeaseRepository().acquire(LEASE, "other/run-1", now=clock.now, ttl=ttl))

    with pytest.raises(JobWaits) as waits:
        artifacts(registry, home, clock)

    assert waits.value.until == clock.now + ttl
    assert stored(registry, left)


def test_after_the_look_at_artifacts_a_run_may_begin(registry: SyncRegistry, home: Path) -> None:
    clock = Clock()
    artifacts(registry, home, clock)

    registry.run(LeaseRepository().acquire(LEASE, "other/run-1", now=clock.now, ttl=SECOND))


def test_only_versions_name_artifacts() -> None:
    """Whoever stores some elsewhere must be in NAMING, or they are removed within two weeks."""
    storing = {
        path.relative_to(ROOT).as_posix()
        for folder in ("api", "drift", "retraining", "deployment", "database", "dashboard")
        for path in (ROOT / folder).rglob("*.py")
        if "ArtifactRepository().put(" in (text := path.read_text("utf-8"))
        or ("ArtifactRepository()" in text and "artifacts.put(" in text)
    }

    assert storing == {"retraining/run/registration.py", "retraining/run/card_artifacts.py"}


def test_what_waits_on_the_host_is_shipped_by_the_apis_own_command(registry: SyncRegistry) -> None:
    subprocesses = Recorder()

    assert look_at_outboxes(at_work(registry, subprocesses)) == "nothing waits"
    assert subprocesses.asked == [("api.durability", "--task", "school", "--json")]


def test_what_cannot_be_shipped_is_a_failure_with_the_commands_own_words(
    registry: SyncRegistry,
) -> None:
    with pytest.raises(JobFailed, match="nothing waits"):
        look_at_outboxes(at_work(registry, Recorder(code=1)))


def test_a_host_with_outboxes_is_freed_of_whom_others_erased_and_one_without_is_no_host(
    registry: SyncRegistry, tmp_path: Path
) -> None:
    asked = Recorder()
    here = at_work(registry, asked, home=tmp_path / "tasks" / "school")
    registry.run(ErasureRepository().begin(at=NOW, actor="officer", backup_days=None))

    assert carry_out_erasures(here) == "no prediction was ever kept on this host"
    (here.home / "outbox").mkdir(parents=True)
    (here.home / "outbox" / "slot-0.sqlite").touch()
    assert carry_out_erasures(here) == "nothing waits"

    assert asked.asked == [("api.erasing", "--json")]
    with pytest.raises(JobFailed, match=r"api\.erasing ended with exit code 1"):
        carry_out_erasures(replace(here, subprocesses=Recorder(code=1)))
    registry.run(HostRepository().carried_out(home_id(tmp_path), "here", 1, now=NOW))
    assert carry_out_erasures(here) == "every erasure has been carried out on this host"
