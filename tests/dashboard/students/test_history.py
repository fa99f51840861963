"""What is known of a student over the years, as rows, lines and figures."""

from __future__ import annotations

from typing import Any

from dashboard.reasons import Indicator
from dashboard.students.budget import budget_told, finds_told
from dashboard.students.calls import Subject
from dashboard.students.history import (
    done_rows,
    help_told,
    line_of,
    numeric_names,
    outcome_rows,
    score_rows,
    since_rows,
)
from dashboard.students.plots import indicator_figure, score_figure
from dashboard.students.rows import LaneTotal, Setting, lane_totals, list_row
from dashboard.texts import Language, load_texts
from dashboard.views.todo import due_told
from model.prediction import Scale

EN, PT = load_texts(Language.EN), load_texts(Language.PT)
NAMES = {
    "ida": Indicator("ida", "Learning", "", influenced=True),
    "idade": Indicator("idade", "Age", ""),
}
RECORDS = [
    {"period": "2022", "features": {"ida": 4.0, "pedra": "quartzo"}},
    {"period": "2023", "features": {"ida": 5.5, "idade": 12.0}},
]
COHORT = [
    {"period": "2023", "features": {"ida": {"low": 5.0, "middle": 6.0, "high": 7.0}}},
]
KINDS = [
    {
        "name": "tutoring", "label": "Extra lessons", "label_pt": "Reforço escolar",
        "dose_unit": "hours a week", "dose_unit_pt": "horas por semana",
    }
]  # fmt: skip
HELP: dict[str, Any] = {
    "intervention_id": "i1", "kind": "tutoring", "start": "2023-03-01", "end": None, "dose": 2.0,
    "note": "in the afternoon", "at": "2023-03-02T10:00:00Z", "by": "Ana",
    "before": {"period": "2022"}, "after": {"period": "2023"},
    "changes": [
        {"feature": "ida", "before": 4.0, "after": 5.5, "change": 1.5},
        {"feature": "idade", "before": 11.0, "after": 12.0, "change": 1.0},
    ],
}  # fmt: skip
STUDENT: dict[str, Any] = {
    "student_id": "RA-7", "units": {"escola": "Escola A"}, "risk_score": 0.99, "status": "critical",
    "rank": 2, "rank_before": 5, "score_before": 0.8, "within": True, "done": "seen",
    "assigned": None, "known_weight": 0.9, "model_version": "v2",
    "reasons": [{"feature": "ida", "value": 2.0, "contribution": 0.5}],
}  # fmt: skip


def test_a_line_holds_the_student_and_the_others_period_by_period() -> None:
    line = line_of("ida", RECORDS, COHORT, NAMES)

    assert (line.periods, line.own) == (("2022", "2023"), (4.0, 5.5))
    assert (line.low, line.middle, line.high) == ((None, 5.0), (None, 6.0), (None, 7.0))
    assert numeric_names(RECORDS) == ["ida", "idade"]
    figure = indicator_figure(line, PT)
    assert [trace.name for trace in figure.data] == ["metade do meio", "meio", "aluno"]


def test_what_was_done_and_help_that_began_are_one_list_newest_first() -> None:
    seen = {"at": "2023-04-01T10:00:00Z", "kind": "seen", "by": "Rui", "next_on": "2023-05-01"}

    rows = done_rows([seen], [HELP], KINDS, EN)

    assert [row["what"] for row in rows] == [
        "Seen", "Extra lessons, 2 hours a week (since 1 Mar 2023)",
    ]  # fmt: skip
    assert (rows[0]["look again"], rows[1]["note"]) == ("1 May 2023", "in the afternoon")
    over = HELP | {"end": "2023-06-30", "dose": None}
    assert help_told(over, KINDS, PT) == "Reforço escolar (1 mar 2023 a 30 jun 2023)".replace(
        "(1", "(de 1"
    )


def test_since_a_help_began_only_what_a_school_influences_is_compared() -> None:
    (row,) = since_rows([HELP], KINDS, NAMES, EN)

    assert list(row.values()) == ["Extra lessons", "Learning", "4 (2022)", "5.5 (2023)"]


def test_scores_tell_their_version_and_outcomes_what_had_been_said() -> None:
    served = {
        "created_at": "2023-02-01T10:00:00Z", "period": "2022", "risk_score": 0.4,
        "status": "alert", "model_version": "v1", "threshold": 0.5,
    }  # fmt: skip
    label = {"period": "2022", "outcome": 1.0, "observed_at": "2024-01-10T00:00:00Z", "score": 0.4}

    assert score_rows([served], EN)[0] | {} == {
        "when": "1 Feb 2023", "Period": "2022", "score": "40%", "Status": "alert", "model": "v1",
    }  # fmt: skip
    assert score_figure([served], EN).data[0].y == (0.4,)
    (row,) = outcome_rows([label], PT, binary=True)
    assert (row["aconteceu"], row["previsto"]) == ("em risco", "40 %")
    (number,) = outcome_rows([label | {"outcome": 61.5, "score": 58.25}], EN, binary=False)
    assert (number["happened"], number["predicted"]) == ("61.5", "58.2")


def test_the_rank_and_its_change_tell_two_students_of_one_risk_apart() -> None:
    setting = Setting(Scale.RISK, NAMES, EN, by_unit=True, published=True)

    row = list_row(STUDENT, setting)

    assert row.who == Subject("RA-7", "Escola A")
    assert (row.score, row.place) == ("99%", "no. 2 of the list, was 5; was 80%")
    same = list_row(STUDENT | {"rank_before": 2, "score_before": 0.99}, setting)
    assert same.place == "no. 2 of the list, as before"
    new = list_row(STUDENT | {"rank_before": None}, setting)
    assert new.place == "no. 2 of the list, new on it"
    first = list_row(STUDENT | {"rank_before": None}, Setting(Scale.RISK, NAMES, PT))
    assert (first.place, first.who.unit) == ("2º da lista", "")


def test_a_predicted_value_is_shown_with_its_interval_and_never_in_per_cent() -> None:
    student = STUDENT | {"predicted": 54.049, "interval": [32.1, 76.0], "score_before": 60.0}

    row = list_row(student, Setting(Scale.VALUE_LOW, NAMES, PT, published=True))

    assert row.score == "54,0 (32,1 - 76,0)"
    assert row.place.endswith("antes 60,0")


def test_lanes_of_several_schools_are_counted_together_the_new_first() -> None:
    lanes = [
        {"lane": "known", "unit": "a", "students": 5, "places": 2, "within": 2},
        {"lane": "new", "unit": "a", "students": 7, "places": 3, "within": 3},
        {"lane": "new", "unit": "b", "students": 2, "places": None, "within": 0},
    ]

    assert lane_totals(lanes) == [LaneTotal("new", 9, 3, 3), LaneTotal("known", 5, 2, 2)]


def test_a_students_path_and_draft_hold_any_id() -> None:
    who = Subject("RA/7 ç", "Escola A")

    assert who.path == "/students/RA%2F7%20%C3%A7"
    assert who.asked == {"unit": "Escola A"}
    assert Subject("RA-7").asked == {}


def test_what_is_due_says_the_day_and_what_was_done_last() -> None:
    waiting = {"next_on": None, "last": None}
    due = {"next_on": "2025-03-01", "last": {"kind": "acted"}}

    assert due_told(waiting, "2025-03-01", EN) == ""
    assert due_told(due, "2025-03-02", EN) == "was due 1 Mar 2025 · Acted"
    assert due_told(due, "2025-03-01", PT) == "hoje · Ajudado"
    assert due_told(due, "2025-02-01", PT) == "em 1 mar 2025 · Ajudado"


def test_places_are_told_in_words_with_what_they_find() -> None:
    finds = {"recall": 0.853, "precision": 0.714, "new_recall": 0.59}

    assert budget_told({"top": 20, "share": None}, "champion", EN) == "now: 20 students"
    assert budget_told({"top": None, "share": 0.15}, "policy", PT) == "hoje: 15 % dos alunos"
    assert budget_told(None, "policy", EN) == "now: what the task provides for"
    assert finds_told(finds, EN).startswith(
        "With these places, of 100 students who will be at risk 85"
    )
    assert finds_told(finds, EN).endswith("59 of 100.")
    assert "59" not in finds_told(finds | {"new_recall": None}, EN)
