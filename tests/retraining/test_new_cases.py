"""Beside every recall stands that of the students who are not at risk now."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime
from io import StringIO

import numpy as np
import pytest
from rich.console import Console

from dashboard.texts import Language, load_texts
from dashboard.views.history import ledger_rows
from dashboard.views.overview import new_cases_told
from drift.performance import realised_performance
from model.promotion import DecisionStatus, Promotion
from preprocessing.lanes import new_cases
from preprocessing.task.policies import PromotionPolicy
from preprocessing.task.spec import load_task
from retraining.promotion.cases import Answers
from retraining.promotion.comparison import compare
from retraining.promotion.decision import decide
from retraining.promotion.evidence import BinaryEvidence, Scorecard
from retraining.run.report import told_new_cases
from tests.retraining.samples import blurred, cases, world
from training.fairness import group_figures
from training.metrics import evaluate

OUTCOME = np.array([1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0])
SCORES = np.array([0.9, 0.8, 0.4, 0.1, 0.7, 0.3, 0.2, 0.05])
NEW = np.array([False, False, True, True, True, True, False, False])


def test_who_is_not_known_to_be_at_risk_now_is_a_new_case() -> None:
    task = load_task("pede_lag")

    found = new_cases([{"defasagem": -1}, {"defasagem": 0}, {}], task)

    assert found is not None
    assert found.tolist() == [False, True, True]


def test_without_a_persistence_column_nobody_is_told_apart() -> None:
    task = load_task("pede_lag")
    outcome = task.outcome.model_copy(update={"persistence": None})

    assert new_cases([{"defasagem": -1}], task.model_copy(update={"outcome": outcome})) is None
    assert new_cases([{}], load_task("exam_scores")) is None


def test_recall_of_new_cases_stands_beside_recall_at_budget_and_threshold() -> None:
    figures = evaluate(OUTCOME, SCORES, threshold=0.35, budget=0.25, new=NEW)

    assert (figures["recall"], figures["new_recall"]) == (0.75, 0.5)
    assert (figures["recall_at_budget"], figures["new_recall_at_budget"]) == (0.5, 0.0)
    assert figures["new_positives"] == 2


def test_no_figure_of_new_cases_is_made_up_where_there_are_none() -> None:
    nobody = evaluate(OUTCOME, SCORES, threshold=0.5, new=np.zeros(8, dtype=bool))
    untold = evaluate(OUTCOME, SCORES, threshold=0.5)

    assert nobody["new_positives"] == 0
    assert not {"new_recall", "new_recall_at_budget"} & nobody.keys()
    assert not any(name.startswith("new_") for name in untold)


def test_the_drift_watch_counts_the_same_new_cases_as_training() -> None:
    trained = evaluate(OUTCOME, SCORES, threshold=0.35, new=NEW)
    realised = realised_performance(OUTCOME, SCORES, 0.35, NEW)

    for name in ("new_positives", "new_recall"):
        assert realised[name] == trained[name]


def test_a_group_says_what_is_found_of_its_new_cases() -> None:
    groups = {"gender": np.array(["f", "m"] * 4)}

    f, m = group_figures(OUTCOME, groups, (SCORES >= 0.35).astype(float), NEW)

    assert (f.new, f.new_recall.value) == (2, 1.0)
    assert (m.new, m.new_recall.value) == (2, 0.0)


def judged(*, told: bool = True) -> BinaryEvidence:
    risk, outcome = world(600)
    new = np.random.default_rng(3).random(600) < 0.6
    return compare(
        replace(cases(outcome), new=new if told else None),
        Answers("v2", risk, 0.5),
        Answers("v1", blurred(risk, 2.0, seed=1), 0.5),
        PromotionPolicy(),
        seed=0,
        resamples=200,
    )


def test_both_scorecards_and_the_sentence_of_the_gain_tell_of_new_cases() -> None:
    evidence = judged()
    assert evidence.champion is not None

    before, after = evidence.champion, evidence.challenger
    gain = next(
        g for g in decide(evidence, PromotionPolicy()).guards if g.name == "min_recall_gain"
    )

    assert before.new_recall_at_budget is not None and after.new_recall_at_budget is not None
    assert after.new_recall_at_budget > before.new_recall_at_budget
    assert (
        f"of the {after.new_positives} not at risk now from {before.new_recall_at_budget:.1%} to "
        f"{after.new_recall_at_budget:.1%}" in gain.reason
    )


def test_a_comparison_that_cannot_tell_says_nothing_of_new_cases() -> None:
    evidence = judged(told=False)

    decision = decide(evidence, PromotionPolicy())

    assert evidence.challenger.new_positives is None
    assert not any("not at risk now" in guard.reason for guard in decision.guards)
    assert "names no outcome.persistence" in told_new_cases(evidence.to_mapping())


def test_a_scorecard_of_an_old_ledger_reads_without_new_cases() -> None:
    optional = {f.name for f in fields(Scorecard) if f.name.startswith("new_")}
    old = {f.name: 0.5 for f in fields(Scorecard) if f.name not in optional}

    card = Scorecard(**old)  # type: ignore[arg-type]

    assert optional == {"new_recall_at_budget", "new_recall", "new_positives"}
    assert all(getattr(card, name) is None for name in optional)


def test_the_terminal_and_the_history_page_show_both_recalls() -> None:
    mapping = judged().to_mapping()
    ours, theirs = mapping["challenger"], mapping["champion"]
    texts = load_texts(Language.EN)
    line = Promotion(
        promotion_id="r", at=datetime(2026, 1, 1, tzinfo=UTC), actor="pipeline", action="train",
        status=DecisionStatus.PROMOTED, challenger="v2", champion="v1", reasons=(),
        evidence=mapping,
    )  # fmt: skip
    console = Console(file=StringIO(), width=200)

    console.print(told_new_cases(mapping))
    (row,) = ledger_rows([line], texts)

    assert f"{ours['new_recall_at_budget']:.1%} of them" in console.file.getvalue()  # type: ignore[attr-defined]
    shown = f"{texts.share(theirs['new_recall_at_budget'])} → "
    assert row[texts("metric.new_recall")].startswith(shown)


@pytest.mark.parametrize("language", list(Language))
def test_the_overview_says_in_words_what_is_found_of_new_cases(language: Language) -> None:
    texts = load_texts(language)

    assert "**41**" in new_cases_told({"new_recall": 0.41, "new_positives": 30}, texts)
    assert new_cases_told({"new_positives": 0}, texts) != new_cases_told({}, texts)
