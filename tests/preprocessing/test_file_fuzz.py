"""Hostile school files: each is read right, or refused with place and reason, and never in part.

A short run of the study; `python -m tests.studies.file_fuzz --files 2000` is the long one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from model.errors import NotThisTask
from preprocessing.files.grids import read_grids
from tests.studies.file_fuzz import MOST_MEMORY, FilesFound, fuzz_files, reading


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FilesFound]:
    with reading(tmp_path_factory.mktemp("fuzz")) as reader:
        yield fuzz_files(reader, range(90), seed=7)


@pytest.mark.slow
def test_a_hostile_file_is_read_right_or_refused_with_place_and_reason(found: FilesFound) -> None:
    assert found.faults == []
    assert {f"{kind} {became}" for kind in ("csv", "xlsx", "parquet")
            for became in ("read", "refused")} <= found.outcomes.keys()  # fmt: skip


@pytest.mark.slow
def test_no_hostile_file_takes_more_memory_than_a_school_file_may(found: FilesFound) -> None:
    assert 0 < found.memory < MOST_MEMORY


@pytest.mark.parametrize(
    "column",
    [
        pyarrow.array([2**31 - 1], pyarrow.int32()).cast(pyarrow.date32()),
        pyarrow.array([2**62], pyarrow.int64()).cast(pyarrow.duration("s")),
        pyarrow.array([b"\xff\xfe"], pyarrow.binary()).view(pyarrow.string()),
    ],
    ids=["a day that no calendar has", "an endless span", "text that is none"],
)
def test_a_parquet_value_that_python_has_not_is_refused_with_its_column(
    tmp_path: Path, column: pyarrow.Array
) -> None:
    table = pyarrow.table({"RA": [date(2024, 1, 1)], "Idade": column})
    pyarrow.parquet.write_table(table, tmp_path / "pede_2024.parquet")

    with pytest.raises(NotThisTask, match=r"^pede_2024\.parquet: column 'Idade' holds what"):
        read_grids(tmp_path / "pede_2024.parquet")


def test_a_text_with_a_nul_is_refused_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "pede_2024.csv").write_bytes(b"RA,Fase\nRA-1,\x00\n")

    with pytest.raises(NotThisTask, match=r"nor Parquet; byte 14 is a NUL$"):
        read_grids(tmp_path / "pede_2024.csv")
