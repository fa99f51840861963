"""The worker's job that measures whether the help helps, on a real registry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from database.driver.client import SyncRegistry
from database.helping.effects import EffectRepository
from database.helping.interventions import InterventionRepository
from database.labelling.recording import record_outcomes
from database.rights.objections import ObjectionRepository
from database.students import StudentRepository
from model.helping.effect import EffectReport, Silence
from model.label import KnownOutcome, Label, Outcome
from model.lists.published import ListedRow, PublishedList
from model.student import Observation
from preprocessing.dataset import training_set
from preprocessing.task.spec import parse_task
from retraining.helping import discontinuity
from retraining.helping.duty import at_risk_of, measure_effects
from retraining.helping.helped import helped_before, marked, was_helped
from retraining.helping.lists_read import (
    Became,
    ListWithRows,
    cut_standings,
    drawn_standings,
    in_force_longest,
    prospects_of,
    risk_at_cut,
)
from tests.database.helping.builders import intervention
from tests.database.lists.builders import list_kept, listed, published
from tests.database.rights.builders import objection
from tests.drift.school import little_task

PUBLISHED = datetime(2024, 2, 1, 9, tzinfo=UTC)
CAME = datetime(2024, 12, 20, tzinfo=UTC)
NOW = datetime(2025, 1, 10, 4, tzinfo=UTC)
KEY = b""
NUMERIC = """
name: marks
title: Marks
id: {name: ra}
features:
  - {name: ida, low: 0, high: 10}
outcome:
  column: {name: mark}
  kind: numeric
status: {concern: low, alert: 5, critical: 3}
"""


def rows_of(
    n: int, *, drawn: Sequence[int] = (), list_id: str = "l1", shift: int = 0
) -> list[ListedRow]:
    """n students of one lane, half of whom have a place; of those who draw every second wins."""
    return [
        listed(
            list_id,
            f"RA-{i}",
            rank=i + 1,
            margin=n / 2 - 0.5 - i,
            score=1 - i / n,
            listed=i < n / 2 if i not in drawn else (i + shift) % 2 == 0,
            stratum="new:north" if i in drawn else "",
            won=(i + shift) % 2 == 0 if i in drawn else None,
        )
        for i in range(n)
    ]


def fill(registry: SyncRegistry, n: int, *, drawn: Sequence[int] = ()) -> list[ListedRow]:
    """A list of 2023, whose first half was helped in 2024, with what became of everybody."""
    rows = rows_of(n, drawn=drawn)
    students = [
        Observation(row.student_id, "2023", {"ieg": 5.0}, datetime(2023, 12, 1, tzinfo=UTC))
        for row in rows
    ]
    registry.run(StudentRepository().observe(students))
    about = published(at=PUBLISHED, band=0.5 if drawn else 0.0, places=(("new:north", 1),))
    registry.run(list_kept(about, rows))
    for i, row in enumerate(row for row in rows if row.listed):
        help_given = intervention(f"i{i}", row.student_id, start=date(2024, 3, 1), at=PUBLISHED)
        registry.run(InterventionRepository().add(help_given))
    registry.run(record_outcomes([
        Outcome(value=float(not row.listed), observed_at=CAME, student_id=row.student_id,
                period="2023") for row in rows
    ], now=CAME))  # fmt: skip
    return rows


def measured(registry: SyncRegistry) -> EffectReport:
    found = registry.run(EffectRepository().current())
    assert found is not None
    return found


def test_without_a_list_it_is_said_that_nothing_can_be_said_and_what_could_be_seen(
    registry: SyncRegistry,
) -> None:
    said = measure_effects(registry, little_task(), KEY, NOW)

    found = measured(registry)
    assert said == "by lot: nobody drew lots; at the cut: no list was published"
    assert (found.lists, found.cut.silent) == (0, Silence.NO_LIST)
    assert not found.power.measured and not found.power.outlook
    assert [one.effect for one in found.power.needed] == [0.05, 0.1, 0.15, 0.2]


def test_a_lottery_with_outcomes_is_measured_once_and_again_where_something_came(
    registry: SyncRegistry,
) -> None:
    fill(registry, 60, drawn=range(15, 45))

    said = measure_effects(registry, little_task(), KEY, NOW)
    again = measure_effects(registry, little_task(), KEY, NOW + timedelta(days=1))

    (lot,) = measured(registry).lottery
    assert said.startswith("by lot: +100.0 points fewer at risk") and "p = " in said
    assert (lot.draws, lot.won.known, lot.lost.known) == (1, 15, 15)
    assert (lot.won.helped, lot.lost.helped, lot.given.value) == (15, 0, 1.0)
    assert measured(registry).cut.silent is Silence.NO_CUT
    assert again == "no label, list or help is new"
    assert registry.run(InterventionRepository().remove("i0"))
    later = NOW + timedelta(days=2)
    assert measure_effects(registry, little_task(), KEY, later).startswith("by lot")
    assert measured(registry).at == later


def test_who_objects_is_not_counted_from_the_next_time_on(registry: SyncRegistry) -> None:
    fill(registry, 60, drawn=range(15, 45))
    measure_effects(registry, little_task(), KEY, NOW)
    registry.run(ObjectionRepository().lay(objection("RA-16")))

    said = measure_effects(registry, little_task(), KEY, NOW + timedelta(days=1))

    (lot,) = measured(registry).lottery
    assert said.startswith("by lot")
    assert (lot.won.known, lot.lost.known) == (14, 15)
    assert "RA-16" not in measured(registry).seen
    assert measured(registry).power.outlook[-1].children < 60
    registry.run(ObjectionRepository().lift("RA-16"))
    measure_effects(registry, little_task(), KEY, NOW + timedelta(days=2))
    assert measured(registry).lottery[0].won.known == 15


def test_where_the_library_for_the_cut_came_it_is_measured_again(
    registry: SyncRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("rdrobust")
    fill(registry, 120)
    monkeypatch.setattr(discontinuity, "EXTRA", "no_such_library")
    measure_effects(registry, little_task(), KEY, NOW)
    assert measured(registry).cut.silent is Silence.NOT_INSTALLED
    assert measure_effects(registry, little_task(), KEY, NOW) == "no label, list or help is new"

    monkeypatch.undo()
    later = NOW + timedelta(days=1)
    measure_effects(registry, little_task(), KEY, later)

    assert measured(registry).at == later


def test_what_could_be_seen_goes_by_the_newest_list(registry: SyncRegistry) -> None:
    fill(registry, 60)

    measure_effects(registry, little_task(), KEY, NOW)

    found = measured(registry)
    assert found.lottery[0].silent is Silence.NO_DRAW and found.cut.silent is Silence.FEW
    assert (found.cut.within.students, found.cut.beyond.students) == (30, 30)
    assert found.power.measured and found.power.at_risk == pytest.approx(0.5, abs=0.02)
    assert [(one.band, one.children, one.won) for one in found.power.outlook] == [
        (0.1, 6, 3), (0.25, 16, 8), (0.5, 30, 15), (1.0, 60, 30),
    ]  # fmt: skip


def became(outcomes: dict[tuple[str, str], KnownOutcome] | None = None) -> Became:
    return Became(outcomes or {}, {}, lambda outcome: outcome > 0.5, NOW.date())


def test_of_draws_that_are_repeated_the_first_counts() -> None:
    drawn = range(4, 8)
    first = ListWithRows(published("l1", at=PUBLISHED, band=0.5), rows_of(12, drawn=drawn))
    again = ListWithRows(
        published("l2", at=PUBLISHED + timedelta(days=1), band=0.5),
        rows_of(12, drawn=range(2, 10), list_id="l2", shift=1),
    )

    found = drawn_standings([again, first], became())

    placed = dict(zip(found.students.tolist(), found.placed.tolist(), strict=True))
    assert len(found) == 8 and len(np.unique(found.strata)) == 2
    assert [placed[f"RA-{i}"] for i in drawn] == [True, False, True, False]
    assert [placed[f"RA-{i}"] for i in (2, 3, 8, 9)] == [False, True, False, True]


def test_a_lane_that_has_room_for_all_and_who_is_equal_to_the_cut_tell_nothing_of_it() -> None:
    rows = rows_of(10)
    tied = [replace(row, margin=0.0) if row.rank in (5, 6) else row for row in rows]
    roomy = [replace(row, unit="south", listed=True) for row in rows_of(4, list_id="l2")]

    found = cut_standings([ListWithRows(published(), [*tied, *roomy])], became())

    assert sorted(found.students.tolist()) == [f"RA-{i}" for i in (0, 1, 2, 3, 6, 7, 8, 9)]
    assert np.array_equal(found.placed, found.margins > 0)


def test_of_a_period_the_list_counts_that_schools_had_longest() -> None:
    def on(day: int, period: str = "2023") -> PublishedList:
        return published(f"d{day}", period, at=PUBLISHED + timedelta(days=day))

    lists = [on(0), on(1), on(40), on(45, "2024")]

    assert [one.list_id for one in in_force_longest(lists, NOW)] == ["d1", "d45"]
    assert in_force_longest([], NOW) == []


def test_a_list_without_a_cut_promises_no_lottery() -> None:
    everybody = ListWithRows(published(), [replace(row, listed=True) for row in rows_of(10)])

    assert prospects_of(everybody) == [] and risk_at_cut(everybody) is None


def test_help_counts_from_the_features_year_until_the_outcome() -> None:
    label = Label("RA-1", "2023", {}, 0.0, CAME, CAME)
    term = replace(label, period="2023-2")
    before = intervention(start=date(2022, 3, 1), end=date(2022, 12, 1))
    going_on = intervention(start=date(2022, 3, 1))
    late = intervention(start=date(2024, 12, 21))

    found = [helped_before(one, {"RA-1": [given]}) for one in (label, term)
             for given in (before, going_on, late)]  # fmt: skip

    assert found == [False, True, False, False, True, False]
    assert not helped_before(label, {"RA-2": [going_on]})
    assert was_helped([before], date(2022, 12, 1), date(2023, 1, 1))


def test_labelled_records_are_marked_whatever_order_they_come_in() -> None:
    labels = [Label(f"RA-{i}", "2023", {"ieg": 1.0}, 0.0, CAME, CAME) for i in (3, 1, 2)]
    given = {"RA-2": [intervention(student_id="RA-2", start=date(2024, 3, 1))]}
    data = training_set(labels, ())

    found = marked(data, labels, given)

    assert found.helped is not None and found.helped.tolist() == [False, True, False]
    part = found.take(np.array([1]))
    assert part.helped is not None and part.helped.tolist() == [True]
    assert marked(data, labels, {}).helped is None


def test_a_number_is_one_of_risk_beyond_where_alert_begins() -> None:
    at_risk = at_risk_of(parse_task(NUMERIC, source="marks"))

    assert [at_risk(mark) for mark in (4.9, 5.0)] == [True, False]
