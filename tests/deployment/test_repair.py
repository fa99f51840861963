"""The repair command, against an embedded registry of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from database.driver.client import SyncRegistry, open_registry
from database.driver.commands import DeleteMany, InsertMany
from database.embedded import lifecycle
from database.labelling.recording import record_outcomes
from database.labels import LabelRepository
from database.mapping.nested_lists import packed
from database.students import StudentRepository
from tests.database.builders import START, at, observation, outcome

ROOT = Path(__file__).parents[2]


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[SyncRegistry]:
    with open_registry(lifecycle.ensure_running(tmp_path), "farol") as opened:
        yield opened
    lifecycle.stop(tmp_path)


def repaired(home: Path, *options: str) -> str:
    command = [sys.executable, "-m", "deployment.repair", *options]
    environment = {"FAROL_HOME": str(home), "PATH": ""}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_the_command_settles_what_is_owed_and_says_so(
    registry: SyncRegistry, tmp_path: Path
) -> None:
    registry.run(StudentRepository().observe([observation("RA-1")]))
    registry.run(record_outcomes([outcome(student_id="RA-1")], now=at(2)))
    before = registry.run(LabelRepository().of("RA-1", "2023"))
    registry.execute(DeleteMany("labels", {"student_id": "RA-1"}))
    note = {"_id": "n", "subjects": packed([["RA-1", "2023"]]), "noted_at": START}
    registry.execute(InsertMany("pending_joins", [note]))

    assert repaired(tmp_path) == "1 labels that were owed settled; 0 orphans joined"
    assert registry.run(LabelRepository().of("RA-1", "2023")) == before

    registry.execute(DeleteMany("labels", {"student_id": "RA-1"}))
    assert repaired(tmp_path, "--full").endswith("1 labels made anew")
    assert registry.run(LabelRepository().of("RA-1", "2023")) == before
