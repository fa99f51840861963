"""What the manager's page says: promised, come, for whom, and of how many it is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dashboard.manager.by_year import year_rows, years, years_figure, years_title
from dashboard.manager.coverage import period_rows, unit_rows
from dashboard.manager.done import done_line, help_rows, person_rows, school_rows
from dashboard.manager.fairness import (
    fairness_figure,
    fairness_rows,
    fairness_title,
    served_in_order,
)
from dashboard.manager.finds import finds, finds_line
from dashboard.texts import Language, load_texts
from model.figures import Share
from model.promotion import DecisionStatus, Promotion
from model.units.history import UnitHistory, UnitPeriod, UnitServed, unit_periods
from model.watch.expected import EstimatedFigures
from model.watch.performance import (
    LabelledShare,
    Measure,
    PerformanceRecord,
    RealisedFigures,
    Span,
)
from tests.database.builders import model_version

EN, PT = load_texts(Language.EN), load_texts(Language.PT)
AT = datetime(2026, 3, 1, tzinfo=UTC)
METRICS = {
    "recall": 0.74, "recall_low": 0.7, "recall_high": 0.78, "new_recall": 0.25, "n": 300.0,
    "positives": 160.0,
}  # fmt: skip
V1 = replace(model_version(), version="v1", number=1, metrics=METRICS)
V2 = replace(V1, version="v2", number=2, metrics=METRICS | {"recall": 0.9})
GIRLS = {"rows": 120, "positives": 50, "small": False, "recall": 0.8, "recall_low": 0.67,
         "recall_high": 0.89}  # fmt: skip
BOYS = {**GIRLS, "recall": 0.7, "recall_low": 0.6, "recall_high": 0.8}
FEW = {**GIRLS, "rows": 4}


def came(period: str, recall: float, *, high: float = 1.0) -> RealisedFigures:
    share = Share(recall, recall - 0.1, high)
    return RealisedFigures(Span.PERIOD, period, 100, 40, 50, share, new_recall=Share(0.2, 0.1, 0.3))


def performance(version: str, *rows: RealisedFigures) -> PerformanceRecord:
    last = replace(rows[0], span=Span.LAST, name="") if rows else None
    return PerformanceRecord("champion", version, AT, AT, 100, last=last, periods=rows)


def estimate(version: str, period: str, row: RealisedFigures | None) -> EstimatedFigures:
    return EstimatedFigures(f"{version} {period}", version, period, AT, 90, 300, came=row)


def test_finds_is_what_came_and_before_anything_came_what_was_promised() -> None:
    before = finds(V1, None)
    after = finds(V1, performance("v1", came("2024", 0.6)))
    of_another = finds(V2, performance("v1", came("2024", 0.6)))

    assert before.shown.value == 0.74
    assert (after.shown.value, after.promised.value, after.of) == (0.6, 0.74, 40)
    assert of_another.shown.value == 0.9


def test_the_sentence_says_where_the_figure_comes_from_and_how_sure_it_is() -> None:
    after = finds(V1, performance("v1", came("2024", 0.6, high=0.7)))

    assert finds_line(after, "manager.finds", EN) == (
        "Of 100 students who end up at risk, Farol flags **60** in time, measured on outcomes "
        "that came since (40 at risk) (with 95% certainty between 50 and 70)."
    )
    promised = finds_line(finds(V1, None), "manager.finds", PT)
    assert "aponta **74** a tempo, como prometido" in promised
    unknown = finds(replace(V1, metrics={}), None, Measure.NEW_RECALL)
    assert finds_line(unknown, "manager.finds_new", EN) == "How many it finds is not known yet."


def test_every_version_and_period_of_which_outcomes_came_is_a_row_newest_first() -> None:
    found = years(
        performance("v2", came("2024", 0.6, high=0.7), came("2023", 0.85, high=0.95)),
        [
            estimate("v1", "2023", came("2023", 0.7, high=0.8)),
            estimate("v1", "2024", None),
            estimate("v0", "2022", came("2022", 0.5)),
        ],
        {"v1": V1, "v2": V2},
    )

    assert [(one.period, one.version, one.kept) for one in found] == [
        ("2024", "v2", False), ("2023", "v2", True), ("2023", "v1", True), ("2022", "v0", None),
    ]  # fmt: skip
    first = year_rows(found, EN)[0]
    assert first["came"] == "60% (50% - 70%)" and first["kept"] == "✗"
    assert first["came, new cases"] == "20% (10% - 30%)"
    assert years_title(found, PT) == "Cumprido em 2 de 3 períodos"


def test_a_promise_is_not_kept_by_the_records_that_it_was_made_of() -> None:
    judged = replace(V1, metrics_on="710 labelled records of 2023, later than its training")

    found = years(performance("v1", came("2024", 0.8), came("2023", 0.74)), [], {"v1": judged})

    assert [(one.period, one.kept) for one in found] == [("2024", True), ("2023", None)]
    assert years_title(found, EN) == "Kept in 1 of 1 period"


def test_no_line_joins_the_figures_of_different_years() -> None:
    found = years(performance("v1", came("2024", 0.6), came("2023", 0.7)), [], {"v1": V1})

    drawn = years_figure(found, EN).data

    assert {points.mode for points in drawn} == {"markers"}
    assert drawn[1].x == ("2023 · v1", "2024 · v1") and drawn[1].y == (0.7, 0.6)
    assert years_title([], EN) == "Promised against realised by year"


def test_coverage_by_unit_begins_where_least_is_known_and_withholds_what_is_withheld() -> None:
    served = {("a", "2024"): UnitServed(60, 40), ("b", "2024"): UnitServed(50, 50),
              ("b", "2023"): UnitServed(30, 30)}  # fmt: skip
    labels = {("a", "2024"): 10, ("b", "2024"): 45, ("b", "2023"): 30}
    rows = tuple(unit_periods(served, labels, {"a": "Escola A", "b": "Escola B"}))
    counted = UnitHistory("units", AT, "school", rows)

    first, second = unit_rows(counted, PT)

    assert first == {"unidade": "Escola A", "2024": "10 de 40 (25 %)", "2023": ""}
    assert second["2024"] == "45, quase todos" and second["2023"] == "30 de 30 (100 %)"
    few = replace(counted, rows=(UnitPeriod("b", "2024", None, None, None),))
    assert unit_rows(few, EN) == [{"unit": "b", "2024": "withheld"}]


def test_a_count_of_before_students_were_counted_tells_the_outcomes_alone() -> None:
    former = UnitHistory("units", AT, "school", (UnitPeriod("a", "2024", 60, 40),))

    assert unit_rows(former, EN) == [{"unit": "a", "2024": "40"}]


def test_coverage_by_period_tells_a_share_with_its_interval() -> None:
    shares = (
        LabelledShare("2024", 200, Share(0.4, 0.33, 0.47)),
        LabelledShare("2025", None, Share()),
    )

    known, withheld = period_rows(shares, EN)

    assert known["with an outcome"] == "40% (33% - 47%)"
    assert (withheld["students scored"], withheld["with an outcome"]) == ("< 10", "withheld")


def promoted(version: str, revision: int) -> Promotion:
    return Promotion(
        f"p{revision}", AT + timedelta(days=revision), "pipeline", "train",
        DecisionStatus.PROMOTED, version, None, (), revision=revision,
    )  # fmt: skip


def test_versions_stand_in_the_order_in_which_they_served_each_once() -> None:
    ledger = [promoted("v2", 2), promoted("v1", 3), promoted("v1", 1)]

    assert served_in_order(ledger) == ["v1", "v2"]


def test_fairness_is_told_version_by_version_with_what_it_was_measured_on() -> None:
    first = replace(V1, fairness={"gender": {"F": GIRLS, "M": BOYS, "x": FEW}},
                    fairness_gaps={"gender": 0.1})  # fmt: skip
    second = replace(first, version="v2", fairness_gaps={"gender": 0.04})
    third = replace(first, version="v3", fairness={}, fairness_gaps={})

    rows = fairness_rows([first, second, third], "gender", EN)

    assert [row["model"] for row in rows] == ["v1", "v2"]
    assert rows[0]["F"] == "80% (67% - 89%)" and rows[0]["gap"] == "10.0 points"
    assert "x" not in rows[0]
    assert "with v2, how many it finds differs by 4.0 points" in fairness_title(
        [first, second, third], "gender", EN
    )
    named = EN.of_school({"feature.gender": "Gender", "category.gender.F": "girls"}, UTC)
    assert fairness_rows([first], "gender", named)[0]["girls"] == rows[0]["F"]
    assert fairness_title([first], "gender", named).startswith("Gender: ")
    assert fairness_figure([first], "gender", named).data[0].name == "girls"
    drawn = fairness_figure([first, second, third], "gender", EN).data
    assert [(points.name, points.mode) for points in drawn] == [("F", "markers"), ("M", "markers")]
    assert drawn[0].error_y.array[0] == pytest.approx(0.09)


SUMMARY = {
    "period": "2024",
    "actions": {
        "whole": {"students": 42, "seen": 30, "acted": 12, "not_useful": 0},
        "units": {"escola a": {"students": 25}, "escola b": None, "": None},
        "people": {"Ana": {"students": 21}, "Rui": {"students": 21}},
    },
    "interventions": [{"kind": "tutoring", "students": 12, "going_on": None}],
    "assigned": {"Ana": 11, "Eva": None},
    "due": {"Rui": 0},
}  # fmt: skip


def test_what_was_done_is_counted_by_kind_school_and_person_and_a_few_are_withheld() -> None:
    kinds = [{"name": "tutoring", "label": "Extra lessons", "label_pt": "Reforço escolar"}]

    assert done_line(SUMMARY, EN) == (
        "Of the list of 2024, something was done for **42** students, by what was done last: "
        "seen 30, acted 12."
    )
    schools = school_rows(SUMMARY, {"escola a": "Escola A"}, EN)
    assert [[*row.values()] for row in schools] == [
        ["Escola A", "25"], ["escola b", "withheld"], ["unknown", "withheld"],
    ]  # fmt: skip
    assert [[*row.values()] for row in person_rows(SUMMARY, PT)] == [
        ["Ana", "21", "11", "0"], ["Eva", "0", "< 10", "0"], ["Rui", "21", "0", "0"],
    ]  # fmt: skip
    assert [[*row.values()] for row in help_rows(SUMMARY, kinds, PT)] == [
        ["Reforço escolar", "12", "< 10"]
    ]


def test_where_nothing_was_done_the_manager_is_told_so() -> None:
    nothing = {"period": None, "actions": {"whole": {"students": 0}}}

    assert done_line(nothing, PT) == "Ainda não se fez nada pelos alunos da lista mais nova."
