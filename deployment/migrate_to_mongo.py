"""Copies a registry with all its tasks, or local school files, into MongoDB.

`python -m deployment.migrate_to_mongo --from URI_OR_DIR --to URI`. A directory is a `FAROL_HOME`
with an embedded registry in it, or a folder of CSV, XLSX and Parquet files. It can be interrupted
and run again, and compares each database on both sides at its end.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from database import installation
from database.driver.client import SyncRegistry, open_registry
from database.driver.options import database_of
from database.driver.run import Hook
from database.embedded import lifecycle
from database.erasing import erasure
from database.erasing.guarded import ErasureGuard
from database.indexes import ensure_indexes
from database.repair import repair
from deployment.exit_codes import failed
from deployment.registry_copy import Compared, compare, copy
from deployment.tasks.databases import TaskDatabase, recorded_databases
from deployment.tasks.installed import InstalledTask, installed
from deployment.tasks.opening import claimed, entered
from deployment.wiring import reach, settings_from_environment
from model.errors import ConfigurationError, FarolError
from model.trust.tombstone import TombstoneKey
from preprocessing.ingesting.files import ingest_file
from preprocessing.ingesting.lines import describe

FILES = {".csv", ".xlsx", ".parquet"}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; exit code 0 when everything arrived, 1 when not, 2 for wrong usage."""
    parser = argparse.ArgumentParser(
        prog="python -m deployment.migrate_to_mongo",
        description="Copies a registry with all its tasks, or a folder of school files, into a "
        "MongoDB. It can be interrupted and run again, and compares both sides at its end. Each "
        "further task is in a database of its own, <MONGO_DB>_<task>, on both sides.",
    )
    parser.add_argument("--from", dest="source", required=True, metavar="URI_OR_DIR")
    parser.add_argument("--to", dest="target", required=True, metavar="URI")
    parser.add_argument(
        "--db", default=None, help="the root database on a side whose URI names none (MONGO_DB)"
    )
    parser.add_argument("--task", metavar="NAME", help="whose school files they are")
    given = parser.parse_args(argv)
    try:
        settings = settings_from_environment(given.task)
        db = given.db or settings.mongo_db
        key = settings.tombstone_key
        with _opened(given.target, db, "--to", hook=ErasureGuard(key)) as target:
            target.root.run(installation.claim(key))
            target.root.run(ensure_indexes())
            if files := _school_files(given.source):
                return _ingest(files, target, installed(settings))
            if given.task:
                raise ConfigurationError("--task is for school files; a registry is copied whole")
            with _registry(given.source, db) as source:
                source.root.run(installation.check(key))
                return _copy_all(source, target, key)
    except FarolError as error:
        return failed("migrate", error)


@dataclass(frozen=True, slots=True)
class Side:
    """A registry on one side of the copy.

    Attributes:
        root: the root database.
        name: its name.
    """

    root: SyncRegistry
    name: str


def _copy_all(source: Side, target: Side, key: TombstoneKey) -> int:
    known = source.root.run(recorded_databases(source.name))
    if not known:  # Of no task yet; there may be keys.
        return 0 if _copy(source.root, target.root, key, source.name) else 1
    first = known[0].task
    # All are opened before one is copied: a target that is another task's gets nothing.
    there = [(one, _claimed(target, one, first, key)) for one in known]
    copied = [_copy(source.root.on(one.database), to, key, one.database) for one, to in there]
    return 0 if all(copied) else 1


def _claimed(target: Side, one: TaskDatabase, first: str, key: TombstoneKey) -> SyncRegistry:
    """The task's database on the other side, opened for it.

    Raises:
        ConfigurationError: it is of another task, or made with another data key.
    """
    opened = target.root.on(installation.database_of(target.name, first, one.task))
    opened.run(installation.claim(key))
    opened.run(installation.require_task(one.task))
    opened.run(ensure_indexes())
    return opened


def _copy(source: SyncRegistry, target: SyncRegistry, key: TombstoneKey, name: str) -> bool:
    """Copies one database, compares both sides, and gives whether everything arrived."""
    print(f"database {name}", file=sys.stderr)  # noqa: T201
    copy(source, target, _told)
    target.run(repair(now=datetime.now(UTC)))
    target.run(erasure.remove_again(key))
    complete = True
    print(f"database {name}")  # noqa: T201
    for one in compare(source, target, _told):
        complete = complete and one.complete
        counts = f"{one.found} of {one.source}"
        print(f"{one.collection:15} {counts:>20}  {one.digest[:16]}  {outcome(one)}")  # noqa: T201
    if not complete:
        _told(
            "not everything arrived: run the same command again. What differs is another document "
            "of the same key, which is left as it is"
        )
    return complete


def outcome(one: Compared) -> str:
    """What came of a collection, in words.

    >>> outcome(Compared("runs", 2, 2, 0, "a", "a"))
    'complete'
    >>> outcome(Compared("runs", 3, 1, 1, "a", "b", named=("r7 (status)",)))
    'INCOMPLETE, 1 missing, 1 differ, target b: r7 (status)'
    """
    if one.complete:
        return f"complete, {one.newer} newer there" if one.newer else "complete"
    missing = one.source - one.found - one.differs
    named = f": {', '.join(one.named)}" if one.named else ""
    digest = one.target_digest[:16]
    return f"INCOMPLETE, {missing} missing, {one.differs} differ, target {digest}{named}"


def _told(line: str) -> None:
    print(f"  {line}", file=sys.stderr, flush=True)  # noqa: T201


def _ingest(files: Sequence[Path], target: Side, task: InstalledTask) -> int:
    settings = task.settings.model_copy(update={"mongo_db": target.name})
    there = InstalledTask(settings, task.text)
    opened = target.root.on(target.root.run(entered(there)))
    opened.run(claimed(there))
    opened.run(ensure_indexes())
    now = datetime.now(UTC)
    for path in files:
        done, refused = ingest_file(
            opened,
            path,
            task.spec,
            now=now,
            tombstone_key=settings.tombstone_key,
            pseudonyms=settings.student_pseudonyms,
        )
        for result in done:
            print("\n".join(describe(result, task.spec)))  # noqa: T201
        for sheet in refused:
            print(f"{path.name}: {sheet}")  # noqa: T201
    return 0


@contextlib.contextmanager
def _registry(source: str, db: str) -> Iterator[Side]:
    if source.startswith(("mongodb://", "mongodb+srv://")):
        uri = source
    elif (Path(source) / "registry").is_dir():
        uri = lifecycle.ensure_running(Path(source))
    else:
        raise ConfigurationError(
            f"--from {source}: neither a MongoDB URI, nor a folder with a registry or files in it"
        )
    with _opened(uri, db, "--from") as opened:
        yield opened


@contextlib.contextmanager
def _opened(uri: str, db: str, key: str, *, hook: Hook | None = None) -> Iterator[Side]:
    name = database_of(uri) or db
    with open_registry(uri, name, hook=hook) as opened:
        reach(opened, uri, key)
        yield Side(opened, name)


def _school_files(source: str) -> list[Path]:
    folder = Path(source)
    if source.startswith("mongodb") or not folder.is_dir() or (folder / "registry").is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in FILES)


if __name__ == "__main__":
    sys.exit(main())
