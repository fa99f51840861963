"""The study of growth takes its steps one by one, goes on after a stop, and tells exponents."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from database.embedded import lifecycle
from tests.studies.beyond_memory import make
from tests.studies.growth import parquet
from tests.studies.growth.__main__ import UNDER_WAY, measure, read, written
from tests.studies.growth.measured import Cost
from tests.studies.growth.steps import STEPS, Course, prepared
from tests.studies.growth.told import plot, read_table, table

COST = Cost("ingest", 100, 100, 2.0, 1.0, 0.5, 100.0, 50.0, 1_000_000)


def costs() -> list[Cost]:
    """Ten times the rows take ten times the seconds and the same memory."""
    return [
        replace(COST, step=step.name, rows=rows, done=rows, seconds=2.0 * rows / 100)
        for step in STEPS
        for rows in (100, 1_000)
    ]


def test_the_table_has_a_row_a_step_and_size_and_the_exponents() -> None:
    told = table([*costs(), replace(COST, step="run", rows=10_000, failed="out of time")])

    assert "| ingest | 1,000 | 20.0 | 50 |" in told
    assert "| run | 10,000 | 2.0 | out of time |" in told
    assert "| labels | 1.00 (1.00) | 0.00 (0.00) |" in told


def test_the_picture_is_drawn_and_the_table_has_a_place(tmp_path: Path) -> None:
    plot(costs(), tmp_path / "growth.svg")

    assert (tmp_path / "growth.svg").read_text().count("<svg") == 1
    assert "| ingest |" in written(costs()).written()


def test_a_size_that_was_stopped_within_a_step_begins_anew(tmp_path: Path) -> None:
    (tmp_path / "costs.jsonl").write_text("")
    size = tmp_path / "40"
    prepared(size, 40)
    (size / UNDER_WAY).write_text("labels")

    taken = measure(tmp_path, 40, most=0)

    assert taken == 0
    assert not (size / UNDER_WAY).exists()
    assert sorted(path.name for path in (size / "home" / "files").iterdir()) == [
        "escola_000_2023.csv",
        "escola_000_2024.csv",
    ]


def test_a_step_on_files_tells_no_bytes_of_a_registry() -> None:
    of_files = replace(COST, step="drift of Parquet", registry_bytes=0)

    told = table([of_files, replace(of_files, rows=1_000, done=1_000, seconds=20.0)])

    assert "| drift of Parquet | 100 | 2.0 | 50 | 1.0 s | 0.5 s | 100 MB | 50 MB |  |" in told
    assert "| drift of Parquet | 1.00 (1.00) | 0.00 (0.00) |  |" in told
    assert read_table(told) == {}


@pytest.mark.slow
def test_a_step_on_files_is_taken_beside_those_of_the_registry(tmp_path: Path) -> None:
    def files(size: Path, rows: int) -> None:
        for name in ("rows", "before"):
            make(size / name, rows)
        parquet.write_cohorts(size)
        (size / "home").mkdir()

    course = Course("parquet-", parquet.STEPS[:1], files)
    (tmp_path / "costs.jsonl").write_text(json.dumps(asdict(replace(COST, rows=2_000))) + "\n")
    try:
        taken = measure(tmp_path, 2_000, course, keep=True)
    finally:
        lifecycle.stop(tmp_path / "parquet-2000" / "home")

    found = {one.step: one for one in read(tmp_path)}
    assert (taken, set(found)) == (1, {"ingest", "drift of Parquet"})
    assert (found["drift of Parquet"].failed, found["drift of Parquet"].registry_bytes) == ("", 0)


@pytest.mark.slow
def test_steps_are_taken_where_the_last_ones_ended(tmp_path: Path) -> None:
    try:
        first = measure(tmp_path, 60, most=1)
        second = measure(tmp_path, 60, most=2)
    finally:
        lifecycle.stop(tmp_path / "60" / "home")

    assert (first, second) == (1, 2)
    found = read(tmp_path)
    assert [(one.step, one.failed) for one in found] == [
        ("ingest", ""),
        ("labels", ""),
        ("window", ""),
    ]
    assert all(one.registry_bytes > 0 and one.server_megabytes > 0 for one in found)
