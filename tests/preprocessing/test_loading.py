"""School files into observations and outcomes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.batch import BatchKind
from model.errors import NotThisTask
from preprocessing.files.grids import Grid
from preprocessing.files.loading import CleanTable, read_file, read_grid, read_tables
from preprocessing.task.spec import TaskSpec
from tests.preprocessing.conftest import NOW, WriteCsv
from tests.preprocessing.test_readers import workbook

HEAD = "RA,Fase,INDE 22,IAA,IEG,IPS,Defas\n"


def one(path: Path, task: TaskSpec, period: str | None = None) -> CleanTable:
    (table,) = read_tables(path, task, now=NOW, period=period)
    return table


def rejected(table: CleanTable) -> list[tuple[int, str]]:
    return [(reject.row, reject.field) for reject in table.batch.rejects]


def test_a_row_becomes_an_observation_and_an_outcome(csv_file: WriteCsv, pede: TaskSpec) -> None:
    table = one(csv_file("pede_2022.csv", HEAD + 'RA-1,7,"5,783",8,9,7,-1\n'), pede)

    (observation,), (outcome,) = table.observations, table.outcomes
    assert (observation.student_id, observation.period) == ("RA-1", "2022")
    assert observation.features == {
        "inde": 5.783, "iaa": 8.0, "ieg": 9.0, "ips": 7.0, "fase": 7.0, "defasagem": -1.0,
    }  # fmt: skip
    assert (outcome.student_id, outcome.period, outcome.value) == ("RA-1", "2021", 1.0)
    assert table.batch.kind is BatchKind.LABELLED
    assert observation.batch_id == outcome.source == table.batch.batch_id


def test_rows_that_cannot_be_used_are_rejected_one_by_one_with_the_field(
    csv_file: WriteCsv, pede: TaskSpec
) -> None:
    rows = [
        "RA-1,1,7,8,9,7,0",
        ",1,7,8,9,7,0",
        "RA-1,2,7,8,9,7,0",
        "RA-2,1,7,8,9,7,bom",
        "RA-3,1,7,8,9,7,-99",
        "RA-4,1,7,055,8,9,7,0",
        "~x,1,7,8,9,7,0",
        "#N/A,1,7,8,9,7,0",
        "RA-5,,,,,,",
        "RA-6,1,7,8,9,7,0",
    ]

    table = one(csv_file("pede_2022.csv", HEAD + "\n".join(rows)), pede)

    assert rejected(table) == [
        (2, "ra"), (3, "ra"), (4, "defasagem"), (5, "defasagem"), (6, "row"), (7, "ra"), (8, "ra"),
        (9, "row"),
    ]  # fmt: skip
    assert (table.batch.rows_read, table.batch.rows_kept) == (10, 2)
    assert [o.student_id for o in table.observations] == ["RA-1", "RA-6"]
    assert "row 1" in table.batch.rejects[1].reason


def test_a_reason_never_repeats_what_stands_in_the_cell(csv_file: WriteCsv, pede: TaskSpec) -> None:
    table = one(csv_file("pede_2022.csv", HEAD + "Maria Silva,1,7,8,9,7,segredo\n"), pede)

    (reject,) = table.batch.rejects
    assert "segredo" not in reject.reason
    assert "Maria" not in reject.reason


def test_an_optional_cell_that_cannot_be_used_is_missing_and_counted(
    csv_file: WriteCsv, pede: TaskSpec
) -> None:
    rows = "RA-1,1,#DIV/0!,80,9,7,0\nRA-2,X,INCLUIR,8,9,7,0\n"

    table = one(csv_file("pede_2022.csv", HEAD + rows), pede)

    assert table.batch.rows_kept == 2
    assert table.batch.cells_ignored == {"inde": 2, "iaa": 1, "fase": 1}
    assert "inde" not in table.observations[0].features


def test_an_empty_outcome_is_not_known_yet_and_the_features_are_kept(
    csv_file: WriteCsv, pede: TaskSpec
) -> None:
    table = one(csv_file("pede_2022.csv", HEAD + "RA-1,1,7,8,9,7,\n"), pede)

    assert table.batch.kind is BatchKind.UNLABELLED
    assert (len(table.observations), len(table.outcomes)) == (1, 0)


def test_a_table_of_outcomes_alone_is_labelled(csv_file: WriteCsv, pede: TaskSpec) -> None:
    table = one(csv_file("lag_2024.csv", "RA;Defasagem\nRA-1;-1\nRA-2;0\n"), pede)

    assert [outcome.value for outcome in table.outcomes] == [1.0, 0.0]


def test_empty_lines_are_no_rows_and_do_not_move_the_numbers(
    csv_file: WriteCsv, pede: TaskSpec
) -> None:
    table = one(csv_file("pede_2022.csv", HEAD + ",,,,,,\n\nRA-1,1,7,8,9,7,x\n,,,,,,\n"), pede)

    assert table.batch.rows_read == 1
    assert rejected(table) == [(3, "defasagem")]


def test_titles_may_stand_above_the_header(csv_file: WriteCsv, pede: TaskSpec) -> None:
    table = one(
        csv_file("pede_2022.csv", "Associação,,,,,,\n,,,,,,\n" + HEAD + "RA-1,1,7,8,9,7,0\n"), pede
    )

    assert table.batch.rows_kept == 1


def test_of_columns_that_mean_the_same_the_first_that_holds_a_value_counts(
    csv_file: WriteCsv, pede: TaskSpec
) -> None:
    head = "RA,INDE 2023,INDE 23,IAA,IAA,IEG,IPS,IPP,Defasagem\n"
    table = one(csv_file("pede_2023.csv", head + "RA-1,,7,,8,9,9,9,0\n"), pede)

    assert table.observations[0].features["inde"] == 7.0
    assert table.observations[0].features["iaa"] == 8.0
    assert table.batch.columns_ignored == ()


def test_another_years_index_is_not_taken_for_this_years(
    csv_file: WriteCsv, pede: TaskSpec
) -> None:
    head = "RA,INDE 22,IAA,IEG,IPS,IPP,Defasagem,Apelido\n"
    table = one(csv_file("pede_2023.csv", head + "RA-1,7,8,9,9,9,0,Zé\n"), pede)

    assert "inde" not in table.observations[0].features
    assert table.batch.columns_ignored == ("INDE 22", "Apelido")


ROW = "RA-1,1,7,8,9,7,0\n"


def test_the_period_comes_from_the_argument_or_the_file(csv_file: WriteCsv, pede: TaskSpec) -> None:
    assert one(csv_file("PEDE2024 - dados.csv", HEAD + ROW), pede).batch.period == "2024"
    assert one(csv_file("pede_20240131.csv", HEAD + ROW), pede, "2022").batch.period == "2022"


@pytest.mark.parametrize(
    ("name", "period", "why"),
    [
        ("escola.csv", None, "names no period; say which with --period"),
        ("2022_2023.csv", None, r"several periods \(2022, 2023\)"),
        ("escola.csv", "22", "period '22'"),
    ],
)
def test_a_period_that_cannot_be_told_is_asked_for(
    csv_file: WriteCsv, pede: TaskSpec, name: str, period: str | None, why: str
) -> None:
    with pytest.raises(NotThisTask, match=why):
        read_tables(csv_file(name, HEAD + ROW), pede, now=NOW, period=period)


def test_a_period_column_makes_a_table_of_each_period(csv_file: WriteCsv, pede: TaskSpec) -> None:
    rows = "RA-1,2022,1,8,9,7,0\nRA-1,2023,2,8,9,7,-1\nRA-2,logo,2,8,9,7,-1\n"
    path = csv_file("all.csv", "RA,Ano letivo,Fase,IAA,IEG,IPS,Defas\n" + rows)

    tables = read_tables(path, pede, now=NOW)

    assert [(t.batch.period, t.batch.rows_kept) for t in tables] == [("2022", 1), ("2023", 1)]
    assert rejected(tables[0]) == [(3, "periodo")]
    assert tables[0].batch.batch_id != tables[1].batch.batch_id


def test_a_workbook_with_a_sheet_a_year_gives_a_table_a_sheet(
    tmp_path: Path, pede: TaskSpec
) -> None:
    head: list[object] = ["RA", "Fase", "Idade", "IAA", "IEG", "IPS", "Defasagem"]
    day = datetime(1900, 1, 9)  # noqa: DTZ001  (a cell of a spreadsheet knows no time zone)
    path = workbook(
        tmp_path / "PEDE 2024.xlsx",
        {
            "PEDE2023": [head, [1, "FASE 1", day, 8.5, 9, 7, -1]],
            "PEDE2024": [head, [1, "2K", 10, 8.5, 9, 7, 0]],
            "Dicionário": [["Coluna", "Significado"], ["INDE", "índice"]],
        },
    )

    reading = read_file(path, pede, now=NOW)

    assert [t.batch.period for t in reading.tables] == ["2023", "2024"]
    assert reading.tables[0].observations[0].student_id == "1"
    assert reading.tables[0].observations[0].features["idade"] == 9.0
    assert reading.tables[1].observations[0].features["fase"] == 2.0
    assert len(reading.refused) == 1
    assert "Dicionário" in reading.refused[0]


def test_a_file_of_something_else_is_refused_with_what_is_missing(
    csv_file: WriteCsv, pede: TaskSpec
) -> None:
    with pytest.raises(NotThisTask) as caught:
        read_tables(csv_file("x_2022.csv", "name,score\nA,1\n"), pede, now=NOW)

    assert "the id (RA)" in str(caught.value)
    assert "the outcome (Defasagem)" in str(caught.value)
    assert "19 of 19 features (INDE 2022" in str(caught.value)


def test_a_header_without_rows_is_a_table_of_nothing(csv_file: WriteCsv, pede: TaskSpec) -> None:
    table = one(csv_file("pede_2022.csv", HEAD), pede)

    assert (table.batch.rows_read, table.batch.rows_kept) == (0, 0)


def test_an_open_quote_swallows_one_row_and_not_the_file_silently(
    csv_file: WriteCsv, pede: TaskSpec
) -> None:
    rows = '"RA-1,1,7,8,9,7,0\n' + "".join(f"RA-{n},1,7,8,9,7,0\n" for n in range(2, 200))

    table = one(csv_file("pede_2022.csv", HEAD + "RA-0,1,7,8,9,7,0\n" + rows), pede)

    assert table.batch.rows_kept == 1
    assert "quote" in table.batch.rejects[0].reason


def test_a_file_of_nothing_but_bad_rows_keeps_a_bounded_account(
    csv_file: WriteCsv, pede: TaskSpec
) -> None:
    table = one(csv_file("pede_2022.csv", HEAD + ",1,7,8,9,7,0\n" * 10_050), pede)

    assert (table.batch.rows_read, table.batch.rows_kept) == (10_050, 0)
    assert len(table.batch.rejects) == 10_000


def test_an_id_that_cannot_be_printed_is_rejected(csv_file: WriteCsv, pede: TaskSpec) -> None:
    table = one(csv_file("pede_2022.csv", HEAD + "R\x07A,1,7,8,9,7,0\n"), pede)

    assert rejected(table) == [(1, "ra")]


def test_the_batch_is_known_by_its_content(csv_file: WriteCsv, pede: TaskSpec) -> None:
    first = one(csv_file("pede_2022.csv", HEAD + ROW), pede)
    (later,) = read_tables(
        csv_file("copia_2022.csv", HEAD + ROW), pede, now=datetime(2026, 1, 1, tzinfo=UTC)
    )
    other = one(csv_file("pede_2022.csv", HEAD + ROW.replace("8", "9")), pede)
    elsewhen = one(csv_file("pede_2022.csv", HEAD + ROW), pede, "2023")

    assert first.batch.batch_id == later.batch.batch_id
    assert len({t.batch.batch_id for t in (first, other, elsewhen)}) == 3


def test_mending_a_bound_in_the_task_makes_the_same_file_a_new_batch(
    csv_file: WriteCsv, pede: TaskSpec
) -> None:
    raw = pede.model_dump()
    raw["features"][0]["high"] = 9
    mended = TaskSpec.model_validate(raw)
    path = csv_file("pede_2022.csv", HEAD + ROW)

    assert one(path, pede).batch.batch_id != one(path, mended).batch.batch_id


cells = st.one_of(
    st.none(), st.text(max_size=8), st.floats(), st.integers(), st.booleans(), st.dates(),
    st.sampled_from(["RA-1", "ALFA", "7,5", "1/7/1900", "#N/A", "-1", "0"]),
)  # fmt: skip
headers = st.sampled_from(
    ["RA", "Fase", "INDE 22", "IAA", "IEG", "IPS", "Defas", "Idade 22", "Gênero", "Nome", "", "x"]
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    header=st.lists(headers, max_size=10), rows=st.lists(st.lists(cells, max_size=12), max_size=8)
)
def test_every_row_of_any_table_is_kept_or_rejected(
    pede: TaskSpec, header: list[str], rows: list[list[object]]
) -> None:
    grid = Grid("t_2022.csv", "", "t_2022", [header, *rows])  # type: ignore[list-item]

    try:
        (table,) = read_grid(grid, pede, now=NOW)
    except NotThisTask:
        return

    batch = table.batch
    assert batch.rows_read == batch.rows_kept + len(batch.rejects)
    students = {o.student_id for o in table.observations} | {o.student_id for o in table.outcomes}
    assert len(students) == batch.rows_kept
