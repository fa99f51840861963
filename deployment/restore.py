"""`python -m deployment.restore --from FILE [--re-sign]`: an installation on an empty home."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import bson
from bson.codec_options import CodecOptions

from database import installation
from database.aliases import AliasRepository
from database.api_keys import ApiKeyRepository
from database.driver.client import SyncRegistry
from database.driver.commands import Count, Document
from database.indexes import ensure_indexes
from database.leases import LeaseRepository
from database.people.people import PersonRepository
from database.predictions import PredictionRepository
from database.repair import repair
from database.tasks import TaskRepository
from database.versions import ModelVersionRepository
from deployment import backup_file
from deployment.backup import LEASES
from deployment.backup_file import Manifest, Place
from deployment.exit_codes import ExitCode, failed
from deployment.registry_copy import COLLECTIONS, put
from deployment.resigning import WARNING, resign_keys, resign_versions, signed_elsewhere
from deployment.restore_target import empty, keep_notes, place_tasks, with_keys
from deployment.settings import Settings
from deployment.tasks.databases import recorded_databases, registries
from deployment.tasks.installed import InstalledTask, all_installed, installed
from deployment.tasks.opening import claimed
from deployment.wiring import (
    configure_logging,
    environment,
    private_settings,
    root_registry,
)
from model.errors import ConfigurationError, FarolError
from preprocessing.files.by_url import fetched, place
from preprocessing.task.spec import parse_task

EPILOG = f"""\
what it does
  1. compares every byte of the file with its manifest
  2. refuses a home or a registry that holds anything
  3. puts the data key in place, the signing key where it is in the file, and each task's
     database and TaskSpec
  4. brings every label in line with its facts, as `python -m deployment.repair --full` does
  An interrupted one is finished by the same command.

the signing key
  Versions and API keys are signed with the key of the installation that made them. Put that key in
  place (FAROL_HOME/signing.key, or FAROL_SIGNING_KEY) before the restore, or let this
  installation's own key sign them:

{"".join(f"  {line}{chr(10)}" for line in WARNING.splitlines())}
  Without --from, --re-sign signs what the present registry holds.
"""

CODEC: CodecOptions[Document] = CodecOptions(tz_aware=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; exit code 0 when all is there, 1 when not, 2 for wrong usage."""
    given = _parser().parse_args(argv)
    if given.file is None and not given.re_sign:
        _parser().error("give --from FILE, or --re-sign for the present registry")
    try:
        if given.file is None:
            settings = private_settings(environment())
            configure_logging(settings)
            with root_registry(settings) as root:
                default = installed(settings).name
                known = root.run(recorded_databases(settings.mongo_db, default))
                _re_sign(registries(root, known), settings, datetime.now(UTC))
        else:
            with _here(given.file) as file:
                restore(file, environment(), now=datetime.now(UTC), re_sign=given.re_sign)
    except FarolError as error:
        return failed("restore", error)
    return ExitCode.DONE


@contextmanager
def _here(where: Path | str) -> Iterator[Path]:
    """The backup as a file of this host."""
    if isinstance(where, Path):
        yield where
    else:
        with fetched(where) as file:
            yield file


def restore(file: Path, env: Mapping[str, str], *, now: datetime, re_sign: bool) -> None:
    """Puts a backup in place.

    Args:
        file: the backup.
        env: as for every other command; it says where.
        now: aware UTC.
        re_sign: sign versions and keys with this installation's key.

    Raises:
        ConfigurationError: the file is no whole backup, something is there already, or a key is
            missing; nothing but keys was written.
        RegistryError: the registry fails; the same command goes on where it was.
    """
    manifest = backup_file.verified(file)
    kept = dict(_small(file))
    texts = _of(manifest, kept)
    settings = private_settings(env)
    configure_logging(settings)
    _say(f"{file}: whole, made {manifest.made_at}, of {', '.join(texts)}")
    if not re_sign:
        _refuse_unsigned(file, kept, settings)
    with empty(settings, manifest):
        settings = with_keys(settings, kept, env, re_sign=re_sign)
        tasks = [InstalledTask(settings, text) for text in texts.values()]
        with root_registry(settings) as root:
            opened = _opened(root, tasks)
            _fill(opened, file, manifest)
            for name, registry in opened.items():
                _tell_missing(registry, manifest, name)
            if re_sign:
                _re_sign(opened, settings, now)
            for name, registry in opened.items():
                # Also removes whom the tombstones name: erased while the backup was being written.
                done = repair(now=now, full=True, tombstone_key=settings.tombstone_key)
                _say(f"{name}: {registry.run(done).told()}")
            retired = {one.name for one in root.run(TaskRepository().all()) if one.retired_at}
        keep_notes(settings.home, kept)
        serving = [task for task in tasks if task.name not in retired]
        for line in place_tasks(serving, all_installed(settings), manifest.task):
            _say(line)
    _say(f"Restored into {settings.home}. Start it as usual (make run).")


def _small(file: Path) -> Iterator[tuple[str, bytes]]:
    for name, content in backup_file.read(file):
        if backup_file.place_of(name) is None:
            yield name, content


def _of(manifest: Manifest, kept: Mapping[str, bytes]) -> dict[str, str]:
    """Each task to its TaskSpec as YAML, the first one first.

    Raises:
        ConfigurationError: one cannot be read, or is not of the name that it is kept under.
    """
    names = sorted(manifest.names, key=lambda name: name != manifest.first)
    texts = {name: kept[manifest.spec_of(name)].decode() for name in names}
    for name, text in texts.items():
        # Names become paths and databases, so only what a TaskSpec may be called is let through.
        if parse_task(text, source=f"task {name!r} of the backup").name != name:
            raise ConfigurationError(f"the backup keeps another task than {name!r} under its name")
    return texts


def _opened(root: SyncRegistry, tasks: Sequence[InstalledTask]) -> dict[str, SyncRegistry]:
    """The databases of the backup's tasks, the first one's first, which is the root database."""
    found: dict[str, SyncRegistry] = {}
    for task in tasks:
        first = root.run(installation.claim_task(task.name))
        name = installation.database_of(task.settings.mongo_db, first, task.name)
        found[task.name] = root if task.name == first else root.on(name)
        found[task.name].run(claimed(task))
        found[task.name].run(ensure_indexes())
    return found


def _fill(opened: Mapping[str, SyncRegistry], file: Path, manifest: Manifest) -> None:
    """Writes everything; where the champions point comes last."""
    pointing: list[tuple[SyncRegistry, list[Document]]] = []
    for where, page in _documents(file):
        task, name = where.task or manifest.first, where.collection
        if task not in opened:
            raise ConfigurationError(f"{file}: {task!r} is no task of its manifest")
        registry = opened[task]
        if name == AliasRepository.collection:
            pointing.append((registry, page))
        elif name == LEASES:
            for document in page:
                registry.run(LeaseRepository().carry(LeaseRepository().read(document)))
        else:
            put(registry, name, page)
            _say(f"{task}: {name}: {len(page)}")
    for registry, page in pointing:
        put(registry, AliasRepository.collection, page)


def _documents(file: Path) -> Iterator[tuple[Place, list[Document]]]:
    """Pages of documents, each with where it belongs."""
    for member, content in backup_file.read(file):
        place = backup_file.place_of(member)
        if place is None:
            continue
        if place.collection == backup_file.OUTBOX:
            place = replace(place, collection=PredictionRepository.collection)
        yield place, bson.decode_all(content, CODEC)


def _tell_missing(opened: SyncRegistry, manifest: Manifest, task: str) -> None:
    counted = manifest.collections if task == manifest.first else manifest.tasks[task]
    for name in COLLECTIONS:
        wanted = counted.get(name, 0)
        found: int = opened.execute(Count(name, {}))
        if found < wanted:
            _say(
                f"{task}: {name}: {found} of {wanted} are there; those of erased students are "
                "left out"
            )


def _refuse_unsigned(file: Path, kept: Mapping[str, bytes], settings: Settings) -> None:
    key = kept.get(backup_file.SIGNING_KEY, settings.signing_key.get_secret_value())
    found: dict[str, list[Document]] = {
        ModelVersionRepository.collection: [],
        ApiKeyRepository.collection: [],
        PersonRepository.collection: [],
    }
    for where, page in _documents(file):
        if where.collection in found:
            found[where.collection] += page
    foreign = signed_elsewhere(
        [ModelVersionRepository().read(d) for d in found[ModelVersionRepository.collection]],
        [ApiKeyRepository().read(d) for d in found[ApiKeyRepository.collection]],
        [PersonRepository().read(d) for d in found[PersonRepository.collection]],
        key,
    )
    if foreign:
        some = ", ".join(foreign[:5]) + (", ..." if len(foreign) > 5 else "")
        raise ConfigurationError(
            f"{some}: not signed with this installation's key, and the signing key is not in the "
            f"backup. Put that key in place ({settings.home / 'signing.key'}, or "
            f"FAROL_SIGNING_KEY), or add --re-sign. Nothing was written.\n{WARNING}"
        )


def _re_sign(opened: Mapping[str, SyncRegistry], settings: Settings, now: datetime) -> None:
    """Signs the versions of every task; keys and people in the first one's, the root database."""
    key = settings.signing_key.get_secret_value()
    done = [registry.run(resign_versions(name, key)) for name, registry in opened.items()]
    root = next(iter(opened.values()))
    keys = root.run(
        resign_keys(done, key, now=now, actor="deployment.restore", data_key=settings.tombstone_key)
    )
    _say(f"signed anew: {sum(len(one.versions) for one in done)} versions, {len(keys)} API keys")
    for line in (line for one in done for line in one.left):
        _say(f"not signed: {line}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m deployment.restore",
        description="Puts a backup in place, on an empty home and an empty registry.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--from", dest="file", type=place, metavar="FILE")
    parser.add_argument(
        "--re-sign", action="store_true", help="sign versions and API keys with this home's key"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
