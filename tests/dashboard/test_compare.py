"""Two versions side by side, as the page of versions tells it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from dashboard.texts import Language, load_texts
from dashboard.versions.compare import (
    about_line,
    difference_chart,
    figure_rows,
    headline,
    overlap_line,
    period_rows,
    state_line,
    title_of,
)
from dashboard.versions.decided import gain_rows
from model.comparing.comparison import (
    ComparedFigure,
    ComparedPeriod,
    ComparisonFinding,
    ComparisonStatus,
    FigureRange,
    NotComparable,
    VersionComparison,
)
from tests.database.builders import promotion

EN, PT = load_texts(Language.EN), load_texts(Language.PT)
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
RECALL = ComparedFigure(
    "recall_at_budget", FigureRange(0.6, 0.5, 0.7), FigureRange(0.7, 0.6, 0.8),
    FigureRange(0.1, 0.02, 0.18),
)  # fmt: skip
BRIER = ComparedFigure(
    "brier", FigureRange(0.2, 0.18, 0.22), FigureRange(0.23, 0.2, 0.25),
    FigureRange(0.03, 0.01, 0.05), less_is_better=True,
)  # fmt: skip
AUC = replace(RECALL, metric="auc", difference=FigureRange(0.01, -0.02, 0.04))
FOUND = ComparisonFinding(
    120, 110, 40, ("2024",), AT, 300, 40, 30.0, False, (RECALL, BRIER, AUC),
    (ComparedPeriod("2024", 120, 40, (RECALL,)),), 2_000,
)  # fmt: skip
DONE = VersionComparison("c", AT, "v1", "v2", "ana", ComparisonStatus.DONE, AT, finding=FOUND)


def test_each_figure_stands_with_its_interval_and_the_difference_in_points() -> None:
    recall, brier, auc = figure_rows(DONE, FOUND.figures, PT)

    assert recall == {
        "medida": "Encontra no limite de alertas",
        "v1": "60 % (50 % - 70 %)",
        "v2": "70 % (60 % - 80 %)",
        "diferença": "+10,0 (+2,0 a +18,0)",
        "melhor além do acaso": "v2",
    }
    assert brier["diferença"] == "+0,030 (+0,010 a +0,050)"
    assert brier["melhor além do acaso"] == "v1"
    assert auc["melhor além do acaso"] == ""


def test_the_headline_says_who_is_ahead_in_what_and_nothing_beyond_chance() -> None:
    assert headline(DONE, FOUND, EN) == (
        "v1 is ahead beyond chance in: Brier. "
        "v2 is ahead beyond chance in: Finds at the alert budget."
    )
    nothing = replace(FOUND, figures=(AUC,))
    assert headline(DONE, nothing, PT) == "Entre v1 e v2 não se vê diferença além do acaso."
    assert headline(DONE, replace(FOUND, same_scores=True), EN).endswith("the same score.")


def test_the_chart_turns_errors_so_that_right_is_the_second_ahead_and_joins_nothing() -> None:
    (points,) = difference_chart(DONE, FOUND.figures, EN).data

    assert points.mode == "markers"
    assert points.x == (0.1, -0.03, 0.01)
    assert points.error_x.array[1] == pytest.approx(0.02)
    assert points.error_x.arrayminus[1] == pytest.approx(0.02)


def test_on_which_records_and_how_many_were_left_out_is_said() -> None:
    assert "120 records of 110 students (40 at risk), 2024" in about_line(FOUND, EN)
    assert "300 registros ficaram de fora" in about_line(FOUND, PT)
    assert "at risk" not in about_line(replace(FOUND, positives=0), EN)
    assert "75%" in overlap_line(DONE, FOUND, EN)
    (row,) = period_rows(DONE, FOUND, EN)
    assert (row["period"], row["records"]) == ("2024", "120")


@pytest.mark.parametrize("why", NotComparable)
@pytest.mark.parametrize("texts", [EN, PT])
def test_every_reason_why_nothing_is_compared_is_a_sentence(
    why: NotComparable, texts: object
) -> None:
    one = replace(DONE, status=ComparisonStatus.IMPOSSIBLE, why=why, finding=None, found=7)

    told = state_line(one, EN if texts is EN else PT)

    assert "v1" in told and "v2" in told


@pytest.mark.parametrize("status", ComparisonStatus)
def test_every_status_is_named_where_comparisons_are_chosen(status: ComparisonStatus) -> None:
    assert title_of(replace(DONE, status=status), PT).startswith("v1 · v2, 1 mar 2026, 12:00")


def test_one_that_waits_or_failed_says_so() -> None:
    assert "wait for the worker" in state_line(
        replace(DONE, status=ComparisonStatus.WAITING, finding=None), EN
    )
    failed = replace(DONE, status=ComparisonStatus.FAILED, finding=None, error="not signed")
    assert "not signed" in state_line(failed, PT)


def test_what_a_run_compared_stands_in_for_two_versions_without_untouched_records() -> None:
    gain = {"metric": "auc", "champion": 0.8, "challenger": 0.85, "gain": 0.05, "low": 0.01,
            "high": 0.09}  # fmt: skip
    decision = promotion(challenger="v2", champion="v1")
    decision = replace(decision, evidence={"champion": {"version": "v1"}, "gains": [gain]})

    (row,) = gain_rows(decision, "v1", EN)

    assert row == {
        "metric": "Ranks (AUC)", "v1": "0.800", "v2": "0.850", "gain": "0.050 (0.010 to 0.090)",
    }  # fmt: skip
    assert gain_rows(decision, "v7", EN) == []
