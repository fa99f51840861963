"""What the drift watch remembers of a champion: one state per feature, over all its checks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from model.errors import Conflict, NotFound


class AlarmLevel(StrEnum):
    """How sure the watch is that a feature has drifted.

    Attributes:
        QUIET: nothing beyond chance, or nothing large.
        SUSPECTED: drifted in the latest checks, and not often enough yet.
        ALARMED: drifted for as long as the task asks for.
        ACKNOWLEDGED: alarmed, and somebody knows.
    """

    QUIET = "quiet"
    SUSPECTED = "suspected"
    ALARMED = "alarmed"
    ACKNOWLEDGED = "acknowledged"


@dataclass(frozen=True, slots=True)
class FeatureAlarm:
    """The state of one feature (or of the score).

    Attributes:
        feature: its name in drift reports.
        checks: how many counted checks in a row have found drift, up to the newest.
        since: when it came to this level; an acknowledged alarm keeps that of the alarm.
        acknowledged_by: name of the key; empty where nobody has.
        reason: what whoever acknowledged it said.
        strength: its largest effect among tests that found drift, as a multiple of the limit; 0
            where none did.
        q_value: the smallest of that row of checks; 1 where there is none.
        acknowledged_strength: the strength when it was acknowledged.
        calm: how many counted checks in a row have found none, of an alarm that stands.
    """

    feature: str
    level: AlarmLevel
    checks: int
    since: datetime
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None
    reason: str = ""
    strength: float = 0.0
    q_value: float = 1.0
    acknowledged_strength: float = 0.0
    calm: int = 0

    @property
    def standing(self) -> bool:
        """Whether it is alarmed, acknowledged or not."""
        return self.level in {AlarmLevel.ALARMED, AlarmLevel.ACKNOWLEDGED}


@dataclass(frozen=True, slots=True)
class FalseAlarms:
    """How many false alarms a year to expect while nothing changes: an upper bound.

    Attributes:
        a_year: expected number of alarms.
        checks_a_year: checks that the schedule makes; each is taken to find changed records.
        tests: p-values of one report.
        at_once: whether the cohort is judged once, as it stands.
    """

    a_year: float
    checks_a_year: int
    tests: int
    at_once: bool


@dataclass(frozen=True, slots=True)
class WatchState:
    """All features of one champion, as the newest check left them.

    Attributes:
        at: of the newest check.
        report_id: of the newest check's report.
        period: of the cohort it judged.
        digest: of the records that the newest counted check compared, and of how it did.
        features: every feature that was ever compared, in the order of the reports.
        digest_at: when a check first found these records.
        judged: whether these records were judged as a complete cohort.
        needed: checks in a row that make an alarm.
        expected: false alarms to expect.
        revision: of the stored state; 0 before it is stored.
    """

    model_version: str
    at: datetime
    report_id: str
    period: str
    digest: str
    features: tuple[FeatureAlarm, ...]
    digest_at: datetime | None = None
    judged: bool = False
    needed: int = 0
    expected: FalseAlarms | None = None
    revision: int = 0

    @property
    def alarmed(self) -> tuple[str, ...]:
        """The features in alarm that nobody has acknowledged."""
        return self.at_level(AlarmLevel.ALARMED)

    @property
    def confirmed(self) -> tuple[str, ...]:
        """The features in alarm, acknowledged or not."""
        return tuple(one.feature for one in self.features if one.standing)

    def at_level(self, level: AlarmLevel) -> tuple[str, ...]:
        """The features at that level."""
        return tuple(one.feature for one in self.features if one.level is level)

    def of(self, feature: str) -> FeatureAlarm | None:
        """The state of that feature, or None where it was never compared."""
        return next((one for one in self.features if one.feature == feature), None)


def acknowledge(
    state: WatchState, feature: str, *, by: str, reason: str, now: datetime
) -> WatchState:
    """The state after somebody said that an alarm is known.

    Args:
        state: with the alarm in it.
        feature: whose alarm it is.
        by: name of the key.
        reason: what is known about it.
        now: aware UTC.

    Raises:
        NotFound: no feature of that name was ever compared.
        Conflict: it is not in alarm, or acknowledged already.
    """
    alarm = state.of(feature)
    if alarm is None:
        known = ", ".join(one.feature for one in state.features) or "none yet"
        raise NotFound(f"no feature {feature!r} is watched; watched are {known}")
    if alarm.level is AlarmLevel.ACKNOWLEDGED:
        raise Conflict(f"the alarm of {feature} was acknowledged by {alarm.acknowledged_by}")
    if alarm.level is not AlarmLevel.ALARMED:
        raise Conflict(f"{feature} is {alarm.level.value}, so there is no alarm to acknowledge")
    known_now = replace(
        alarm,
        level=AlarmLevel.ACKNOWLEDGED,
        acknowledged_by=by,
        acknowledged_at=now,
        reason=reason,
        acknowledged_strength=alarm.strength,
    )
    return replace(
        state,
        features=tuple(known_now if one.feature == feature else one for one in state.features),
    )
