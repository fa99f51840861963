from __future__ import annotations

import sqlite3
from pathlib import Path

from database.driver.client import open_registry
from database.embedded import lifecycle
from database.erasing.tidying import tidy
from database.students import StudentRepository
from tests.database.builders import observation


def test_the_nightly_tidying_leaves_nothing_that_was_deleted(tmp_path: Path) -> None:
    path = lifecycle.data_file(tmp_path, "farol")
    try:
        uri = lifecycle.ensure_running(tmp_path)
        with open_registry(uri, "farol") as registry:
            registry.run(
                StudentRepository().observe([observation(f"RA-bytes-{n}") for n in range(50)])
            )
            # As a release without secure deletion left it.
            with sqlite3.connect(path) as older:
                older.execute("PRAGMA secure_delete=OFF")
                older.execute("DELETE FROM students")
            assert b"RA-bytes" in _bytes(path)

            assert tidy(tmp_path / "outbox", path) == ()

            assert b"RA-bytes" not in _bytes(path)
            registry.run(StudentRepository().observe([observation("RA-2")]))
            assert registry.run(StudentRepository().get("RA-2")).student_id == "RA-2"
    finally:
        lifecycle.stop(tmp_path)


def test_there_is_nothing_to_tidy_in_an_empty_home(tmp_path: Path) -> None:
    assert tidy(tmp_path / "outbox", lifecycle.data_file(tmp_path, "farol")) == ()


def _bytes(path: Path) -> bytes:
    return b"".join(p.read_bytes() for p in path.parent.glob(f"{path.name}*"))
