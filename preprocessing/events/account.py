"""What is told of a file of events; it names reasons and counts, and no student or value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from typing_extensions import TypedDict


class EventsOfPeriod(TypedDict):
    """What became of the events in a period.

    Attributes:
        as_of: the last day that was looked at, ISO 8601.
        students: whose record of the period was looked at.
        with_events: how many of them have any up to that day.
        changed: how many records are other ones now.
        unknown: students with events in that time and without a record of the period.
    """

    period: str
    as_of: str
    students: int
    with_events: int
    changed: int
    unknown: int


class EventTableAccount(TypedDict):
    """What became of a table of events; no student and no value is in it.

    Attributes:
        source: file and sheet.
        rows_read: events.
        rejected: reason to the number of rows that cannot be used.
        periods: those of which something is known; none: the school file has to come first.
    """

    source: str
    rows_read: int
    rejected: Mapping[str, int]
    periods: Sequence[EventsOfPeriod]


class EventsAccount(TypedDict):
    """What became of a file of events.

    Attributes:
        kept: whether it was worked out into records; the events themselves are not kept.
        tables: one a sheet.
        refused: why the file is none of events.
    """

    kept: bool
    tables: Sequence[EventTableAccount]
    refused: Sequence[str]
