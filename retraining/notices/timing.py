"""Which notices go out now: quiet hours, a pause between messages, attempts. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from model.watch.notice import Notice, Severity
from preprocessing.task.notices import NoticePolicy

PAUSE = timedelta(minutes=15)
"""Between two messages, so that what comes one by one is told together."""

WAITS = tuple(timedelta(minutes=n) for n in (1, 2, 5, 15, 30, 60))
LONGEST_WAIT = timedelta(hours=2)
MOST_ATTEMPTS = 16
"""The last of them is some 20 hours after the first."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What goes out now, and why the rest does not.

    Attributes:
        now: the notices of one message.
        held: how many wait.
        until: when those may go; None where none waits.
    """

    now: tuple[Notice, ...]
    held: int = 0
    until: datetime | None = None


def choose(
    due: Sequence[Notice], policy: NoticePolicy, *, now: datetime, last_sent: datetime | None
) -> Outgoing:
    """One message of all that may go now.

    What is critical goes at any time; the rest waits in quiet hours, and for a pause after the
    message before unless something critical goes anyway.

    Args:
        due: what is to be sent.
        policy: the school's quiet hours.
        now: aware UTC.
        last_sent: when a message was sent last.
    """
    critical = tuple(one for one in due if one.severity is Severity.CRITICAL)
    until = policy.quiet_until(now)
    if until is None and not critical and last_sent is not None and now < last_sent + PAUSE:
        until = last_sent + PAUSE
    if until is None:
        return Outgoing(tuple(due))
    held = len(due) - len(critical)
    return Outgoing(critical, held, until if held else None)


def wait_after(attempts: int) -> timedelta | None:
    """How long to wait after so many attempts; None where there is no further one.

    >>> [str(wait_after(n)) for n in (1, 6, 7, 16)]
    ['0:01:00', '1:00:00', '2:00:00', 'None']
    """
    if attempts >= MOST_ATTEMPTS:
        return None
    return WAITS[attempts - 1] if attempts <= len(WAITS) else LONGEST_WAIT
