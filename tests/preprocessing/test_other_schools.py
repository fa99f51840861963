"""Another school's data needs another YAML, and no code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from model.errors import ConfigurationError, NotThisTask
from preprocessing.files.loading import read_tables
from preprocessing.task.columns import Column, Derived, Kind
from preprocessing.task.spec import load_task, parse_task
from preprocessing.validation import check_record
from tests.preprocessing.conftest import NOW, WriteCsv

ROOT = Path(__file__).parents[2]
SHIPPED = sorted(path.stem for path in (ROOT / "preprocessing" / "tasks").glob("*.yaml"))


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_task_is_described_in_both_languages_and_has_bounds(name: str) -> None:
    task = load_task(name)
    columns = (*task.features, *task.protected, *task.checked, task.outcome.column)
    unbounded = [c.name for c in columns if c.kind is Kind.NUMERIC and None in (c.low, c.high)]

    said = {"title": task.title, "title_pt": task.title_pt, "description": task.description}
    said["outcome.description"] = task.outcome.description
    parts: list[Column | Derived] = [*columns, *task.derived]
    for part in parts:
        said[f"{part.name}.description"] = part.description
        said[f"{part.name}.description_pt"] = part.description_pt
    named: list[Column | Derived] = [*task.features, *task.unit, *task.derived, task.outcome.column]
    for part in named:
        said[f"{part.name}.label"], said[f"{part.name}.label_pt"] = part.label, part.label_pt

    assert [key for key, words in said.items() if not words] == []
    assert unbounded == []


def test_exam_scores_are_read_with_their_row_numbers_as_ids(real_data: Path) -> None:
    task = load_task("exam_scores")

    (table,) = read_tables(
        real_data / "students_performance_in_exams.csv", task, now=NOW, period="2018"
    )

    assert table.batch.rows_kept == 1000
    assert table.batch.columns_ignored == ("reading_score", "writing_score")
    assert table.batch.cells_ignored == {}
    assert table.outcomes[0].value == 72.0
    assert (table.outcomes[0].student_id, table.outcomes[0].period) == ("2018-1", "2018")
    assert all(len(o.features) == 5 for o in table.observations)
    # A category may be called "none", which elsewhere is a word for nothing.
    assert table.observations[0].features["test_preparation_course"] == "none"


def test_another_countrys_students_are_read_without_code(real_data: Path) -> None:
    task = load_task("uci_student")

    (table,) = read_tables(real_data / "uci_student_mat.csv", task, now=NOW, period="2006")

    assert table.batch.rows_kept == 395
    assert sum(outcome.value for outcome in table.outcomes) == 130
    assert table.batch.cells_ignored == {}


def test_an_id_column_is_used_where_there_is_one(csv_file: WriteCsv) -> None:
    task = load_task("uci_student")
    path = csv_file("u_2006.csv", "student_id,G1,age,failures,G3\nana,10,15,0,11\n")

    (table,) = read_tables(path, task, now=NOW)

    assert table.observations[0].student_id == "ana"


def test_a_category_called_none_is_no_missing_value_in_a_request() -> None:
    task = load_task("exam_scores")

    assert check_record(task, {"test_preparation_course": "none"}) == {
        "test_preparation_course": "none"
    }


MINIMAL = """
name: t
title: T
id: {name: id, kind: category}
features: [{name: a, reader: READER}]
outcome: {column: {name: o}, below: 1}
"""


def test_a_reader_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(ConfigurationError, match=r"features\.0\.reader.*phase"):
        parse_task(MINIMAL.replace("READER", "wizard"), source="t.yaml")


def test_a_spelling_of_two_categories_is_refused() -> None:
    text = MINIMAL.replace("reader: READER", "kind: category, categories: {x: [A], y: [á]}")

    with pytest.raises(ConfigurationError, match="spellings of two categories: a"):
        parse_task(text, source="t.yaml")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("reader: text", "reader text does not read a numeric column"),
        ("kind: category, reader: age", "reader age does not read a category column"),
        ("categories: {x: []}", "a numeric column has no categories"),
        ("low: 2, high: 1", "low is above high"),
    ],
)
def test_a_column_that_contradicts_itself_is_refused(change: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        parse_task(MINIMAL.replace("reader: READER", change), source="t.yaml")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("leakage: {accepted: {b: because}}", "no features of these names: b"),
        ("periods: '['", "no regular expression"),
    ],
)
def test_a_task_that_names_what_is_not_there_is_refused(line: str, why: str) -> None:
    text = MINIMAL.replace(", reader: READER", "") + line

    with pytest.raises(ConfigurationError, match=why):
        parse_task(text, source="t.yaml")


NUMERIC = MINIMAL.replace(", reader: READER", "").replace("below: 1", "kind: numeric")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (NUMERIC, r"needs status\.concern"),
        (NUMERIC + "status: {concern: low, alert: 5}", r"needs status\.concern"),
        (
            NUMERIC + "status: {concern: low, alert: 5, critical: 6}",
            r"with concern low, critical \(6\) must lie below alert \(5\)",
        ),
        (
            NUMERIC + "status: {concern: high, alert: 5, critical: 4}",
            r"must lie above alert \(5\)",
        ),
        (
            MINIMAL.replace(", reader: READER", "") + "status: {alert: 0.5}",
            "are for a numeric outcome",
        ),
    ],
)
def test_statuses_that_do_not_fit_the_outcome_are_refused_with_the_keys(
    text: str, why: str
) -> None:
    with pytest.raises(ConfigurationError, match=why):
        parse_task(text, source="t.yaml")


def test_an_id_is_text_whatever_it_looks_like(csv_file: WriteCsv) -> None:
    task = parse_task(MINIMAL.replace(", reader: READER", ""), source="t.yaml")

    (table,) = read_tables(csv_file("t_2020.csv", "id,a,o\nx-1,1,0\n007,2,1\n"), task, now=NOW)

    assert [o.student_id for o in table.observations] == ["x-1", "007"]


def test_a_period_that_has_no_next_one_is_refused(csv_file: WriteCsv) -> None:
    text = MINIMAL.replace(", reader: READER", "") + r"periods: '^\d{4}-[12]$'"
    path = csv_file("t_2020-1.csv", "id,a,o\nx,1,0\n")

    with pytest.raises(NotThisTask, match="no whole number"):
        read_tables(path, parse_task(text, source="t.yaml"), now=NOW)


def test_the_example_of_the_documentation_is_a_task() -> None:
    page = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")
    example = re.search(r"```yaml\n(.*?)```", page, re.DOTALL)

    assert example is not None
    assert parse_task(example[1], source="docs/data.md").feature_names == ("attendance", "shift")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("feature_s: []", r"line 7: feature_s: no key of this name; did you mean features\?"),
        ("schedule: {retrian: x}", r"line 7: schedule\.retrian: .*did you mean retrain\?"),
        ("labels: anny", r"line 7: labels: .*did you mean any\?"),
        ("promotion: {canary: {sher: 1}}", r"line 7: promotion\.canary\.sher: .*known are|mean"),
        ("retention: {runs: 1}", r"line 7: retention\.runs: Input should be greater"),
        ("zzz: 1", r"line 7: zzz: no key of this name; known are name, title"),
    ],
)
def test_a_mistake_is_told_with_its_line_its_key_and_what_was_meant(line: str, told: str) -> None:
    text = MINIMAL.replace(", reader: READER", "") + line

    with pytest.raises(ConfigurationError, match=told):
        parse_task(text, source="t.yaml")


def test_a_mistake_in_a_column_is_told_on_the_columns_line() -> None:
    text = MINIMAL.replace("[{name: a, reader: READER}]", "\n  - {name: a}\n  - {nam: b}")

    with pytest.raises(
        ConfigurationError, match=r"line 7: features\.1\.nam: .*did you mean name\?"
    ) as raised:
        parse_task(text, source="t.yaml")

    assert "line 7: features.1.name: is missing" in str(raised.value)


@pytest.mark.parametrize("text", ["", "- a\n", "name: [", "just text"])
def test_what_is_no_task_at_all_is_told_so(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^t\.yaml: "):
        parse_task(text, source="t.yaml")
