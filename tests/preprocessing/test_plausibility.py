"""What moves from period to period as it must, and what does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from database.batches import BatchRepository
from database.driver.client import SyncRegistry
from database.students import StudentRepository
from model.batch import Implausible
from model.errors import ConfigurationError
from model.student import Student
from preprocessing.files import cells
from preprocessing.files.loading import CleanTable, read_tables
from preprocessing.ingesting.files import ingest_file
from preprocessing.ingesting.lines import describe
from preprocessing.ingesting.tables import Ingested
from preprocessing.plausibility import implausible
from preprocessing.task.spec import TaskSpec, parse_task
from tests.preprocessing.conftest import NOW, WriteCsv

HEAD = "RA,Fase,Idade,Gênero,Data de Nasc,IAA,IEG,IPS,IDA,Defasagem\n"
OLDER = HEAD + (
    "a,1,10,Feminino,6/17/2013,8,9,7,5,-1\n"
    "b,2,11,Masculino,6/17/2012,8,9,7,5,0\n"
    "c,3,12,Feminino,6/17/2011,8,9,7,5,0\n"
)
LATER = HEAD + (
    "c,3,13,Feminino,17/06/2011,8,9,7,5,0\n"
    "a,1,10,Masculino,17/06/2013,8,9,7,5,-1\n"
    "b,2,12,Masculino,17/06/2010,8,9,7,5,0\n"
)


def checked(task: TaskSpec, tables: Sequence[CleanTable]) -> dict[str, list[Implausible]]:
    """Period to what its table contradicts when the tables come in that order."""
    known: dict[str, Student] = {}
    found = {}
    for table in tables:
        found[table.batch.period] = list(implausible(task, table.observations, known, table.row_of))
        for o in table.observations:
            before = known[o.student_id].observations if o.student_id in known else ()
            known[o.student_id] = Student(o.student_id, (*before, o))
    return found


def of(found: Sequence[Implausible], column: str, earlier: str) -> tuple[int, int]:
    """How many students break a column's rule, of how many."""
    (one,) = [f for f in found if (f.column, f.earlier) == (column, earlier)]
    return one.broken, one.students


@pytest.fixture
def both(csv_file: WriteCsv) -> tuple[Path, Path]:
    return csv_file("pede_2023.csv", OLDER), csv_file("pede_2024.csv", LATER)


def ingested(registry: SyncRegistry, pede: TaskSpec, paths: Sequence[Path]) -> tuple[Ingested, ...]:
    return tuple(ingest_file(registry, path, pede, now=NOW)[0][0] for path in paths)


def test_a_student_who_does_not_age_or_changes_sex_or_birth_year_is_counted_with_a_row(
    registry: SyncRegistry, pede: TaskSpec, both: tuple[Path, Path]
) -> None:
    first, second = ingested(registry, pede, both)

    assert first.batch.implausible == ()
    assert second.batch.implausible == (
        Implausible("idade", "2023", "2024", 1, 3, 1, 2, 0.0),
        Implausible("genero", "2023", "2024", 0, 3, 1, 2),
        Implausible("ano_nascimento", "2023", "2024", 0, 3, 1, 3, -2.0),
    )


def test_what_is_implausible_is_printed_without_a_student_or_a_value(
    registry: SyncRegistry, pede: TaskSpec, both: tuple[Path, Path]
) -> None:
    _, second = ingested(registry, pede, both)

    lines = [line for line in describe(second, pede) if "implausible" in line]

    assert lines == [
        "  implausible: idade: 1 of 3 students (33 %) do not move by 1 from 2023 to 2024"
        " (row 2: by 0)",
        "  implausible: genero: 1 of 3 students (33 %) do not stay the same from 2023 to 2024"
        " (row 2)",
        "  implausible: ano_nascimento: 1 of 3 students (33 %) do not stay the same from 2023 to"
        " 2024 (row 3: by -2)",
    ]


def test_what_is_implausible_is_kept_with_the_batch_and_told_again(
    registry: SyncRegistry, pede: TaskSpec, both: tuple[Path, Path]
) -> None:
    _, second = ingested(registry, pede, both)
    again = ingested(registry, pede, both)[1]

    assert again.known
    assert again.batch == registry.run(BatchRepository().get(second.batch.batch_id))
    assert again.batch.implausible == second.batch.implausible


def test_an_older_file_that_comes_later_is_checked_against_the_newer_one(
    registry: SyncRegistry, pede: TaskSpec, both: tuple[Path, Path]
) -> None:
    _, older = ingested(registry, pede, both[::-1])

    (age,) = [one for one in older.batch.implausible if one.column == "idade"]
    assert (age.earlier, age.later, age.broken) == ("2023", "2024", 1)
    assert age.row == 1  # Of the table that was ingested, where that student stands first.


def test_a_checked_column_reaches_no_feature_and_no_protected_attribute(
    registry: SyncRegistry, pede: TaskSpec, both: tuple[Path, Path]
) -> None:
    ingested(registry, pede, both)

    newest = registry.run(StudentRepository().get("a")).latest
    assert newest.checked == {"ano_nascimento": 2013.0}
    assert "ano_nascimento" not in {*newest.features, *newest.protected}
    assert "ano_nascimento" not in pede.feature_names


def test_two_years_between_two_periods_ask_for_two_years_of_age(
    csv_file: WriteCsv, pede: TaskSpec
) -> None:
    tables = [
        read_tables(csv_file(f"pede_{year}.csv", HEAD + row), pede, now=NOW)[0]
        for year, row in (
            ("2022", "a,1,10,Feminino,6/17/2013,8,9,7,5,-1\n"),
            ("2024", "a,1,12,Feminino,6/17/2013,8,9,7,5,-1\n"),
        )
    ]

    assert checked(pede, tables) == {"2022": [], "2024": []}


def test_the_ages_of_the_published_years_move_by_one_for_nearly_all(
    pede_years: Mapping[str, CleanTable], pede: TaskSpec
) -> None:
    found = checked(pede, list(pede_years.values()))

    # In 2022 the survey took the age of the calendar year, later the age on a day.
    assert of(found["2023"], "idade", "2022") == (108, 600)
    assert of(found["2024"], "idade", "2023") == (21, 765)
    assert of(found["2023"], "genero", "2022") == (12, 600)
    assert of(found["2023"], "ano_nascimento", "2022") == (5, 600)
    assert of(found["2024"], "ano_nascimento", "2023") == (3, 765)


def test_ages_read_one_too_low_are_found_without_any_outcome(
    real_data: Path, pede: TaskSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cells, "SHEETS_DAY_ZERO", date(1899, 12, 31))
    tables = [
        read_tables(real_data / f"pede_{year}.csv", pede, now=NOW)[0] for year in (2022, 2023, 2024)
    ]

    found = checked(pede, tables)

    broken, students_met = of(found["2023"], "idade", "2022")
    assert broken > 0.4 * students_met
    broken, students_met = of(found["2024"], "idade", "2023")
    assert broken > 0.3 * students_met


def test_the_text_of_a_date_counts_from_another_day_than_a_date_of_a_workbook(
    tmp_path: Path, csv_file: WriteCsv, pede: TaskSpec
) -> None:
    head = HEAD.strip().split(",")
    row = ["a", "1", "1/7/1900", "Feminino", "2015", "8", "9", "7", "5", "-1"]
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    sheet = book.create_sheet("PEDE2023")
    sheet.append(head)
    sheet.append([8 if name == "Idade" else cell for name, cell in zip(head, row, strict=True)])
    sheet["C2"].number_format = "m/d/yyyy"
    book.save(tmp_path / "typed.xlsx")

    (text,) = read_tables(csv_file("pede_2023.csv", f"{HEAD}{','.join(row)}\n"), pede, now=NOW)
    (typed,) = read_tables(tmp_path / "typed.xlsx", pede, now=NOW)

    assert text.observations[0].features["idade"] == 8.0
    assert typed.observations[0].features["idade"] == 8.0


MINIMAL = """
name: t
title: T
id: {name: id, kind: category}
features: [{name: a}]
checked: [CHECKED]
outcome: {column: {name: o}, below: 1}
"""


@pytest.mark.parametrize(
    ("column", "why"),
    [
        ("{name: b}", "checked: b: say over_periods"),
        ("{name: b, kind: category, over_periods: plus_one}", "b: a category cannot move by one"),
        ("{name: a, over_periods: constant}", "columns named twice: a"),
    ],
)
def test_a_check_that_cannot_be_made_is_refused(column: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        parse_task(MINIMAL.replace("CHECKED", column), source="t.yaml")
