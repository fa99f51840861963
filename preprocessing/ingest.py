"""School files into the registry: `python -m preprocessing.ingest FILE... [--period P]`.

A file may be at a URL (`s3://bucket/pede_2024.csv`), and it may be a OneRoster bundle. The API
reads what is sent to `POST /files` with this command too, as a process of its own.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import orjson

from database.driver.client import SyncRegistry
from database.driver.gc_pause import quiet
from deployment.exit_codes import ExitCode, failed
from deployment.settings import Settings
from deployment.wiring import add_task_option, registry, settings_from_environment
from model.errors import ConfigurationError, NotThisTask, RegistryError
from preprocessing.events.account import EventsAccount
from preprocessing.events.reading import read_events
from preprocessing.files.account import FileAccount
from preprocessing.files.admitted import AdmittedUnits
from preprocessing.files.by_url import fetched, name_of, place
from preprocessing.files.limits import LARGEST
from preprocessing.ingesting.events import account_of, described, ingest_events
from preprocessing.ingesting.files import ingest_file, keep, preview
from preprocessing.ingesting.lines import describe
from preprocessing.ingesting.reading import ReadAs, load_mapping, read_any
from preprocessing.kept.keeping import FileKeeper
from preprocessing.kept.store import FileStore
from preprocessing.task.spec import TaskSpec, load_task

STANDARD_INPUT = Path("-")
STDIN = Path("/dev/stdin")
TOO_MUCH = "needs more memory to be read than a file may take; split it"
"""Said by the reader itself: who sent the file would else be asked to send it again."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; the exit code is 1 when any file could not be used, 2 for wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m preprocessing.ingest", description=__doc__)
    parser.add_argument(
        "files", nargs="+", type=place, metavar="FILE",
        help="CSV, XLSX or Parquet, or a OneRoster bundle, as a path or a URL; "
        "- is one file on standard input, told with --json",
    )  # fmt: skip
    parser.add_argument("--period", help="the period of files whose name and columns do not tell")
    parser.add_argument(
        "--as", dest="kind", choices=["table", "oneroster"],
        help="what the files are; without, their content says",
    )  # fmt: skip
    parser.add_argument(
        "--mapping", type=Path, metavar="YAML",
        help="where the task's columns are in a bundle, in the place of what the task says",
    )  # fmt: skip
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
        if given.events and (given.preview or given.period or given.kind or given.mapping):
            parser.error("--events goes with --task, --unit, --name, --by and --json")
        if given.events:
            with registry(settings) as opened:
                used = [_ingest_events(opened, one, task, settings, given) for one in given.files]
            return ExitCode.DONE if all(used) else ExitCode.FAILED
        form = ReadAs(given.kind, given.mapping and load_mapping(given.mapping, task))
        if alone:
            told_well = [_told_in_json(settings, one, task, given, form) for one in given.files]
            return ExitCode.DONE if all(told_well) else ExitCode.FAILED
        with registry(settings) as opened:
            used = [
                _ingest_one(opened, one, task, given.period, settings, form) for one in given.files
            ]
    except (ConfigurationError, RegistryError) as error:
        code = failed("ingest", error)
        if isinstance(error, RegistryError):
            sys.stderr.write("Run the same command again: it repairs what was begun.\n")
        return code
    return ExitCode.DONE if all(used) else ExitCode.FAILED


@contextmanager
def _here(where: Path | str, name: str | None) -> Iterator[tuple[Path, str | None]]:
    """A file of this host, and what it is called where its path does not say.

    What comes through a pipe is written down, for it can be read once only.
    """
    if isinstance(where, str):
        with fetched(where, largest=LARGEST) as path:
            yield path, name_of(where)
    elif where == STANDARD_INPUT and not STDIN.is_file():
        with tempfile.TemporaryDirectory(prefix="farol-sent-") as folder:
            path = Path(folder) / "file"
            path.write_bytes(sys.stdin.buffer.read(LARGEST + 1))
            yield path, name or "file"
    elif where == STANDARD_INPUT:
        yield STDIN, name or "file"
    else:
        yield where, None


def _told_in_json(
    settings: Settings,
    where: Path | str,
    task: TaskSpec,
    given: argparse.Namespace,
    form: ReadAs,
) -> bool:
    """Reads one file, keeps it unless a preview was asked for, and writes its account."""
    now = datetime.now(UTC)
    with ExitStack() as stack:
        try:
            path, name = stack.enter_context(_here(where, given.name))
            with quiet():
                reading = read_any(
                    path,
                    task,
                    now=now,
                    period=given.period,
                    name=name,
                    admitted=AdmittedUnits.of(task, given.unit),
                    form=form,
                )
        except (NotThisTask, MemoryError) as error:
            why = str(error) if isinstance(error, NotThisTask) else TOO_MUCH
            _write(FileAccount(kept=False, tables=(), refused=(why,)))
            return False
        if given.preview:
            _write(preview(reading, task))
            return True
        with registry(settings) as opened:
            keeper = _keeper(opened, task, settings)
            if keeper is not None:
                reading = keeper.keep(
                    path,
                    name or path.name,
                    reading,
                    now=now,
                    period=given.period,
                    mapping=form.mapping,
                    kind=form.kind,
                )
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


def _keeper(opened: SyncRegistry, task: TaskSpec, settings: Settings) -> FileKeeper | None:
    """What keeps files as they came; None where the installation keeps none."""
    if not settings.keeps_files:
        return None
    store = FileStore(opened, settings.files_of(task.name))
    return FileKeeper(store, task, settings.tombstone_key)


def _write(account: FileAccount | EventsAccount) -> None:
    sys.stdout.write(orjson.dumps(account, option=orjson.OPT_APPEND_NEWLINE).decode())
    sys.stdout.flush()


def _ingest_one(
    opened: SyncRegistry,
    where: Path | str,
    task: TaskSpec,
    period: str | None,
    settings: Settings,
    form: ReadAs,
) -> bool:
    try:
        with _here(where, None) as (path, name):
            results, refused = ingest_file(
                opened, path, task,
                now=datetime.now(UTC), period=period, name=name, form=form,
                keeper=_keeper(opened, task, settings),
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


def _ingest_events(
    opened: SyncRegistry,
    where: Path | str,
    task: TaskSpec,
    settings: Settings,
    given: argparse.Namespace,
) -> bool:
    in_json = given.json or where == STANDARD_INPUT
    admitted = AdmittedUnits.of(task, given.unit)
    try:
        with _here(where, given.name) as (path, name), quiet():
            tables = read_events(path, task, name=name)
    except (NotThisTask, MemoryError) as error:
        why = str(error) if isinstance(error, NotThisTask) else TOO_MUCH
        if in_json:
            _write(EventsAccount(kept=False, tables=(), refused=(why,)))
        else:
            sys.stderr.write(f"refused: {why}\n")
        return False
    now, accounts = datetime.now(UTC), []
    for table in tables:
        done = opened.run(
            ingest_events(
                table, task,
                now=now, pseudonyms=settings.student_pseudonyms,
                units=None if admitted is None else admitted.spellings,
            )
        )  # fmt: skip
        accounts.append(account_of(table, done))
        if not in_json:
            sys.stdout.write("\n".join(described(table, done)) + "\n")
    if in_json:
        _write(EventsAccount(kept=True, tables=accounts, refused=()))
    return True


if __name__ == "__main__":
    raise SystemExit(main())
