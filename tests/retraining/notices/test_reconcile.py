"""What is new, what is over and what is back: facts against what is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from model.watch.notice import Notice, Telling
from retraining.notices.kinds.data import ALARM
from retraining.notices.kinds.running import RUN_FAILED, SERVING_DEGRADED
from retraining.notices.reconcile import Changes, Found, found_in, reconcile
from retraining.notices.rule import Fact
from tests.retraining.notices.builders import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RAN: Found = (RUN_FAILED, Fact("run-8", NOW, {"run": "run-8", "step": "window"}))
ALARMED: Found = (ALARM, next(iter(ALARM.find(ALARM.examples["told"]))))
DOWN: Found = (SERVING_DEGRADED, Fact("down/-", NOW, {}, "down"))


def look(
    found: Sequence[Found],
    known: Sequence[Notice] = (),
    *,
    now: datetime = NOW,
    first: bool = False,
    addressed: bool = True,
) -> Changes:
    return reconcile(found, known, now=now, first=first, addressed=addressed)


def sent(one: Notice) -> Notice:
    return replace(one, state=Telling.SENT, delivered=("k",), sent_at=one.found_at, revision=3)


def test_an_event_is_told_once_however_often_it_is_seen() -> None:
    (made,) = look([RAN]).fresh

    assert (made.notice_id, made.state, made.standing) == ("run_failed:run-8", Telling.DUE, False)
    assert "run-8" in made.text["pt"] and "run-8" in made.text["en"]
    assert look([RAN, RAN]).fresh == (made,)
    for known in (made, sent(made), replace(made, state=Telling.FAILED)):
        assert look([RAN], [known], now=NOW + DAY) == Changes()


def test_what_lasts_is_told_once_while_it_lasts() -> None:
    (made,) = look([ALARMED]).fresh

    assert made.notice_id == "alarm:v7/ieg#1" and made.standing
    assert look([ALARMED], [sent(made)], now=NOW + 300 * DAY) == Changes()


def test_what_is_over_and_comes_again_later_is_told_again() -> None:
    (made,) = look([ALARMED]).fresh
    (over,) = look([], [sent(made)], now=NOW + DAY).changed

    again = look([ALARMED], [over], now=NOW + 3 * DAY)

    assert (over.standing, over.over_at, over.state) == (False, NOW + DAY, Telling.SENT)
    assert [one.notice_id for one in again.fresh] == ["alarm:v7/ieg#2"]


def test_what_is_over_for_a_moment_only_is_the_same() -> None:
    (made,) = look([ALARMED]).fresh
    (over,) = look([], [sent(made)], now=NOW + DAY).changed

    again = look([ALARMED], [over], now=NOW + DAY + HOUR / 2)

    assert again == Changes(changed=(sent(made),))


def test_what_is_over_before_it_was_sent_is_not_told() -> None:
    (made,) = look([DOWN]).fresh
    (over,) = look([], [made], now=NOW + HOUR / 30).changed

    assert made.next_at == NOW + timedelta(minutes=5), "it must last before it is sent"
    assert over.state is Telling.PASSED
    (again,) = look([DOWN], [over], now=NOW + HOUR / 20).fresh
    assert (again.notice_id, again.state) == ("serving_degraded:down/-#2", Telling.DUE)


def test_an_event_of_long_ago_is_recorded_and_not_sent() -> None:
    rule, fact = RAN

    def state(age: timedelta, *, first: bool) -> Telling:
        (made,) = look([(rule, replace(fact, at=NOW - age))], first=first).fresh
        return made.state

    assert state(6 * DAY, first=False) is Telling.DUE
    assert state(8 * DAY, first=False) is Telling.OLD
    assert state(2 * DAY, first=True) is Telling.OLD, "an upgrade tells no past"
    assert state(HOUR, first=True) is Telling.DUE


def test_what_lasts_since_long_ago_is_sent_for_it_is_true_now() -> None:
    rule, fact = ALARMED
    (made,) = look([(rule, replace(fact, at=NOW - 90 * DAY))], first=True).fresh

    assert made.state is Telling.DUE


def test_without_an_address_it_is_shown_and_a_later_address_does_not_bring_it_back() -> None:
    (made,) = look([RAN], addressed=False).fresh

    assert made.state is Telling.SHOWN
    assert look([RAN], [made]) == Changes()


def test_two_looks_at_once_make_the_same_document() -> None:
    one, other = look([RAN, ALARMED]), look([RAN, ALARMED])

    assert [n.notice_id for n in one.fresh] == [n.notice_id for n in other.fresh]


def test_a_fact_without_a_subject_is_refused() -> None:
    with pytest.raises(ValueError, match="alarm: a fact without a subject"):
        ALARM.topic(Fact("", NOW))


def test_a_run_that_is_tried_again_and_again_is_told_once_and_one_of_another_day_anew() -> None:
    scene = RUN_FAILED.examples["told"]
    (run,) = scene.runs
    tries = [
        replace(run, run_id=f"run-{n}", requested_at=NOW - 3 * DAY + n * HOUR) for n in range(8)
    ]
    later = replace(run, run_id="run-9", requested_at=NOW)

    found = list(RUN_FAILED.find(replace(scene, now=NOW, runs=(later, *reversed(tries)))))

    assert [fact.subject for fact in found] == ["run-0", "run-9"]


def test_every_example_is_found_by_the_walk_over_all_kinds() -> None:
    assert [rule.name for rule, _ in found_in(ALARM.examples["told"])] == ["alarm"]
