"""Made-up school files of any task."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from model.errors import ConfigurationError
from preprocessing.cohorts.samples import example_record, write_samples
from preprocessing.dataset import training_set
from preprocessing.files.loading import CleanTable, read_tables
from preprocessing.leakage import check_leakage
from preprocessing.pairing import paired
from preprocessing.task.spec import TaskSpec, load_task, parse_task
from preprocessing.validation import check_record
from tests.preprocessing.conftest import NOW
from tests.preprocessing.test_other_schools import SHIPPED
from tests.preprocessing.test_text_outcomes import SPLIT
from tests.preprocessing.test_text_outcomes import TASK as TEXT_OUTCOME

DOCUMENTED = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")


def tasks() -> dict[str, TaskSpec]:
    """The shipped tasks, the documentation's example and one with a text outcome."""
    example = re.search(r"```yaml\n(name: .*?)```", DOCUMENTED, re.DOTALL)
    assert example is not None
    return {name: load_task(name) for name in SHIPPED} | {
        "documented": parse_task(example[1], source="docs/data.md"),
        "text": parse_task(TEXT_OUTCOME.replace("RULE", SPLIT), source="t.yaml"),
    }


NAMES = (*SHIPPED, "documented", "text")


def read(task: TaskSpec, folder: Path) -> list[CleanTable]:
    made = write_samples(task, folder)
    return [read_tables(path, task, now=NOW, period=period)[0] for path, period in made]


@pytest.mark.parametrize("name", NAMES)
def test_every_cell_of_a_sample_is_a_value_of_the_task(name: str, tmp_path: Path) -> None:
    for table in read(tasks()[name], tmp_path):
        assert table.batch.rows_kept == table.batch.rows_read == 600
        assert table.batch.cells_ignored == {}
        assert table.batch.columns_ignored == ()


@pytest.mark.parametrize("name", NAMES)
def test_samples_can_be_learned_from_and_give_nothing_away(name: str, tmp_path: Path) -> None:
    task = tasks()[name]
    data = training_set(paired(read(task, tmp_path)), [c.name for c in task.protected])

    report = check_leakage(data, task)

    assert len(data) == 1200
    assert max(report.alone.values()) < 0.85
    if task.outcome.kind == "numeric":
        assert report.together > 0.2
    else:
        assert 0.3 < data.outcome.mean() < 0.42
        assert 0.7 < report.together < 0.95


@pytest.mark.parametrize("name", NAMES)
def test_the_example_is_a_record_of_the_task(name: str) -> None:
    task = tasks()[name]
    example = example_record(task)

    assert check_record(task, example) == example
    assert example == task.example or list(example) == list(task.feature_names)[: len(example)]


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    task = load_task("uci_student")
    one, two = (write_samples(task, tmp_path / name, seed=3) for name in ("a", "b"))

    assert [p.read_bytes() for p, _ in one] == [p.read_bytes() for p, _ in two]
    assert one[0][0].read_bytes() != write_samples(task, tmp_path / "c")[0][0].read_bytes()


def test_periods_that_are_no_years_ask_for_files(tmp_path: Path) -> None:
    task = load_task("uci_student").model_copy(update={"periods": r"^\d{4}-[12]$"})

    with pytest.raises(ConfigurationError, match="DATA=folder"):
        write_samples(task, tmp_path)
