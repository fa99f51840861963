"""A bundle as tables of a task, one a period, as any other school file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import TypeVar

from model.errors import NotThisTask
from preprocessing.files.admitted import AdmittedUnits
from preprocessing.files.grids import Grid
from preprocessing.files.loading import MOST_REJECTS, CleanTable, FileReading, read_grid
from preprocessing.oneroster.bundle import RosterBundle, open_bundle
from preprocessing.oneroster.roster import Roster, read_roster
from preprocessing.oneroster.sessions import periods_of
from preprocessing.oneroster.students import RosterStudents
from preprocessing.task.columns import Column
from preprocessing.task.oneroster import OneRosterMapping
from preprocessing.task.spec import TaskSpec

Named = TypeVar("Named", bound=Column)


def read_bundle(
    path: Path,
    task: TaskSpec,
    *,
    now: datetime,
    period: str | None = None,
    name: str | None = None,
    admitted: AdmittedUnits | None = None,
    mapping: OneRosterMapping | None = None,
) -> FileReading:
    """The tables of a bundle.

    Args:
        path: a folder or a zip.
        task: what to look for.
        now: when the content becomes known (aware UTC).
        period: only this one.
        name: what the bundle is called, where the path does not say.
        admitted: the units whose rows are read; None is all.
        mapping: where the columns are; None: the task's own.

    Raises:
        NotThisTask: there is no mapping, files are missing or malformed, or no period has a row of
            the task.
    """
    how = mapping or task.oneroster
    if how is None:
        raise NotThisTask(
            f"{name or path.name}: the task {task.name} does not say where its columns are in a "
            "OneRoster bundle: write `oneroster` in its YAML, or give --mapping FILE"
        )
    bundle = open_bundle(path, name=name)
    students = students_of(bundle, task, how)
    plain = _without_aliases(task)
    tables: list[CleanTable] = []
    refused: list[str] = []
    for grid in _grids(bundle.name, task, students):
        if period in (None, grid.sheet):
            try:
                tables += read_grid(grid, plain, now=now, admitted=admitted)
            except NotThisTask as error:
                refused.append(str(error))
    if not tables:
        told = " | ".join(refused) or "no student is enrolled in a session of a period"
        raise NotThisTask(told if refused else f"{bundle.name}: {told}")
    tables = [_told(table, how) for table in tables]
    tables[0] = _with_rejects(tables[0], students.roster)
    refused += [f"{bundle.name}: {one} is not needed" for one in students.roster.unused]
    return FileReading(tuple(tables), tuple(refused))


def students_of(bundle: RosterBundle, task: TaskSpec, mapping: OneRosterMapping) -> RosterStudents:
    """The students of a bundle.

    Raises:
        NotThisTask: files are missing or malformed.
    """
    roster = read_roster(bundle, mapping)
    return RosterStudents.of(roster, mapping, periods_of(roster, mapping, task))


def _grids(name: str, task: TaskSpec, students: RosterStudents) -> Iterator[Grid]:
    header = [task.id.name, *students.mapping.columns]
    for period, subjects in groupby(students.subjects(), key=lambda subject: subject[0]):
        rows = [students.cells(subject) for subject in subjects]
        yield Grid(f"{name}:{period}", period, name, [header, *rows])


def _without_aliases(task: TaskSpec) -> TaskSpec:
    """The task whose columns are found by their canonical names, which a mapping writes, alone."""

    def bare(column: Named) -> Named:
        return column.model_copy(update={"aliases": ()})

    outcome = task.outcome.model_copy(update={"column": bare(task.outcome.column)})
    return task.model_copy(
        update={
            "id": bare(task.id),
            "unit": tuple(map(bare, task.unit)),
            "period": None,
            "reported": tuple(map(bare, task.reported)),
            "protected": tuple(map(bare, task.protected)),
            "checked": tuple(map(bare, task.checked)),
            "outcome": outcome,
        }
    )


def _told(table: CleanTable, mapping: OneRosterMapping) -> CleanTable:
    """The table with the file and field of each column in the place of its header."""
    columns = (
        replace(one, header=mapping.columns[one.name].told)
        if one.header is not None and one.name in mapping.columns
        else one
        for one in table.columns
    )
    return replace(table, columns=tuple(columns))


def _with_rejects(table: CleanTable, roster: Roster) -> CleanTable:
    """The table with the rows of the bundle's files that were left out; they are of no period."""
    lost, batch = roster.account.rejects, table.batch
    return replace(
        table,
        batch=replace(
            batch,
            rows_read=batch.rows_read + len(lost),
            rejects=(*lost, *batch.rejects)[:MOST_REJECTS],
            cells_ignored={**batch.cells_ignored, **roster.account.ignored},
        ),
    )
