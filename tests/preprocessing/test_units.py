"""Where a student is: the unit columns of a task."""

from __future__ import annotations

import pytest

from model.errors import ConfigurationError
from preprocessing.task.spec import TaskSpec, parse_task, task_text

SCHOOLS = """
unit:
  - {name: escola, aliases: [Escola], kind: category, categories: {jp2: [Escola JP II]}}
  - {name: turma, kind: category}
"""


def task(more: str = SCHOOLS) -> TaskSpec:
    text = task_text("uci_student").replace("\nfeatures:", f"{more}\nfeatures:", 1)
    return parse_task(text, source="test")


def test_access_goes_by_the_first_unit_whatever_its_spelling() -> None:
    spec = task()

    assert spec.unit_of({"escola": "Ágata  Um", "turma": "8A"}) == "agata um"
    assert spec.unit_of({"turma": "8A"}) == ""
    assert spec.unit_of({}) == ""
    assert task("").unit_of({"escola": "A"}) == ""


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ("unit: [{name: escola}]", "unit: escola: say `kind: category`"),
        ("unit: [{name: age, kind: category}]", "columns named twice: age"),
    ],
)
def test_units_that_are_no_categories_of_their_own_are_refused(more: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        task(more)


def test_ids_that_are_unique_within_a_unit_need_a_unit() -> None:
    text = task_text("uci_student").replace("id:\n", "id:\n  unique_within: unit\n", 1)

    with pytest.raises(ConfigurationError, match="the task has no `unit`"):
        parse_task(text, source="test")
