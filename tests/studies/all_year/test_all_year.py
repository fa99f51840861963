"""The generated school: its twins differ in the outcomes after the change, and in nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from tests.studies.all_year.school import CHANGE, simulate, task_of_all_year
from tests.studies.all_year.warning import days_of, warnings


def test_twins_are_the_same_until_the_change_and_differ_in_outcomes_alone_after_it() -> None:
    years = simulate(task_of_all_year(), seed=1, students=60, shares=(0.0, 1.0))
    quiet, changed = years.second[0.0], years.second[1.0]
    before = np.array(days_of(quiet)) < CHANGE.isoformat()

    assert quiet.records == changed.records
    assert days_of(quiet) == sorted(days_of(changed))
    assert np.array_equal(quiet.outcome[before], changed.outcome[before])
    assert not np.array_equal(quiet.outcome[~before], changed.outcome[~before])
    assert {"absent_count_30d", "mark_mean_90d"} <= set(quiet.records[-1])


def test_a_record_knows_nothing_of_the_days_after_the_fourteenth() -> None:
    task = task_of_all_year()
    assert task.events is not None
    spans = [task.events.span(period) for period in ("2025-02", "2025-11")]

    assert [span and span.as_of.day for span in spans] == [14, 14]
    year = simulate(task, seed=1, students=10, shares=(0.0,)).second[0.0]
    assert year.arrived is not None
    assert min(datetime.fromtimestamp(at, UTC).day for at in year.arrived) > 14


def test_a_score_that_is_wrong_from_a_day_on_is_warned_of_after_that_day() -> None:
    year = simulate(task_of_all_year(), seed=1, students=60, shares=(0.0,)).second[0.0]
    before = np.array(days_of(year)) < CHANGE.isoformat()
    right = np.where(year.outcome == 1, 0.8, 0.2)

    found = warnings(year, np.where(before, right, 1 - right), monthly=False)

    assert warnings(year, right, monthly=False) is None
    assert found is not None
    assert 0 <= found.late <= 60
    assert abs(found.off) <= 30
