"""School files into a registry that runs."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from database.batches import BatchRepository
from database.driver.client import SyncRegistry, open_registry
from database.driver.commands import Command, Count, Find
from database.driver.run import drive
from database.labels import LabelRepository, OrphanRepository
from database.students import StudentRepository
from model.errors import NotThisTask
from model.label import JoinStatus
from preprocessing.files.loading import CleanTable, read_tables
from preprocessing.ingesting.files import ingest_file
from preprocessing.ingesting.lines import describe
from preprocessing.ingesting.tables import Ingested, ingest
from preprocessing.task.spec import TaskSpec
from tests.preprocessing.conftest import NOW, WriteCsv

HEAD = "RA,Fase,IAA,IEG,IPS,IDA,{lag}\n"
FILES = {
    "2022": HEAD.format(lag="Defas") + "a,1,8,9,7,5,-1\nb,2,8,9,7,5,0\nc,3,8,9,7,5,-2\n",
    "2023": HEAD.format(lag="Defasagem") + "a,1,7,9,7,5,-1\nb,2,7,9,7,5,-1\nd,3,7,9,7,5,0\n",
    "2024": HEAD.format(lag="Defasagem") + "a,2,6,9,7,5,0\nd,3,6,9,7,5,-1\n",
}
READS = (Find, Count)


@pytest.fixture
def tables(csv_file: WriteCsv, pede: TaskSpec) -> list[CleanTable]:
    paths = [csv_file(f"pede_{year}.csv", text) for year, text in FILES.items()]
    return [table for path in paths for table in read_tables(path, pede, now=NOW)]


def labelled(registry: SyncRegistry) -> dict[tuple[str, str], tuple[float, float]]:
    """Student and period to outcome and one feature that tells the year."""
    found = registry.run(LabelRepository().window(arrived_until=NOW + timedelta(days=9), limit=0))
    return {(x.student_id, x.period): (x.outcome, float(x.features["iaa"])) for x in found}


EXPECTED = {
    ("a", "2022"): (1.0, 8.0),
    ("b", "2022"): (1.0, 8.0),
    ("a", "2023"): (0.0, 7.0),
    ("d", "2023"): (1.0, 7.0),
}


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_files_in_any_order_make_the_same_labels(
    registry: SyncRegistry, tables: list[CleanTable], pede: TaskSpec, order: Sequence[int]
) -> None:
    for position in order:
        registry.run(ingest(tables[position], pede, now=NOW))

    assert labelled(registry) == EXPECTED
    # The lag of 2022 belongs to features of 2021, and three outcomes to students not yet here.
    assert registry.run(OrphanRepository().count()) == 3 + 1


def test_the_same_file_twice_changes_nothing(
    registry: SyncRegistry, tables: list[CleanTable], pede: TaskSpec
) -> None:
    first = registry.run(ingest(tables[0], pede, now=NOW))
    before = registry.run(StudentRepository().get("a"))
    again = registry.run(ingest(tables[0], pede, now=NOW + timedelta(hours=1)))

    assert (first.known, again.known) == (False, True)
    assert again.batch == first.batch
    assert registry.run(StudentRepository().get("a")) == before
    assert len(registry.run(BatchRepository().newest(10))) == 1


def test_a_mended_file_corrects_the_label_and_the_features(
    registry: SyncRegistry, tables: list[CleanTable], csv_file: WriteCsv, pede: TaskSpec
) -> None:
    for table in tables:
        registry.run(ingest(table, pede, now=NOW))
    later = NOW + timedelta(days=1)
    path = csv_file("pede_2023.csv", FILES["2023"].replace("b,2,7,9,7,5,-1", "b,2,7,9,7,5,0"))

    (result,), _ = ingest_file(registry, path, pede, now=later)

    assert result.outcomes == {JoinStatus.DUPLICATE: 2, JoinStatus.CORRECTED: 1}
    assert labelled(registry) == EXPECTED | {("b", "2022"): (0.0, 8.0)}


class Killed(BaseException):
    """The process ends here."""


def run_until(registry: SyncRegistry, pede: TaskSpec, table: CleanTable, writes: int) -> bool:
    """Runs an ingest that is killed after so many writes; whether it ended before."""
    left = writes

    def execute(command: Command) -> Any:
        nonlocal left
        if not isinstance(command, READS):
            if left == 0:
                raise Killed
            left -= 1
        return registry.execute(command)

    try:
        drive(ingest(table, pede, now=NOW), execute)
    except Killed:
        return False
    return True


def test_an_ingest_killed_between_any_two_writes_is_repaired_by_running_it_again(
    registry: SyncRegistry, tables: list[CleanTable], pede: TaskSpec
) -> None:
    registry.run(ingest(tables[0], pede, now=NOW))
    registry.run(ingest(tables[2], pede, now=NOW))
    survived = 0
    while not run_until(registry, pede, tables[1], survived):
        known = {batch.batch_id for batch in registry.run(BatchRepository().newest(10))}
        assert tables[1].batch.batch_id not in known
        survived += 1

    assert survived >= 4
    assert labelled(registry) == EXPECTED
    assert all(not x.history for x in registry.run(LabelRepository().newest(10)))


def test_a_file_of_a_year_to_come_tells_no_outcomes(
    registry: SyncRegistry, csv_file: WriteCsv, pede: TaskSpec
) -> None:
    for year in (NOW.year + 1, 2099):
        path = csv_file(f"pede_{year}.csv", FILES["2023"])

        (result,), _ = ingest_file(registry, path, pede, now=NOW)

        assert result.outcomes == {JoinStatus.REJECTED: 3}
        assert any("outcomes rejected" in line for line in describe(result, pede))
    assert registry.run(OrphanRepository().count()) == 0


def reports(registry: SyncRegistry) -> list[tuple[str, float]]:
    """Key and value of every outcome report that is kept."""
    found = registry.execute(Find("outcomes", {}))
    return sorted((row["key"], row["value"]) for row in found)


def test_an_ingest_killed_between_any_two_writes_and_run_later_keeps_every_report_once(
    registry_uri: str, csv_file: WriteCsv, pede: TaskSpec
) -> None:
    path = csv_file(f"pede_{NOW.year}.csv", FILES["2023"])

    def read(hours: int) -> CleanTable:
        return read_tables(path, pede, now=NOW + timedelta(hours=hours))[0]

    survived, ended = 0, False
    while not ended:
        with open_registry(registry_uri, f"t{uuid4().hex[:12]}") as fresh:
            ended = run_until(fresh, pede, read(0), survived)
            fresh.run(ingest(read(2), pede, now=NOW + timedelta(hours=2)))
            assert reports(fresh) == [("2024:a", 1.0), ("2024:b", 1.0), ("2024:d", 0.0)]
            assert [o.history for o in fresh.run(OrphanRepository().newest(0))] == [(), (), ()]
        survived += 1

    assert survived >= 5


def test_two_ingests_of_one_file_at_once_keep_every_report_once(
    registry: SyncRegistry, csv_file: WriteCsv, pede: TaskSpec
) -> None:
    path = csv_file(f"pede_{NOW.year}.csv", FILES["2023"])
    turns = []
    for seconds in (0, 1):
        now = NOW + timedelta(seconds=seconds)
        (table,) = read_tables(path, pede, now=now)
        turns.append(ingest(table, pede, now=now))

    # Turn by turn, each command of one between two of the other.
    answers: list[Any] = [None, None]
    while turns:
        for position, turn in list(enumerate(turns)):
            try:
                answers[position] = registry.execute(turn.send(answers[position]))
            except StopIteration:
                turns.remove(turn)
                answers.pop(position)
                break

    assert reports(registry) == [("2024:a", 1.0), ("2024:b", 1.0), ("2024:d", 0.0)]
    assert len(registry.run(BatchRepository().newest(10))) == 1


@pytest.mark.slow
def test_two_processes_that_ingest_one_file_keep_every_report_once(
    registry_uri: str, tmp_path: Path, csv_file: WriteCsv
) -> None:
    rows = "".join(f"s{i},1,8,9,7,5,{-(i % 2)}\n" for i in range(2000))
    path = csv_file(f"pede_{datetime.now(UTC).year}.csv", HEAD.format(lag="Defasagem") + rows)
    name = f"t{uuid4().hex[:12]}"
    env = {**os.environ, "MONGO_URI": registry_uri, "MONGO_DB": name, "FAROL_HOME": str(tmp_path)}

    running = [
        subprocess.Popen(
            [sys.executable, "-m", "preprocessing.ingest", str(path)],
            env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    ended = [process.communicate(timeout=200) for process in running]

    assert [process.returncode for process in running] == [0, 0], ended
    with open_registry(registry_uri, name) as opened:
        assert len(reports(opened)) == 2000
        assert len(opened.run(BatchRepository().newest(10))) == 1


def test_after_one_kill_the_next_run_at_another_time_ends_in_the_same_labels(
    registry: SyncRegistry, tables: list[CleanTable], csv_file: WriteCsv, pede: TaskSpec
) -> None:
    registry.run(ingest(tables[0], pede, now=NOW))
    run_until(registry, pede, tables[1], 3)
    later = NOW + timedelta(hours=2)
    for table in read_tables(csv_file("pede_2023.csv", FILES["2023"]), pede, now=later):
        registry.run(ingest(table, pede, now=later))
    registry.run(ingest(tables[2], pede, now=later))

    assert labelled(registry) == EXPECTED


def test_the_real_years_join_as_many_students_as_are_in_both(
    registry: SyncRegistry, real_data: Path, pede: TaskSpec
) -> None:
    results: dict[str, Ingested] = {}
    for year in ("2024", "2022", "2023"):
        (results[year],), _ = ingest_file(registry, real_data / f"pede_{year}.csv", pede, now=NOW)

    assert results["2023"].outcomes == {JoinStatus.JOINED: 600, JoinStatus.ORPHANED: 414}
    assert results["2023"].orphans_joined == 765
    assert registry.run(LabelRepository().count()) == 600 + 765


def test_the_account_names_rows_fields_and_reasons(
    registry: SyncRegistry, csv_file: WriteCsv, pede: TaskSpec
) -> None:
    text = (
        "RA,Fase,IAA,IEG,IPS,IDA,Defas,Nome,Apelido\na,1,#N/A,9,7,5,-1,Ana,x\n,1,8,9,7,5,0,Zé,y\n"
    )
    (result,), _ = ingest_file(registry, csv_file("pede_2022.csv", text), pede, now=NOW)

    account = "\n".join(describe(result, pede))

    assert "2 rows read, 1 kept, 1 rejected (labelled)" in account
    assert "row 2 rejected: ra: is missing" in account
    assert "taken as missing: iaa 1" in account
    assert "column Nome ignored: personal name" in account
    assert "column Apelido ignored: unknown to this task" in account
    assert "features that found no column: inde," in account
    assert "outcomes of period 2021: 1 orphaned" in account
    assert "Ana" not in account


def test_a_file_that_is_no_table_leaves_the_registry_empty(
    registry: SyncRegistry, csv_file: WriteCsv, pede: TaskSpec
) -> None:
    with pytest.raises(NotThisTask):
        ingest_file(registry, csv_file("x_2022.csv", "a,b\n1,2\n"), pede, now=NOW)

    assert registry.run(BatchRepository().newest(10)) == []


def test_the_command_reads_what_it_can_and_fails_for_what_it_cannot(
    csv_file: WriteCsv, registry_uri: str, tmp_path: Path
) -> None:
    good, bad = csv_file("pede_2022.csv", FILES["2022"]), csv_file("bad_2022.csv", "a,b\n1,2\n")
    env = {
        **os.environ,
        "MONGO_URI": registry_uri,
        "MONGO_DB": "tcommand",
        "FAROL_HOME": str(tmp_path),
        "PYTHONWARNINGS": "ignore",
    }
    command = [sys.executable, "-m", "preprocessing.ingest"]

    def run(*paths: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *map(str, paths)], capture_output=True, text=True, env=env, check=False
        )

    first, second = run(good, bad), run(good)

    assert first.returncode == 1
    assert "3 rows read, 3 kept" in first.stdout
    assert "bad_2022.csv: no table of task pede_lag" in first.stderr
    assert second.returncode == 0
    assert "nothing changed" in second.stdout
