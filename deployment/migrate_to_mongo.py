"""Copies a registry, or local school files, into MongoDB.

`python -m deployment.migrate_to_mongo --from URI_OR_DIR --to URI`. A directory is a `FAROL_HOME`
with an embedded registry in it, or a folder of CSV, XLSX and Parquet files. It can be interrupted
and run again, and compares both sides at its end.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterator, Sequence
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
from deployment.registry_copy import compare, copy
from deployment.wiring import reach, settings_from_environment, tombstone_key
from model.errors import ConfigurationError, FarolError
from model.trust.tombstone import TombstoneKey
from preprocessing.ingest import describe, ingest_file
from preprocessing.task.spec import load_task

FILES = {".csv", ".xlsx", ".parquet"}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; exit code 0 when everything arrived, 1 when not, 2 for wrong usage."""
    parser = argparse.ArgumentParser(
        prog="python -m deployment.migrate_to_mongo",
        description="Copies a registry, or a folder of school files, into a MongoDB. It can be "
        "interrupted and run again, and compares both sides at its end.",
    )
    parser.add_argument("--from", dest="source", required=True, metavar="URI_OR_DIR")
    parser.add_argument("--to", dest="target", required=True, metavar="URI")
    parser.add_argument(
        "--db", default=None, help="the database on a side whose URI names none (MONGO_DB)"
    )
    given = parser.parse_args(argv)
    try:
        settings = settings_from_environment()
        db = given.db or settings.mongo_db
        key = tombstone_key(settings)
        with _opened(given.target, db, "--to", hook=ErasureGuard(key)) as target:
            target.run(installation.claim(key))
            target.run(ensure_indexes())
            if files := _school_files(given.source):
                return _ingest(files, target, settings.task, key)
            with _registry(given.source, db) as source:
                source.run(installation.check(key))
                return _copy(source, target, key)
    except FarolError as error:
        return failed("migrate", error)


def _copy(source: SyncRegistry, target: SyncRegistry, key: TombstoneKey) -> int:
    copy(source, target, lambda line: print(line, file=sys.stderr))  # noqa: T201
    target.run(repair(now=datetime.now(UTC)))
    target.run(erasure.remove_again(key))
    complete = True
    for one in compare(source, target):
        complete = complete and one.complete
        word = "complete" if one.complete else f"INCOMPLETE, {one.differs} differ"
        counts = f"{one.found} of {one.source}"
        print(f"{one.collection:15} {counts:>20}  {one.digest[:16]}  {word}")  # noqa: T201
    return 0 if complete else 1


def _ingest(files: Sequence[Path], target: SyncRegistry, name: str, key: TombstoneKey) -> int:
    task = load_task(name)
    for path in files:
        done, refused = ingest_file(target, path, task, now=datetime.now(UTC), tombstone_key=key)
        for result in done:
            print("\n".join(describe(result, task)))  # noqa: T201
        for sheet in refused:
            print(f"{path.name}: {sheet}")  # noqa: T201
    return 0


@contextlib.contextmanager
def _registry(source: str, db: str) -> Iterator[SyncRegistry]:
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
def _opened(uri: str, db: str, key: str, *, hook: Hook | None = None) -> Iterator[SyncRegistry]:
    with open_registry(uri, database_of(uri) or db, hook=hook) as opened:
        reach(opened, uri, key)
        yield opened


def _school_files(source: str) -> list[Path]:
    folder = Path(source)
    if source.startswith("mongodb") or not folder.is_dir() or (folder / "registry").is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in FILES)


if __name__ == "__main__":
    sys.exit(main())
