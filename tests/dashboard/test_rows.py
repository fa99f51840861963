"""What the API's answers and the records become in the pages' tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from dashboard.as_of import term_line
from dashboard.decision import guard_rows
from dashboard.runs.rows import look_told
from dashboard.texts import Language, load_texts
from dashboard.views.drift import performance_rows
from model.decisions.looks import Look
from model.drift import DriftReport
from model.promotion import DecisionStatus, Guard, Promotion, Term

EN, PT = load_texts(Language.EN), load_texts(Language.PT)


def test_guards_that_were_not_met_come_first() -> None:
    guards = (Guard("auc", True, "as good", 0.9, 0.89), Guard("recall_gain", False, "too small"))

    rows = guard_rows(guards, EN)

    assert [row["condition"] for row in rows] == ["recall gain", "auc"]
    assert (rows[0]["measured"], rows[1]["measured"]) == ("", "0.900")


def test_performance_leaves_blank_what_is_not_known_yet() -> None:
    now = datetime(2025, 3, 1, tzinfo=UTC)
    report = DriftReport("d", now, "v1", 10, ("2024",), (), False, {}, {"recall": 0.71})

    rows = performance_rows(report, {"recall": 0.74, "auc": 0.82}, EN)

    blank = {"measured (with outcomes)": ""}
    assert rows == [
        {"": "Finds", "when trained": "0.740", "expected (without outcomes)": "0.710", **blank},
        {"": "Ranks (AUC)", "when trained": "0.820", "expected (without outcomes)": "", **blank},
    ]


def test_who_served_when_is_told_in_one_sentence() -> None:
    at = datetime(2025, 3, 1, 6, 0, tzinfo=UTC)
    made = Promotion("p", at, "pipeline", "train", DecisionStatus.PROMOTED, "v2", "v1", ())

    assert term_line(None, EN) == "Nobody served yet."
    assert term_line(Term(made, None), EN) == (
        "**v2**, since 1 Mar 2025, 06:00 UTC, by decision of pipeline; it still serves."
    )
    assert term_line(Term(replace(made, provisional=True), at), PT) == (
        "**v2**, de 1 mar 2025, 06:00 UTC até 1 mar 2025, 06:00 UTC, por decisão de pipeline. "
        "Em caráter provisório: só porque não havia outra."
    )


def test_a_run_tells_in_both_languages_what_is_spent_of_the_error_budget() -> None:
    taken = Look("2023", 2, 0.5, 0.00625, 0.0075, 0.05)
    english = load_texts(Language.EN)

    assert look_told(taken, english) == "2023: look 2, error 0.62 %; 0.75 % of 5.00 % spent"
    assert look_told(taken, PT) == "2023: comparação 2, erro 0,62 %; gastos 0,75 % de 5,00 %"
    refused = Look("2023", 0, 0.5, 0.0, 0.0075, 0.05)
    assert look_told(refused, english) == "2023: no look taken; 0.75 % of 5.00 % spent"
    assert look_told(None, PT) == ""
