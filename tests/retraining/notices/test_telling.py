"""From the registry to the people: once each, to every address, by one worker of several."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from database.driver.client import SyncRegistry
from database.promotions import PromotionRepository
from database.runs import RunRepository
from database.watch.notices import NoticeRepository
from model.errors import RegistryUnavailable
from model.run import Run, RunStatus
from model.watch.notice import Notice, Severity, Telling
from preprocessing.task.notices import NoticePolicy
from retraining.notices.addresses import Address, AppriseOutlet, Outlet
from retraining.notices.message import Message
from retraining.notices.telling import CLAIM, KEPT, Surroundings, Told, send_due, tell, upcoming
from retraining.notices.timing import MOST_ATTEMPTS
from tests.database.builders import promotion
from tests.retraining.notices.builders import NOW, Recorded, notice
from tests.retraining.notices.receivers import Mailbox, Webhook
from tests.retraining.school import KEY, task

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
SCHOOL = task()


def around(outlet: Outlet, holder: str = "a") -> Surroundings:
    return Surroundings(outlet, holder)


def look(registry: SyncRegistry, outlet: Outlet, now: datetime = NOW) -> Told:
    return tell(registry, registry, SCHOOL, around(outlet), now=now)


def failing_run(registry: SyncRegistry, run_id: str = "run-8", now: datetime = NOW) -> None:
    started = Run(run_id, RunStatus.RUNNING, "schedule", now - MINUTE, now - MINUTE)
    registry.run(RunRepository().start(started))
    ended = replace(started, status=RunStatus.FAILED, finished_at=now, error="out of memory")
    registry.run(RunRepository().finish(ended))


def stored(registry: SyncRegistry) -> list[Notice]:
    return registry.run(NoticeRepository().newest(0))


def states(registry: SyncRegistry) -> dict[Telling, int]:
    tally = registry.run(NoticeRepository().tally())
    return {state: number for state, number in tally.items() if number}


def put(registry: SyncRegistry, *notices: Notice) -> None:
    assert len(registry.run(NoticeRepository().write(notices))) == len(notices)


def test_a_promotion_and_a_failed_run_reach_webhook_and_mail_once(
    registry: SyncRegistry, hook: Webhook, mail: Mailbox
) -> None:
    registry.run(PromotionRepository().promote(promotion(moment=NOW), expected_revision=0))
    failing_run(registry)
    outlet = AppriseOutlet(f"{hook.url()} {mail.url()}", "school", KEY)

    told = [str(look(registry, outlet, NOW + n * DAY)) for n in range(3)]

    assert told == ["2 found, 2 sent", "nothing to tell", "nothing to tell"]
    (posted,), (mailed,) = hook.received, mail.received
    assert "v1 is the first model that serves" in posted["message"]
    assert "run-8 did not get beyond its first step" in posted["message"]
    assert mailed["Subject"] == posted["title"] == "Farol · A made-up school: 2 notices"
    assert all(one.detail == "" and len(one.delivered) == 2 for one in stored(registry))


def test_two_hundred_alarms_are_one_message(registry: SyncRegistry, hook: Webhook) -> None:
    put(registry, *(notice(n) for n in range(200)))

    told = send_due(registry, SCHOOL, around(AppriseOutlet(hook.url(), "school", KEY)), now=NOW)

    assert told == Told(sent=200)
    assert len(hook.received) == 1


def test_an_address_that_does_not_accept_is_tried_again_and_the_other_is_left_alone(
    registry: SyncRegistry,
) -> None:
    outlet = Recorded("", "answered 503")
    failing_run(registry)

    first = look(registry, outlet)
    too_soon = look(registry, outlet, NOW + MINUTE / 2)
    still_paused = look(registry, outlet, NOW + 2 * MINUTE)
    outlet.answers[1] = ""
    later = look(registry, outlet, NOW + 16 * MINUTE)

    assert first == Told(found=1, refused=("address 2 (JSON): answered 503",))
    assert too_soon == Told() and still_paused == Told(held=1)
    assert later == Told(sent=1)
    assert [place for place, _ in outlet.sent] == [1, 2]


def test_what_nobody_accepts_is_given_up_after_as_many_attempts_and_says_why(
    registry: SyncRegistry,
) -> None:
    outlet = Recorded("answered 404")
    failing_run(registry)

    told = [look(registry, outlet, NOW + n * 2 * 60 * MINUTE) for n in range(MOST_ATTEMPTS + 3)]

    (kept,) = stored(registry)
    assert (kept.state, kept.attempts) == (Telling.FAILED, MOST_ATTEMPTS)
    assert kept.detail == "address 1 (JSON): answered 404"
    assert [one.failed for one in told] == [0] * (MOST_ATTEMPTS - 1) + [1, 0, 0, 0]
    assert states(registry) == {Telling.FAILED: 1}


class Meanwhile(Recorded):
    """Lets something else happen while a message is under way."""

    def __init__(self, happens: Callable[[], object]) -> None:
        super().__init__("")
        self._happens = happens

    def send(self, address: Address, message: Message) -> str:
        answer = super().send(address, message)
        self._happens()
        return answer


def test_of_two_workers_one_sends(registry: SyncRegistry) -> None:
    put(registry, *(notice(n) for n in range(20)))
    other = Recorded("")

    def second() -> None:
        assert send_due(registry, SCHOOL, around(other, "b"), now=NOW) == Told()

    first = Meanwhile(second)

    assert send_due(registry, SCHOOL, around(first), now=NOW) == Told(sent=20)
    assert len(first.sent) == 1 and other.sent == []


def test_two_workers_that_read_the_same_share_nothing(registry: SyncRegistry) -> None:
    put(registry, *(notice(n) for n in range(5)))
    repository = NoticeRepository()
    read = registry.run(repository.due(NOW, 100))
    taken = [replace(one, state=Telling.SENDING, claim=holder) for one in read for holder in "ab"]

    one = registry.run(repository.write(taken[0::2][:3]))
    other = registry.run(repository.write(taken[1::2]))

    assert [n.claim for n in one] == ["a"] * 3 and [n.claim for n in other] == ["b"] * 2
    assert {n.notice_id for n in one}.isdisjoint(n.notice_id for n in other)


class Killed(BaseException):
    """The process is gone."""


def test_a_worker_that_dies_after_sending_tells_twice_and_never_nobody(
    registry: SyncRegistry,
) -> None:
    def die() -> None:
        raise Killed

    put(registry, notice(1))
    dying, heir = Meanwhile(die), Recorded("")
    with pytest.raises(Killed):
        send_due(registry, SCHOOL, around(dying), now=NOW)

    at_once = send_due(registry, SCHOOL, around(heir, "b"), now=NOW + MINUTE)
    after = send_due(registry, SCHOOL, around(heir, "b"), now=NOW + CLAIM)

    assert (at_once, after) == (Told(), Told(sent=1))
    assert len(dying.sent) == len(heir.sent) == 1


def test_a_worker_that_dies_after_the_note_of_an_address_does_not_tell_it_again(
    registry: SyncRegistry,
) -> None:
    class Dying(Recorded):
        def send(self, address: Address, message: Message) -> str:
            if address.place == 2:
                raise Killed
            return super().send(address, message)

    put(registry, notice(1))
    dying, heir = Dying("", ""), Recorded("", "")
    with pytest.raises(Killed):
        send_due(registry, SCHOOL, around(dying), now=NOW)

    send_due(registry, SCHOOL, around(heir, "b"), now=NOW + 30 * MINUTE)

    assert [place for place, _ in dying.sent] == [1]
    assert [place for place, _ in heir.sent] == [2]


def test_a_worker_whose_notices_another_took_over_sends_no_further(registry: SyncRegistry) -> None:
    put(registry, notice(1))
    heir = Recorded("", "")

    class Slow(Recorded):
        def send(self, address: Address, message: Message) -> str:
            if address.place == 1:
                send_due(registry, SCHOOL, around(heir, "b"), now=NOW + CLAIM)
            return super().send(address, message)

    slow = Slow("", "")

    assert send_due(registry, SCHOOL, around(slow), now=NOW) == Told()
    assert [place for place, _ in slow.sent] == [1]
    assert [place for place, _ in heir.sent] == [1, 2]


def test_the_night_is_quiet_and_the_morning_tells_it_together(registry: SyncRegistry) -> None:
    outlet = Recorded("")
    policy = NoticePolicy(quiet="20:00-07:00", zone="America/Sao_Paulo")
    school = SCHOOL.model_copy(update={"notices": policy})
    night = NOW + timedelta(hours=11)
    put(registry, notice(1), notice(2))

    during = send_due(registry, school, around(outlet), now=night)
    put(registry, notice(3, severity=Severity.CRITICAL))
    urgent = send_due(registry, school, around(outlet), now=night + MINUTE)
    morning = send_due(registry, school, around(outlet), now=night + timedelta(hours=9))

    assert (during, urgent) == (Told(held=2), Told(sent=1, held=2))
    assert morning == Told(sent=2)


def test_without_an_address_it_is_shown_and_nothing_waits(registry: SyncRegistry) -> None:
    failing_run(registry)

    assert str(look(registry, Recorded())) == "1 found"
    assert str(look(registry, Recorded(""), NOW + DAY)) == "nothing to tell"
    assert states(registry) == {Telling.SHOWN: 1}


def test_an_upgrade_tells_no_past_but_the_last_day(registry: SyncRegistry) -> None:
    outlet = Recorded("")
    failing_run(registry, "run-1", NOW - 3 * DAY)
    failing_run(registry, "run-2", NOW)

    look(registry, outlet)

    assert states(registry) == {Telling.OLD: 1, Telling.SENT: 1}
    ((_, message),) = outlet.sent
    assert "run-2" in message.body and "run-1" not in message.body


def test_what_would_be_told_is_shown_and_nothing_is_written(registry: SyncRegistry) -> None:
    failing_run(registry)

    new = upcoming(registry, registry, SCHOOL, around(Recorded("")), now=NOW)

    assert [one.notice_id for one in new] == ["run_failed:run-8"]
    assert stored(registry) == []


def test_a_school_year_later_a_notice_is_forgotten_unless_it_still_stands(
    registry: SyncRegistry,
) -> None:
    old = NOW - KEPT - DAY
    put(
        registry,
        notice(1, found_at=old, state=Telling.SENT),
        notice(2, found_at=old, state=Telling.SENT, standing=False),
    )

    assert registry.run(NoticeRepository().forget(NOW - KEPT)) == 1
    assert [one.notice_id for one in stored(registry)] == ["alarm:v1/f001#1"]


def test_a_registry_that_is_away_loses_nothing(
    registry: SyncRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    outlet = Recorded("")
    failing_run(registry)
    real = registry.execute

    def away(command: object) -> object:
        if outlet.sent:
            raise RegistryUnavailable("the registry does not answer")
        return real(command)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(registry, "execute", away)
        with pytest.raises(RegistryUnavailable):
            look(registry, outlet)

    assert states(registry) == {Telling.SENDING: 1}
    look(registry, outlet, NOW + CLAIM)
    assert states(registry) == {Telling.SENT: 1}
