"""What is told of a school file before it is kept, and whose rows of it are read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from model.errors import ConfigurationError, NotThisTask
from preprocessing import ingest
from preprocessing.files import loading
from preprocessing.files.account import FileAccount
from preprocessing.files.admitted import AdmittedUnits
from preprocessing.files.idle import absent_features
from preprocessing.files.loading import CleanTable, read_file
from preprocessing.ingest import main
from preprocessing.ingesting.files import preview
from preprocessing.task.spec import TaskSpec, load_task
from tests.preprocessing.conftest import NOW, WriteCsv

TEXT = (
    "RA,Escola,Nome,Gênero,Fase,IAA,IEG,Defasagem,Cor\n"
    "a,Escola A,Ana,Menina,1,8,9,-1,azul\n"
    "b,Escola B,Bia,Menina,2,8,x,0,verde\n"
    "c,,Caio,Menino,2,8,9,0,verde\n"
    ",Escola A,Davi,Menino,3,8,9,-2,azul\n"
)


def account(path: Path, task: TaskSpec) -> Any:
    told: FileAccount = preview(read_file(path, task, now=NOW), task)
    return orjson.loads(orjson.dumps(told))


def table(path: Path, task: TaskSpec, *units: str) -> CleanTable:
    (found,) = read_file(path, task, now=NOW, admitted=AdmittedUnits.of(task, units)).tables
    return found


def test_every_column_of_the_task_is_told_with_where_it_was_found(
    csv_file: WriteCsv, pede: TaskSpec
) -> None:
    (told,) = account(csv_file("x_2023.csv", TEXT), pede)["tables"]

    columns = {one["name"]: one for one in told["columns"]}
    named = (pede.id, pede.period, pede.outcome.column)
    each = (*named, *pede.unit, *pede.reported, *pede.protected, *pede.checked)
    assert columns.keys() == {column.name for column in each if column is not None}
    assert columns["ieg"] == {"name": "ieg", "role": "feature", "header": "IEG", "unreadable": 1}
    assert columns["genero"]["role"] == "protected" and columns["genero"]["header"] == "Gênero"
    assert columns["mat"]["header"] is None
    assert {one["header"]: one["reason"] for one in told["unused"]} == {
        "Nome": "personal name; identifies the student and says nothing about risk",
        "Cor": "unknown to this task",
    }


def test_rows_are_counted_and_the_rejected_told_without_a_value_of_a_student(
    csv_file: WriteCsv, pede: TaskSpec
) -> None:
    whole = account(csv_file("x_2023.csv", TEXT), pede)
    (told,) = whole["tables"]

    assert (whole["kept"], told["rows_read"], told["rows_kept"]) == (False, 4, 3)
    assert told["rejects"] == [{"row": 4, "field": "ra", "reason": "is missing"}]
    assert (told["students"], told["outcomes"], told["outcome_period"]) == (3, 3, "2022")
    assert not any(name in orjson.dumps(whole).decode() for name in ("Ana", "Bia", "Davi"))


def test_rows_of_other_units_are_rejected_and_their_outcomes_told_of_the_unit_alone(
    csv_file: WriteCsv, pede: TaskSpec
) -> None:
    path = csv_file("x_2023.csv", TEXT)

    own = table(path, pede, "escola a")
    several = table(path, pede, "Escola A", "Escola C")

    assert {o.student_id for o in own.observations} == {"a", "c"}
    assert {(o.student_id, o.unit) for o in own.outcomes} == {("a", "escola a"), ("c", "escola a")}
    assert [r.reason for r in own.batch.rejects] == ["no such unit is known", "is missing"]
    assert [r.row for r in several.batch.rejects] == [2, 3, 4]
    assert {o.unit for o in table(path, pede).outcomes} == {""}


def test_what_is_read_of_some_units_is_not_the_same_content_as_the_whole(
    csv_file: WriteCsv, pede: TaskSpec
) -> None:
    """Else a city that sends the whole file would be told that it is here already."""
    path = csv_file("x_2023.csv", TEXT)

    read = [table(path, pede, *units) for units in ((), ("Escola A",), ("Escola B",))]

    assert len({one.batch.batch_id for one in read}) == 3
    assert [one.batch.units for one in read] == [(), ("escola a",), ("escola b",)]


def test_a_task_without_units_reads_no_rows_of_some() -> None:
    with pytest.raises(ConfigurationError, match="has no `unit` columns"):
        AdmittedUnits.of(load_task("exam_scores"), ("Escola A",))


def test_the_command_previews_without_a_registry(
    csv_file: WriteCsv,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for key, value in {
        "FAROL_HOME": str(tmp_path / "home"),
        "MONGO_URI": "mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=200",
    }.items():
        monkeypatch.setenv(key, value)
    good, bad = csv_file("x_2023.csv", TEXT), csv_file("y_2023.csv", "a,b\n1,2\n")

    codes = [main(["--preview", str(path)]) for path in (good, bad)]

    first, second = (orjson.loads(line) for line in capsys.readouterr().out.splitlines())
    assert codes == [0, 1]
    assert first["tables"][0]["rows_kept"] == 3
    assert second["tables"] == [] and "missing the id (RA)" in second["refused"][0]


def test_a_file_of_many_periods_and_columns_is_refused_before_its_account_takes_the_memory(
    csv_file: WriteCsv, pede: TaskSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = TEXT.splitlines()[0] + ",Ano letivo," + ",".join(f"c{n}" for n in range(50))
    rows = [f"s{year},,,Menina,1,8,9,-1,,{year}" for year in range(2000, 2010)]
    file = csv_file("x.csv", "\n".join([head, *rows]))

    tables = account(file, pede)["tables"]
    monkeypatch.setattr(loading, "MOST_TOLD", len(orjson.dumps(tables)) // 4)

    assert len(tables) == 10
    with pytest.raises(NotThisTask, match="more columns and periods than can be told"):
        read_file(file, pede, now=NOW)


def test_a_file_that_takes_more_memory_than_its_reader_has_is_told_so_and_not_to_be_sent_again(
    csv_file: WriteCsv,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("FAROL_HOME", str(tmp_path / "home"))

    def exhausted(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(ingest, "read_any", exhausted)

    code = main([str(csv_file("x_2023.csv", TEXT)), "--json", "--task", "pede_lag"])

    told = orjson.loads(capsys.readouterr().out)
    assert (code, told["kept"], told["tables"]) == (1, False, [])
    assert "more memory" in told["refused"][0]


def test_columns_that_fed_nothing_and_features_without_a_column_are_told(
    csv_file: WriteCsv, pede: TaskSpec
) -> None:
    text = "RA,INDE 2023,INDE 23,IPP,IEGG,IAA,IPS,IDA,Mat,Fase,Defasagem\na,7,,,9,8,7,6,5,1,0\n"
    read = read_file(csv_file("pede_2023.csv", text), pede, now=NOW)
    told = preview(read, pede)["tables"][0]

    unused = {one["header"]: one["reason"] for one in told["unused"]}
    assert unused["INDE 23"] == "inde is read from INDE 2023"
    assert unused["IPP"] == "read as ipp, and no cell holds a value that can be used"
    assert unused["IEGG"] == "unknown to this task"
    assert absent_features(read.tables[0].columns, ("IEGG",))["ieg"] == "IEGG"


def test_the_real_files_have_no_column_that_feeds_nothing_but_those_of_another_name(
    pede_years: Mapping[str, CleanTable],
) -> None:
    found = {year: [one.header for one in table.idle] for year, table in pede_years.items()}

    assert found == {"2022": [], "2023": ["Pedra 23", "INDE 23"], "2024": []}
