"""The champion's figures over time, what may be shown of them, and when it has become worse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sklearn.metrics import precision_score, recall_score, roc_auc_score

from drift.performance.degradation import (
    BUDGET,
    MOST_LOOKS,
    PARTS,
    degraded,
    level_of,
    next_look,
)
from drift.performance.hourly import hourly_statistics, read_from
from drift.performance.intervals import auc_with_error, promised_figures
from drift.performance.over_time import JudgedRecords, error_by_chance, over_time
from model.figures import calibration_error
from model.watch.performance import DegradationLook, Measure
from model.watch.served import HourStatistics, ServedScore
from tests.studies import degradation_alarms

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def judged(
    n: int, seed: int = 0, *, at: Sequence[datetime] | None = None, slope: float = 1.0
) -> JudgedRecords:
    random = np.random.default_rng(seed)
    logits = random.normal(-0.2, 1.7, size=n)
    scores = 1 / (1 + np.exp(-logits))
    outcomes = (random.random(n) < 1 / (1 + np.exp(-slope * logits))).astype(float)
    return JudgedRecords(
        outcomes, scores, np.full(n, 0.5), ("2025",) * n, tuple(at or (NOW,) * n),
        random.random(n) < 0.6,
    )  # fmt: skip


def test_the_figures_of_the_newest_outcomes_are_those_of_scikit_learn_with_intervals() -> None:
    records = judged(400)

    last = over_time(records).last

    assert last is not None
    flags = records.scores >= 0.5
    assert last.recall.value == pytest.approx(recall_score(records.outcomes, flags))
    assert last.precision.value == pytest.approx(precision_score(records.outcomes, flags))
    assert last.auc.value == pytest.approx(roc_auc_score(records.outcomes, records.scores))
    assert last.calibration_error == calibration_error(records.outcomes, records.scores)
    for share in (last.recall, last.precision, last.auc, last.new_recall):
        assert share.low is not None and share.value is not None and share.high is not None
        assert share.low < share.value < share.high


def test_only_the_newest_thousand_are_the_figures_of_now() -> None:
    found = over_time(judged(1_500)).last

    assert found is not None and found.n == 1_000


def test_the_error_of_an_auc_is_its_spread_over_samples() -> None:
    found = [
        auc_with_error(r.outcomes, r.scores) for r in (judged(300, seed=s) for s in range(200))
    ]

    aucs, errors = np.array(found).T
    assert np.mean(errors) == pytest.approx(np.std(aucs), rel=0.15)


def test_the_calibration_error_by_chance_is_that_of_outcomes_drawn_from_the_scores() -> None:
    records = judged(600)
    random = np.random.default_rng(1)
    drawn = [
        calibration_error((random.random(600) < records.scores).astype(float), records.scores)
        for _ in range(300)
    ]

    assert error_by_chance(records.scores) == pytest.approx(np.mean(drawn), rel=0.05)


def test_days_and_hours_are_those_of_the_first_arrival_and_few_outcomes_are_withheld() -> None:
    late = NOW + timedelta(hours=1)
    at = [late] * 200 + [NOW] * 150 + [NOW - timedelta(days=1)] * 60 + [NOW - timedelta(days=2)] * 4

    found = over_time(judged(len(at), at=at))

    assert [(row.name, row.n) for row in found.days] == [
        ("2026-03-02", 350),
        ("2026-03-01", None),
        ("2026-02-28", None),
    ]
    assert [(row.name, row.n) for row in found.hours] == [
        ("2026-03-02T13", 200),
        ("2026-03-02T12", 150),
    ]
    assert [(row.name, row.n) for row in found.periods] == [("2025", len(at))]


def test_a_figure_of_fewer_than_ten_at_risk_or_flagged_is_withheld_and_the_others_told() -> None:
    records = judged(100)
    rare = replace(records, outcomes=np.r_[np.ones(4), np.zeros(96)], cuts=np.full(100, 0.2))

    found = over_time(rare).last

    assert found is not None
    assert (found.n, found.positives, found.recall.value, found.auc.value) == (
        100,
        None,
        None,
        None,
    )
    assert found.precision.value is not None


def test_without_outcomes_there_are_no_rows() -> None:
    nothing = JudgedRecords(np.zeros(0), np.zeros(0), np.zeros(0))

    assert over_time(nothing).last is None


def test_a_promise_has_the_interval_it_was_known_with() -> None:
    promised = promised_figures(
        {"recall": 0.76, "positives": 308.0, "n": 765.0, "auc": 0.85, "calibration_error": 0.02}
    )

    named = {one.metric: one.share for one in promised}
    assert named.keys() == {Measure.RECALL, Measure.AUC, Measure.CALIBRATION}
    assert named[Measure.RECALL].low == pytest.approx(0.709, abs=0.002)
    assert named[Measure.CALIBRATION].low is None


def look(
    at: datetime, number: int = 1, *, newest: datetime, labelled: int = 300
) -> DegradationLook:
    return DegradationLook(at, number, "v1", labelled, newest, level_of(number))


def test_the_same_outcomes_are_looked_at_once_however_often_the_job_runs() -> None:
    records = judged(300)
    first = next_look([], records, version="v1", now=NOW)
    assert first is not None

    again = [
        next_look([first], records, version="v1", now=NOW + timedelta(days=days))
        for days in (1, 7, 30, 300)
    ]

    assert again == [None] * 4


def test_a_look_needs_half_of_its_outcomes_new_and_a_week() -> None:
    former = look(NOW, newest=NOW)
    later = NOW + timedelta(days=8)
    few = judged(300, at=[later] * 149 + [NOW] * 151)
    enough = judged(300, at=[later] * 150 + [NOW] * 150)

    assert next_look([former], few, version="v1", now=later) is None
    assert next_look([former], enough, version="v1", now=NOW + timedelta(days=6)) is None
    found = next_look([former], enough, version="v1", now=later)
    assert found is not None and (found.number, found.level) == (2, level_of(2))


def test_another_champion_spends_of_the_same_years_budget_and_a_new_year_renews_it() -> None:
    former = look(NOW, newest=NOW)
    records = judged(60, at=[NOW] * 60)

    other = next_look([former], records, version="v2", now=NOW + timedelta(days=7))
    next_year = next_look([former], records, version="v2", now=NOW + timedelta(days=365))

    assert other is not None and other.number == 2
    assert next_year is not None and next_year.number == 1


def test_fewer_than_fifty_outcomes_are_no_look() -> None:
    assert next_look([], judged(49), version="v1", now=NOW) is None


def test_the_levels_of_a_year_and_the_parts_of_a_look_stay_within_the_budget() -> None:
    assert sum(level_of(number) for number in range(1, MOST_LOOKS + 1)) <= BUDGET
    assert sum(PARTS.values()) <= 1
    assert set(PARTS) == set(Measure)


PROMISED = {"recall": 0.76, "precision": 0.74, "flagged": 0.45, "auc": 0.87, "n": 765.0,
            "positives": 340.0, "new_recall": 0.7, "new_positives": 200.0}  # fmt: skip


def test_a_champion_that_ranks_much_worse_is_called_so_with_figures_and_since_when() -> None:
    records = judged(800, slope=0.2)
    taken = look(NOW, newest=NOW, labelled=800)

    found = degraded(PROMISED, records, taken, None)

    recall = next(one for one in found if one.metric is Measure.RECALL)
    assert recall.low is not None and recall.high is not None
    assert recall.low < recall.measured < recall.high < recall.promised == 0.76
    assert recall.n == int(records.outcomes.sum()) and recall.since == NOW
    assert recall.p_value < taken.level / 2


def test_what_goes_on_keeps_its_beginning() -> None:
    records = judged(800, slope=0.2)
    first = degraded(PROMISED, records, look(NOW, newest=NOW), None)
    later = look(NOW + timedelta(days=9), 2, newest=NOW)

    second = degraded(PROMISED, judged(800, seed=5, slope=0.2), later, None, first)

    assert {one.since for one in second if one.metric is Measure.RECALL} == {NOW}


def test_nothing_is_worse_than_what_was_never_promised() -> None:
    assert degraded({}, judged(800, slope=0.0), look(NOW, newest=NOW), None) == ()


@pytest.mark.parametrize("calendar", ["one file of 765", "20 a week"])
def test_a_year_without_a_change_is_quiet_and_one_with_a_much_worse_ranking_is_not(
    calendar: str,
) -> None:
    days = degradation_alarms.CALENDARS[calendar]
    random = np.random.default_rng(3)
    quiet = [degradation_alarms.year(days, random) for _ in range(30)]
    loud = [degradation_alarms.year(days, random, slope=0.2) for _ in range(10)]

    assert sum(bool(one.found) for one in quiet) <= 6
    assert all(one.found for one in loud)


def served(n: int, at: datetime, *, first: int = 0) -> list[ServedScore]:
    return [
        ServedScore(f"p{first + i}", at, "2026", i / n, "v1", {"ieg": float(i), "stone": "agata"})
        for i in range(n)
    ]


def test_an_hour_has_count_mean_spread_and_extremes_of_score_and_features() -> None:
    (hour,) = hourly_statistics(
        served(11, NOW), ["ieg", "stone", "ida"], since=NOW, cut=False, now=NOW
    )

    assert (hour.hour, hour.count, hour.whole, hour.versions) == (
        "20260302T12",
        11,
        True,
        ("v1",),
    )
    columns = {one.name: one for one in hour.columns}
    ieg = columns["ieg"]
    assert (ieg.known, ieg.mean, ieg.low, ieg.high) == (11, 5.0, 0.0, 10.0)
    assert ieg.spread == pytest.approx(np.std(range(11)))
    assert (columns["stone"].known, columns["stone"].mean) == (11, None)
    assert columns["ida"].known == 0
    assert columns["risk_score"].mean == pytest.approx(5 / 11)


def test_the_moments_of_fewer_than_ten_values_are_withheld_and_their_number_told() -> None:
    (hour,) = hourly_statistics(served(9, NOW), ["ieg"], since=NOW, cut=False, now=NOW)

    assert hour.count == 9
    assert all((one.mean, one.low, one.high) == (None, None, None) for one in hour.columns)


def test_a_prediction_that_is_read_twice_counts_once_and_an_hour_that_was_cut_says_so() -> None:
    newer = served(12, NOW + timedelta(hours=1), first=100)
    older = served(12, NOW)

    hours = hourly_statistics([*newer, *newer, *older], ["ieg"], since=NOW, cut=True, now=NOW)

    assert [(hour.hour[-2:], hour.count, hour.whole) for hour in hours] == [
        ("13", 12, True),
        ("12", 12, False),
    ]


def test_hours_that_are_settled_are_not_read_again() -> None:
    known = HourStatistics("20260302T12", NOW, 5, True, NOW)

    assert read_from(known) == datetime(2026, 3, 2, 10, tzinfo=UTC)
