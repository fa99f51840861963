"""One table of a school file into the registry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from database.batches import BatchRepository, BegunBatchRepository
from database.driver.commands import Document, Op
from database.labelling.linking import join_orphans, rejoin
from database.labelling.recording import record_outcomes
from database.mapping.students import observation_in, unit_in
from database.rights.objections import ObjectionRepository
from database.rights.rectifications import RectificationRepository
from database.students import StudentRepository
from database.tombstones import TombstoneRepository
from model.batch import Batch
from model.errors import NotFound
from model.label import JoinStatus
from model.pseudonyms.pseudonyms import Pseudonyms
from model.rights.rectification import Standing, held, held_outcome
from model.trust.tombstone import TombstoneKey
from preprocessing.files.headers import FoundColumn
from preprocessing.files.idle import IdleColumn
from preprocessing.files.loading import CleanTable
from preprocessing.ingesting.events import with_stored_events
from preprocessing.plausibility import implausible
from preprocessing.task.spec import TaskSpec


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of one table.

    Attributes:
        batch: the account of its rows, of the first time if it was here already.
        known: the same content was here already, and nothing was changed.
        outcomes: join status to number of outcomes.
        objections: reason to number of the outcomes that the registry rejected.
        orphans_joined: earlier outcomes whose features came with this table.
        erased: rows that were refused because their students were erased.
        elsewhere: rows of some units' file that were refused because another unit reported these
            students in this period.
        objecting: students of the table who object: their records are kept, nobody scores them or
            learns from them.
        held: rows in which a value that was put right came as it had been wrong, and was put right
            again.
        columns: every column of the task, with its header in the table.
        idle: columns under a name of the task that gave nothing.
    """

    batch: Batch
    known: bool
    outcomes: Mapping[JoinStatus, int]
    objections: Mapping[str, int] = field(default_factory=dict)
    orphans_joined: int = 0
    erased: int = 0
    elsewhere: int = 0
    objecting: int = 0
    held: int = 0
    columns: tuple[FoundColumn, ...] = ()
    idle: tuple[IdleColumn, ...] = ()


def ingest(
    table: CleanTable,
    task: TaskSpec,
    *,
    now: datetime,
    tombstone_key: TombstoneKey | None = None,
    pseudonyms: Pseudonyms | None = None,
) -> Op[Ingested]:
    """Puts one table into the registry: students, then outcomes, then orphans, the batch last.

    What other periods contradict is counted and kept with the batch; it refuses nothing. All that
    the table holds counts as known from when its content was first begun, whoever goes on with it.

    Every write before the last is idempotent. A run that is killed in between has no batch yet, so
    the same file run again repeats them and ends where an undisturbed run ends. Two at the same
    time write the same.

    Args:
        table: as it was read.
        task: whose it is.
        now: when it arrived.
        tombstone_key: recognises erased students, whose rows are left out.
        pseudonyms: what ids become before anything else, where they are not kept in the clear.
    """
    known = yield from _known(table.batch.batch_id)
    if known is not None:
        return Ingested(known, known=True, outcomes={}, columns=table.columns, idle=table.idle)
    begun = yield from BegunBatchRepository().begin(
        table.batch.batch_id, now=table.batch.ingested_at
    )
    table = dated(table if pseudonyms is None else renamed(table, pseudonyms), begun)
    kept, erased = yield from _without_erased(table, tombstone_key)
    stored = yield from StudentRepository().stored_many(o.student_id for o in kept.observations)
    kept, elsewhere = without_elsewhere(kept, stored)
    kept, corrected = put_right(kept, (yield from _standing(kept)))
    kept = _with_events(kept, stored, task)
    objecting = yield from ObjectionRepository().students()
    observed = [observation.student_id for observation in kept.observations]
    others = {key: StudentRepository().read(document) for key, document in stored.items()}
    found = implausible(task, kept.observations, others, table.row_of)
    students = yield from StudentRepository().observe_read(kept.observations, stored)
    # Arrived when begun: a report that is repeated is then the same document.
    decisions = yield from record_outcomes(kept.outcomes, now=begun, students=students)
    statuses = Counter(decision.status for decision in decisions)
    objections = Counter(d.reason for d in decisions if d.status is JoinStatus.REJECTED)
    yield from rejoin(kept.observations)
    joined = yield from join_orphans(now=max(now, begun), student_ids=observed)
    batch = replace(table.batch, implausible=found)
    yield from BatchRepository().add(batch)
    return Ingested(
        batch, False, statuses, objections, joined, erased, elsewhere,
        objecting=len(_named(kept) & objecting), held=corrected,
        columns=table.columns, idle=table.idle,
    )  # fmt: skip


def renamed(table: CleanTable, pseudonyms: Pseudonyms) -> CleanTable:
    """The table with a pseudonym in the place of each id."""
    known = {key: pseudonyms.of(key) for key in table.row_of}

    def of(key: str) -> str:
        return known.get(key) or pseudonyms.of(key)

    return replace(
        table,
        observations=tuple(replace(o, student_id=of(o.student_id)) for o in table.observations),
        outcomes=tuple(
            o if o.student_id is None else replace(o, student_id=of(o.student_id))
            for o in table.outcomes
        ),
        row_of={known[key]: row for key, row in table.row_of.items()},
    )


def _without_erased(table: CleanTable, key: TombstoneKey | None) -> Op[tuple[CleanTable, int]]:
    """The table without the rows of erased students, and how many those are."""
    if key is None:
        return table, 0
    erased = yield from TombstoneRepository().erased(_named(table), key)
    if not erased:
        return table, 0
    kept = replace(
        table,
        observations=tuple(o for o in table.observations if o.student_id not in erased),
        outcomes=tuple(o for o in table.outcomes if o.student_id not in erased),
    )
    return kept, len(erased)


def _named(table: CleanTable) -> set[str]:
    """The keys of the students of a table."""
    observed = {o.student_id for o in table.observations}
    return observed | {o.student_id for o in table.outcomes if o.student_id is not None}


def _with_events(table: CleanTable, stored: Mapping[str, Document], task: TaskSpec) -> CleanTable:
    """The table with what events had told of the same records before."""
    if task.events is None:
        return table
    period = table.batch.period
    known = {key: observation_in(document, period) for key, document in stored.items()}
    features = {key: one.features for key, one in known.items() if one is not None}
    observations = with_stored_events(table.observations, features, task)
    return replace(table, observations=observations)


def _standing(table: CleanTable) -> Op[Standing]:
    return (yield from RectificationRepository().standing_of(_named(table)))


def put_right(table: CleanTable, stands: Standing) -> tuple[CleanTable, int]:
    """The table with every error put right again that was put right before, and how many rows.

    A school's own system may hold a wrong value long after it was put right here.
    """
    if not stands:
        return table, 0
    observations = tuple(held(one, stands) for one in table.observations)
    outcomes = tuple(held_outcome(one, stands) for one in table.outcomes)
    rows = (*zip(table.observations, observations, strict=True),)
    more = (*zip(table.outcomes, outcomes, strict=True),)
    changed = sum(was is not now for was, now in rows) + sum(was is not now for was, now in more)
    return replace(table, observations=observations, outcomes=outcomes), changed


def without_elsewhere(table: CleanTable, stored: Mapping[str, Document]) -> tuple[CleanTable, int]:
    """The table without what another unit reported, and how many observations that is.

    Who speaks for some units must not take a student's record of a period out of the hands of the
    school that reported it. A later period is another matter: students change schools.

    Args:
        table: where it was read for some units only; else it stays as it is.
        stored: the students' documents, as far as they have one.
    """
    own = {"", *table.batch.units}
    if not table.batch.units:
        return table, 0
    there = {key: unit_in(document, table.batch.period) for key, document in stored.items()}
    kept = tuple(o for o in table.observations if (there.get(o.student_id) or "") in own)
    return replace(table, observations=kept), len(table.observations) - len(kept)


def dated(table: CleanTable, moment: datetime) -> CleanTable:
    """The table as if it had been read at that moment."""
    was = table.batch.ingested_at
    if moment == was:
        return table
    return replace(
        table,
        batch=replace(table.batch, ingested_at=moment),
        observations=tuple(replace(o, observed_at=moment) for o in table.observations),
        # An outcome that is dated by its period and not by the reading stays as it is.
        outcomes=tuple(
            replace(o, observed_at=moment) if o.observed_at == was else o for o in table.outcomes
        ),
    )


def _known(batch_id: str) -> Op[Batch | None]:
    try:
        return (yield from BatchRepository().get(batch_id))
    except NotFound:
        return None
