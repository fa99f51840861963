"""`python -m deployment.backup --to FILE`: all that an installation needs on another home.

FILE may be a URL (`s3://bucket/farol.backup`): the file is written here, whole, and then there.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import bson

from api.durability import outbox
from database import installation
from database.driver.client import SyncRegistry
from database.driver.commands import Document
from database.predictions import document_of
from deployment import backup_file
from deployment.backup_file import Manifest, Writer, writing
from deployment.exit_codes import ExitCode, failed
from deployment.registry_copy import COLLECTIONS, pages
from deployment.settings import Settings
from deployment.tasks.databases import TaskDatabase, recorded_databases
from deployment.tasks.installed import installed, of_name
from deployment.wiring import configure_logging, root_registry, settings_from_environment
from model.errors import FarolError
from model.trust.key_file import NAME
from preprocessing.files.by_url import name_of, place, put, shown

EPILOG = """\
what is in it
  every task of the installation, retired ones too: its records with all versions and artifacts,
  predictions that still wait on this host, its TaskSpec. Once: API keys, audit, and the data key,
  without which erased students would come back. It may be made while everything runs. It holds
  what the registry holds: keep it as you keep that.

what is not
  the signing key, unless --with-key is given. Whoever has it can make this installation serve
  anything, so keep it apart: FAROL_HOME/signing.key, or what FAROL_SIGNING_KEY is set to.

examples
  python -m deployment.backup --to farol-2026-11-26.backup
  python -m deployment.backup --to s3://bucket/farol-2026-11-26.backup      make setup-cloud
  python -m deployment.restore --from farol-2026-11-26.backup      on another, empty FAROL_HOME
"""

PAGE_BYTES = 8 * 2**20
LEASES = "leases"


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; exit code 0 when the file is whole, 1 when not, 2 for wrong usage."""
    parser = argparse.ArgumentParser(
        prog="python -m deployment.backup",
        description="Writes all that an installation needs on another home into one file.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--to", dest="file", required=True, type=place, metavar="FILE")
    parser.add_argument("--with-key", action="store_true", help="the signing key too")
    given = parser.parse_args(argv)
    try:
        settings = settings_from_environment()
        configure_logging(settings)
        with root_registry(settings) as root, _written(given.file) as file:
            manifest = back_up(root, settings, file, now=datetime.now(UTC), with_key=given.with_key)
            said = told(manifest, file, shown(given.file) if file != given.file else None)
    except FarolError as error:
        return failed("backup", error)
    sys.stdout.write(said)
    return ExitCode.DONE


@contextmanager
def _written(where: Path | str) -> Iterator[Path]:
    """Where to write the backup; what is to be at a URL goes there once it is whole."""
    if isinstance(where, Path):
        yield where
        return
    with tempfile.TemporaryDirectory(prefix="farol-backup-") as folder:
        file = Path(folder) / name_of(where)
        yield file
        put(file, where)


def back_up(
    root: SyncRegistry, settings: Settings, file: Path, *, now: datetime, with_key: bool
) -> Manifest:
    """Writes the backup and gives what is in it.

    What points is read before what it points at, so that everything a document names is in the
    file though the installation goes on working meanwhile.

    Args:
        root: the installation's root registry.
        settings: of the installation: its home, default task and keys.
        file: replaced once the new one is whole.
        now: kept in the manifest.
        with_key: whether the signing key goes into the file.

    Raises:
        ConfigurationError: the file cannot be written, or a task not be read.
        RegistryError: the registry fails.
    """
    default = installed(settings)
    tasks = root.run(recorded_databases(settings.mongo_db, default.name))
    specs = {one.task: _spec(one, settings) for one in tasks}
    with writing(file) as writer:
        for name, spec in specs.items():
            writer.add(f"{backup_file.TASKS}{name}/{backup_file.TASK}", spec.encode())
        _add_keys(writer, settings, with_key=with_key)
        # Before the predictions of the registry: what is shipped meanwhile is in one of the two.
        own = {name: _add_outbox(writer, name, settings) for name in specs}
        for one in tasks[1:]:
            prefix = f"{backup_file.TASKS}{one.task}/{backup_file.REGISTRY}"
            own[one.task] |= _add_registry(writer, prefix, root.on(one.database))
        collections = _add_registry(writer, backup_file.REGISTRY, root)
        at = now.isoformat(timespec="seconds")
        return writer.finish(
            Manifest(
                at,
                default.name,
                collections,
                first_task=tasks[0].task,
                tasks=own,
                registry=installation.FORMAT,
            )
        )


def told(manifest: Manifest, file: Path, place: str | None = None) -> str:
    """What was written, and what is still needed for a restore.

    Args:
        manifest: of the backup.
        file: the backup.
        place: what its place is called, where it is not the file's own path.
    """
    counted = {"": manifest.collections, **manifest.tasks}
    number = sum(sum(counts.values()) for counts in counted.values())
    names = ", ".join(manifest.names)
    lines = [f"{place or file}: {number} documents of {names}, {file.stat().st_size} bytes"]
    for task, counts in counted.items():
        lines += [f"  {task:17} {name:17} {n:>9}".rstrip() for name, n in counts.items() if n]
    lines.append(
        "The signing key is in it: whoever reads the file can sign versions and keys."
        if manifest.has_signing_key
        else "The signing key is not in it. Keep it apart (FAROL_HOME/signing.key or "
        "FAROL_SIGNING_KEY); without it a restore has to --re-sign."
    )
    return "\n".join(lines) + "\n"


def _spec(one: TaskDatabase, settings: Settings) -> str:
    """A task's TaskSpec as it was accepted; of a registry of before, as this host has it.

    Raises:
        ConfigurationError: neither has it.
    """
    if one.record is not None:
        return one.record.spec
    return installed(of_name(settings, one.task)).text


def _add_keys(writer: Writer, settings: Settings, *, with_key: bool) -> None:
    writer.add(backup_file.DATA_KEY, settings.data_key.get_secret_value())
    if with_key:
        writer.add(backup_file.SIGNING_KEY, settings.signing_key.get_secret_value())
    notes = settings.home / NAME
    if notes.exists():
        writer.add(backup_file.REVOKED, notes.read_bytes())


def _add_outbox(writer: Writer, task: str, settings: Settings) -> dict[str, int]:
    waiting = map(document_of, outbox.bodies(settings.home_of(task) / "outbox"))
    return {"outbox": _add(writer, f"{backup_file.TASKS}{task}/{backup_file.OUTBOX}", waiting)}


def _add_registry(writer: Writer, prefix: str, opened: SyncRegistry) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name in (LEASES, *reversed(COLLECTIONS)):
        documents = (document for page in pages(opened, name) for document in page)
        counts[name] = _add(writer, f"{prefix}{name}/", documents)
    return counts


def _add(writer: Writer, prefix: str, documents: Iterable[Document]) -> int:
    count = number = 0
    page = bytearray()

    def flush(add: Callable[[str, bytes], None]) -> None:
        nonlocal number
        number += 1
        add(f"{prefix}{number:05}", bytes(page))
        page.clear()

    for document in documents:
        page += bson.encode(document)
        count += 1
        if len(page) >= PAGE_BYTES:
            flush(writer.add)
    if page:
        flush(writer.add)
    return count


if __name__ == "__main__":
    sys.exit(main())
