"""The published PEDE files, with everything that is odd in them."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from model.errors import NotThisTask
from preprocessing.files.loading import CleanTable, read_tables
from preprocessing.pairing import paired
from preprocessing.task.spec import TaskSpec, load_task
from tests.preprocessing.conftest import NOW, YEARS, WriteCsv

Years = Mapping[str, CleanTable]


def values(table: CleanTable, feature: str) -> list[object]:
    return [o.features[feature] for o in table.observations if feature in o.features]


@pytest.mark.parametrize(
    ("year", "rows", "at_risk"), [("2022", 860, 601), ("2023", 1014, 552), ("2024", 1156, 534)]
)
def test_every_row_is_kept_and_the_outcomes_are_those_published(
    pede_years: Years, year: str, rows: int, at_risk: int
) -> None:
    table = pede_years[year]

    assert (table.batch.rows_read, table.batch.rows_kept) == (rows, rows)
    assert table.batch.rejects == ()
    assert len(table.observations) == len(table.outcomes) == rows
    assert sum(outcome.value for outcome in table.outcomes) == at_risk


def test_the_outcome_of_a_year_belongs_to_the_features_of_the_year_before(
    pede_years: Years,
) -> None:
    assert {o.period for o in pede_years["2023"].outcomes} == {"2022"}
    assert {o.period for o in pede_years["2023"].observations} == {"2023"}


def test_students_are_paired_with_their_next_year(pede_years: Years) -> None:
    labels = paired(pede_years.values())

    assert Counter(label.period for label in labels) == {"2022": 600, "2023": 765}
    assert sum(label.outcome for label in labels if label.period == "2022") == 366
    assert sum(label.outcome for label in labels if label.period == "2023") == 308


def test_the_same_students_are_in_all_three_years(pede_years: Years) -> None:
    students = [{o.student_id for o in table.observations} for table in pede_years.values()]

    assert len(students[0] & students[1] & students[2]) == 468


def test_every_age_of_2023_is_a_number_though_many_are_excel_dates(
    pede_years: Years, real_data: Path
) -> None:
    with (real_data / "pede_2023.csv").open(encoding="utf-8", newline="") as file:
        dates = sum("/" in row["Idade"] for row in csv.DictReader(file))
    ages = values(pede_years["2023"], "idade")

    assert dates > 300
    assert len(ages) == 1014
    assert all(isinstance(age, float) and 7 <= age <= 30 for age in ages)


def test_a_date_of_january_1900_is_the_age_that_the_birth_date_tells(
    real_data: Path, pede_years: Years
) -> None:
    with (real_data / "pede_2023.csv").open(encoding="utf-8", newline="") as file:
        shown_as_dates = {row["RA"] for row in csv.DictReader(file) if "/" in row["Idade"]}
    dated = [o for o in pede_years["2023"].observations if o.student_id in shown_as_dates]

    assert len(dated) == 399
    for o in dated:
        of_the_year = 2023 - float(o.checked["ano_nascimento"])
        assert of_the_year - 1 <= float(o.features["idade"]) <= of_the_year


@pytest.mark.parametrize("year", ["2022", "2023", "2024"])
def test_lag_phase_and_ideal_phase_agree_in_every_spelling(pede_years: Years, year: str) -> None:
    wrong = [
        o
        for o in pede_years[year].observations
        if float(o.features["fase"]) - float(o.features["fase_ideal"]) != o.features["defasagem"]
    ]

    # Two students of 2024 have a lag in the file that their phases do not give.
    assert len(wrong) == (2 if year == "2024" else 0)


def test_alfa_is_phase_zero_and_nine_is_a_phase(pede_years: Years) -> None:
    assert Counter(values(pede_years["2022"], "fase"))[0.0] == 190
    assert Counter(values(pede_years["2023"], "fase"))[0.0] == 231
    assert Counter(values(pede_years["2024"], "fase"))[0.0] == 196
    assert Counter(values(pede_years["2024"], "fase"))[9.0] == 38


@pytest.mark.parametrize(("year", "filled"), [("2022", 860), ("2023", 931), ("2024", 1054)])
def test_inde_is_read_from_the_column_that_is_filled(
    pede_years: Years, year: str, filled: int
) -> None:
    inde = values(pede_years[year], "inde")

    assert len(inde) == filled
    assert all(isinstance(v, float) and 3 < v < 10 for v in inde)


def test_error_texts_are_counted_as_missing_and_not_silently(pede_years: Years) -> None:
    assert pede_years["2022"].batch.cells_ignored == {}
    ignored = pede_years["2024"].batch.cells_ignored

    assert ignored["inde"] == 63 + 38 + 1  # #DIV/0!, INCLUIR and one #N/A
    assert ignored["ida"] == 101


def test_psychosocial_percentages_are_numbers_like_the_rest(pede_years: Years) -> None:
    ips = Counter(values(pede_years["2023"], "ips"))

    assert ips[2.52] == 258 + 7  # 2,52 and 252%
    assert ips[7.52] == 288 + 3


def test_ipp_is_missing_in_2022_only(pede_years: Years) -> None:
    assert values(pede_years["2022"], "ipp") == []
    assert len(values(pede_years["2023"], "ipp")) == 938


def test_grades_are_found_under_both_their_names(pede_years: Years) -> None:
    assert len(values(pede_years["2022"], "mat")) == 858
    assert len(values(pede_years["2024"], "ing")) == 474


def test_the_turning_point_of_ten_and_a_hundredth_is_kept(pede_years: Years) -> None:
    assert Counter(values(pede_years["2023"], "ipv"))[10.01] == 26


def test_the_self_assessment_of_ten_and_two_thousandths_is_kept(
    csv_file: WriteCsv, pede: TaskSpec
) -> None:
    head = "RA,Fase,IAA,IEG,IPS,IDA,Defasagem\n"
    rows = 'a,1,"10,002",9,7,5,0\nb,1,10.002000000000002,9,7,5,0\n'
    path = csv_file("pede_2024.csv", head + rows)

    (table,) = read_tables(path, pede, now=NOW)

    assert values(table, "iaa") == [10.002, 10.002000000000002]
    assert table.batch.cells_ignored == {}


@pytest.mark.parametrize(
    ("name", "file", "period"),
    [
        *(("pede_lag", f"pede_{year}.csv", year) for year in YEARS),
        ("uci_student", "uci_student_mat.csv", "2006"),
        ("exam_scores", "students_performance_in_exams.csv", "2018"),
    ],
)
def test_no_bound_of_a_shipped_task_cuts_a_real_value(
    real_data: Path, name: str, file: str, period: str
) -> None:
    task = load_task(name)
    no_bounds = {"low": None, "high": None, "integer": False}
    unbounded = task.model_copy(
        update={
            part: tuple(c.model_copy(update=no_bounds) for c in getattr(task, part))
            for part in ("reported", "protected", "checked")
        }
    )

    (bounded,) = read_tables(real_data / file, task, now=NOW, period=period)
    (free,) = read_tables(real_data / file, unbounded, now=NOW, period=period)

    # What stays ignored without any bound is no number at all: #N/A, #DIV/0!, INCLUIR.
    assert bounded.batch.cells_ignored == free.batch.cells_ignored
    assert bounded.batch.rejects == ()


def test_both_spellings_of_a_stone_are_one(pede_years: Years) -> None:
    assert Counter(values(pede_years["2022"], "pedra"))["agata"] == 250
    assert Counter(values(pede_years["2023"], "pedra"))["agata"] == 246
    assert set(values(pede_years["2024"], "pedra")) == {"quartzo", "agata", "ametista", "topazio"}


def test_gender_is_one_attribute_though_its_words_changed(pede_years: Years) -> None:
    girls = [
        sum(o.protected["genero"] == "feminino" for o in table.observations)
        for table in pede_years.values()
    ]

    assert girls == [457, 546, 623]


def test_schools_of_2022_are_those_of_2023_under_their_later_names(pede_years: Years) -> None:
    assert Counter(values(pede_years["2022"], "instituicao")) == {
        "publica": 752,
        "apadrinhamento": 108,
    }
    assert Counter(values(pede_years["2023"], "instituicao"))["apadrinhamento"] == 100
    assert len(values(pede_years["2024"], "instituicao")) == 1155


def test_a_school_is_told_in_2024_only_and_a_class_in_every_year(pede_years: Years) -> None:
    of = {
        year: {
            name: Counter(o.units[name] for o in table.observations if name in o.units)
            for name in ("escola", "turma")
        }
        for year, table in pede_years.items()
    }

    assert not of["2022"]["escola"] and not of["2023"]["escola"]
    schools = of["2024"]["escola"]
    assert (schools.total(), len(schools)) == (1155, 56)
    assert schools["EE Donizetti Aparecido Leite Professor"] == 109
    assert schools["EE Maria André Schunck Dona"] == 100
    assert [len(of[year]["turma"]) for year in of] == [24, 86, 92]
    assert {o.unit for o in pede_years["2023"].observations} == {""}
    folded = Counter(o.unit for o in pede_years["2024"].observations)
    assert folded["ee maria andre schunck dona"] == 100
    assert folded[""] == 1


def test_years_in_the_programme_count_from_the_year_of_entry(pede_years: Years) -> None:
    assert Counter(values(pede_years["2022"], "anos_programa"))[0.0] == 399


def test_every_column_not_used_is_named_and_has_a_reason(pede_years: Years, pede: TaskSpec) -> None:
    for table in pede_years.values():
        for header in table.batch.columns_ignored:
            assert pede.excluded_because(header) is not None, header


def test_what_stands_twice_in_the_header_is_told_twice(pede_years: Years) -> None:
    assert pede_years["2024"].batch.columns_ignored.count("Ativo/ Inativo") == 2
    assert pede_years["2023"].batch.columns_ignored.count("Destaque IPV") == 2


def test_other_published_files_are_refused_with_what_is_missing(
    real_data: Path, pede: TaskSpec
) -> None:
    for name in ("uci_student_mat.csv", "pede_data_dictionary.pdf", "README.md"):
        with pytest.raises(NotThisTask, match=name):
            read_tables(real_data / name, pede, now=NOW)
