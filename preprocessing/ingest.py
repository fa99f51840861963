"""School files into the registry: `python -m preprocessing.ingest FILE... [--period P]`.

The API reads what is sent to `POST /files` with this command too, as a process of its own.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import orjson

from database.driver.client import SyncRegistry
from database.driver.gc_pause import quiet
from deployment.exit_codes import ExitCode, failed
from deployment.settings import Settings
from deployment.wiring import add_task_option, registry, settings_from_environment
from model.errors import ConfigurationError, NotThisTask, RegistryError
from preprocessing.events.reading import read_events
from preprocessing.files.account import FileAccount
from preprocessing.files.admitted import AdmittedUnits
from preprocessing.files.loading import read_file
from preprocessing.ingesting.events import described, ingest_events
from preprocessing.ingesting.files import ingest_file, keep, preview
from preprocessing.ingesting.lines import describe
from preprocessing.task.spec import TaskSpec, load_task

STANDARD_INPUT = Path("-")
TOO_MUCH = "needs more memory to be read than a file may take; split it"
"""Said by the reader itself: who sent the file would else be asked to send it again."""


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
    parser.add_argument(
        "--events", action="store_true", help="the files hold events: a row a day, not a student"
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
        alone = given.preview or given.json or given.unit or STANDARD_INPUT in given.files
        if given.events and (alone or given.period):
            parser.error("--events goes with --task alone")
        if given.events:
            with registry(settings) as opened:
                used = [_ingest_events(opened, path, task, settings) for path in given.files]
            return ExitCode.DONE if all(used) else ExitCode.FAILED
        if alone:
            told_well = [_told_in_json(settings, path, task, given) for path in given.files]
            return ExitCode.DONE if all(told_well) else ExitCode.FAILED
        with registry(settings) as opened:
            used = [_ingest_one(opened, path, task, given.period, settings) for path in given.files]
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
    except (NotThisTask, MemoryError) as error:
        why = str(error) if isinstance(error, NotThisTask) else TOO_MUCH
        _write(FileAccount(kept=False, tables=(), refused=(why,)))
        return False
    if given.preview:
        _write(preview(reading, task))
        return True
    with registry(settings) as opened:
        _write(
            keep(
                opened,
                reading,
                task,
                now=now,
                tombstone_key=settings.tombstone_key,
                sent_by=given.by,
                pseudonyms=settings.student_pseudonyms,
            )
        )
    return True


def _write(account: FileAccount) -> None:
    sys.stdout.write(orjson.dumps(account, option=orjson.OPT_APPEND_NEWLINE).decode())
    sys.stdout.flush()


def _ingest_one(
    opened: SyncRegistry, path: Path, task: TaskSpec, period: str | None, settings: Settings
) -> bool:
    try:
        results, refused = ingest_file(
            opened, path, task,
            now=datetime.now(UTC), period=period,
            tombstone_key=settings.tombstone_key, pseudonyms=settings.student_pseudonyms,
        )  # fmt: skip
    except NotThisTask as error:
        sys.stderr.write(f"refused: {error}\n")
        return False
    for result in results:
        sys.stdout.write("\n".join(describe(result, task)) + "\n")
    for reason in refused:
        sys.stdout.write(f"not used: {reason}\n")
    return True


def _ingest_events(opened: SyncRegistry, path: Path, task: TaskSpec, settings: Settings) -> bool:
    try:
        with quiet():
            tables = read_events(path, task)
    except NotThisTask as error:
        sys.stderr.write(f"refused: {error}\n")
        return False
    now, pseudonyms = datetime.now(UTC), settings.student_pseudonyms
    for table in tables:
        done = opened.run(ingest_events(table, task, now=now, pseudonyms=pseudonyms))
        sys.stdout.write("\n".join(described(table, done)) + "\n")
    return True


if __name__ == "__main__":
    raise SystemExit(main())
