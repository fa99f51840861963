"""Workers of a host share long lists by files, which no erasure leaves behind."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path

import numpy as np
import pytest

from api.ranked.reading import Whose
from api.ranked.shared import MOST_FILES, SharedLists, bytes_of, students_of
from model.lists.published import Lane
from model.prediction import RiskStatus
from preprocessing.columnar.columns import Categories, Columns
from preprocessing.lists.scoring import ScoredStudents

WHOSE = Whose("2024", frozenset({"escola a"}))
ERASED, STAMP = (1, "mark"), ("batch", 7)

STUDENTS = ScoredStudents(
    ids=["RA-1", "Ágata", "x\0"],
    units=["escola a", "", "escola a"],
    lanes=[Lane.KNOWN, Lane.NEW, Lane.NEW],
    concern=np.array([1.5, -2.0, np.nextafter(0.1, 1)]),
    scores=np.array([0.8, 0.1, 0.5]),
    statuses=[RiskStatus.CRITICAL, RiskStatus.EXPECTED, RiskStatus.INSUFFICIENT],
    high=np.array([True, False, False]),
    features=Columns(
        3,
        {"ida": np.array([1.0, np.nan, 3.0])},
        {"fase": Categories(np.array([0, -1, 1]), ("Fase 1", "Fase 2"))},
    ),
)


def told(found: ScoredStudents) -> tuple[object, ...]:
    numbers = (found.concern.tolist(), found.scores.tolist(), found.high.tolist())
    features = (found.features.values("ida"), found.features.values("fase"))
    return (found.ids, found.units, found.lanes, found.statuses, *numbers, *features)


def test_a_list_is_read_as_it_was_written(tmp_path: Path) -> None:
    SharedLists(tmp_path / "lists").store(WHOSE, ERASED, STAMP, STUDENTS)

    found = SharedLists(tmp_path / "lists").load(WHOSE, ERASED, STAMP)

    assert found is not None
    assert told(found) == told(STUDENTS)
    assert all(type(one) is RiskStatus for one in found.statuses)


def test_only_the_account_that_runs_farol_can_read_one(tmp_path: Path) -> None:
    SharedLists(tmp_path / "lists").store(WHOSE, ERASED, STAMP, STUDENTS)

    (path,) = (tmp_path / "lists").glob("*.npz")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "asked",
    [
        (Whose("2023", WHOSE.units), ERASED, STAMP),
        (Whose("2024", None), ERASED, STAMP),
        (WHOSE, (2, "mark"), STAMP),
        (WHOSE, ERASED, ("batch", 8)),
    ],
)
def test_a_list_of_others_or_of_before_is_not_found(
    tmp_path: Path, asked: tuple[Whose, object, tuple[object, ...]]
) -> None:
    lists = SharedLists(tmp_path)
    lists.store(WHOSE, ERASED, STAMP, STUDENTS)

    assert lists.load(*asked) is None


def test_a_list_of_long_ago_is_read_anew(tmp_path: Path) -> None:
    SharedLists(tmp_path).store(WHOSE, ERASED, STAMP, STUDENTS)
    (path,) = tmp_path.glob("*.npz")
    written = path.stat().st_mtime

    assert SharedLists(tmp_path, lambda: written + 500).load(WHOSE, ERASED, STAMP) is not None
    assert SharedLists(tmp_path, lambda: written + 600).load(WHOSE, ERASED, STAMP) is None


@pytest.mark.parametrize("content", [b"", b"nonsense", bytes_of(STUDENTS)[:-200]])
def test_a_file_that_is_none_is_read_anew(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    lists = SharedLists(tmp_path)
    lists.store(WHOSE, ERASED, STAMP, STUDENTS)
    (path,) = tmp_path.glob("*.npz")
    path.write_bytes(content)

    assert lists.load(WHOSE, ERASED, STAMP) is None
    assert "read anew" in caplog.text


def test_lists_of_before_an_erasure_are_removed(tmp_path: Path) -> None:
    lists = SharedLists(tmp_path)
    lists.store(WHOSE, ERASED, STAMP, STUDENTS)
    lists.store(WHOSE, (2, "other"), STAMP, STUDENTS)

    lists.sweep((2, "other"))

    assert lists.load(WHOSE, ERASED, STAMP) is None
    assert lists.load(WHOSE, (2, "other"), STAMP) is not None
    lists.clear()
    assert list(tmp_path.glob("*.npz")) == []


def test_few_lists_are_kept(tmp_path: Path) -> None:
    lists = SharedLists(tmp_path)
    for number in range(MOST_FILES + 2):
        lists.store(WHOSE, ERASED, (number,), STUDENTS)
        for path in tmp_path.glob("*.npz"):
            os.utime(path, (path.stat().st_atime, path.stat().st_mtime - 10))

    assert len(list(tmp_path.glob("*.npz"))) == MOST_FILES
    assert lists.load(WHOSE, ERASED, (MOST_FILES + 1,)) is not None


def test_one_reader_at_a_time_reads_a_list(tmp_path: Path) -> None:
    inside: list[int] = []

    async def read(lists: SharedLists) -> None:
        async with lists.turn(WHOSE):
            inside.append(1)
            assert len(inside) == 1
            await asyncio.sleep(0.01)
            inside.pop()

    async def several() -> None:
        await asyncio.gather(*(read(SharedLists(tmp_path)) for _ in range(3)))

    asyncio.run(several())


def test_nothing_that_python_would_run_is_read(tmp_path: Path) -> None:
    path = tmp_path / "list.npz"
    np.savez(path, names=np.array([{"ids": []}], dtype=object), allow_pickle=True)

    with pytest.raises(ValueError, match="pickle"):
        students_of(path.read_bytes())
