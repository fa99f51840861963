"""From a student's feature to the cell of the file that it was read from, and back from a row.

A feature that a school reported leads to a cell. One that is worked out of others, of the same
record or of earlier periods, leads to theirs. What no kept file tells is said to be so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from database.batches import BatchRepository
from database.kept.files import KeptFileRepository
from database.rights.rectifications import RectificationRepository
from database.students import StudentRepository
from model.batch import Batch
from model.errors import NotFound, NotThisTask
from model.kept.file import KeptFile
from model.rights.rectification import Rectification
from model.student import Observation, Student, Value
from preprocessing.files.admitted import AdmittedUnits
from preprocessing.files.grids import Grid
from preprocessing.files.headers import column_position, header_row
from preprocessing.files.loading import CleanTable
from preprocessing.ingesting.reading import ReadAs, read_any
from preprocessing.kept.erased import BUNDLE, as_file, bundle_of, grids_of
from preprocessing.kept.store import FileStore
from preprocessing.oneroster.reading import students_of
from preprocessing.oneroster.students import RosterStudents
from preprocessing.task.formula import Formula
from preprocessing.task.oneroster import OneRosterMapping
from preprocessing.task.spec import TaskSpec
from preprocessing.trace.origins import FeatureOrigin, OriginKind

LETTERS = 26


@dataclass(frozen=True, slots=True)
class RowOwner:
    """Whose row of a file it is.

    Attributes:
        student: what Farol knows the student by.
        period: of the record that the row made.
        features: those that still stand as the row tells them.
    """

    student: str
    period: str
    features: tuple[str, ...]


@dataclass(slots=True)
class _OpenFile:
    """A kept file, read again."""

    tables: Sequence[CleanTable]
    grids: Sequence[Grid] = ()
    students: RosterStudents | None = None


@dataclass(slots=True)
class OriginFinder:
    """Traces features of one task; what it reads it keeps as long as it lives.

    Attributes:
        store: where kept files are.
        task: of the features.
        now: aware UTC.
    """

    store: FileStore
    task: TaskSpec
    now: datetime
    _files: dict[tuple[str, tuple[str, ...]], _OpenFile | None] = field(default_factory=dict)

    def student(
        self,
        student_id: str,
        feature: str | None = None,
        *,
        period: str | None = None,
        units: Collection[str] | None = None,
    ) -> list[FeatureOrigin]:
        """Where the features of a student come from, oldest period first.

        Args:
            student_id: what Farol knows the student by.
            feature: only this one.
            period: only those of this one.
            units: only records of these (folded) units; None is all.

        Raises:
            NotFound: nothing is known of the student.
            ConfigurationError: a kept file cannot be reached.
            RegistryError: the registry fails.
        """
        run = self.store.registry.run
        student: Student = run(StudentRepository().get(student_id))
        student = _within(student, units)
        stands = run(RectificationRepository().standing_of([student_id]))
        origins: list[FeatureOrigin] = []
        for one in (o for o in student.observations if period in (None, o.period)):
            right = {c.field: c for c in stands.get((student_id, one.period), ())}
            batch = None if one.batch_id is None else run(BatchRepository().find(one.batch_id))
            for name, value in one.features.items():
                if feature in (None, name):
                    origins.append(self._read(one, batch, name, value, right.get(name)))
            origins += [
                made for made in self._made(student, one) if feature in (None, made.feature)
            ]
        return origins

    def row(
        self, kept: KeptFile, row: int, *, units: Collection[str] | None = None
    ) -> list[RowOwner]:
        """Who stands in a row of a file, and which of the features still stand.

        Args:
            kept: the file.
            row: counted from 1 below the header, in any of its sheets.
            units: only rows of these (folded) units; None is all.

        Raises:
            ConfigurationError: the file cannot be reached.
            RegistryError: the registry fails.
        """
        batches = self.store.registry.run(BatchRepository().get_many(kept.batches))
        # Each way in which it was read: whose key sent it says where a row is that names no unit.
        ways = sorted({batch.units for batch in batches.values()}) or [()]
        found: dict[tuple[str, str], RowOwner] = {}
        for table in (table for way in ways for table in self._tables(kept, way)):
            came = {one.student_id: one for one in table.observations}
            for student_id in (who for who, number in table.row_of.items() if number == row):
                read = came.get(student_id)
                if units is None or (read is not None and _admitted(read, units)):
                    stand = self._standing(kept, table, student_id, read, units)
                    period = table.batch.period
                    found.setdefault((student_id, period), RowOwner(student_id, period, stand))
        return [*found.values()]

    def _tables(self, kept: KeptFile, units: tuple[str, ...]) -> Sequence[CleanTable]:
        opened = self._open(kept, units)
        return () if opened is None else opened.tables

    def _standing(
        self,
        kept: KeptFile,
        table: CleanTable,
        student_id: str,
        read: Observation | None,
        units: Collection[str] | None,
    ) -> tuple[str, ...]:
        student = self.store.registry.run(StudentRepository().find(student_id))
        stored = None if student is None else student.in_period(table.batch.period)
        if read is None or stored is None or stored.batch_id not in kept.batches:
            return ()
        if not _admitted(stored, units):
            return ()
        return tuple(name for name, v in stored.features.items() if read.features.get(name) == v)

    def _read(
        self,
        one: Observation,
        batch: Batch | None,
        name: str,
        value: Value,
        right: Rectification | None,
    ) -> FeatureOrigin:
        if batch is None:
            how = OriginKind.SENT if right is None else OriginKind.PUT_RIGHT
            return FeatureOrigin(one.period, name, value, how)
        put_right = right is not None and right.value == value and right.former != value
        if all(column.name != name for column in self.task.reported):
            # Of events, whose table is not kept, or a column that the task had once.
            how = OriginKind.PUT_RIGHT if put_right else OriginKind.NOT_KEPT
            return FeatureOrigin(one.period, name, value, how)
        kept = (
            self.store.registry.run(KeptFileRepository().find(batch.file)) if batch.file else None
        )
        opened = None if kept is None else self._open(kept, batch.units)
        plain = FeatureOrigin(
            one.period, name, value, OriginKind.NOT_KEPT,
            file=batch.source, file_id=batch.file, source=batch.source,
        )  # fmt: skip
        if opened is None or kept is None:
            return plain
        how = OriginKind.PUT_RIGHT if put_right else OriginKind.READ
        for table in opened.tables:
            if table.batch.period == one.period and one.student_id in table.row_of:
                return self._in_table(opened, table, kept, plain, how, one.student_id)
        return plain

    def _in_table(
        self,
        opened: _OpenFile,
        table: CleanTable,
        kept: KeptFile,
        plain: FeatureOrigin,
        how: OriginKind,
        student_id: str,
    ) -> FeatureOrigin:
        row, source = table.row_of[student_id], table.batch.source
        header = next((c.header for c in table.columns if c.name == plain.feature), None) or ""
        if opened.students is not None:
            lines = _lines(opened.students, plain, row)
            return FeatureOrigin(
                plain.period, plain.feature, plain.value, how, kept.name, kept.file_id, source,
                row=row, column=header, lines=lines,
            )  # fmt: skip
        grid = next(one for one in opened.grids if one.source == source)
        top = header_row(grid.rows, self.task)
        body = grid.rows[top + 1 :]
        column = self.task.feature(plain.feature)
        at = column_position(grid.rows[top], body, column, plain.period)
        line = body[row - 1]
        text = "" if at is None or at >= len(line) or line[at] is None else str(line[at])
        cell = "" if at is None else f"{letters(at)}{top + row + 1}"
        return FeatureOrigin(
            plain.period, plain.feature, plain.value, how, kept.name, kept.file_id, source,
            row=row, column=header, cell=cell, text=text,
        )  # fmt: skip

    def _made(self, student: Student, one: Observation) -> Iterator[FeatureOrigin]:
        """The features that are worked out when they are needed, with what they are made of."""
        for derived in self.task.derived:
            parts = tuple(f"{name} of {one.period}" for name in Formula(derived.formula).names)
            yield FeatureOrigin(one.period, derived.name, None, OriginKind.MADE, made_of=parts)
        plan = self.task.longitudinal
        for name in () if plan is None else plan.features:
            earlier = [o.period for o in student.before(one.period) if name in o.features]
            parts = tuple(f"{name} of {period}" for period in earlier)
            for value in plan.values if plan and parts else ():
                made = parts[-1:] if value == "previous" else parts
                yield FeatureOrigin(
                    one.period, f"{name}_{value}", None, OriginKind.MADE, made_of=made
                )

    def _open(self, kept: KeptFile, units: tuple[str, ...]) -> _OpenFile | None:
        way = kept.file_id, units
        if way not in self._files:
            data = self.store.get(kept, kept.digest) if kept.digest else None
            self._files[way] = None if data is None else self._again(kept, data, units)
        return self._files[way]

    def _again(self, kept: KeptFile, data: bytes, units: tuple[str, ...]) -> _OpenFile | None:
        """Reads a kept file as it was read when it came for these units; for all, where none is."""
        mapping = OneRosterMapping.model_validate_json(kept.mapping) if kept.mapping else None
        form = ReadAs("oneroster" if kept.kind == BUNDLE else "table", mapping)
        period = kept.period or None
        try:
            with as_file(data) as path:
                reading = read_any(
                    path, self.task,
                    now=self.now, period=period, name=kept.name, form=form,
                    admitted=AdmittedUnits.of(self.task, units if self.task.unit else ()),
                )  # fmt: skip
            if kept.kind == BUNDLE:
                how = mapping or self.task.oneroster
                assert how is not None  # read_any would have said so
                bundle = bundle_of(data, kept.name)
                return _OpenFile(reading.tables, students=students_of(bundle, self.task, how))
        except NotThisTask:
            return None
        return _OpenFile(reading.tables, grids_of(data, kept.name))


def _admitted(one: Observation, units: Collection[str] | None) -> bool:
    return units is None or one.unit in units


def _within(student: Student, units: Collection[str] | None) -> Student:
    """What may be seen of a student.

    Raises:
        NotFound: nothing.
    """
    seen = tuple(one for one in student.observations if _admitted(one, units))
    if not seen:
        raise NotFound(StudentRepository.missing.format(student.student_id))
    return replace(student, observations=seen)


def _lines(students: RosterStudents, origin: FeatureOrigin, row: int) -> tuple[str, ...]:
    subjects = [subject for subject in students.subjects() if subject[0] == origin.period]
    source = students.mapping.columns.get(origin.feature)
    return () if source is None else tuple(students.lines(source, subjects[row - 1]))


def letters(position: int) -> str:
    """A column as a spreadsheet names it.

    >>> letters(0), letters(25), letters(26), letters(701)
    ('A', 'Z', 'AA', 'ZZ')
    """
    name, rest = "", position + 1
    while rest:
        rest, at = divmod(rest - 1, LETTERS)
        name = chr(ord("A") + at) + name
    return name
