"""Recall as people ask for it, and the figures of scikit-learn for those who expect them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import classification_report as reference
from sklearn.metrics import f1_score

from dashboard.texts import Language, load_texts
from dashboard.views.history import cohort_rows
from model.promotion import DecisionStatus, Promotion
from retraining.promotion.cohorts import cohort_figures
from retraining.promotion.ranking import Ties
from training.metrics import evaluate
from training.recall_targets import (
    FEWEST,
    TARGETS,
    classification_report,
    figures_at_k,
    recall_targets,
)

rows = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 8), st.booleans()), min_size=2, max_size=80
).filter(lambda drawn: 0 < sum(y for y, _, _ in drawn) < len(drawn))
Row = tuple[int, int, bool]


def columns(drawn: list[Row]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    outcome, scores, new = zip(*drawn, strict=True)
    return np.array(outcome, float), np.array(scores) / 8, np.array(new)


@given(rows)
@settings(max_examples=60, deadline=None)
def test_the_report_and_the_macro_f1_are_those_of_scikit_learn(drawn: list[Row]) -> None:
    outcome, scores, _ = columns(drawn)
    flags = scores >= 0.5

    ours = {one.name: one for one in classification_report(outcome, flags)}
    theirs = reference(outcome, flags.astype(float), output_dict=True, zero_division=0)

    names = {"low": "0.0", "high": "1.0", "macro": "macro avg", "weighted": "weighted avg"}
    for name, known in names.items():
        figures = asdict(ours[name])
        for key, other in (("precision", "precision"), ("recall", "recall"), ("f1", "f1-score")):
            assert figures[key] == pytest.approx(theirs[known][other])
        assert figures["support"] == theirs[known]["support"]
    assert evaluate(outcome, scores, threshold=0.5)["f1_macro"] == pytest.approx(
        f1_score(outcome, flags.astype(float), average="macro", zero_division=0)
    )


@given(rows)
@settings(max_examples=60, deadline=None)
def test_a_target_is_met_with_the_fewest_students_there_are(drawn: list[Row]) -> None:
    outcome, scores, new = columns(drawn)

    found = recall_targets(outcome, scores, new)

    assert [one.target for one in found] == list(TARGETS)
    for one in found:
        cut = np.sort(scores)[::-1][one.students - 1]
        flags = scores >= cut
        assert flags.sum() == one.students
        assert one.recall == pytest.approx(outcome[flags].sum() / outcome.sum())
        assert one.precision.value == pytest.approx(outcome[flags].mean())
        assert one.recall >= one.target - 1e-9
        assert outcome[scores > cut].sum() / outcome.sum() < one.target
        if outcome[new].sum():
            assert one.new_recall == pytest.approx(outcome[flags & new].sum() / outcome[new].sum())
        else:
            assert one.new_recall is None


def test_precision_and_recall_at_k_are_counted_and_a_handful_is_not_told() -> None:
    rng = np.random.default_rng(1)
    scores = rng.permutation(100) / 100
    outcome = (rng.random(100) < scores).astype(float)

    found = figures_at_k(outcome, scores, scores < 0.5)

    assert [one.k for one in found] == [10, 20, 30, 50]
    assert min(one.k for one in found) >= FEWEST
    for one in found:
        top = np.argsort(-scores)[: one.k]
        assert one.precision == pytest.approx(outcome[top].mean())
        assert one.recall == pytest.approx(outcome[top].sum() / outcome.sum())


def test_nothing_is_told_where_nobody_is_at_risk() -> None:
    nobody, scores = np.zeros(100), np.linspace(0, 1, 100)

    assert recall_targets(nobody, scores) == ()
    assert figures_at_k(nobody, scores) == ()


def test_each_period_is_read_at_its_own_budget_and_a_handful_is_withheld() -> None:
    outcome = np.array([1.0, 0.0] * 10 + [1.0] * 3)
    scores = np.concatenate([np.linspace(1, 0, 20), np.ones(3)])
    periods = np.array(["2022"] * 20 + ["2023"] * 3)

    (only,) = cohort_figures(
        "challenger", scores, outcome, periods, budget=0.25, ties=Ties.FAIR, new=outcome == 1
    )

    assert (only.period, only.records, only.positives) == ("2022", 20, 10)
    assert [only.recall, only.new_recall] == pytest.approx([0.3, 0.3])


def decision(at: int, champion: str | None, challenger: str, *cohorts: object) -> Promotion:
    evidence: dict[str, object] = {"challenger": {"version": challenger}, "cohorts": list(cohorts)}
    if champion:
        evidence["champion"] = {"version": champion}
    return Promotion(
        promotion_id=str(at), at=datetime(2026, 1, at, tzinfo=UTC), actor="pipeline",
        action="train", status=DecisionStatus.KEPT, challenger=challenger, champion=champion,
        reasons=(), evidence=evidence,
    )  # fmt: skip


def test_the_table_over_time_has_periods_and_versions_and_is_empty_where_nothing_is_honest() -> (
    None
):
    texts = load_texts(Language.EN)
    first = decision(1, None, "v1", {"model": "challenger", "period": "2022", "recall": 0.7})
    then = decision(
        2, "v1", "v10",
        {"model": "champion", "period": "2023", "recall": 0.6, "new_recall": 0.25},
        {"model": "challenger", "period": "2023", "recall": 0.8, "new_recall": None},
    )  # fmt: skip
    old = decision(3, "v1", "v2")

    table = cohort_rows([old, then, first], texts)

    period = texts("history.period")
    assert table == [
        {period: "2022", "v1": texts.share(0.7), "v10": ""},
        {
            period: "2023",
            "v1": f"{texts.share(0.6)} ({texts.share(0.25)})",
            "v10": texts.share(0.8),
        },
    ]
