"""The embedded registry says when it has been outgrown, and how to move."""

from __future__ import annotations

from pathlib import Path

from database.embedded.lifecycle import folder_of
from database.embedded.outgrown import LIMIT_BYTES, size_of


def database(home: Path, name: str, size: int) -> None:
    """A file of that size that takes no room on the disk."""
    folder_of(home).mkdir(exist_ok=True)
    with (folder_of(home) / name).open("wb") as file:
        file.truncate(size)


def test_a_home_without_a_registry_has_outgrown_nothing(tmp_path: Path) -> None:
    size = size_of(tmp_path)

    assert (size.bytes, size.outgrown, size.told()) == (0, False, "")


def test_the_largest_database_counts_with_its_write_ahead_log(tmp_path: Path) -> None:
    database(tmp_path, "farol.db", 3_000)
    database(tmp_path, "farol.db-wal", 500)
    database(tmp_path, "farol_exams.db", 3_200)

    size = size_of(tmp_path)

    assert (size.database, size.bytes) == ("farol", 3_500)


def test_beyond_what_was_measured_it_is_told_how_to_move(tmp_path: Path) -> None:
    database(tmp_path, "farol.db", LIMIT_BYTES)
    at_the_limit = size_of(tmp_path)
    database(tmp_path, "farol.db", LIMIT_BYTES + 1)

    told = size_of(tmp_path).told()

    assert not at_the_limit.outgrown
    assert f"{LIMIT_BYTES / 1e9:.1f} GB" in told
    assert f"python -m deployment.migrate_to_mongo --from {tmp_path} --to URI" in told
