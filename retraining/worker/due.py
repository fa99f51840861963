"""When a job is due, and what is recorded of it: pure, from what was recorded before.

A job is due when its schedule has a time since it was begun last, however many such times there
were, so what was missed while no worker was up is done once. A job that failed is tried again
after a while that grows, a bounded number of times; its next scheduled time begins anew. A job
whose worker died over it is begun again at once by the next one, and if that dies too, as if it had
failed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from apscheduler.triggers.base import BaseTrigger

from model.watch.job import JobState


@dataclass(frozen=True, slots=True)
class BackOff:
    """How often, and after how long, a job that failed is tried again.

    Attributes:
        first: before the first further try; each later one waits `factor` times as long.
        most: further tries.
        longest: no wait is longer.
    """

    first: timedelta = timedelta(minutes=1)
    factor: int = 4
    most: int = 5
    longest: timedelta = timedelta(hours=2)

    def after(self, tries: int) -> timedelta | None:
        """How long to wait after so many failed tries; None where it is not tried again.

        >>> [BackOff().after(n) for n in (1, 3, 6)]
        [datetime.timedelta(seconds=60), datetime.timedelta(seconds=960), None]
        """
        if tries > self.most:
            return None
        grown: int = self.factor ** (tries - 1)
        return min(self.first * grown, self.longest)


BACK_OFF = BackOff()
"""1, 4, 16, 64 and 120 minutes after the try before: five more tries in three and a half hours."""

AHEAD = timedelta(hours=1)
"""More than clocks of hosts differ: what is recorded further ahead, a wrong clock recorded."""


def fires(times: BaseTrigger, after: datetime) -> datetime | None:
    """The first time of a schedule that is later than a moment; None where there is none."""
    found: datetime | None = times.get_next_fire_time(None, after + timedelta(microseconds=1))
    return found


def first_seen(name: str, times: BaseTrigger, since: datetime) -> JobState:
    """A job that nothing is recorded of: times before `since` were somebody else's."""
    return JobState(name, since=since, next_at=fires(times, since))


def mended(state: JobState, now: datetime) -> JobState:
    """The job without the times that a clock recorded which was far ahead and was set right since.

    Left as they are they would stop the job until the clock comes there.
    """
    latest = now + AHEAD

    def past(at: datetime | None) -> datetime | None:
        return now if at is not None and at > latest else at

    retry_at = state.retry_at
    if retry_at is not None and retry_at > latest + BACK_OFF.longest:
        retry_at = now
    return replace(
        state,
        since=past(state.since),
        started_at=past(state.started_at),
        finished_at=past(state.finished_at),
        retry_at=retry_at,
    )


def due_at(state: JobState, times: BaseTrigger, back_off: BackOff) -> datetime | None:
    """When a job is due; what is under way counts as left by a worker that died.

    Args:
        state: as recorded.
        times: its schedule as it is now.
        back_off: its further tries.
    """
    scheduled = None if state.since is None else fires(times, state.since)
    again = _begun_again(state, back_off) if state.running else state.retry_at
    return min((at for at in (scheduled, again) if at is not None), default=None)


def _begun_again(state: JobState, back_off: BackOff) -> datetime | None:
    assert state.started_at is not None
    if not state.tries:
        return state.started_at
    wait = back_off.after(state.tries)
    return None if wait is None else state.started_at + wait


def begun(state: JobState, times: BaseTrigger, holder: str, now: datetime) -> JobState:
    """The job as it is begun, by its schedule or once more."""
    scheduled = None if state.since is None else fires(times, state.since)
    anew = scheduled is not None and scheduled <= now
    tries = 0 if anew else state.tries + (1 if state.running else 0)
    return replace(
        state,
        holder=holder,
        next_at=fires(times, now),
        started_at=now,
        finished_at=None,
        detail="",
        since=now if anew or state.since is None else state.since,
        tries=tries,
        retry_at=None,
    )


def succeeded(state: JobState, times: BaseTrigger, result: str, now: datetime) -> JobState:
    """The job as it has done what it is for."""
    ended = replace(state, finished_at=now, result=result, ok=True, failures=0, detail="", tries=0)
    return _until(ended, times, None)


def failed(
    state: JobState, times: BaseTrigger, why: str, now: datetime, back_off: BackOff | None
) -> JobState:
    """The job as it has failed.

    Args:
        state: as it was begun.
        times: its schedule.
        why: without personal data.
        now: aware UTC.
        back_off: its further tries; None where they cannot help.
    """
    tries = state.tries + 1
    wait = None if back_off is None else back_off.after(tries)
    ended = replace(
        state,
        finished_at=now,
        ok=False,
        failures=state.failures + 1,
        detail=why,
        tries=tries,
    )
    return _until(ended, times, None if wait is None else now + wait)


def waits(
    state: JobState, times: BaseTrigger, why: str, now: datetime, until: datetime
) -> JobState:
    """The job as it waits for somebody else; nothing has failed.

    Args:
        state: as it was begun.
        times: its schedule.
        why: it waits.
        now: aware UTC.
        until: when it is tried again.
    """
    return _until(replace(state, finished_at=now, detail=why), times, until)


def _until(state: JobState, times: BaseTrigger, retry_at: datetime | None) -> JobState:
    scheduled = None if state.since is None else fires(times, state.since)
    ahead = [at for at in (scheduled, retry_at) if at is not None]
    return replace(state, retry_at=retry_at, next_at=min(ahead, default=None))
