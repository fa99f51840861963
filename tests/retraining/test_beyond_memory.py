"""A run on a window that no memory holds: read in ranges into files, learned from, judged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from database.artifacts import ArtifactRepository
from database.driver.client import SyncRegistry, open_registry
from database.erasing.erasure import erase_student
from database.erasing.guarded import ErasureGuard
from database.erasing.learned import LearnedErasedRepository
from database.indexes import ensure_indexes
from database.labels import LabelRepository
from database.looks import LookRepository
from database.rights.objections import ObjectionRepository
from database.runs import RunRepository
from database.versions import ModelVersionRepository
from model.erasing.record_ids import listed
from model.errors import ConfigurationError, LeakageError
from model.label import Label
from model.options import RunOptions
from model.promotion import DecisionStatus
from model.rights.objection import Objection
from model.trust.tombstone import TombstoneKey
from model.version import ModelVersion
from preprocessing.columnar.partitions import partitions_of
from preprocessing.dataset import training_set
from preprocessing.task.spec import TaskSpec
from retraining.run import training_labels
from retraining.run.beyond_memory.left_behind import (
    claim,
    remove_left_behind,
    window_folder,
)
from retraining.run.beyond_memory.reading import ReadingJob
from retraining.run.beyond_memory.run import BeyondMemory, alone
from retraining.run.beyond_memory.ways import Ways
from retraining.run.beyond_memory.window import ReadWindow, ranges_of, read_window
from retraining.run.execution import execute
from retraining.run.plan import RunResult
from tests.retraining import school
from training.beyond_memory.labelled import chunks, judged

NOW = school.START + timedelta(days=400)
KEY = TombstoneKey(b"a data key")


@dataclass(frozen=True)
class Place:
    """A registry of its own that other processes may open too."""

    uri: str
    db: str

    def __call__(self) -> SyncRegistry:
        return open_registry(self.uri, self.db, hook=ErasureGuard(KEY))


@pytest.fixture
def place(embedded_uri: str, db: str) -> Place:
    return Place(embedded_uri, db)


@pytest.fixture
def registry(place: Place) -> Iterator[SyncRegistry]:
    with place() as opened:
        opened.run(ensure_indexes())
        yield opened


def read(
    registry: SyncRegistry, place: Place, folder: Path, *, limit: int = 0, processes: int = 1
) -> ReadWindow:
    folder.mkdir()
    since = registry.run(LabelRepository().last_of_window(arrived_until=NOW, limit=limit))
    job = ReadingJob(place, school.task(), folder, NOW, since, held=0.2, sampled=0.1, seed=0)
    return read_window(job, ranges_of(registry, 70), processes)


Row = tuple[str, str, float, tuple[tuple[str, object], ...]]


def rows_in(folder: Path) -> list[Row]:
    found: list[Row] = []
    for part in partitions_of(folder):
        for rows in chunks(part, school.task()):
            data = rows.training_set()
            for (student, period), record, outcome in zip(
                data.subjects(), data.records, data.outcome, strict=True
            ):
                found.append((period, student, float(outcome), tuple(sorted(record.items()))))
    return sorted(found)


def rows_of(labels: list[Label]) -> list[Row]:
    return sorted(
        (one.period, one.student_id, one.outcome, tuple(sorted(one.features.items())))
        for one in labels
    )


@pytest.mark.parametrize(("limit", "processes"), [(0, 1), (450, 1), (450, 2)])
def test_the_ranges_of_all_keys_hold_the_rows_of_the_ordinary_window(
    registry: SyncRegistry, place: Place, tmp_path: Path, limit: int, processes: int
) -> None:
    school.teach(registry, "2022", school.READING, n=320)
    school.teach(registry, "2023", school.SUMS, n=320, now=school.START + timedelta(days=40))
    school.teach(registry, "2024", school.SUMS, n=50, now=school.START + timedelta(days=200))
    registry.run(erase_student("S7", now=NOW, tombstone_key=KEY))
    registry.run(ObjectionRepository().lay(Objection("S11", NOW, "somebody", "a reason")))

    window = read(registry, place, tmp_path / "files", limit=limit, processes=processes)

    ordinary = registry.run(training_labels.window(school.task(), arrived_until=NOW, limit=limit))
    assert rows_in(tmp_path / "files") == rows_of(ordinary)
    assert {"S7", "S11"}.isdisjoint(one.student_id for one in ordinary)
    assert window.rows == len(ordinary) == (449 if limit else 636)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "files").iterdir()} == {0o600}
    assert len(window.partitions) > 4


def test_what_is_judged_is_learned_from_by_nobody_and_the_rest_is_listed(
    registry: SyncRegistry, place: Place, tmp_path: Path
) -> None:
    school.teach(registry, "2022", school.READING, n=320)
    school.teach(registry, "2023", school.SUMS, n=320, now=school.START + timedelta(days=40))

    window = read(registry, place, tmp_path / "files")

    everybody = training_set(
        registry.run(training_labels.window(school.task(), arrived_until=NOW, limit=0)), []
    )
    apart = judged(everybody.students, 0.2, task="school", seed=0)
    learned = everybody.take(~apart)
    assert 0 < len(window.judged) == int(apart.sum())
    assert {(o.student_id, o.period) for o in window.judged} == set(
        everybody.take(apart).subjects()
    )
    assert window.whole.digest == learned.digest()
    assert window.whole.listed() == listed(learned.subjects(), KEY)
    assert window.whole.rows == len(learned)
    assert window.whole.labels == {"2022": 320, "2023": 320}
    assert window.whole.came_after("2023", NOW - timedelta(days=90)) == 320
    assert window.whole.came_after("2022", NOW - timedelta(days=90)) == 0
    sampled = {(one.student_id, one.period) for one in window.sampled}
    assert 20 < len(sampled) < 120
    assert sampled <= set(learned.subjects())


def run(
    registry: SyncRegistry,
    place: Place,
    home: Path,
    *,
    run_id: str,
    spec: TaskSpec | None = None,
    way: type[BeyondMemory] = BeyondMemory,
    now: timedelta = timedelta(days=400),
) -> RunResult:
    """A run whose window is in files."""
    task = alone(spec or school.task(), "lightgbm")
    home.mkdir(exist_ok=True)
    with window_folder(home, home, run_id) as folder:
        mine = way(place, "lightgbm", folder, 500, 1, 1_000)
        plan = school.plan(home, task, run_id=run_id, options=RunOptions())
        return execute(
            registry, plan,
            clock=lambda: school.START + now, say=lambda _: None,
            ways=Ways(mine.gather, mine.train, mine.students),
        )  # fmt: skip


def version_of(registry: SyncRegistry, name: str | None) -> ModelVersion:
    return registry.run(ModelVersionRepository().get(name or ""))


@pytest.mark.slow
def test_a_version_of_such_a_window_is_judged_as_any_other_and_carries_what_any_other_does(
    registry: SyncRegistry, place: Place, home: Path
) -> None:
    school.teach(registry, "2022", school.READING, n=1500)

    first = run(registry, place, home, run_id="run-1")

    assert first.status is DecisionStatus.PROMOTED, first.reasons
    version = version_of(registry, first.champion)
    version.verify(school.KEY)
    everybody = training_set(
        registry.run(training_labels.window(school.task(), arrived_until=NOW, limit=0)), []
    )
    apart = judged(everybody.students, 0.2, task="school", seed=0)
    assert version.window.rows == int((~apart).sum())
    assert version.window.digest == everybody.take(~apart).digest()
    kept = registry.run(ArtifactRepository().get(version.trained_on))
    assert kept == listed(everybody.take(~apart).subjects(), KEY)
    assert f"{int(apart.sum())} labelled records of 2022, students held out" == version.metrics_on
    assert version.card is not None
    assert b"lightgbm" in registry.run(ArtifactRepository().get(version.card.markdown))
    assert version.leakage is not None and version.leakage.alone
    assert version.fairness["gender"].keys() == {"girl", "boy"}
    assert version.recall_targets and version.statuses and version.held_out_map
    assert [path.name for path in home.iterdir() if path.is_dir()] == ["windows"]
    assert list((home / "windows").iterdir()) == []


@pytest.mark.slow
def test_it_takes_its_part_of_the_error_budget_and_a_person_is_asked_where_the_task_says_so(
    registry: SyncRegistry, place: Place, home: Path, first_champion: None
) -> None:
    school.teach(
        registry, "2023", school.SUMS, n=1800, now=school.START + timedelta(days=500), seed=1
    )
    spec = school.task()
    asks = spec.promotion.model_copy(update={"approval": "ask", "evidence": "within"})

    result = run(
        registry,
        place,
        home,
        run_id="run-2",
        now=timedelta(days=900),
        spec=spec.model_copy(update={"promotion": asks}),
    )

    assert result.status is DecisionStatus.STAGED, result.reasons
    assert result.champion == "v1"
    assert result.evidence["champion"]["version"] == "v1"
    assert result.evidence["source"] == "within_alone"
    assert 100 < result.evidence["rows"] < 300
    (look,) = registry.run(LookRepository().get("2023")).looks
    assert (look.run_id, look.labelled) == ("run-2", 1800)


def test_the_files_of_a_run_that_was_killed_are_removed_by_the_next_run_of_any_kind(
    registry: SyncRegistry, home: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "shared"
    elsewhere.mkdir()
    home.mkdir()
    killed = window_folder(home, elsewhere, "run-0")
    folder = killed.__enter__()
    (folder / "part-00000.parquet").write_bytes(b"rows")
    assert folder.stat().st_mode & 0o777 == 0o700
    (tmp_path / "farol-window-run-9").mkdir()
    (home / "windows" / "other").write_text(str(tmp_path / "farol-window-run-9"))

    school.teach(registry, "2022", school.READING)
    school.run(registry, home)

    assert not folder.exists()
    assert [note.name for note in (home / "windows").iterdir()] == ["other"], "not its own"
    assert (tmp_path / "farol-window-run-9").is_dir()
    told = registry.run(RunRepository().get("run-1")).steps[0]
    assert told.detail == "removed the files of 1 windows whose runs were killed"


def test_a_window_that_was_taken_for_one_left_behind_is_made_once_more(
    home: Path, tmp_path: Path
) -> None:
    home.mkdir()
    with window_folder(home, tmp_path, "run-1") as folder:
        assert remove_left_behind(home, "run-0") == 1
        claim(home, folder)
        assert folder.is_dir()
        assert remove_left_behind(home, "run-1") == 0

    assert not folder.exists()
    assert list((home / "windows").iterdir()) == []


def test_a_folder_that_is_not_there_is_refused_by_name(home: Path, tmp_path: Path) -> None:
    home.mkdir()
    with (
        pytest.raises(ConfigurationError, match=r"--folder .*: there is no such folder"),
        window_folder(home, tmp_path / "nowhere", "run-1"),
    ):
        pass


@pytest.mark.slow
def test_features_that_give_the_outcome_away_are_refused(
    registry: SyncRegistry, place: Place, tmp_path: Path
) -> None:
    school.teach(registry, "2022", (30.0, 0.0), n=1500)

    with pytest.raises(LeakageError, match="reading alone determines the outcome"):
        run(registry, place, tmp_path / "home", run_id="run-1")

    assert registry.run(ModelVersionRepository().newest()) == []


class Erasing(BeyondMemory):
    """One during whose training a student is erased."""

    def train(self, *args: object) -> object:  # type: ignore[override]
        trained = super().train(*args)  # type: ignore[arg-type]
        with self.opener() as registry:
            at = school.START + timedelta(days=400, seconds=1)
            registry.run(erase_student("S3", now=at, tombstone_key=KEY))
        return trained


@pytest.mark.slow
def test_a_student_who_is_erased_during_the_run_is_noted_as_learned_from(
    registry: SyncRegistry, place: Place, tmp_path: Path
) -> None:
    school.teach(registry, "2022", school.READING, n=1500)

    result = run(registry, place, tmp_path / "home", run_id="run-1", way=Erasing)

    assert registry.run(LearnedErasedRepository().of_version(result.challenger or "")) == 1
