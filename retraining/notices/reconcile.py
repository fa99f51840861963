"""What is new and what is over: the facts of a look against the notices that are known. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from model.watch.notice import Notice, Telling
from retraining.notices.rule import Fact, NoticeRule
from retraining.notices.scene import Scene
from retraining.notices.table import NOTICES

STALE = timedelta(days=7)
"""What happened so long ago when it is found is not sent any more."""

STALE_AT_FIRST = timedelta(days=1)
"""The same where no notice is known: an installation of before does not tell its whole past."""

SETTLED = timedelta(hours=1)
"""What comes back within so long after it was over is the same, and not told again."""

Found = tuple[NoticeRule, Fact]


@dataclass(frozen=True, slots=True)
class Changes:
    """What a look changes.

    Attributes:
        fresh: notices of what was not known.
        changed: known ones that are over, or that are back.
    """

    fresh: tuple[Notice, ...] = ()
    changed: tuple[Notice, ...] = ()


def found_in(scene: Scene) -> list[Found]:
    """Everything there is to tell of a look."""
    return [(rule, fact) for rule in NOTICES for fact in rule.find(scene)]


def topics(found: Iterable[Found]) -> set[str]:
    """What the registry knows the facts by."""
    return {rule.topic(fact) for rule, fact in found}


def reconcile(
    found: Sequence[Found], known: Sequence[Notice], *, now: datetime, first: bool, addressed: bool
) -> Changes:
    """Compares the facts of a look with what is known.

    Args:
        found: the facts.
        known: every notice of these topics, and all that stand.
        now: of the look (aware UTC).
        first: whether no notice was ever recorded.
        addressed: whether there is an address to send to.
    """
    latest: dict[str, Notice] = {}
    times: dict[str, int] = {}
    for one in sorted(known, key=lambda notice: (notice.found_at, notice.notice_id)):
        latest[one.topic] = one
        times[one.topic] = times.get(one.topic, 0) + 1
    fresh: dict[str, Notice] = {}
    changed = [_over(one, now) for one in _ended(known, topics(found))]
    for rule, fact in found:
        topic = rule.topic(fact)
        last = latest.get(topic)
        if last is None or (rule.standing and not last.standing and not _back(last, now)):
            made = _made(rule, fact, times.get(topic, 0) + 1, now, first, addressed)
            fresh.setdefault(topic, made)
        elif rule.standing and not last.standing:
            changed.append(replace(last, standing=True, over_at=None))
    return Changes(tuple(fresh.values()), tuple(changed))


def _ended(known: Iterable[Notice], present: set[str]) -> list[Notice]:
    return [one for one in known if one.standing and one.topic not in present]


def _over(one: Notice, now: datetime) -> Notice:
    """Ended; nobody is told of what ended before it was sent."""
    state = Telling.PASSED if one.state is Telling.DUE and not one.delivered else one.state
    return replace(one, standing=False, over_at=now, state=state)


def _back(last: Notice, now: datetime) -> bool:
    """Whether it is the same as before, since it was over for a moment only."""
    untold = last.state is Telling.PASSED
    return not untold and last.over_at is not None and now - last.over_at < SETTLED


def _made(
    rule: NoticeRule, fact: Fact, number: int, now: datetime, first: bool, addressed: bool
) -> Notice:
    topic = rule.topic(fact)
    old = not rule.standing and fact.at < now - (STALE_AT_FIRST if first else STALE)
    state = Telling.OLD if old else Telling.DUE if addressed else Telling.SHOWN
    return Notice(
        notice_id=f"{topic}#{number}" if rule.standing else topic,
        topic=topic,
        kind=rule.name,
        severity=rule.severity,
        at=fact.at,
        found_at=now,
        title=dict(rule.title),
        text=rule.told(fact),
        state=state,
        next_at=now + rule.patience,
        standing=rule.standing,
    )
