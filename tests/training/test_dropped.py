"""What each feature brings, and where it is told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dashboard.texts import Language, load_texts
from dashboard.versions.figures import dropped_rows
from database.mapping.documents import from_document, to_document
from model.dropped import DroppedFeatures, DroppedStudy
from model.version import ModelVersion
from preprocessing.dataset import TrainingSet
from preprocessing.task.columns import Column, Derived, Longitudinal
from preprocessing.task.events import Aggregate, EventPlan
from preprocessing.task.spec import TaskSpec
from tests.database.builders import model_version
from tests.training.conftest import made_up
from tests.training.test_card import facts_of
from training import dropped
from training.candidates import candidate
from training.card.render import to_html, to_markdown
from training.dropped import column_groups, dropped_features
from training.train import fit

RIDGE = candidate("ridge")
STUDY = DroppedStudy(
    400,
    0.8,
    (
        DroppedFeatures(("grade", "double"), 0.0456, 0.01),
        DroppedFeatures(("noise",), -0.001, 0.004),
    ),
)


def studied(data: TrainingSet, task: TaskSpec, said: list[str] | None = None) -> DroppedStudy:
    heard = [] if said is None else said
    return dropped_features(data, task, "ridge", RIDGE.params, seed=0, progress=heard.append)


def test_what_decides_the_outcome_is_missed_beyond_its_error_and_noise_is_not(
    task: TaskSpec,
) -> None:
    said: list[str] = []

    study = studied(made_up(800), task, said)

    brings = {left_out.features[0]: left_out for left_out in study.dropped}
    assert study.strongest is not None
    assert study.strongest.features == ("grade",)
    assert brings["grade"].brings > 0.05
    assert not brings["noise"].clear
    assert [d.brings for d in study.dropped] == sorted(d.brings for d in study.dropped)[::-1]
    assert len(said) == len(brings) == 5
    assert said[0].startswith("without grade [1/5]: -0.")


def test_the_same_data_and_seed_give_the_same_study(task: TaskSpec) -> None:
    assert studied(made_up(300), task) == studied(made_up(300), task)


def test_a_column_is_left_out_with_its_history_and_the_formulas_that_read_it(
    task: TaskSpec,
) -> None:
    worked_out = task.model_copy(
        update={
            "derived": (Derived(name="gap", formula="grade - effort"),),
            "events": EventPlan(date=Column(name="day"), aggregates=(Aggregate(name="absent"),)),
            "longitudinal": Longitudinal(features=("grade",), values=("previous", "trend")),
        }
    )

    groups = list(column_groups(worked_out))

    assert groups == [
        ("grade", "grade_previous", "grade_trend", "gap"),
        ("effort", "gap"),
        ("lag",),
        ("noise",),
        ("school",),
        ("absent_count_30d", "absent_count_period"),
    ]


def test_a_number_worked_out_from_a_column_does_not_stand_in_for_it(
    task: TaskSpec,
) -> None:
    formula = task.model_copy(update={"derived": (Derived(name="double", formula="grade * 2"),)})

    study = studied(made_up(500), formula)

    assert study.strongest is not None
    assert study.strongest.features == ("grade", "double")


def test_too_many_columns_and_records_are_not_studied_and_it_says_why(
    task: TaskSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dropped, "MOST_CELLS", 1000)

    study = studied(made_up(400), task)

    assert study.dropped == ()
    assert study.skipped.startswith("5 columns of 400 records are more than 1,000 values")


def test_of_a_large_window_a_part_is_studied(
    task: TaskSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dropped, "STUDIED_ROWS", 300)

    assert studied(made_up(900), task).rows == 300


def test_a_task_of_one_column_cannot_do_without_it(task: TaskSpec) -> None:
    data = made_up(300)
    alone = replace(data, records=tuple({"grade": r["grade"]} for r in data.records))

    study = studied(alone, task)

    assert study.dropped == ()
    assert "no column can be left out" in study.skipped


def test_of_a_numeric_outcome_it_is_the_error_that_grows(task: TaskSpec) -> None:
    data = made_up(400)
    outcome = task.outcome.model_copy(update={"kind": "numeric", "below": None})
    target = np.array([3 * float(r["grade"]) for r in data.records])

    study = studied(replace(data, outcome=target), task.model_copy(update={"outcome": outcome}))

    assert study.objective < 0
    assert study.strongest is not None
    assert study.strongest.features == ("grade",)
    assert study.strongest.brings > 1


def test_the_card_says_what_each_brings_in_words_a_table_and_a_picture(task: TaskSpec) -> None:
    data = made_up(400)
    model = fit(data, task, seed=0, family="ridge", repeats=1, progress=lambda _: None)
    facts = facts_of((model, task), data)

    html, text = (
        form(replace(facts, version=replace(facts.version, dropped=STUDY)))
        for form in (to_html, to_markdown)
    )

    assert "without it 4.6 fewer of 100 students at risk are found" in text
    assert "O indicador que mais ajuda é grade: sem ele" in html
    assert "o modelo encontraria 4,6 a menos" in html
    assert "| grade, double | +0.0456 | 0.0100 |" in text
    assert '<title id="dropped-title">What each feature brings</title>' in html
    assert "What each feature brings" not in to_markdown(facts)


def test_the_card_says_that_no_column_is_missed_and_why_none_was_measured(task: TaskSpec) -> None:
    data = made_up(400)
    model = fit(data, task, seed=0, family="ridge", repeats=1, progress=lambda _: None)
    facts = facts_of((model, task), data)

    def card(study: DroppedStudy) -> str:
        return to_html(replace(facts, version=replace(facts.version, dropped=study)))

    assert "faz falta além do acaso" in card(replace(STUDY, dropped=STUDY.dropped[1:]))
    assert "Not measured: far too many" in card(DroppedStudy(400, skipped="far too many"))


def test_a_version_keeps_it_and_one_of_before_is_read_without() -> None:
    version = model_version(dropped=STUDY)
    written = to_document(version)
    of_before = {key: value for key, value in written.items() if key != "dropped"}

    assert from_document(ModelVersion, written).dropped == STUDY
    assert from_document(ModelVersion, of_before).dropped is None


def test_the_dashboard_tells_students_found_or_the_error_of_a_number() -> None:
    texts = load_texts(Language.PT)

    risk, number = (dropped_rows(STUDY, of_risk, texts)[0] for of_risk in (True, False))

    assert risk == {
        "sem": "grade, double", "a menos de cada 100 em risco": "4,6", "erro padrão": "1,0",
    }  # fmt: skip
    assert number["aumento do erro médio"] == "0,046"
