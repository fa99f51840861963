"""Each promotion promises a gain, and the next period's outcomes say whether it came."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from database.decisions.realised import RealisedGainRepository
from database.driver.client import SyncRegistry, open_registry
from database.indexes import ensure_indexes
from database.labelling.recording import record_outcomes
from database.promotions import PromotionRepository
from database.runs import RunRepository
from model.decisions.realised import (
    NO_PROMISES,
    RealisedGain,
    TrackRecord,
    is_kept,
    told_came,
    told_record,
    track_record,
)
from model.label import Outcome
from model.promotion import DecisionStatus, Promise, Promotion
from preprocessing.dataset import training_set
from preprocessing.task.policies import PromotionPolicy
from retraining.promotion.cases import Answers, Cases
from retraining.promotion.promise import promise_of
from retraining.promotion.realised import error_came, recall_came
from retraining.replay.report import show
from retraining.replay.result import History, Promised
from retraining.run import training_labels
from retraining.run.promises import hold
from tests.database.builders import promotion
from tests.retraining.school import KEY, READING, START, SUMS, run, task, teach
from tests.studies.replay_summary import promises

FAR = datetime.max.replace(tzinfo=UTC)
NOW = START + timedelta(days=500)
PROMISE = Promise(0.036, 0.003, 0.078, "2023", "measured")
CAME = RealisedGain("p", NOW, "2024", "v2", "v1", 300, 90, 90, 0.019, -0.01, 0.05, "d")


@pytest.fixture
def promoted(registry: SyncRegistry, home: Path) -> Iterator[SyncRegistry]:
    """In 2022 reading decided and v1 learned it; in 2023 sums did, and v2 took over."""
    teach(registry, "2022", READING)
    run(registry, home)
    teach(registry, "2023", SUMS, n=600)
    assert run(registry, home, run_id="run-2").status is DecisionStatus.PROMOTED
    yield registry


def held(registry: SyncRegistry, **left_out: int) -> list[str]:
    known = registry.run(training_labels.window(task(), arrived_until=FAR, limit=0))
    return hold(registry, task(), training_set(known, []), KEY, left_out=left_out, now=NOW)


def came(registry: SyncRegistry) -> RealisedGain | None:
    return registry.run(RealisedGainRepository().find("run-2"))


def promise(registry: SyncRegistry) -> Promise:
    found = registry.run(PromotionRepository().get("run-2")).promise
    assert found is not None
    return found


@pytest.mark.slow
def test_a_promotion_records_what_it_promised_and_a_first_champion_promises_nothing(
    promoted: SyncRegistry,
) -> None:
    first, second = promoted.run(PromotionRepository().newest())[::-1]
    expected = second.evidence["expected"]

    assert first.promise is None
    assert promise(promoted) == Promise(
        expected["gain"], expected["low"], expected["high"], "2023", expected["basis"]
    )
    assert held(promoted) == []


def test_a_promise_is_kept_where_the_next_year_is_like_the_one_it_was_made_on(
    promoted: SyncRegistry, home: Path
) -> None:
    teach(promoted, "2024", SUMS, n=800)

    (told,) = held(promoted)
    found = came(promoted)

    assert found is not None
    assert (found.period, found.promoted, found.replaced, found.rows) == ("2024", "v2", "v1", 800)
    assert found.low < found.gain < found.high
    assert found.low > 0
    assert is_kept(promise(promoted), found)
    assert 0 < found.new_positives < found.positives == found.flagged
    assert found.new_gain is not None and found.new_gain > 0
    assert told.startswith("v2 promised +") and "in 2024" in told


@pytest.mark.slow
def test_a_promise_is_broken_where_the_year_after_is_another(promoted: SyncRegistry) -> None:
    teach(promoted, "2024", READING, n=400)

    held(promoted)
    found = came(promoted)
    ledger = promoted.run(PromotionRepository().newest())

    assert found is not None and found.high < 0
    assert not is_kept(promise(promoted), found)
    record = track_record(ledger, {"run-2": found})
    assert record == TrackRecord(0, 1, 0, promise(promoted).gain, found.gain)


@pytest.mark.slow
def test_the_same_outcomes_are_measured_once_and_late_ones_change_what_came(
    promoted: SyncRegistry,
) -> None:
    teach(promoted, "2024", SUMS, n=300)
    held(promoted)
    before = came(promoted)

    again = held(promoted)
    teach(promoted, "2025", READING, n=300)
    later = held(promoted)
    correct(promoted, "2024", "S0")
    corrected = held(promoted)

    assert again == [] and later == [], "the promise is about 2024, which has not changed"
    assert len(corrected) == 1
    after = came(promoted)
    assert before is not None and after is not None
    assert (after.period, after.rows) == ("2024", 300)
    assert after.digest != before.digest


def correct(registry: SyncRegistry, period: str, student: str) -> None:
    """The outcome of one student turns out to be the other one."""
    known = registry.run(training_labels.window(task(), arrived_until=FAR, limit=0))
    (was,) = [x for x in known if (x.student_id, x.period) == (student, period)]
    late = NOW + timedelta(days=30)
    fixed = Outcome(value=1 - was.outcome, observed_at=late, student_id=student, period=period)
    registry.run(record_outcomes([fixed], now=late))


@pytest.mark.slow
def test_a_year_with_too_few_outcomes_is_waited_for_and_one_that_was_cut_keeps_its_figure(
    promoted: SyncRegistry,
) -> None:
    teach(promoted, "2024", SUMS, n=60)
    assert held(promoted) == [] and came(promoted) is None

    teach(promoted, "2024", SUMS, n=300, seed=1)
    assert len(held(promoted)) == 1
    correct(promoted, "2024", "S0")

    assert held(promoted, **{"2024": 5}) == []


@pytest.mark.slow
def test_a_run_tells_what_came_as_a_step_of_its_own(promoted: SyncRegistry, home: Path) -> None:
    teach(promoted, "2024", SUMS, n=300)

    run(promoted, home, run_id="run-3")

    steps = {step.name: step.detail for step in promoted.run(RunRepository().get("run-3")).steps}
    assert steps["promises"].startswith("v2 promised +")
    names = list(steps)
    assert names.index("promises") < names.index("leakage")


@pytest.mark.slow
def test_a_version_that_cannot_be_trusted_stops_neither_the_run_nor_the_other_promises(
    promoted: SyncRegistry,
) -> None:
    teach(promoted, "2024", SUMS, n=300)
    known = promoted.run(training_labels.window(task(), arrived_until=FAR, limit=0))

    told = hold(promoted, task(), training_set(known, []), b"another key", left_out={}, now=NOW)

    (line,) = told
    assert line.startswith("what v2 promised was not measured: ")
    assert came(promoted) is None


def test_what_came_is_kept_once_whoever_measures_it_at_the_same_time(
    registry: SyncRegistry,
) -> None:
    assert registry.run(RealisedGainRepository().put(CAME))
    assert not registry.run(RealisedGainRepository().put(replace(CAME, at=FAR)))
    assert registry.run(RealisedGainRepository().put(replace(CAME, digest="e", gain=0.01)))

    found = registry.run(RealisedGainRepository().get("p"))
    assert (found.gain, found.digest) == (0.01, "e")
    assert registry.run(RealisedGainRepository().count()) == 1


def test_the_expected_gain_is_promised_where_the_evidence_states_one() -> None:
    measured = {"metric": "recall_at_budget", "gain": 0.05, "low": 0.01, "high": 0.09}
    expected = {"gain": 0.02, "low": -0.01, "high": 0.05, "spread": 0.01, "basis": "forward"}

    assert promise_of({"gains": [measured], "expected": expected}, ["2022", "2023"]) == Promise(
        0.02, -0.01, 0.05, "2023", "forward"
    )
    assert promise_of({"gains": [measured], "expected": None}, ["2022"]) == Promise(
        0.05, 0.01, 0.09, "2022", "measured"
    )
    assert promise_of({}, ["2022"]) is None
    assert promise_of({"gains": []}, ["2022"]) is None


def test_a_numeric_outcome_promises_a_share_of_the_error() -> None:
    evidence = {"kind": "numeric", "gain": 0.1, "low": 0.02, "high": 0.2}

    found = promise_of(evidence, ["2022"])

    assert found == Promise(0.1, 0.02, 0.2, "2022", "measured", "mae")
    assert told_came(found, None) == (
        "promised +10.0 % of the mean error saved (+2.0 to +20.0); outcomes after 2022 are awaited"
    )
    assert promise_of({"kind": "numeric", "gain": None}, ["2022"]) is None


@pytest.mark.parametrize(
    ("gain", "kept"), [(0.019, True), (0.006, True), (0.004, False), (-0.01, False)]
)
def test_a_promise_is_kept_within_the_error_of_promise_and_measurement(
    gain: float, kept: bool
) -> None:
    """3 points below and 1 point above: 3.2 points of 3.6 may be missing."""
    sure = replace(PROMISE, low=0.006)

    assert is_kept(sure, replace(CAME, gain=gain, high=gain + 0.01)) is kept


def test_a_gain_below_zero_keeps_no_promise_however_wide_it_was() -> None:
    wide = replace(PROMISE, low=-0.1)

    assert not is_kept(wide, replace(CAME, gain=-0.01))
    assert not is_kept(wide, replace(CAME, gain=0.0))


def test_the_track_record_counts_promotions_that_replaced_somebody() -> None:
    made = replace(promotion("p", "v2", "v1"), promise=PROMISE, revision=2)
    ledger: list[Promotion] = [
        made,
        replace(made, promotion_id="open", revision=3),
        replace(made, promotion_id="staged", status=DecisionStatus.STAGED),
        promotion("hand", "v1", "v2"),
    ]

    record = track_record(ledger, {"p": CAME})

    assert record == TrackRecord(1, 0, 1, 0.036, 0.019)
    assert told_record(record) == (
        "1 of 1 promises kept, 1 open; promised +3.6 points on average, came +1.9"
    )
    assert track_record([], {}) == NO_PROMISES


def cases(outcome: list[float], known: list[float] | None) -> Cases:
    n = len(outcome)
    return Cases(
        outcome=np.array(outcome),
        students=np.array([f"S{i}" for i in range(n)]),
        periods=np.full(n, "2024"),
        protected={},
        rules={} if known is None else {"persistence": np.array(known)},
    )


def answers(*scores: float) -> Answers:
    return Answers("v", np.array(scores), 0.5)


def test_both_versions_flag_as_many_and_ties_are_shared_fairly() -> None:
    judged = cases([1, 1, 0, 0], [1, 0, 0, 0])
    knows, ties = answers(0.9, 0.8, 0.2, 0.1), answers(0.5, 0.5, 0.5, 0.5)

    found = recall_came(judged, knows, ties, PromotionPolicy(), seed=0)

    assert (found.gain, found.cases, found.flagged) == (0.5, 2, 2)
    assert found.new is not None
    assert (found.new.gain, found.new.cases) == (0.5, 1)
    assert recall_came(judged, ties, knows, PromotionPolicy(), seed=0).gain == -0.5
    assert (
        recall_came(cases([1, 0], None), knows_two(), knows_two(), PromotionPolicy(), seed=0).new
        is None
    )


def knows_two() -> Answers:
    return answers(0.9, 0.1)


def test_the_interval_of_a_gain_narrows_with_the_students() -> None:
    def width(n: int) -> float:
        rng = np.random.default_rng(0)
        outcome = (rng.random(n) < 0.3).astype(float)
        better = answers(*(outcome + rng.normal(size=n)))
        worse = answers(*(0.5 * outcome + rng.normal(size=n)))
        found = recall_came(cases(outcome.tolist(), None), better, worse, PromotionPolicy(), seed=0)
        assert found.low < found.gain < found.high
        return found.high - found.low

    assert width(1600) < 0.7 * width(400)


def test_of_a_number_the_share_of_the_error_that_is_saved_came() -> None:
    judged = cases([1.0, 2.0, 3.0, 4.0], None)

    found = error_came(
        judged, answers(1.5, 2.5, 3.5, 4.5), answers(2.0, 3.0, 4.0, 5.0), PromotionPolicy(), seed=0
    )

    assert (found.gain, found.low, found.high) == (0.5, 0.5, 0.5)


def test_a_ledger_of_before_promises_nothing(embedded_uri: str, db: str) -> None:
    """Its documents have no such field."""
    with open_registry(embedded_uri, db) as opened:
        opened.run(ensure_indexes())
        opened.run(PromotionRepository().promote(promotion(), expected_revision=0))
        (stored,) = opened.run(PromotionRepository().newest())

    assert stored.promise is None and not stored.provisional


def test_a_replay_tells_each_promise_and_the_study_counts_those_kept() -> None:
    kept = Promised("v2", "v1", PROMISE, CAME)
    broken = Promised("v3", "v2", PROMISE, replace(CAME, gain=-0.02))
    history = History((), (), (kept, broken, replace(kept, came=None)), NO_PROMISES)
    console = Console(width=200, record=True, file=StringIO())

    show(history, console)
    told = json.loads(json.dumps(history.to_mapping()))
    lines = list(promises([{"scenario": "steady", **told}, {"scenario": "none", "promised": []}]))

    assert [one["kept"] for one in told["promised"]] == [True, False, None]
    assert "came +1.9 points of recall (-1.0 to +5.0) in 2024" in console.export_text()
    assert lines[2:] == [
        "| steady | 2 | 1 | 3.6 (3.6 to 3.6) | -0.1 (-2.0 to 1.9) |",
        "| none | 0 | | | |",
    ]
