"""From one drift report to the next: which features are suspected, in alarm, or quiet again.

Pure: the state before and a report give the state after.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from drift.alarms.rule import AlarmRule, clearly_worse
from model.drift import DriftReport
from model.watch.alarm import AlarmLevel, FalseAlarms, FeatureAlarm, WatchState


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one report says of one feature.

    Attributes:
        drifted: any test of it found a significant and large shift.
        q_value: the smallest among the large shifts; 1 where there is none.
        strength: the largest effect among the tests that found drift, as a multiple of its limit.
    """

    drifted: bool
    q_value: float
    strength: float


@dataclass(frozen=True, slots=True)
class CheckKind:
    """What a check may say.

    Attributes:
        counted: it looked at other records than the one before, so it is a new look.
        judged: it looked at a complete cohort for the first time, and no other look will come.
    """

    counted: bool
    judged: bool


def next_state(
    before: WatchState | None,
    report: DriftReport,
    rule: AlarmRule,
    expected: FalseAlarms | None = None,
) -> WatchState:
    """The state after a check that compared something.

    Args:
        before: of the same champion; None at its first check.
        report: of the check.
        rule: what makes an alarm.
        expected: false alarms to expect, kept with the state.

    Raises:
        ValueError: the report compared nothing, which says nothing about any feature.
    """
    if not report.compared:
        raise ValueError("a report that compared nothing changes no alarm")
    counted = before is None or report.digest != before.digest
    found_at = report.at if before is None or counted else before.digest_at or before.at
    complete = report.whole or report.at - found_at >= rule.settled
    judged_before = before is not None and before.judged and not counted
    kind = CheckKind(counted, complete and not judged_before)
    return WatchState(
        model_version=report.model_version,
        at=report.at,
        report_id=report.report_id,
        period=", ".join(report.periods),
        digest=report.digest,
        features=_features(before, report, rule, kind),
        digest_at=found_at,
        judged=complete or judged_before,
        needed=rule.checks,
        expected=expected,
    )


def evidence_of(report: DriftReport) -> dict[str, Evidence]:
    """Feature to what the report says of it; one that was not compared is not there."""
    found: dict[str, Evidence] = {}
    for row in report.features:
        known = found.get(row.feature, Evidence(False, 1.0, 0.0))
        large = row.q_value is not None and row.times_limit >= 1.0
        found[row.feature] = Evidence(
            drifted=known.drifted or row.drifted,
            q_value=min(known.q_value, row.q_value if large and row.q_value is not None else 1.0),
            strength=max(known.strength, row.times_limit if row.drifted else 0.0),
        )
    return found


def _features(
    before: WatchState | None, report: DriftReport, rule: AlarmRule, kind: CheckKind
) -> tuple[FeatureAlarm, ...]:
    found = evidence_of(report)
    known: Mapping[str, FeatureAlarm] = (
        {one.feature: one for one in before.features} if before else {}
    )
    return tuple(
        step(
            known.get(name) or FeatureAlarm(name, AlarmLevel.QUIET, 0, report.at),
            found.get(name),
            rule,
            kind,
            report.at,
        )
        for name in dict.fromkeys((*found, *known))
    )


def step(
    alarm: FeatureAlarm,
    found: Evidence | None,
    rule: AlarmRule,
    kind: CheckKind,
    at: datetime,
) -> FeatureAlarm:
    """The state of one feature after a check.

    Args:
        alarm: its state before.
        found: what the check says of it; None where it could not be compared, which is neither
            drift nor its absence.
        rule: what makes an alarm.
        kind: whether the check counts, and whether it is the one that judges a complete cohort.
        at: when it was made.
    """
    if found is None or not (kind.counted or kind.judged):
        return alarm
    if found.drifted:
        return _drifted(alarm, found, rule, kind, at)
    return _calm(alarm, rule, kind, at)


def _drifted(
    alarm: FeatureAlarm, found: Evidence, rule: AlarmRule, kind: CheckKind, at: datetime
) -> FeatureAlarm:
    checks = max(alarm.checks + kind.counted, 1)
    strongest = min(alarm.q_value, found.q_value)
    seen = replace(alarm, checks=checks, calm=0, strength=found.strength, q_value=strongest)
    known = alarm.level is AlarmLevel.ACKNOWLEDGED
    if known and clearly_worse(found.strength, alarm.acknowledged_strength):
        return _fresh(seen, AlarmLevel.ALARMED, at)
    if alarm.standing:
        return seen
    enough = checks >= rule.checks or kind.judged
    if enough and strongest <= rule.alarm_alpha:
        return _fresh(seen, AlarmLevel.ALARMED, at)
    suspected = alarm.level is AlarmLevel.SUSPECTED
    return seen if suspected else _fresh(seen, AlarmLevel.SUSPECTED, at)


def _calm(alarm: FeatureAlarm, rule: AlarmRule, kind: CheckKind, at: datetime) -> FeatureAlarm:
    if alarm.level is AlarmLevel.QUIET:
        return alarm
    calm = alarm.calm + kind.counted
    if alarm.standing and calm < rule.checks and not kind.judged:
        return replace(alarm, checks=0, calm=calm, strength=0.0, q_value=1.0)
    return FeatureAlarm(alarm.feature, AlarmLevel.QUIET, 0, at)


def _fresh(alarm: FeatureAlarm, level: AlarmLevel, at: datetime) -> FeatureAlarm:
    """The feature at another level, acknowledged by nobody."""
    return FeatureAlarm(
        feature=alarm.feature,
        level=level,
        checks=alarm.checks,
        since=at,
        strength=alarm.strength,
        q_value=alarm.q_value,
    )
