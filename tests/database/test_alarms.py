"""The state of the drift alarms, on every server and driver."""

from __future__ import annotations

from dataclasses import replace

import pytest

from database.watch.alarms import AlarmRepository
from model.errors import Conflict, NotFound
from model.watch.alarm import AlarmLevel, FalseAlarms, FeatureAlarm, WatchState
from tests.database.builders import START, at
from tests.database.drivers import MongomockRegistry, Run
from tests.database.test_interleavings import with_pause


@pytest.fixture
def registry(db: str) -> MongomockRegistry:
    return MongomockRegistry(db)


def state(version: str = "v1", *, day: float = 0, **more: AlarmLevel) -> WatchState:
    alarms = more or {"ieg": AlarmLevel.ALARMED, "ida": AlarmLevel.QUIET}
    return WatchState(
        version, at(day), "d1", "2024", "ab" * 16,
        tuple(FeatureAlarm(name, level, 2, START, strength=2.0) for name, level in alarms.items()),
        digest_at=START, needed=2, expected=FalseAlarms(0.1, 365, 33, at_once=False),
    )  # fmt: skip


def test_the_state_of_the_newest_check_is_read_as_it_was_written(run: Run) -> None:
    assert run(AlarmRepository().current()) is None

    run(AlarmRepository().advance("v1", lambda _: state("v1", day=1)))
    run(AlarmRepository().advance("v2", lambda _: state("v2", day=2)))

    current = run(AlarmRepository().current())
    assert current == replace(state("v2", day=2), revision=1)


def test_a_state_is_made_from_the_one_before_it_and_takes_its_place(run: Run) -> None:
    seen: list[WatchState | None] = []

    def change(before: WatchState | None) -> WatchState:
        seen.append(before)
        return state(day=len(seen))

    first = run(AlarmRepository().advance("v1", change))
    run(AlarmRepository().advance("v1", change))

    assert seen == [None, first]
    assert run(AlarmRepository().count()) == 1


def test_whoever_acknowledges_an_alarm_is_named_with_moment_and_reason(run: Run) -> None:
    run(AlarmRepository().advance("v1", lambda _: state()))

    done = run(AlarmRepository().acknowledge("ieg", by="ana", reason="a new survey", now=at(1)))

    alarm = done.of("ieg")
    assert alarm is not None and done == run(AlarmRepository().current())
    assert (alarm.level, alarm.acknowledged_by) == (AlarmLevel.ACKNOWLEDGED, "ana")
    assert (alarm.acknowledged_at, alarm.reason) == (at(1), "a new survey")
    with pytest.raises(Conflict, match="acknowledged by ana"):
        run(AlarmRepository().acknowledge("ieg", by="rui", reason="me too", now=at(2)))


def test_what_is_no_alarm_cannot_be_acknowledged(run: Run) -> None:
    def say(feature: str) -> None:
        run(AlarmRepository().acknowledge(feature, by="ana", reason="seen", now=at(1)))

    with pytest.raises(NotFound, match="no drift check was made yet"):
        say("ieg")
    run(AlarmRepository().advance("v1", lambda _: state()))
    with pytest.raises(Conflict, match="ida is quiet"):
        say("ida")
    with pytest.raises(NotFound, match="no feature 'ipp'"):
        say("ipp")


@pytest.mark.parametrize("pause", range(4))
def test_a_check_and_an_acknowledgement_at_the_same_time_are_both_kept(
    registry: MongomockRegistry, pause: int
) -> None:
    registry.run(AlarmRepository().advance("v1", lambda _: state()))

    def check(before: WatchState | None) -> WatchState:
        assert before is not None
        return replace(before, at=at(2))

    with_pause(
        registry,
        AlarmRepository().advance("v1", check),
        pause,
        AlarmRepository().acknowledge("ieg", by="ana", reason="seen", now=at(1)),
    )

    current = registry.run(AlarmRepository().current())
    assert current is not None
    assert (current.at, current.at_level(AlarmLevel.ACKNOWLEDGED)) == (at(2), ("ieg",))
