"""What the repositories of performance promise, on every server and driver."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from database.labels import LabelRepository
from database.predictions import PredictionRepository
from database.watch import statistics
from database.watch.statistics import (
    EstimateRepository,
    HourStatisticsRepository,
    PerformanceRepository,
)
from model.figures import Share
from model.watch.expected import EstimatedFigures, Unsafe, UnsafeReason
from model.watch.performance import (
    SUBJECT,
    Degradation,
    DegradationLook,
    LabelledShare,
    Measure,
    PerformanceRecord,
    PromisedFigure,
    RealisedFigures,
    Span,
)
from model.watch.served import ColumnStatistics, HourStatistics
from tests.database.builders import START, at, prediction
from tests.database.drivers import Run

SHARE = Share(0.5, 0.4, 0.6)
ROW = RealisedFigures(Span.PERIOD, "2023", 40, 20, 20, SHARE, SHARE, SHARE, 10, SHARE, 0.1, 0.05)
ESTIMATE = EstimatedFigures(
    "v1 2023", "v1", "2023", START, 40, 765, SHARE, SHARE, SHARE, SHARE, 0.4
)
UNSAFE = (Unsafe(UnsafeReason.OVERLAP, 0.6, 0.5, ("ida",)),)


def test_what_was_measured_comes_back_as_it_was_and_takes_the_place_of_the_former(run: Run) -> None:
    measured = PerformanceRecord(
        SUBJECT, "v1", START, START, 40, (PromisedFigure(Measure.RECALL, SHARE),), ROW,
        (ROW,), (ROW, RealisedFigures(Span.DAY, "2023-01-01", None)), (ROW,),
        (LabelledShare("2023", None, Share()),), START,
        (DegradationLook(START, 1, "v1", 40, START, 0.01),),
        (Degradation(Measure.AUC, 0.8, 0.6, 0.7, 0.65, 40, START, 0.001),),
    )  # fmt: skip

    assert run(PerformanceRepository().current()) is None
    run(PerformanceRepository().put(measured))
    assert run(PerformanceRepository().current()) == measured
    run(PerformanceRepository().put(replace(measured, degradations=())))

    assert run(PerformanceRepository().current()) == replace(measured, degradations=())


def test_what_was_expected_is_renewed_until_outcomes_came_and_only_withdrawn_afterwards(
    run: Run,
) -> None:
    repository = EstimateRepository()
    later = replace(ESTIMATE, at=START + timedelta(days=1), recall=Share(0.9, 0.8, 1.0))

    assert not run(repository.compare("v1 2023", ROW))
    run(repository.keep(ESTIMATE))
    assert run(repository.keep(later)) == run(repository.get("v1 2023")) == later
    assert run(repository.compare("v1 2023", ROW))
    assert not run(repository.compare("v1 2023", ROW))
    run(repository.keep(replace(ESTIMATE, withdrawn=UNSAFE)))

    assert run(repository.get("v1 2023")) == replace(later, came=ROW, withdrawn=UNSAFE)


def test_hours_are_replaced_and_the_oldest_are_removed(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "MOST_HOURS", 3)
    column = ColumnStatistics("risk_score", 20, 0.5, 0.1, 0.2, 0.8)
    hours = [
        HourStatistics(f"20260302T{n:02}", START, n, True, START, ("v1",), (column,))
        for n in range(5)
    ]

    run(HourStatisticsRepository().keep(hours[:4]))
    run(HourStatisticsRepository().keep([replace(hours[3], count=99), hours[4]]))

    kept = run(HourStatisticsRepository().newest(0))
    assert kept == [hours[4], replace(hours[3], count=99), hours[2]]


def test_scores_are_read_page_by_page_the_newest_first(run: Run) -> None:
    served = [prediction(f"p{n}", created_at=at(n)) for n in range(5)]
    run(PredictionRepository().add_many(served))

    page = run(PredictionRepository().page_of_scores(skip=1, limit=2))

    assert [one.prediction_id for one in page] == ["p3", "p2"]
    assert (page[0].score, page[0].features) == (served[3].risk_score, served[3].features)
    assert page[0].at == served[3].created_at


def test_students_of_a_period_are_each_named_once(run: Run) -> None:
    run(PredictionRepository().add_many([
        prediction("p1"), prediction("p2", created_at=at(1)), prediction("p3", None),
    ]))  # fmt: skip

    assert run(PredictionRepository().students_of("2023", 10)) == ["RA-1"]
    assert run(PredictionRepository().students_of("1999", 10)) == []
    assert run(LabelRepository().labelled(["2023:RA-1"])) == set()
