"""Quiet hours, pauses, attempts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from model.errors import ConfigurationError
from model.watch.notice import Severity
from preprocessing.task.notices import NoticePolicy
from preprocessing.task.spec import parse_task
from retraining.notices.timing import MOST_ATTEMPTS, PAUSE, choose, wait_after
from tests.retraining.notices.builders import NOW, notice
from tests.retraining.school import TASK

SCHOOL = NoticePolicy(quiet="20:00-07:00", zone="America/Sao_Paulo")
NIGHT = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)
"""Eleven at night in São Paulo."""

ALARM, DOWN = notice(1), notice(2, severity=Severity.CRITICAL)


def test_in_quiet_hours_only_what_is_critical_goes() -> None:
    batch = choose([ALARM, DOWN], SCHOOL, now=NIGHT, last_sent=None)

    assert (batch.now, batch.held) == ((DOWN,), 1)
    assert batch.until == datetime(2026, 3, 3, 10, 0, tzinfo=UTC)


def test_by_day_everything_goes_together() -> None:
    assert choose([ALARM, DOWN], SCHOOL, now=NOW, last_sent=None).now == (ALARM, DOWN)


def test_a_second_message_waits_for_a_pause_and_a_critical_one_takes_the_rest_along() -> None:
    soon = NOW + timedelta(minutes=3)

    assert choose([ALARM], SCHOOL, now=soon, last_sent=NOW).until == NOW + PAUSE
    assert choose([ALARM], SCHOOL, now=NOW + PAUSE, last_sent=NOW).now == (ALARM,)
    assert choose([ALARM, DOWN], SCHOOL, now=soon, last_sent=NOW).now == (ALARM, DOWN)


@pytest.mark.parametrize(
    ("quiet", "clock", "until"),
    [
        ("20:00-07:00", "19:59", None),
        ("20:00-07:00", "20:00", "2026-03-03 07:00"),
        ("20:00-07:00", "06:59", "2026-03-02 07:00"),
        ("20:00-07:00", "07:00", None),
        ("12:00-14:00", "13:00", "2026-03-02 14:00"),
        ("12:00-14:00", "14:00", None),
        (None, "03:00", None),
    ],
)
def test_quiet_hours_begin_and_end_by_the_clock(
    quiet: str | None, clock: str, until: str | None
) -> None:
    now = datetime.fromisoformat(f"2026-03-02T{clock}+00:00")

    found = NoticePolicy(quiet=quiet).quiet_until(now)

    assert (f"{found:%F %H:%M}" if found else None) == until


def test_quiet_hours_follow_the_clock_of_the_school_over_a_change_of_time() -> None:
    lisbon = NoticePolicy(quiet="20:00-07:00", zone="Europe/Lisbon")
    before_summer_time = datetime(2026, 3, 28, 23, 0, tzinfo=UTC)

    until = lisbon.quiet_until(before_summer_time)

    assert until is not None and until.astimezone(UTC) == datetime(2026, 3, 29, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("quiet", "'8-20'", "notices.quiet: .*'8-20' is no span of hours; write it as"),
        ("quiet", "'07:00-07:00'", "is no span of hours"),
        ("quiet", "'24:00-07:00'", "is no span of hours"),
        ("zone", "Sao_Paulo", "notices.zone: .*'Sao_Paulo' is no time zone"),
        ("zone", "../../etc/passwd", "is no time zone"),
        ("language", "fr", "notices.language"),
    ],
)
def test_a_wrong_key_is_named_with_what_would_be_right(key: str, value: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        parse_task(f"{TASK}notices: {{{key}: {value}}}\n", source="test")


def test_the_language_is_the_schools_own_or_that_of_its_title() -> None:
    def told_in(more: str) -> str:
        return parse_task(TASK + more, source="test").told_in

    assert told_in("") == "en"
    assert told_in("title_pt: Uma escola\n") == "pt"
    assert told_in("title_pt: Uma escola\nnotices: {language: en}\n") == "en"


def test_attempts_are_bounded_and_last_most_of_a_day() -> None:
    waits = [wait for n in range(1, MOST_ATTEMPTS) if (wait := wait_after(n)) is not None]

    assert waits == sorted(waits) and len(waits) == MOST_ATTEMPTS - 1
    assert timedelta(hours=18) < sum(waits, timedelta()) < timedelta(hours=24)
    assert wait_after(MOST_ATTEMPTS) is None
