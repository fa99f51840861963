"""The evidence of a decision, as tables."""

from __future__ import annotations

from dataclasses import asdict, fields, is_dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from dashboard.evidence.tables import evidence_tables, name_of
from dashboard.texts import Language, load_texts
from model.decisions.looks import Look
from model.helping.bounds import HelpedBounds
from model.helping.evidence import HelpedEvidence
from model.watch.shadow_figures import ShadowFigures
from preprocessing.task.policies import PromotionPolicy
from retraining.promotion.bootstrap import Metric
from retraining.promotion.cases import Answers, Cases
from retraining.promotion.cohorts import CohortFigures
from retraining.promotion.comparison import compare
from retraining.promotion.evidence import (
    Baseline,
    BinaryEvidence,
    Contrast,
    Expected,
    Gain,
    GroupRecall,
    Origin,
    Scorecard,
    Source,
)
from retraining.promotion.numeric import NumericCard, NumericEvidence
from retraining.run.challenge import HOW

EN, PT = load_texts(Language.EN), load_texts(Language.PT)
PARTS = (
    BinaryEvidence, NumericEvidence, Scorecard, NumericCard, Gain, GroupRecall, Baseline, Origin,
    Expected, Contrast, Look, CohortFigures, ShadowFigures, HelpedEvidence, HelpedBounds,
)  # fmt: skip


def evidence() -> dict[str, Any]:
    outcome = np.tile([1.0, 0.0], 30)
    students = np.array([f"S{i}" for i in range(60)])
    cases = Cases(
        outcome, students, np.array(["2023"] * 60), {"gender": np.tile(["F", "M"], 30)},
        {"persistence": outcome}, new=outcome == 0,
    )  # fmt: skip
    scores = np.linspace(0.9, 0.1, 60)
    first, second = Answers("v1", scores, 0.5), Answers("v2", scores[::-1].copy(), 0.5)
    found = compare(cases, second, first, PromotionPolicy(), seed=0, resamples=20).to_mapping()
    return {
        **found,
        "shadow": {"champion": "v1", "records": 40, "same_status": 0.9},
        "of a later release": {"deep": {"er": 0.5}},
        "at": datetime(2026, 1, 1, tzinfo=UTC),
    }


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_every_field_of_evidence_has_a_name_in_both_languages(part: type) -> None:
    assert is_dataclass(part)
    names = {one.name for one in fields(part)} - {"version"}

    unnamed = {n for n in names if f"evidence.{n}" not in PT.sentences} - {
        n for n in names if f"metric.{n}" in PT.sentences
    }

    assert unnamed == set(), "dashboard/texts.yaml lacks these as evidence.<field>"


@pytest.mark.parametrize("word", [*Source, *HOW, *(m.value for m in Metric)])
def test_every_word_of_evidence_is_told_in_both_languages(word: str) -> None:
    assert f"word.{word}" in PT.sentences or f"metric.{word}" in PT.sentences


def test_all_of_the_evidence_is_in_some_table_and_none_of_it_is_json() -> None:
    given = evidence()

    tables = evidence_tables(given, EN)

    titles = [table.title for table in tables]
    assert titles[:2] == ["What was compared", "Both models"]
    for key, value in given.items():
        if isinstance(value, dict | list) and value and key not in {"champion", "challenger"}:
            shown = name_of(key, EN) in titles or key == "periods"
            assert shown, key
    cells = [cell for table in tables for row in table.rows for cell in row.values()]
    assert cells and all(isinstance(cell, str) for cell in cells)
    assert not any("{" in cell or "[" in cell for cell in cells)


def test_both_models_are_columns_under_their_versions() -> None:
    models = next(t for t in evidence_tables(evidence(), PT) if t.title == "Os dois modelos")

    auc = next(row for row in models.rows if row["o quê"] == "Ordena (AUC)")
    assert auc["v1 (campeã)"] == "0,517" and auc["v2 (desafiante)"] == "0,483"


def test_evidence_of_before_with_fewer_parts_is_shown_with_those_it_has() -> None:
    tables = evidence_tables({"rows": 12, "champion": None, "challenger": {"auc": 0.7}}, EN)

    assert [table.title for table in tables] == ["What was compared", "Both models"]
    assert tables[0].rows[0] == {"what": "records", "figure": "12"}
    assert evidence_tables({}, EN) == []


def test_a_look_is_told_by_its_fields() -> None:
    look = asdict(Look("2023", 1, 0.5, 0.01, 0.01, 0.05))

    (table,) = evidence_tables({"look": look}, PT)

    assert table.title == "Margem de erro do período"
    assert {"o quê": "número", "valor": "1"} in table.rows


def test_what_lies_below_another_field_has_the_names_of_both() -> None:
    helped = {"helped": 3, "challenger": {"recorded": 0.5, "without": 0.25}}

    (table,) = evidence_tables({"helped": helped}, PT)

    assert table.title == "com e sem quem foi ajudado"
    assert table.rows[1] == {"o quê": "desafiante como os desfechos vieram", "valor": "0,500"}
