"""Drops outcomes that have waited for their features too long, with the reports they are made of.

Only what no label is made of is dropped. Features that arrive meanwhile win: reports whose label is
there after they were removed are put back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from database.driver.commands import Document, Op
from database.driver.paging import in_parts
from database.labelling.facts import Subject
from database.labelling.join import settle
from database.labelling.linking import drop_emptied
from database.labels import LabelRepository, OrphanRepository
from database.mapping.documents import milliseconds
from database.outcomes import OutcomeRepository, label_key

Waits = tuple[str, str]
"""What is labelled, by its key, and the unit of the reports that wait."""


def drop_waiting(before: datetime) -> Op[int]:
    """Drops the outcomes that have waited since before a moment; gives how many.

    One that was reported again since then is kept, with all its reports.

    Raises:
        RegistryError: the registry refuses, or does not answer.
    """
    waiting = yield from OrphanRepository().waiting(arrived_until=before)
    dropped = 0
    for part in in_parts(waiting):
        dropped += yield from _drop(part, milliseconds(before))
    return dropped


def _drop(orphans: Sequence[tuple[str, str, str]], before: datetime) -> Op[int]:
    subjects = {label_key(student, period): (student, period) for student, period, _ in orphans}
    reports = yield from _reports(orphans)
    labelled = yield from LabelRepository().stored_many(subjects)
    old = {
        waits: found
        for waits, found in reports.items()
        if waits[0] not in labelled and all(report["arrived_at"] < before for report in found)
    }
    ids = [report["_id"] for found in old.values() for report in found]
    yield from OutcomeRepository().remove_ids(ids)
    back = yield from _put_back(old, subjects)
    yield from drop_emptied({subjects[key] for key, _ in old})
    return len(old) - back


def _reports(orphans: Sequence[tuple[str, str, str]]) -> Op[dict[Waits, list[Document]]]:
    """The reports that each of these is made of."""
    wanted = {(label_key(student, period), unit) for student, period, unit in orphans}
    stored = yield from OutcomeRepository().stored_of_keys(key for key, _ in wanted)
    found: dict[Waits, list[Document]] = defaultdict(list)
    for report in stored.values():
        waits = report["key"], report.get("unit", "")
        if waits in wanted:
            found[waits].append(report)
    return found


def _put_back(old: Mapping[Waits, list[Document]], subjects: Mapping[str, Subject]) -> Op[int]:
    """Keeps again what a label is made of by now; gives how many."""
    joined = yield from LabelRepository().stored_many({key for key, _ in old})
    again = {waits: found for waits, found in old.items() if waits[0] in joined}
    yield from OutcomeRepository().put_back([one for found in again.values() for one in found])
    yield from settle(subjects[key] for key, _ in again)
    return len(again)
