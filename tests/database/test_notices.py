"""What the repository of notices promises, on every server and driver."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from database.promotions import PromotionRepository
from database.runs import RunRepository
from database.watch.notices import NoticeRepository
from model.watch.notice import Telling
from tests.database import builders
from tests.database.builders import at, notice
from tests.database.drivers import Run

NOTICES = NoticeRepository()


def test_a_notice_is_read_as_it_was_written(run: Run) -> None:
    (written,) = run(NOTICES.write([notice(delivered=("k",), sent_at=at(1), over_at=at(2))]))

    assert written.revision == 1
    assert run(NOTICES.get("alarm:v1/ieg#1")) == written


def test_of_two_that_record_or_take_a_notice_one_is_too_late(run: Run) -> None:
    first, other = notice(claim="a"), notice("alarm:v1/ida")
    (stored,) = run(NOTICES.write([first]))

    again = run(NOTICES.write([replace(first, claim="b"), other]))
    taken = run(NOTICES.write([replace(stored, claim="c")]))
    late = run(NOTICES.write([replace(stored, claim="d"), again[0]]))

    assert [one.topic for one in again] == ["alarm:v1/ida"]
    assert [(one.claim, one.revision) for one in taken] == [("c", 2)]
    assert [one.topic for one in late] == ["alarm:v1/ida"]
    assert run(NOTICES.get(first.notice_id)).claim == "c"


def test_what_is_due_is_open_and_its_time_has_come_oldest_first(run: Run) -> None:
    run(
        NOTICES.write(
            [
                notice("a:new", at=at(2)),
                notice("a:old", at=at(1)),
                notice("a:later", next_at=at(9)),
                notice("a:taken", state=Telling.SENDING, next_at=at(1), at=at(3)),
                notice("a:taken-now", state=Telling.SENDING, next_at=at(9)),
                *(notice(f"a:{state}", state=state) for state in Telling if state.value[0] != "d"),
            ]
        )
    )

    due = run(NOTICES.due(at(5), 100))

    assert [one.topic for one in due][-3:] == ["a:old", "a:new", "a:taken"]
    assert {one.state for one in due} <= {Telling.DUE, Telling.SENDING}
    assert len(run(NOTICES.due(at(5), 2))) == 2


def test_notices_are_found_by_topic_and_by_what_still_stands(run: Run) -> None:
    over = notice("a:1", standing=False, over_at=at(1))
    run(NOTICES.write([over, notice("a:1", 2), notice("a:2")]))

    assert {one.notice_id for one in run(NOTICES.of_topics(["a:1", "a:9"]))} == {"a:1#1", "a:1#2"}
    assert {one.notice_id for one in run(NOTICES.standing())} == {"a:1#2", "a:2#1"}
    assert run(NOTICES.of_topics([])) == []


def test_the_last_sending_is_the_latest_of_all(run: Run) -> None:
    assert run(NOTICES.last_sent()) is None
    run(NOTICES.write([notice("a:1"), notice("a:2", sent_at=at(2)), notice("a:3", sent_at=at(1))]))

    assert run(NOTICES.last_sent()) == at(2)


def test_notices_are_counted_by_state(run: Run) -> None:
    run(NOTICES.write([notice("a:1"), notice("a:2", state=Telling.FAILED), notice("a:3")]))

    tally = run(NOTICES.tally())

    assert (tally[Telling.DUE], tally[Telling.FAILED], tally[Telling.SENT]) == (2, 1, 0)
    assert {*tally} == {*Telling}


def test_only_what_is_old_and_over_is_forgotten(run: Run) -> None:
    run(
        NOTICES.write(
            [
                notice("a:old", standing=False),
                notice("a:stands"),
                notice("a:new", standing=False, found_at=at(500)),
            ]
        )
    )

    assert run(NOTICES.forget(at(400))) == 1
    assert {one.topic for one in run(NOTICES.newest())} == {"a:stands", "a:new"}


def test_decisions_and_runs_are_read_of_the_last_days_only(run: Run) -> None:
    for number in (1, 2, 3):
        before = f"v{number - 1}" if number > 1 else None
        made = builders.promotion(f"run-{number}", f"v{number}", before, at(number))
        run(PromotionRepository().promote(made, expected_revision=number - 1))
        asked = replace(builders.run(f"run-{number}"), requested_at=at(number))
        run(RunRepository().start(asked))

    since = at(2) - timedelta(minutes=1)

    assert [p.challenger for p in run(PromotionRepository().since(since, 9))] == ["v3", "v2"]
    assert [p.challenger for p in run(PromotionRepository().since(since, 1))] == ["v3"]
    assert [r.run_id for r in run(RunRepository().since(since, 9))] == ["run-3", "run-2"]
