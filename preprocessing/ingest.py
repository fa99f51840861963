"""School files into the registry: `python -m preprocessing.ingest FILE... [--period P]`.

The API reads what is sent to `POST /files` with this command too, as a process of its own.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import orjson

from database.batches import BatchRepository, BegunBatchRepository
from database.driver.client import SyncRegistry
from database.driver.commands import Document, Op
from database.driver.gc_pause import quiet
from database.labelling.linking import join_orphans, rejoin
from database.labelling.recording import record_outcomes
from database.students import StudentRepository, unit_in
from database.tombstones import TombstoneRepository
from deployment.exit_codes import ExitCode, failed
from deployment.settings import Settings
from deployment.wiring import add_task_option, registry, settings_from_environment
from model.batch import Batch
from model.errors import ConfigurationError, NotFound, NotThisTask, RegistryError
from model.label import JoinStatus
from model.trust.tombstone import TombstoneKey
from preprocessing.files.account import FileAccount, TableAccount, table_account
from preprocessing.files.admitted import AdmittedUnits
from preprocessing.files.loading import CleanTable, FileReading, read_file
from preprocessing.plausibility import implausible, told
from preprocessing.task.spec import TaskSpec, load_task

SHOWN_REJECTS = 20

STANDARD_INPUT = Path("-")


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
    """

    batch: Batch
    known: bool
    outcomes: Mapping[JoinStatus, int]
    objections: Mapping[str, int] = field(default_factory=dict)
    orphans_joined: int = 0
    erased: int = 0
    elsewhere: int = 0


def ingest(
    table: CleanTable,
    task: TaskSpec,
    *,
    now: datetime,
    tombstone_key: TombstoneKey | None = None,
) -> Op[Ingested]:
    """Puts one table into the registry: students, then outcomes, then orphans, the batch last.

    What other periods contradict is counted and kept with the batch; it refuses nothing. All that
    the table holds counts as known from when its content was first begun, whoever goes on with it.

    Every write before the last is idempotent. A run that is killed in between has no batch yet, so
    the same file run again repeats them and ends where an undisturbed run ends. Two at the same
    time write the same.
    """
    known = yield from _known(table.batch.batch_id)
    if known is not None:
        return Ingested(known, known=True, outcomes={})
    begun = yield from BegunBatchRepository().begin(
        table.batch.batch_id, now=table.batch.ingested_at
    )
    table = dated(table, begun)
    kept, erased = yield from _without_erased(table, tombstone_key)
    stored = yield from StudentRepository().stored_many(o.student_id for o in kept.observations)
    kept, elsewhere = without_elsewhere(kept, stored)
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
    return Ingested(batch, False, statuses, objections, joined, erased, elsewhere)


def _without_erased(table: CleanTable, key: TombstoneKey | None) -> Op[tuple[CleanTable, int]]:
    """The table without the rows of erased students, and how many those are."""
    if key is None:
        return table, 0
    observed = {o.student_id for o in table.observations}
    ids = observed | {o.student_id for o in table.outcomes if o.student_id is not None}
    erased = yield from TombstoneRepository().erased(ids, key)
    if not erased:
        return table, 0
    kept = replace(
        table,
        observations=tuple(o for o in table.observations if o.student_id not in erased),
        outcomes=tuple(o for o in table.outcomes if o.student_id not in erased),
    )
    return kept, len(erased)


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


def ingest_file(
    opened: SyncRegistry,
    path: Path,
    task: TaskSpec,
    *,
    now: datetime,
    period: str | None = None,
    tombstone_key: TombstoneKey | None = None,
) -> tuple[list[Ingested], tuple[str, ...]]:
    """Reads a file and puts its tables into the registry, oldest period first.

    Args:
        opened: where it goes.
        path: CSV, XLSX, ODS, XLS or Parquet.
        task: whose columns it holds.
        now: when it arrived.
        period: of tables whose name and columns do not tell it.
        tombstone_key: recognises erased students, whose rows are counted and left out.

    Returns:
        One account a table, and the sheets that are no table of the task with the reason.

    Raises:
        NotThisTask: no sheet is a table of the task.
        RegistryError: the registry fails; the same call repairs what was begun.
    """
    with quiet():
        reading = read_file(path, task, now=now, period=period)
    done = [
        opened.run(ingest(table, task, now=now, tombstone_key=tombstone_key))
        for table in _oldest_first(reading)
    ]
    return done, reading.refused


def _oldest_first(reading: FileReading) -> list[CleanTable]:
    return sorted(reading.tables, key=lambda table: table.batch.period)


def describe(result: Ingested, task: TaskSpec) -> list[str]:
    """An account in lines of text; names fields and rows, never a student or a value.

    Args:
        result: what became of the table.
        task: says why columns are not used.
    """
    batch = result.batch
    rejected = batch.rows_read - batch.rows_kept
    head = f"{batch.source}: period {batch.period}, {batch.rows_read} rows read"
    lines = [f"{head}, {batch.rows_kept} kept, {rejected} rejected ({batch.kind.value})"]
    lines += [
        f"  row {r.row} rejected: {r.field}: {r.reason}" for r in batch.rejects[:SHOWN_REJECTS]
    ]
    if rejected > SHOWN_REJECTS:
        lines.append(
            f"  and {rejected - SHOWN_REJECTS} rows more; the batch in the registry tells them"
        )
    if batch.cells_ignored:
        cells = ", ".join(f"{name} {n}" for name, n in sorted(batch.cells_ignored.items()))
        lines.append(f"  cells that hold no usable value, taken as missing: {cells}")
    lines += _ignored_columns(batch, task)
    lines += [f"  implausible: {told(one)}" for one in batch.implausible]
    if result.known:
        return [*lines, "  the same content is here already: nothing changed"]
    counts = ", ".join(f"{n} {status.value}" for status, n in sorted(result.outcomes.items()))
    if counts:
        lines.append(f"  outcomes of period {task.feature_period(batch.period)}: {counts}")
    lines += [f"  {n} outcomes rejected: {why}" for why, n in result.objections.items()]
    if result.erased:
        lines.append(f"  {result.erased} rows refused: their students were erased")
    if result.orphans_joined:
        lines.append(f"  {result.orphans_joined} earlier outcomes joined to these features")
    return lines


def _ignored_columns(batch: Batch, task: TaskSpec) -> list[str]:
    by_reason: dict[str, list[str]] = {}
    for header in batch.columns_ignored:
        reason = task.excluded_because(header) or "unknown to this task"
        by_reason.setdefault(reason, []).append(header)
    return [f"  column {', '.join(hs)} ignored: {why}" for why, hs in by_reason.items()]


def preview(reading: FileReading, task: TaskSpec) -> FileAccount:
    """What would be read of a file; nothing is kept."""
    tables = [table_account(table, task) for table in _oldest_first(reading)]
    return FileAccount(kept=False, tables=tables, refused=reading.refused)


def keep(
    opened: SyncRegistry,
    reading: FileReading,
    task: TaskSpec,
    *,
    now: datetime,
    tombstone_key: TombstoneKey,
    sent_by: str,
) -> FileAccount:
    """Puts a file that was read into the registry, and tells what became of it.

    Args:
        opened: where it goes.
        reading: of the file.
        task: whose it is.
        now: when it arrived.
        tombstone_key: recognises erased students.
        sent_by: kept with the batches.

    Raises:
        RegistryError: the registry fails; the same call repairs what was begun.
    """
    tables = []
    for table in _oldest_first(reading):
        sent = replace(table, batch=replace(table.batch, sent_by=sent_by))
        done = opened.run(ingest(sent, task, now=now, tombstone_key=tombstone_key))
        tables.append(_kept_account(sent, task, done))
    return FileAccount(kept=True, tables=tables, refused=reading.refused)


def _kept_account(table: CleanTable, task: TaskSpec, done: Ingested) -> TableAccount:
    account = table_account(table, task)
    account["known"] = done.known
    account["joined"] = {status.value: n for status, n in done.outcomes.items()}
    account["objections"] = done.objections
    account["orphans_joined"] = done.orphans_joined
    account["erased"], account["elsewhere"] = done.erased, done.elsewhere
    account["implausible"] = done.batch.implausible
    return account


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; the exit code is 1 when any file could not be used, 2 for wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m preprocessing.ingest", description=__doc__)
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="FILE",
        help="CSV, XLSX or Parquet; - is one file on standard input, told with --json",
    )  # fmt: skip
    parser.add_argument("--period", help="the period of files whose name and columns do not tell")
    parser.add_argument(
        "--preview", action="store_true", help="say what would be read, in JSON; keep nothing"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object per file on stdout")
    parser.add_argument("--name", metavar="FILE", help="what the file of standard input is called")
    parser.add_argument(
        "--unit", action="append", default=[], metavar="U", help="read the rows of this unit only"
    )
    parser.add_argument("--by", default="", metavar="NAME", help="who sent it; kept with it")
    add_task_option(parser)
    given = parser.parse_args(arguments)
    try:
        settings = settings_from_environment(given.task)
        task = load_task(settings.task)
        if given.preview or given.json or given.unit or STANDARD_INPUT in given.files:
            told_well = [_told_in_json(settings, path, task, given) for path in given.files]
            return ExitCode.DONE if all(told_well) else ExitCode.FAILED
        key = settings.tombstone_key
        with registry(settings) as opened:
            used = [_ingest_one(opened, path, task, given.period, key) for path in given.files]
    except (ConfigurationError, RegistryError) as error:
        code = failed("ingest", error)
        if isinstance(error, RegistryError):
            sys.stderr.write("Run the same command again: it repairs what was begun.\n")
        return code
    return ExitCode.DONE if all(used) else ExitCode.FAILED


def _told_in_json(
    settings: Settings, path: Path, task: TaskSpec, given: argparse.Namespace
) -> bool:
    """Reads one file, keeps it unless a preview was asked for, and writes its account."""
    now = datetime.now(UTC)
    try:
        with quiet():
            reading = read_file(
                Path("/dev/stdin") if path == STANDARD_INPUT else path,
                task,
                now=now,
                period=given.period,
                name=(given.name or "file") if path == STANDARD_INPUT else None,
                admitted=AdmittedUnits.of(task, given.unit),
            )
    except NotThisTask as error:
        _write(FileAccount(kept=False, tables=(), refused=(str(error),)))
        return False
    if given.preview:
        _write(preview(reading, task))
        return True
    with registry(settings) as opened:
        key = settings.tombstone_key
        _write(keep(opened, reading, task, now=now, tombstone_key=key, sent_by=given.by))
    return True


def _write(account: FileAccount) -> None:
    sys.stdout.write(orjson.dumps(account, option=orjson.OPT_APPEND_NEWLINE).decode())
    sys.stdout.flush()


def _ingest_one(
    opened: SyncRegistry, path: Path, task: TaskSpec, period: str | None, key: TombstoneKey
) -> bool:
    try:
        results, refused = ingest_file(
            opened, path, task,
            now=datetime.now(UTC), period=period, tombstone_key=key,
        )  # fmt: skip
    except NotThisTask as error:
        sys.stderr.write(f"refused: {error}\n")
        return False
    for result in results:
        sys.stdout.write("\n".join(describe(result, task)) + "\n")
    for reason in refused:
        sys.stdout.write(f"not used: {reason}\n")
    return True


if __name__ == "__main__":
    raise SystemExit(main())
