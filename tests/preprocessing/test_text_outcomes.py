"""An outcome that schools write as a text."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from api.outcomes import OutcomeReader
from model.errors import ConfigurationError, InvalidRecord
from preprocessing.files.loading import read_tables
from preprocessing.task.spec import TaskSpec, parse_task
from tests.preprocessing.conftest import NOW, WriteCsv

TASK = """
name: leaves_school
title: Leaves school
id: {name: student}
features:
  - {name: grade, low: 0, high: 20}
  - {name: before, kind: category, categories: {dropout: [], graduate: [], enrolled: []}}
outcome:
  column:
    name: target
    aliases: [Target]
    kind: category
    categories: {dropout: [Dropout, Desistiu], graduate: [Graduate], enrolled: [Enrolled]}
  horizon: 0
  RULE
"""
SPLIT = "positive: [dropout]\n  negative: [graduate]"
COLUMN = TASK[TASK.index("  column:") : TASK.index("  horizon:")]


@pytest.fixture
def task() -> TaskSpec:
    return parse_task(TASK.replace("RULE", SPLIT), source="t.yaml")


def test_a_text_outcome_is_mapped_and_one_that_is_still_open_is_not_known_yet(
    csv_file: WriteCsv, task: TaskSpec
) -> None:
    rows = "a,11,Dropout\nb,12,GRADUATE\nc,13,Enrolled\nd,14,\ne,15,desistiu\n"

    (table,) = read_tables(csv_file("s_2020.csv", "student,grade,Target\n" + rows), task, now=NOW)

    assert {o.student_id: o.value for o in table.outcomes} == {"a": 1.0, "b": 0.0, "e": 1.0}
    assert len(table.observations) == 5
    assert table.batch.rejects == ()


def test_without_negative_texts_all_others_are_not_at_risk(csv_file: WriteCsv) -> None:
    task = parse_task(TASK.replace("RULE", "positive: [dropout]"), source="t.yaml")
    path = csv_file("s_2020.csv", "student,grade,Target\na,11,Dropout\nc,13,Enrolled\n")

    (table,) = read_tables(path, task, now=NOW)

    assert [o.value for o in table.outcomes] == [1.0, 0.0]


def test_a_text_that_is_no_category_is_rejected_with_row_and_reason(
    csv_file: WriteCsv, task: TaskSpec
) -> None:
    path = csv_file("s_2020.csv", "student,grade,Target\na,11,Dropout\nb,12,Drpout\n")

    (table,) = read_tables(path, task, now=NOW)

    (reject,) = table.batch.rejects
    assert (reject.row, reject.field) == (2, "target")
    assert reject.reason == "must be one of dropout, graduate, enrolled"


def test_the_present_text_outcome_can_be_the_rule_to_beat() -> None:
    task = parse_task(TASK.replace("RULE", f"{SPLIT}\n  persistence: before"), source="t.yaml")

    assert task.outcome.persistence == "before"
    with pytest.raises(ConfigurationError, match="persistence: grade is no category column"):
        parse_task(TASK.replace("RULE", f"{SPLIT}\n  persistence: grade"), source="t.yaml")


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("description: x", r"target is a text: say which categories .* `positive: \[dropout\]`"),
        ("below: 1", "target is a text: `below` and `at_least` are for numbers"),
        ("kind: numeric", "target is a text: a numeric outcome needs a column of numbers"),
        ("positive: [Droput]", "Droput: no category of target; known are dropout, graduate"),
        ("positive: [dropout]\n  negative: [dropout]", "dropout: both `positive` and `negative`"),
        ("positive: [dropout, graduate, enrolled]", "every category of target is `positive`"),
    ],
)
def test_a_text_outcome_without_a_rule_for_texts_is_refused(rule: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        parse_task(TASK.replace("RULE", rule), source="t.yaml")


@pytest.mark.parametrize(
    ("column", "rule", "why"),
    [
        ("{name: t, kind: category}", "positive: [x]", "t is a text: give its `categories`"),
        ("{name: t}", "positive: [x]", "t is a number: `positive` and `negative` are for a text"),
    ],
)
def test_a_rule_that_does_not_fit_its_column_is_refused(column: str, rule: str, why: str) -> None:
    text = TASK.replace(COLUMN, f"  column: {column}\n").replace("RULE", rule)

    with pytest.raises(ConfigurationError, match=why):
        parse_task(text, source="t.yaml")


def test_a_label_may_give_the_raw_text(task: TaskSpec) -> None:
    reader = OutcomeReader(task)
    now = datetime(2025, 1, 1, tzinfo=UTC)

    def value(text: object) -> float:
        item = {"student_id": "a", "period": "2020", "target": text}
        return reader.one(item, now=now, source="test").value

    assert (value("Desistiu"), value("graduate")) == (1.0, 0.0)
    with pytest.raises(InvalidRecord, match="target: says that the outcome is not known yet"):
        value("Enrolled")
    with pytest.raises(InvalidRecord, match="target: must be one of dropout"):
        value("Drpout")
