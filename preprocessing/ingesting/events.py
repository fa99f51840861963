"""A table of events into the feature store: what is worked out of them, not the events."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from database.driver.commands import Op
from database.labelling.join import settle
from database.rights.rectifications import RectificationRepository
from database.students import PeriodRepository, StudentRepository
from model.pseudonyms.pseudonyms import Pseudonyms
from model.rights.rectification import held
from model.student import Features, Observation
from preprocessing.events.account import EventsOfPeriod, EventTableAccount
from preprocessing.events.aggregating import Event, aggregated
from preprocessing.events.reading import EventTable
from preprocessing.task.events import EventPlan, event_columns
from preprocessing.task.spec import TaskSpec
from preprocessing.task.terms import PeriodSpan

TICK = timedelta(milliseconds=1)
"""The least by which the registry tells two moments apart."""


def ingest_events(
    table: EventTable,
    task: TaskSpec,
    *,
    now: datetime,
    pseudonyms: Pseudonyms | None = None,
    units: Collection[str] | None = None,
) -> Op[list[EventsOfPeriod]]:
    """Works a table of events out into the records of every period that it tells of.

    A record of a period is given what happened up to the day that the task says (`events.as_of`),
    or up to now where that day is still to come. The events are not kept, so a file holds all of a
    period so far. The same file again changes nothing; one that was cut off is repaired by it.

    Args:
        table: as it was read.
        task: whose it is.
        now: aware UTC.
        pseudonyms: what ids become, where they are not kept in the clear.
        units: only records of these (folded) units are touched; None is all.

    Raises:
        RegistryError: the registry fails; the same call repairs what was begun.
    """
    plan = task.events
    if plan is None:
        return []
    events = {
        key if pseudonyms is None else pseudonyms.of(key): own for key, own in table.events.items()
    }
    days, done = table.days(), []
    for period in (yield from PeriodRepository().all()):
        span = plan.span(period)
        if span is not None and any(span.began <= day <= span.ends for day in days):
            done.append((yield from _in_period(period, span, plan, events, now, units)))
    return done


def _in_period(
    period: str,
    span: PeriodSpan,
    plan: EventPlan,
    events: Mapping[str, Sequence[Event]],
    now: datetime,
    units: Collection[str] | None,
) -> Op[EventsOfPeriod]:
    as_of = min(span.as_of, now.date())
    students = yield from StudentRepository().students_in_period(period, units=units)
    stands = yield from RectificationRepository().standing_of({s.student_id for s in students})
    changed = [
        observation
        for student in students
        if (seen := student.in_period(period)) is not None
        and (observation := held(_worked_out(seen, span.began, plan, events, as_of), stands))
        != seen
    ]
    moment = now.replace(microsecond=now.microsecond // 1000 * 1000)
    # Of one period the latest observation stands, and of two of one moment either might.
    dated = [replace(o, observed_at=max(moment, o.observed_at + TICK)) for o in changed]
    yield from StudentRepository().observe(dated)
    yield from settle((o.student_id, o.period) for o in dated)
    known = {student.student_id for student in students}
    told = {key for key, own in events.items() if any(span.began <= e.day <= as_of for e in own)}
    return EventsOfPeriod(
        period=period, as_of=str(as_of), students=len(students), with_events=len(told & known),
        changed=len(changed), unknown=len(told - known),
    )  # fmt: skip


def _worked_out(
    seen: Observation,
    began: date,
    plan: EventPlan,
    events: Mapping[str, Sequence[Event]],
    as_of: date,
) -> Observation:
    """The record with its events."""
    own = events.get(seen.student_id, ())
    added = aggregated(plan, own, began=began, as_of=as_of)
    names = {column.name for column in event_columns(plan.aggregates)}
    features = {name: v for name, v in seen.features.items() if name not in names} | added
    return replace(seen, features=features)


def with_stored_events(
    observations: Sequence[Observation], stored: Mapping[str, Features], task: TaskSpec
) -> tuple[Observation, ...]:
    """Observations of a school file with what events had told of the same records before.

    Args:
        observations: of one period.
        stored: student's key to the features that are stored of the period.
        task: says which features come of events.
    """
    if task.events is None:
        return tuple(observations)
    names = [column.name for column in event_columns(task.events.aggregates)]
    made = []
    for one in observations:
        known = stored.get(one.student_id, {})
        kept = {name: known[name] for name in names if name in known}
        made.append(replace(one, features={**one.features, **kept}) if kept else one)
    return tuple(made)


def account_of(table: EventTable, done: Sequence[EventsOfPeriod]) -> EventTableAccount:
    """What became of a table of events, for a program."""
    return EventTableAccount(
        source=table.source,
        rows_read=table.rows,
        rejected=table.rejected,
        periods=done,
    )


def described(table: EventTable, done: Sequence[EventsOfPeriod]) -> list[str]:
    """What became of a table of events, in lines of text; never a student or a value."""
    bad = sum(table.rejected.values())
    lines = [f"{table.source}: {table.rows} events read, {bad} rejected"]
    lines += [f"  {n} rejected: {why}" for why, n in sorted(table.rejected.items())]
    for one in done:
        period, unknown = one["period"], one["unknown"]
        lines.append(
            f"  period {period}, up to {one['as_of']}: {one['with_events']} of {one['students']} "
            f"students have events, {one['changed']} records changed"
        )
        if unknown:
            lines.append(f"  {unknown} students have events and no record of {period}")
    if not done:
        lines.append("  no period of these events has records yet: ingest the school file first")
    return lines
