"""`python -m deployment.backup --to FILE`: all that an installation needs on another home."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import bson

from api.durability import outbox
from database.driver.client import SyncRegistry
from database.driver.commands import Document
from database.predictions import document_of
from deployment import backup_file
from deployment.backup_file import Manifest, Writer, writing
from deployment.exit_codes import ExitCode, failed
from deployment.registry_copy import COLLECTIONS, pages
from deployment.settings import Settings
from deployment.wiring import configure_logging, registry, settings_from_environment
from model.errors import FarolError
from model.trust.key_file import NAME
from preprocessing.task.spec import load_task, task_text

EPILOG = """\
what is in it
  the registry with all versions and artifacts, predictions that still wait on this host, the
  TaskSpec, and the data key, without which erased students would come back. It may be made while
  everything runs. It holds what the registry holds: keep it as you keep that.

what is not
  the signing key, unless --with-key is given. Whoever has it can make this installation serve
  anything, so keep it apart: FAROL_HOME/signing.key, or what FAROL_SIGNING_KEY is set to.

examples
  python -m deployment.backup --to farol-2026-11-26.backup
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
    parser.add_argument("--to", dest="file", required=True, type=Path, metavar="FILE")
    parser.add_argument("--with-key", action="store_true", help="the signing key too")
    given = parser.parse_args(argv)
    try:
        settings = settings_from_environment()
        configure_logging(settings)
        with registry(settings) as opened:
            manifest = back_up(
                opened, settings, given.file, now=datetime.now(UTC), with_key=given.with_key
            )
    except FarolError as error:
        return failed("backup", error)
    sys.stdout.write(told(manifest, given.file))
    return ExitCode.DONE


def back_up(
    opened: SyncRegistry, settings: Settings, file: Path, *, now: datetime, with_key: bool
) -> Manifest:
    """Writes the backup and gives what is in it.

    What points is read before what it points at, so that everything a document names is in the
    file though the installation goes on working meanwhile.

    Args:
        opened: the installation's registry.
        settings: of the installation: its home, task and keys.
        file: replaced once the new one is whole.
        now: kept in the manifest.
        with_key: whether the signing key goes into the file.

    Raises:
        ConfigurationError: the file cannot be written, or the task not be read.
        RegistryError: the registry fails.
    """
    task = load_task(settings.task)
    with writing(file) as writer:
        writer.add(backup_file.TASK, task_text(settings.task).encode())
        writer.add(backup_file.DATA_KEY, settings.data_key.get_secret_value())
        if with_key:
            writer.add(backup_file.SIGNING_KEY, settings.signing_key.get_secret_value())
        notes = settings.home / NAME
        if notes.exists():
            writer.add(backup_file.REVOKED, notes.read_bytes())
        # Before the predictions of the registry: what is shipped meanwhile is in one of the two.
        counts = {"outbox": _add(writer, backup_file.OUTBOX, _waiting(settings.home))}
        for name in (LEASES, *reversed(COLLECTIONS)):
            documents = (document for page in pages(opened, name) for document in page)
            counts[name] = _add(writer, f"{backup_file.REGISTRY}{name}/", documents)
        return writer.finish(now.isoformat(timespec="seconds"), task.name, counts)


def told(manifest: Manifest, file: Path) -> str:
    """What was written, and what is still needed for a restore."""
    number = sum(manifest.collections.values())
    lines = [f"{file}: {number} documents of task {manifest.task}, {file.stat().st_size} bytes"]
    lines += [f"  {name:17} {count:>9}" for name, count in manifest.collections.items() if count]
    lines.append(
        "The signing key is in it: whoever reads the file can sign versions and keys."
        if manifest.has_signing_key
        else "The signing key is not in it. Keep it apart (FAROL_HOME/signing.key or "
        "FAROL_SIGNING_KEY); without it a restore has to --re-sign."
    )
    return "\n".join(lines) + "\n"


def _waiting(home: Path) -> Iterator[Document]:
    return map(document_of, outbox.bodies(home / "outbox"))


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
