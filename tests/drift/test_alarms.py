"""What makes an alarm, what ends one, and how many false ones to expect."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from drift.alarms.digest import digest_of
from drift.alarms.expected import Growth, expected_false_alarms
from drift.alarms.persistence import next_state
from drift.alarms.rule import AlarmRule, rule_of
from drift.alarms.told import alarm_lines
from drift.policy import policy_of
from model.drift import DriftReport, FeatureDrift
from model.errors import Conflict, NotFound
from model.student import Features
from model.watch.alarm import AlarmLevel, WatchState, acknowledge
from preprocessing.task.policies import WatchPolicy

START = datetime(2025, 3, 1, 6, tzinfo=UTC)
RULE = AlarmRule(alpha=0.05, alarm_alpha=0.01, checks=3, settled=timedelta(days=7))
QUIET, SUSPECTED, ALARMED, ACKNOWLEDGED = AlarmLevel


def report(
    day: float,
    records: str,
    *,
    strength: float = 2.0,
    q: float = 0.001,
    drifted: bool = True,
    whole: bool = False,
) -> DriftReport:
    """A check of `ieg`, of records that the text stands for."""
    row = FeatureDrift(
        "ieg", "ks", strength * 0.1, q, q, strength * 0.1, 0.1, 0.2, drifted, 0.0, 0.0
    )
    at = START + timedelta(days=day)
    return DriftReport(
        f"d{day}", at, "v1", 400, ("2025",), (row,), drifted, digest=records, whole=whole
    )


def calm(day: float, records: str, whole: bool = False) -> DriftReport:
    return report(day, records, strength=0.3, q=0.8, drifted=False, whole=whole)


def after(*reports: DriftReport, state: WatchState | None = None) -> WatchState:
    for one in reports:
        state = next_state(state, one, RULE)
    assert state is not None
    return state


def level(state: WatchState) -> AlarmLevel:
    alarm = state.of("ieg")
    assert alarm is not None
    return alarm.level


def alarmed() -> WatchState:
    return after(report(0, "a"), report(1, "b"), report(2, "c"))


def known(strength: float = 2.0) -> WatchState:
    standing = after(*(report(i, str(i), strength=strength) for i in range(3)))
    return acknowledge(standing, "ieg", by="ana", reason="a new survey", now=START)


def test_drift_is_suspected_at_first_and_an_alarm_at_the_kth_check_in_a_row() -> None:
    levels = [level(after(*(report(i, str(i)) for i in range(n)))) for n in (1, 2, 3, 4)]

    assert levels == [SUSPECTED, SUSPECTED, ALARMED, ALARMED]


def test_an_alarm_says_since_when_it_stands_and_how_often_drift_was_seen() -> None:
    state = after(report(3, "d"), state=alarmed())
    alarm = state.of("ieg")

    assert alarm is not None
    assert (alarm.checks, alarm.since) == (4, START + timedelta(days=2))
    assert state.alarmed == state.confirmed == ("ieg",)


def test_daily_checks_of_the_same_records_are_one_check() -> None:
    state = after(*(report(i, "a") for i in range(6)))

    assert level(state) is SUSPECTED
    assert "this is no further check" in "\n".join(alarm_lines(state))


def test_a_check_without_drift_breaks_the_row() -> None:
    state = after(report(0, "a"), report(1, "b"), calm(2, "c"), report(3, "d"), report(4, "e"))

    assert level(state) is SUSPECTED


def test_drift_that_is_never_strong_stays_suspected_until_one_check_of_the_row_is() -> None:
    weak = after(*(report(i, str(i), q=0.03) for i in range(5)))

    assert level(weak) is SUSPECTED
    assert level(after(report(5, "strong", q=0.009), state=weak)) is ALARMED


def test_a_whole_cohort_of_school_files_is_judged_once_and_may_alarm_at_its_only_check() -> None:
    assert level(after(report(0, "a", whole=True))) is ALARMED


def test_a_whole_cohort_needs_strong_evidence_and_stays_suspected_without() -> None:
    state = after(*(report(i, "a", q=0.03, whole=True) for i in range(30)))

    assert level(state) is SUSPECTED


def test_a_cohort_that_has_not_changed_for_a_week_is_complete_and_judged_as_it_stands() -> None:
    waiting = after(*(report(i, "a") for i in range(7)))

    assert level(waiting) is SUSPECTED
    assert level(after(report(7, "a"), state=waiting)) is ALARMED


def test_a_complete_cohort_is_judged_once_and_not_anew_with_every_check() -> None:
    judged = after(report(0, "a", q=0.03, whole=True))

    assert level(after(report(1, "a", q=0.001, whole=True), state=judged)) is SUSPECTED
    assert level(after(report(1, "corrected", q=0.001, whole=True), state=judged)) is ALARMED


def test_an_alarm_ends_after_as_many_quiet_checks_as_made_it() -> None:
    state = after(calm(3, "d"), calm(4, "e"), state=alarmed())

    assert level(state) is ALARMED
    assert level(after(calm(5, "f"), state=state)) is QUIET


def test_a_quiet_complete_cohort_ends_an_alarm_at_once() -> None:
    assert level(after(calm(3, "d", whole=True), state=alarmed())) is QUIET


def test_a_feature_that_could_not_be_compared_keeps_its_state() -> None:
    silent = replace(report(3, "d"), features=())

    assert after(silent, state=alarmed()).of("ieg") == alarmed().of("ieg")


def test_a_check_that_compared_nothing_says_nothing_of_any_feature() -> None:
    with pytest.raises(ValueError, match="compared nothing"):
        next_state(alarmed(), replace(report(3, "d"), compared=False), RULE)


def test_an_acknowledged_alarm_names_who_knows_and_goes_on_silently() -> None:
    state = after(report(3, "d"), state=known())
    alarm = state.of("ieg")

    assert alarm is not None
    assert (alarm.level, alarm.acknowledged_by) == (ACKNOWLEDGED, "ana")
    assert (state.alarmed, state.confirmed) == ((), ("ieg",))


def test_an_acknowledgement_ends_when_the_feature_is_quiet_again() -> None:
    quiet = after(*(calm(i, str(i)) for i in (3, 4, 5)), state=known())
    again = after(*(report(i, str(i)) for i in (6, 7, 8)), state=quiet)

    assert level(quiet) is QUIET
    assert level(again) is ALARMED
    assert again.features[0].acknowledged_by == ""


@pytest.mark.parametrize(
    ("acknowledged", "now", "expected"),
    [(2.0, 2.9, ACKNOWLEDGED), (2.0, 3.1, ALARMED), (1.0, 1.9, ACKNOWLEDGED), (6.0, 9.1, ALARMED)],
)
def test_an_acknowledgement_ends_when_the_drift_is_half_as_much_again_and_a_limit_more(
    acknowledged: float, now: float, expected: AlarmLevel
) -> None:
    state = after(report(3, "d", strength=now), state=known(acknowledged))

    assert level(state) is expected


def test_only_an_alarm_that_nobody_knows_can_be_acknowledged() -> None:
    def say(state: WatchState, feature: str = "ieg") -> WatchState:
        return acknowledge(state, feature, by="ana", reason="seen", now=START)

    with pytest.raises(NotFound, match="no feature 'ida' is watched; watched are ieg"):
        say(alarmed(), "ida")
    with pytest.raises(Conflict, match="ieg is suspected, so there is no alarm"):
        say(after(report(0, "a")))
    with pytest.raises(Conflict, match="was acknowledged by ana"):
        say(known())


def test_the_digest_follows_the_records_and_the_rules_and_not_the_order() -> None:
    records: list[Features] = [{"ieg": 5.0, "stone": "agata"}, {"ieg": 6.0}]
    usual = policy_of(WatchPolicy())

    assert digest_of(records, usual) == digest_of(records[::-1], usual)
    assert digest_of(records, usual) != digest_of(
        [{"ieg": 5.5, "stone": "agata"}, records[1]], usual
    )
    assert digest_of(records, usual) != digest_of(
        records, policy_of(WatchPolicy(limits={"ks": 0.2}))
    )


def test_a_task_says_what_makes_an_alarm() -> None:
    chosen = WatchPolicy(alpha=0.1, alarm_alpha=0.02, checks=5, settled_days=3)

    assert rule_of(chosen) == AlarmRule(0.1, 0.02, 5, timedelta(days=3))
    assert policy_of(chosen).alpha == 0.1


def expected(rule: AlarmRule, growth: Growth, tests: int = 33) -> float:
    return expected_false_alarms(rule, growth, tests=tests, checks_a_year=growth.looks).a_year


def test_a_cohort_that_comes_whole_has_one_look_a_period_at_the_level_of_alarms() -> None:
    assert expected(RULE, Growth(200, 1000, 365, 1.0, whole=True)) == 0.01
    assert expected(RULE, Growth(200, 1000, 365, 4.0, whole=True)) == 0.04


def test_more_checks_in_a_row_expect_fewer_false_alarms_and_more_looks_expect_more() -> None:
    def of(checks: int, looks: int) -> float:
        loose = replace(RULE, checks=checks, alarm_alpha=0.05)
        return expected(loose, Growth(200, 1000, looks, 1.0, whole=False))

    assert of(1, 12) > of(2, 12) > of(3, 12)
    assert of(2, 3) < of(2, 12) < of(2, 40)


def test_a_single_look_expects_as_many_false_alarms_as_its_level_says() -> None:
    once = replace(RULE, checks=1, alarm_alpha=0.05)

    assert expected(once, Growth(400, 400, 1, 1.0, whole=False)) == pytest.approx(0.05, rel=0.03)


def test_the_expected_number_of_alarms_is_what_a_played_statistic_brings() -> None:
    """Ten thousand students' years of one test, its statistic drawn from growing means."""
    rule = AlarmRule(0.1, 0.1, 2, timedelta(days=7))
    sizes = np.linspace(100, 800, 20).astype(int)
    random = np.random.default_rng(4)
    steps = np.diff([0, *sizes])
    sums = np.cumsum(random.normal(size=(10_000, 20)) * np.sqrt(steps), axis=1)
    beyond = np.abs(sums / np.sqrt(sizes)) >= 1.6448536
    alarms = sum(_alarms(row, 2) for row in beyond.tolist()) / 10_000

    growth = Growth(100, 800, 20, 1.0, whole=False)

    assert expected(rule, growth, tests=1) == pytest.approx(alarms, rel=0.06)


def _alarms(beyond: list[bool], checks: int) -> int:
    row = quiet = count = 0
    standing = False
    for one in beyond:
        row, quiet = (row + 1, 0) if one else (0, quiet + 1)
        if not standing and row >= checks:
            standing, count = True, count + 1
        standing = standing and quiet < checks
    return count
