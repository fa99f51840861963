"""The state of the alarms in sentences, for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from model.watch.alarm import AlarmLevel, FalseAlarms, FeatureAlarm, WatchState


def alarm_lines(state: WatchState) -> Iterator[str]:
    """What is in alarm, known, suspected, and how many false alarms to expect.

    >>> from datetime import UTC, datetime
    >>> at = datetime(2025, 3, 1, tzinfo=UTC)
    >>> ieg = FeatureAlarm("ieg", AlarmLevel.SUSPECTED, 1, at)
    >>> list(alarm_lines(WatchState("v1", at, "d", "2024", "", (ieg,), needed=2)))
    ['Suspected: ieg (drift in 1 check of 2 in a row)']
    """
    told = {
        AlarmLevel.ALARMED: "In alarm",
        AlarmLevel.ACKNOWLEDGED: "Acknowledged",
        AlarmLevel.SUSPECTED: "Suspected",
    }
    for level, word in told.items():
        for alarm in state.features:
            if alarm.level is level:
                yield f"{word}: {alarm.feature} ({_why(alarm, state)})"
    if all(alarm.level is AlarmLevel.QUIET for alarm in state.features):
        yield "Alarms: none."
    if state.digest_at is not None and state.digest_at < state.at:
        yield (
            f"The records are those of the check of {state.digest_at:%Y-%m-%d %H:%M} UTC: "
            "this is no further check."
        )
    if state.expected is not None:
        yield expected_line(state.expected)


def expected_line(expected: FalseAlarms) -> str:
    """How many false alarms a year to expect, and of how many looks.

    >>> expected_line(FalseAlarms(0.126, 365, 33, at_once=False))
    'False alarms to expect while nothing changes: at most 0.13 a year (365 checks, 33 tests each).'
    """
    looks = (
        "a complete cohort is judged once"
        if expected.at_once
        else f"{expected.checks_a_year} checks, {expected.tests} tests each"
    )
    return (
        f"False alarms to expect while nothing changes: at most {expected.a_year:.2g} a year "
        f"({looks})."
    )


def one_look_line(alpha: float) -> str:
    """The same for a comparison that nobody repeats.

    >>> one_look_line(0.05)
    'One look, which makes no alarm: of those at nothing changed, at most 5 in 100 find drift.'
    """
    return (
        "One look, which makes no alarm: of those at nothing changed, at most "
        f"{100 * alpha:g} in 100 find drift."
    )


def _why(alarm: FeatureAlarm, state: WatchState) -> str:
    if alarm.level is AlarmLevel.ACKNOWLEDGED and alarm.acknowledged_at is not None:
        return f"by {alarm.acknowledged_by}, {alarm.acknowledged_at:%Y-%m-%d}: {alarm.reason}"
    plural = "s" if alarm.checks != 1 else ""
    if alarm.level is AlarmLevel.SUSPECTED:
        return f"drift in {alarm.checks} check{plural} of {state.needed} in a row"
    if alarm.calm:
        return (
            f"since {alarm.since:%Y-%m-%d}; no drift in the latest {alarm.calm} of {state.needed}"
        )
    return f"since {alarm.since:%Y-%m-%d}; drift in {alarm.checks} check{plural} in a row"
