"""What may become of a hostile school file: read right, or refused with place and reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from database.batches import BatchRepository, BegunBatchRepository
from database.driver.client import SyncRegistry
from database.driver.commands import Count
from database.students import StudentRepository
from model.errors import InvalidRecord, NotThisTask
from model.student import Observation
from model.trust.tombstone import TombstoneKey
from preprocessing.files.loading import CleanTable, FileReading, read_file
from preprocessing.ingesting.files import keep
from preprocessing.student_ids import read_student_id
from preprocessing.task.spec import TaskSpec
from preprocessing.validation import check_value
from tests.studies.hostile.forms import Mutant

Read = Mapping[str, object]
"""Student to what was read of the row."""

LONGEST_REASON = 20_000
"""Characters; a workbook of several sheets tells each."""


@dataclass(frozen=True)
class Judged:
    """What became of one file.

    Attributes:
        read: whether anything of it was; else it was refused.
        faults: what must not be.
    """

    read: bool
    faults: tuple[str, ...]


class Judge:
    """Reads files and says what is wrong with how they were read.

    Args:
        task: whose files they are.
        genuine: the reading of the file that all are made from.
        registry: where what was read is kept.
        now: when it is read (aware UTC).
    """

    def __init__(
        self, task: TaskSpec, genuine: Read, registry: SyncRegistry, now: datetime
    ) -> None:
        self._task, self._genuine, self._registry, self._now = task, genuine, registry, now

    def __call__(self, mutant: Mutant, path: Path) -> Judged:
        """Reads the file at that path and keeps it.

        Args:
            mutant: what it is.
            path: where its bytes are.
        """
        before = self._documents()
        try:
            reading = read_file(path, self._task, now=self._now)
        except NotThisTask as error:
            return Judged(False, (*self._refusal(mutant, str(error)), *self._grown(before)))
        faults = [*self._inside(reading), *self._against_genuine(mutant, reading)]
        account = keep(
            self._registry, reading, self._task, now=self._now,
            tombstone_key=TombstoneKey(b"k" * 32), sent_by="study",
        )  # fmt: skip
        faults += self._told(str(account))
        faults += self._whole(reading)
        return Judged(True, tuple(faults))

    def _refusal(self, mutant: Mutant, why: str) -> Iterator[str]:
        if mutant.must_be_read:
            yield f"refused, and nothing is wrong with it: {why}"
        if not why.startswith(mutant.name):
            yield f"the refusal does not say where: {why}"
        if not len(mutant.name) + 10 < len(why) < LONGEST_REASON or "object at 0x" in why:
            yield f"the refusal gives no reason: {why[:300]!r}"
        yield from self._told(why)

    def _told(self, text: str) -> Iterator[str]:
        """What is told names rows and fields, and no student."""
        named = [student for student in self._genuine if f"{student}'" in f"{text}'"]
        if named:
            yield f"names a student: {text[:300]!r}"

    def _documents(self) -> int:
        every = (StudentRepository, BatchRepository, BegunBatchRepository)
        return sum(int(self._registry.execute(Count(one.collection, {}))) for one in every)

    def _grown(self, before: int) -> Iterator[str]:
        if self._documents() != before:
            yield "refused, and something of it was kept"

    def _inside(self, reading: FileReading) -> Iterator[str]:
        """What holds of any reading, whatever the file was."""
        for table in reading.tables:
            batch = table.batch
            if batch.rows_read != batch.rows_kept + len(batch.rejects):
                yield f"{batch.rows_read} rows are not {batch.rows_kept} and {len(batch.rejects)}"
            if batch.rows_kept < max(len(table.observations), len(table.outcomes)):
                yield "more came of the rows than rows were kept"
            for reject in batch.rejects:
                if reject.row < 1 or not reject.field or len(reject.reason) < 5:
                    yield f"a rejected row without place or reason: {reject}"
            ids = [o.student_id for o in table.observations]
            if len(set(ids)) != len(ids):
                yield "a student twice in one table"
            for observation in table.observations:
                yield from self._values(observation)

    def _values(self, observation: Observation) -> Iterator[str]:
        columns = {c.name: c for c in (*self._task.reported, *self._task.checked)}
        try:
            read_student_id(observation.student_id)
            for name, value in {**observation.features, **observation.checked}.items():
                if check_value(columns[name], value) != value:
                    yield f"{name} holds what a request would not"
        except InvalidRecord as error:
            yield f"was read, and a request would refuse it: {error}"

    def _against_genuine(self, mutant: Mutant, reading: FileReading) -> Iterator[str]:
        if mutant.touched is None:
            return
        tables = [t for t in reading.tables if t.batch.period == "2023"]
        found = {key: value for table in tables for key, value in rows_read(table).items()}
        for student, genuine in self._genuine.items():
            if student not in mutant.touched and found.get(student) != genuine:
                yield f"a row that nobody touched is read as {found.get(student)}, not {genuine}"
        if (new := len(found.keys() - self._genuine.keys())) > mutant.new_ids:
            yield f"{new} students that the file does not have"

    def _whole(self, reading: FileReading) -> Iterator[str]:
        """Nothing of a batch is missing in the registry."""
        last = {o.student_id: o for table in reading.tables for o in table.observations}
        stored = self._registry.run(StudentRepository().stored_many(last))
        if missing := last.keys() - stored.keys():
            yield f"{len(missing)} of {len(last)} students were not kept"
        for table in reading.tables:
            batch = self._registry.run(BatchRepository().get(table.batch.batch_id))
            if batch.rows_kept != table.batch.rows_kept:
                yield "the batch tells other rows than were read"


def rows_read(table: CleanTable) -> dict[str, object]:
    """Student to features, protected attributes, units and outcome."""
    outcomes = {o.student_id: (o.period, o.value) for o in table.outcomes}
    return {
        o.student_id: (o.features, o.protected, o.units, o.checked, outcomes.get(o.student_id))
        for o in table.observations
    }
