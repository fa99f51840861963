"""The checks in their order: what tells nothing any more after a failure is not asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

from deployment.smoke import doors, serving
from deployment.smoke.finding import SmokeFinding, SmokeVerdict, fault
from deployment.smoke.reply import Caller, NoReply

BETWEEN_SECONDS = 0.5


def findings(caller: Caller, task: str | None, now: datetime) -> Iterator[SmokeFinding]:
    """Asks everything, and yields what each check found.

    Args:
        caller: of the installation.
        task: the only one to ask about; None for all that the key is for.
        now: aware.
    """
    first = _guarded("alive", partial(doors.alive, caller))
    yield first
    if first.verdict is SmokeVerdict.FAILED:
        return  # Whatever is there, it is not Farol.
    yield _guarded("encrypted", partial(doors.encrypted, caller, now))
    yield _guarded("ready", partial(doors.ready, caller))
    yield _guarded("health", partial(doors.health, caller))
    yield from _each("closed", partial(doors.closed, caller))
    yield _guarded("headers", partial(doors.headers, caller))
    yield _guarded("metrics", partial(doors.metrics, caller))
    yield _guarded("docs", partial(doors.docs, caller))
    try:
        listed, names = serving.tasks(caller)
    except NoReply as error:
        listed, names = fault("tasks", str(error)), ()
    yield listed
    for name in (task,) if task else names:
        yield from _each(name, partial(serving.of_task, caller, name))


def wait_until_ready(
    caller: Caller,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Waits until predictions are answered, or the time is over; the checks say which."""
    until = clock() + seconds
    while clock() < until:
        try:
            if caller.get("/health/ready").status == 200:
                return
        except NoReply:
            pass  # Not yet; why is told by the checks.
        sleep(BETWEEN_SECONDS)


def _guarded(check: str, ask: Callable[[], SmokeFinding]) -> SmokeFinding:
    try:
        return ask()
    except NoReply as error:
        return fault(check, str(error))


def _each(check: str, ask: Callable[[], Iterator[SmokeFinding]]) -> Iterator[SmokeFinding]:
    try:
        yield from ask()
    except NoReply as error:
        yield fault(check, str(error))
