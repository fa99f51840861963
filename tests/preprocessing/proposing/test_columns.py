"""A column's name and cells to what is proposed for it."""

from __future__ import annotations

from datetime import date

import pytest

from preprocessing.files.cells import Cell
from preprocessing.proposing.columns import merged_columns, templated
from preprocessing.proposing.outcomes import at_risk, rule_of, stated_rule
from preprocessing.proposing.profiles import profile
from preprocessing.proposing.reading import Reading, UnreadColumn, reading_of
from preprocessing.proposing.tables import RawTable, header_position
from preprocessing.proposing.words import slug, words_of


def read(header: str, cells: list[Cell], period: str = "2023") -> Reading | UnreadColumn:
    return reading_of(header, profile([(period, cells)]), years=True)


def reading(header: str, cells: list[Cell]) -> Reading:
    found = read(header, cells)
    assert isinstance(found, Reading), found
    return found


def why_not(header: str, cells: list[Cell]) -> str:
    found = read(header, cells)
    assert isinstance(found, UnreadColumn), found
    return found.reason


def test_a_column_without_a_value_is_left_out() -> None:
    assert why_not("IPP", ["", None, "N/A", "#DIV/0!", float("nan")]) == "empty in every row"


def test_a_column_of_one_value_tells_nothing() -> None:
    assert "same value" in why_not("Ativo", ["Cursando"] * 5)


def test_decimal_commas_are_numbers_and_a_mark_has_the_bounds_of_its_scale() -> None:
    found = reading("Média", ["7,055", "9,5", "3", "4,25"])

    assert (found.low, found.high, found.integer) == (0.0, 10.0, False)
    assert list(found.values) == [3.0, 4.25, 7.055, 9.5]


def test_the_answers_of_a_scale_are_its_bounds_and_a_count_may_go_on() -> None:
    likert, count = reading("famrel", ["1", "5", "3"]), reading("visits", ["0", "3", "75"])

    assert (likert.low, likert.high) == (1.0, 5.0)
    assert count.low == 0.0 and count.high is not None and count.high > 75


def test_a_few_texts_among_numbers_are_told_and_taken_as_missing() -> None:
    found = reading("INDE", [*map(str, range(1, 40)), "INCLUIR", "INCLUIR"])

    assert found.numeric
    assert found.doubts == ("2 of 41 cells hold no number and will be taken as missing",)


def test_numbers_and_texts_half_and_half_are_a_category_with_a_doubt() -> None:
    found = reading("Resposta", ["1", "sim", "1", "não", "sim", "1", "não", "1"])

    assert found.categories is not None and set(found.categories) == {"n1", "sim", "nao"}
    assert any("mixed" in doubt for doubt in found.doubts)


def test_spellings_that_differ_in_case_and_accents_are_one_category() -> None:
    found = reading("Pedra", ["Ágata", "Agata", "AGATA", "Quartzo"] * 5)

    assert found.categories is not None and set(found.categories) == {"agata", "quartzo"}
    assert set(found.categories["agata"]) == {"Ágata", "Agata", "AGATA"}


def test_a_text_that_stands_once_among_many_is_not_written_into_the_file() -> None:
    found = reading("Rede", [*["Pública", "Privada"] * 40, "Tia Maria"])

    assert found.categories is not None and set(found.categories) == {"publica", "privada"}
    assert "1 texts that stand once" in found.doubts[0]


def test_none_is_a_category_where_it_stands_beside_one() -> None:
    found = reading("test_preparation_course", ["none", "completed", "none"] * 20)

    assert found.categories is not None and set(found.categories) == {"none", "completed"}


def test_names_and_notes_are_no_category() -> None:
    assert "nearly every row" in why_not("Observação", [f"Texto {n}" for n in range(60)])


@pytest.mark.parametrize(
    "cells",
    [["28/07/2016", "1/2/2018"], [date(2016, 7, 28), date(2018, 2, 1)], ["2016", "2018"]],
)
def test_dates_and_years_are_read_as_the_years_since(cells: list[Cell]) -> None:
    found = reading("Ingresso", cells)

    assert found.reader == "years_since"
    assert list(found.values) == [5.0, 7.0]


def test_a_date_after_the_period_is_left_out() -> None:
    assert "after the period" in why_not("Saída", ["01/03/2024", "01/09/2024"])


def test_dates_are_left_out_where_periods_are_no_years() -> None:
    found = reading_of("Nasc", profile([("2023.1", ["1/2/2010", "3/4/2011"])]), years=False)

    assert isinstance(found, UnreadColumn)


def test_a_code_is_no_quantity() -> None:
    assert "code" in why_not("CEP", [str(n) for n in range(10_000, 10_040)])


def test_ages_that_a_spreadsheet_made_dates_are_read_as_ages() -> None:
    found = reading("Idade", ["12", "1/7/1900", "9"])

    assert (found.reader, list(found.values)) == ("age", [8.0, 9.0, 12.0])


def test_words_of_a_header_are_found_without_accents_or_case() -> None:
    assert {"ano_letivo", "ano"} <= words_of("Ano Letivo")
    assert slug("Instituição de ensino") == "instituicao_de_ensino"
    assert slug("学生") == ""


def test_the_header_is_found_below_a_title() -> None:
    assert header_position([["Relatório de 2023"], [], ["RA", "Nota"], ["1", "2"]]) == 2
    assert header_position([["a single column"], ["1"]]) is None


def table(period: str, *header: str, rows: int = 3) -> RawTable:
    return RawTable(f"t_{period}.csv", period, header, tuple([["1"] * len(header)] * rows))


def test_headers_that_name_their_own_year_are_one_column() -> None:
    found = merged_columns([table("2022", "RA", "INDE 22"), table("2023", "RA", "INDE 2023")])

    assert [(c.name, c.aliases) for c in found] == [
        ("ra", ("RA",)), ("inde", ("INDE {yy}", "INDE {period}")),
    ]  # fmt: skip


def test_a_header_that_names_another_year_is_another_column() -> None:
    assert templated("INDE 22", "2023", {"2022", "2023"}) == ("INDE 22", True)
    assert templated("G2", "2022", {"2022"}) == ("G2", False)


def test_short_and_long_names_in_different_years_are_one_column_with_a_doubt() -> None:
    found = merged_columns([table("2022", "RA", "Defas"), table("2023", "RA", "Defasagem")])

    assert [c.name for c in found] == ["ra", "defasagem"]
    assert "taken for one column" in found[1].doubt


def test_names_of_one_file_are_never_put_together() -> None:
    found = merged_columns([table("2022", "Ida", "Idade", "IDA")])

    assert [c.name for c in found] == ["ida", "idade"]


def test_a_field_of_requests_is_no_name_of_a_feature() -> None:
    found = merged_columns([table("2022", "outcome", "Student ID", "学生")])

    assert [c.name for c in found] == ["outcome_2", "student_id_2", "column_3"]


@pytest.mark.parametrize(
    ("header", "cells", "rule"),
    [
        ("G3", ["4", "9", "12", "20", "15", "11"], "below 10"),
        ("Passed", ["0", "1", "1", "1"], "below 1"),
        ("Evadiu", ["0", "1", "0", "0"], "at_least 1"),
        ("Defasagem", ["-1", "0", "1", "-2"], "below 0"),
        ("Faltas", [str(n) for n in range(10)], "at_least 8"),
        ("Situação", ["Aprovado", "Reprovado", "Aprovado"] * 3, "is reprovado"),
        ("Aprovado", ["Sim", "Sim", "Não", "Não", "Não"], "is nao"),
        ("Evadiu?", ["Sim", "Sim", "Sim", "Não", "Não"], "is sim"),
        ("Turno", ["Manhã", "Noite", "Manhã"] * 3, "is noite"),
    ],
)
def test_whom_to_warn_of_is_told_by_name_and_values(
    header: str, cells: list[Cell], rule: str
) -> None:
    (column,) = merged_columns([RawTable("t.csv", "", (header,), ((1,),))])

    made = rule_of(column, reading(header, cells), graded=True)

    assert str(made) == rule
    assert made.doubts


def test_a_rule_that_somebody_states_is_taken_without_a_doubt() -> None:
    marks = reading("Nota", ["1", "5", "9", "10"])

    assert at_risk(stated_rule("below 6", marks), marks) == 0.5
    assert stated_rule("at_least 6,5", marks).at_least == 6.5
    assert stated_rule("below 6", marks).doubts == ()
