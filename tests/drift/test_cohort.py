"""Which period the drift watch judges."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from drift.cohort import (
    Cohort,
    CohortRule,
    PeriodCount,
    choose_cohort,
    counts_of,
    latest_of_each,
    unfiled,
)
from model.drift import LeftOut, Unjudged
from model.prediction import Prediction, PredictionSource, RiskLabel, RiskStatus

RULE = CohortRule(50, 0.2, trained=600.0, year=2026, most_served=5000)
SCHOOL = (PeriodCount("2022", 860, 0), PeriodCount("2023", 1014, 0), PeriodCount("2024", 1156, 0))


def prediction(period: str, student_id: str | None, **features: float) -> Prediction:
    return Prediction(
        f"p-{period}-{student_id}-{features}", student_id, period, features, (), 0.5,
        RiskLabel.HIGH, RiskStatus.ALERT, 0.4, "v1", datetime(2026, 3, 1, tzinfo=UTC),
    )  # fmt: skip


def test_the_newest_whole_cohort_is_judged() -> None:
    assert choose_cohort(SCHOOL, RULE) == Cohort("2024", from_files=True, left_out=())


def test_predictions_of_a_new_period_are_judged_from_a_fifth_of_the_usual_cohort_on() -> None:
    almost = choose_cohort([*SCHOOL, PeriodCount("2026", 0, 202)], RULE)
    enough = choose_cohort([*SCHOOL, PeriodCount("2026", 0, 203)], RULE)

    assert almost.period == "2024"
    assert almost.left_out == (LeftOut("2026", 202, Unjudged.FEW, 203),)
    assert enough == Cohort("2026", from_files=False, left_out=())


def test_a_file_of_part_of_a_school_does_not_move_the_watch_and_its_predictions_may() -> None:
    part = choose_cohort([*SCHOOL, PeriodCount("2025", 40, 0)], RULE)
    served = choose_cohort([*SCHOOL, PeriodCount("2025", 40, 900)], RULE)

    assert part.period == "2024" and part.left_out[0].records == 40
    assert (served.period, served.from_files) == ("2025", False)


@pytest.mark.parametrize("filed", [0, 1156])
def test_a_future_period_is_never_judged_not_even_from_a_file(filed: int) -> None:
    chosen = choose_cohort([*SCHOOL, PeriodCount("2031", filed, 900)], RULE)

    assert chosen.period == "2024"
    assert chosen.left_out == (LeftOut("2031", max(filed, 900), Unjudged.FUTURE),)


def test_without_a_former_period_the_training_window_says_what_is_usual() -> None:
    assert choose_cohort([PeriodCount("2025", 119, 0)], RULE).period is None
    assert choose_cohort([PeriodCount("2025", 120, 0)], RULE).period == "2025"


def test_former_try_outs_do_not_make_the_usual_cohort_smaller() -> None:
    tried = [PeriodCount("1999", 0, 2), PeriodCount("2020", 0, 4), PeriodCount("2021", 0, 1)]

    chosen = choose_cohort([*tried, *SCHOOL, PeriodCount("2026", 0, 60)], RULE)

    assert chosen.period == "2024"
    assert [o.period for o in chosen.left_out] == ["1999", "2020", "2021", "2026"]


def test_a_cohort_larger_than_the_predictions_looked_at_can_still_be_judged() -> None:
    city = [PeriodCount("2024", 90_000, 0)]

    assert choose_cohort([*city, PeriodCount("2026", 0, 4_900)], RULE).period == "2026"
    assert choose_cohort([*city, PeriodCount("2026", 0, 900)], RULE).period == "2024"


def test_a_school_of_sixty_is_watched() -> None:
    small = replace(RULE, trained=55.0)

    assert choose_cohort([PeriodCount("2025", 60, 0)], small).period == "2025"


def test_nothing_at_all_is_no_cohort() -> None:
    assert choose_cohort([], RULE) == Cohort(None, from_files=False, left_out=())


def test_students_are_counted_once_and_so_is_a_nameless_record_that_is_asked_for_again() -> None:
    served = latest_of_each(
        [
            prediction("2026", "RA-1", ida=2.0),
            prediction("2026", "RA-1", ida=1.0),
            prediction("2026", None, ida=1.0),
            prediction("2026", None, ida=1.0),
            prediction("2026", None, ida=3.0),
        ]
    )

    assert counts_of({"2024": 9}, served) == [PeriodCount("2024", 9, 0), PeriodCount("2026", 0, 3)]
    assert served["2026"]["student RA-1"].features == {"ida": 2.0}


def test_predictions_for_students_of_no_file_are_named_in_a_filed_period_too() -> None:
    served = latest_of_each([prediction("2024", "RA-1"), prediction("2024", "try-out")])["2024"]

    assert unfiled("2024", served, ["RA-1", "RA-2"]) == (LeftOut("2024", 1, Unjudged.UNFILED),)
    assert unfiled("2024", served, ["RA-1", "try-out"]) == ()


def test_what_somebody_tried_in_the_dashboard_is_no_student_of_the_cohort() -> None:
    tried = replace(prediction("2024", None, ida=1.0), source=PredictionSource.DASHBOARD)
    served_there = replace(prediction("2024", "RA-1"), source=PredictionSource.DASHBOARD)

    assert [*latest_of_each([tried, served_there])["2024"]] == ["student RA-1"]
