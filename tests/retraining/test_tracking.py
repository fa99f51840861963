"""The worker's job that keeps a tracking server in step: when it sends, and what comes of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from database.driver.client import SyncRegistry
from database.runs import RunRepository
from model.run import Run, RunStatus
from retraining.tracking.seen import FILE, SeenFile, state_of
from retraining.worker.context import AtWork
from retraining.worker.outcome import JobFailed, JobStopped
from retraining.worker.tracking import OFF, track
from tests.database.drivers import MongomockRegistry
from tests.retraining.school import START
from tests.retraining.working import Recorder, at_work

SYNC = ("deployment.mlflow", "sync", "--task", "school")


@pytest.fixture
def registry() -> SyncRegistry:
    return MongomockRegistry("tracking")


def here(registry: SyncRegistry, home: Path, code: int | None = 0) -> tuple[AtWork, Recorder]:
    recorder = Recorder(code)
    return replace(at_work(registry, recorder, home=home), tracking="a" * 64), recorder


def test_it_is_off_unless_it_was_asked_for(registry: SyncRegistry, tmp_path: Path) -> None:
    recorder = Recorder()

    assert track(at_work(registry, recorder, home=tmp_path)) == OFF
    assert recorder.asked == []


def test_it_sends_what_is_new_and_asks_the_server_nothing_where_nothing_is(
    registry: SyncRegistry, tmp_path: Path
) -> None:
    work, recorder = here(registry, tmp_path)

    track(work)
    assert recorder.asked == [SYNC]
    SeenFile(tmp_path).keep(registry.run(state_of(work.tracking)))
    assert track(work) == "nothing is new"

    run = Run("r1", RunStatus.RUNNING, "cli", START, START)
    registry.run(RunRepository().start(run))
    track(work)
    SeenFile(tmp_path).keep(registry.run(state_of(work.tracking)))
    registry.run(RunRepository().finish(replace(run, status=RunStatus.KEPT, finished_at=START)))
    track(work)
    assert recorder.asked == [SYNC] * 3


def test_another_server_was_sent_nothing_yet(registry: SyncRegistry, tmp_path: Path) -> None:
    work, recorder = here(registry, tmp_path)
    SeenFile(tmp_path).keep(registry.run(state_of(work.tracking)))

    track(replace(work, tracking="b" * 64))

    assert recorder.asked == [SYNC]


def test_a_file_that_cannot_be_read_means_that_all_is_looked_at_again(
    registry: SyncRegistry, tmp_path: Path
) -> None:
    work, recorder = here(registry, tmp_path)
    (tmp_path / FILE).write_bytes(b"\xff\xfe")

    track(work)

    assert recorder.asked == [SYNC]


def test_a_server_that_does_not_answer_fails_the_job_which_is_tried_again(
    registry: SyncRegistry, tmp_path: Path
) -> None:
    work, _ = here(registry, tmp_path, 1)

    with pytest.raises(JobFailed, match="exit code 1") as failed:
        track(work)

    assert failed.value.mendable


def test_a_missing_extra_is_for_a_person_to_mend(registry: SyncRegistry, tmp_path: Path) -> None:
    work, _ = here(registry, tmp_path, 2)

    with pytest.raises(JobFailed) as failed:
        track(work)

    assert not failed.value.mendable


def test_another_process_that_is_at_it_and_a_worker_that_ends_are_no_failures(
    registry: SyncRegistry, tmp_path: Path
) -> None:
    busy, _ = here(registry, tmp_path, 4)
    ending, _ = here(registry, tmp_path, None)

    assert "another process" in track(busy)
    with pytest.raises(JobStopped):
        track(ending)
