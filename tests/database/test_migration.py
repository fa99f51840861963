"""A registry copied into another: complete, resumable, and compared at the end."""

from __future__ import annotations

import hashlib
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from database.artifacts import ArtifactRepository
from database.batches import BatchRepository
from database.driver.client import SyncRegistry, open_registry
from database.driver.commands import DeleteMany, Find, InsertMany, Replace, ReplaceMany
from database.labelling.recording import record_outcomes
from database.labels import LabelRepository
from database.predictions import PredictionRepository
from database.promotions import PromotionRepository
from database.students import PeriodRepository, StudentRepository
from database.versions import ModelVersionRepository
from deployment.migrate_to_mongo import outcome as outcome_of
from deployment.registry_copy import COLLECTIONS, compare, copy, pages
from preprocessing.cohorts.write import write_cohorts
from tests.database.builders import at, model_version, observation, outcome, prediction, promotion

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


@pytest.fixture
def target(embedded_uri: str, db: str) -> Iterator[SyncRegistry]:
    with open_registry(embedded_uri, f"{db}-copy") as opened:
        yield opened


def fill(registry: SyncRegistry) -> None:
    registry.run(StudentRepository().observe([observation(f"RA-{i}") for i in range(1_200)]))
    registry.run(
        PredictionRepository().add_many([prediction(f"p{i}", f"RA-{i}") for i in range(30)])
    )
    registry.run(record_outcomes([outcome(student_id=f"RA-{i}") for i in range(50)], now=at(2)))
    digest = registry.run(ArtifactRepository().put(bytes(range(256)) * 40_000))
    registry.run(ModelVersionRepository().add(model_version(1, artifact=digest)))
    registry.run(PromotionRepository().promote(promotion(), expected_revision=0))


def test_everything_arrives_and_a_second_run_changes_nothing(
    registry: SyncRegistry, target: SyncRegistry
) -> None:
    fill(registry)

    copy(registry, target, lambda _: None)
    copy(registry, target, lambda _: None)

    assert all(one.complete for one in compare(registry, target))
    assert target.run(LabelRepository().window(arrived_until=at(3), limit=0)) == registry.run(
        LabelRepository().window(arrived_until=at(3), limit=0)
    )
    assert target.run(PromotionRepository().newest(0)) == registry.run(
        PromotionRepository().newest(0)
    )


def test_an_interrupted_copy_is_finished_by_the_next(
    registry: SyncRegistry, target: SyncRegistry
) -> None:
    fill(registry)
    copy(registry, target, lambda _: None)
    target.execute(DeleteMany("labels", {"student_id": "RA-7"}))
    registry.run(record_outcomes([outcome(0.0, at(1), student_id="RA-8")], now=at(5)))
    assert {one.collection for one in compare(registry, target) if not one.complete} == {
        "labels",
        "outcomes",
    }

    copy(registry, target, lambda _: None)

    assert all(one.complete for one in compare(registry, target))


def test_a_document_of_another_content_is_told(
    registry: SyncRegistry, target: SyncRegistry
) -> None:
    registry.run(PredictionRepository().add_many([prediction("p1")]))
    target.execute(InsertMany("predictions", [{"_id": "p1", "something": "else"}]))

    copy(registry, target, lambda _: None)

    (differing,) = [one for one in compare(registry, target) if one.differs]
    assert (differing.collection, differing.complete) == ("predictions", False)
    assert differing.digest != differing.target_digest
    # By its place, and its fields by name: a key may tell a student, a value always does.
    assert differing.named[0].startswith("number 1 by key (")
    assert "something" in differing.named[0]
    assert "RA-1" not in differing.named[0]


def test_a_difference_in_the_target_is_found_by_digest_and_told_by_the_command(
    registry: SyncRegistry, target: SyncRegistry
) -> None:
    registry.run(ModelVersionRepository().add(model_version(1)))
    copy(registry, target, lambda _: None)
    (stored,) = target.execute(Find("model_versions", {}))
    target.execute(
        ReplaceMany("model_versions", [Replace({"_id": "v1"}, stored | {"family": "other"})])
    )

    told = {one.collection: outcome_of(one) for one in compare(registry, target)}

    assert told["model_versions"].startswith("INCOMPLETE, 0 missing, 1 differ, target ")
    assert told["model_versions"].endswith(": v1 (family)")
    assert told["students"] == "complete"


def test_a_copy_that_is_killed_goes_on_where_it_was_and_leaves_its_source_as_it_is(
    registry: SyncRegistry, target: SyncRegistry, embedded_uri: str, db: str, tmp_path: Path
) -> None:
    fill(registry)
    registry.run(StudentRepository().observe([observation(f"RB-{i}") for i in range(8_000)]))
    before = contents(registry)
    command = [sys.executable, "-m", "deployment.migrate_to_mongo"]
    command += ["--from", f"{embedded_uri}&appName=source", "--db", db]
    command += ["--to", embedded_uri.replace("/?", f"/{db}-copy?")]
    environment = {"FAROL_HOME": str(tmp_path / "home"), "PATH": ""}

    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    ) as first:
        assert first.stderr is not None
        told = next(line for line in first.stderr if "students:" in line)
        first.send_signal(signal.SIGKILL)
    half = target.run(StudentRepository().count())
    again = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)

    assert re.search(r"students: [\d,]+ of 9,200", told)
    assert 0 < half < 9_200
    assert again.returncode == 0, again.stderr
    assert re.search(rf"students: 9,200 of 9,200, {half:,} were there already", again.stderr)
    assert "INCOMPLETE" not in again.stdout
    assert contents(registry) == before


def contents(registry: SyncRegistry) -> dict[str, str]:
    """The digest of each collection, but of what a start writes."""
    return {
        name: hashlib.sha256(repr(list(pages(registry, name))).encode()).hexdigest()
        for name in COLLECTIONS
    }


def test_the_command_says_what_it_copied(
    registry: SyncRegistry, embedded_uri: str, db: str, tmp_path: Path
) -> None:
    registry.run(PredictionRepository().add_many([prediction("p1")]))
    command = [sys.executable, "-m", "deployment.migrate_to_mongo", "--db", db]
    environment = {"FAROL_HOME": str(tmp_path / "other"), "PATH": ""}

    def migrate(source: str) -> subprocess.CompletedProcess[str]:
        given = [*command, "--from", source, "--to", embedded_uri]
        return subprocess.run(given, cwd=ROOT, env=environment, capture_output=True, text=True)

    done = migrate(embedded_uri)
    nowhere = migrate(str(tmp_path / "nowhere"))

    assert done.returncode == 0
    assert "predictions" in done.stdout
    assert "1 of 1" in done.stdout
    assert nowhere.returncode == 2
    assert "neither" in nowhere.stderr


def test_a_folder_of_school_files_becomes_a_registry_and_a_second_run_adds_nothing(
    embedded_uri: str, db: str, tmp_path: Path, registry: SyncRegistry
) -> None:
    files = write_cohorts(tmp_path / "files", seed=3)
    command = [sys.executable, "-m", "deployment.migrate_to_mongo", "--db", db]
    command += ["--from", str(tmp_path / "files"), "--to", embedded_uri]
    environment = {"FAROL_HOME": str(tmp_path / "home"), "PATH": ""}

    def migrate() -> tuple[tuple[str, ...], int, int]:
        subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True)
        known = registry.run(PeriodRepository().all())
        return (
            known,
            registry.run(LabelRepository().count()),
            len(registry.run(BatchRepository().newest(10))),
        )

    periods, labelled, tables = migrate()

    assert (len(periods), tables) == (3, len(files))
    assert labelled > 100
    assert migrate() == (periods, labelled, tables)
