"""Where a backup is put: a home and a registry that hold nothing yet, and the files in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import orjson

from api.durability import outbox
from database import installation
from database.driver.client import SyncRegistry, open_registry
from database.driver.commands import Count, DeleteMany
from deployment import backup_file
from deployment.backup import LEASES
from deployment.backup_file import Manifest
from deployment.home import TASK_FILE, TASKS
from deployment.registry_copy import COLLECTIONS
from deployment.settings import Settings
from deployment.tasks.databases import recorded_databases
from deployment.tasks.installed import InstalledTask
from deployment.wiring import private_settings, registry_uri
from model.errors import ConfigurationError
from model.live.folder import LiveModel
from model.trust.key_file import KeyFile, KeyNotes, notes_in
from model.trust.private import make_private_folder, write_private

NOTE = "restore.json"
"""In the home while a restore is under way."""

MADE_AT_OPENING = ("installation", "key_adoptions", "version_adoptions", "tasks", LEASES)
"""What whoever opens an empty registry may have left there."""


@contextmanager
def empty(settings: Settings, manifest: Manifest) -> Iterator[None]:
    """Makes sure that nothing is there, but for what the same restore has begun to write.

    Raises:
        ConfigurationError: the home or the registry holds something.
        RegistryError: the registry fails.
    """
    note = settings.home / NOTE
    begun = orjson.dumps(dict(manifest.members))
    if not (note.exists() and note.read_bytes() == begun):
        _refuse_used_home(settings.home)
        # Opened plainly: nothing is claimed, adopted or indexed where something may be.
        with open_registry(registry_uri(settings), settings.mongo_db) as root:
            _clear(root, settings.mongo_db, manifest)
        note.write_bytes(begun)
    yield
    note.unlink()


def with_keys(
    settings: Settings, kept: Mapping[str, bytes], env: Mapping[str, str], *, re_sign: bool
) -> Settings:
    """Puts the keys of the backup in place and gives the settings that have them.

    Raises:
        ConfigurationError: another key is set.
    """
    wanted = {"FAROL_DATA_KEY": (backup_file.DATA_KEY, "data.key")}
    if backup_file.SIGNING_KEY in kept and not re_sign:
        wanted["FAROL_SIGNING_KEY"] = (backup_file.SIGNING_KEY, "signing.key")
    for variable, (member, name) in wanted.items():
        if not env.get(variable):
            write_private(settings.home / name, kept[member])
        elif env[variable].encode() != kept[member]:
            raise ConfigurationError(
                f"{variable} is another key than the backup's; unset it, and the backup's is used"
            )
    return private_settings(env)


def keep_notes(home: Path, kept: Mapping[str, bytes]) -> None:
    """What the former host knew of revoked keys; a new home vouches for no unsigned one."""
    content = kept.get(backup_file.REVOKED)
    told = KeyNotes() if content is None else notes_in(content)
    KeyFile(home).add(adopted=True, revoked=told.revoked, ends=told.ends)


def place_tasks(
    tasks: Iterable[InstalledTask], served: Iterable[InstalledTask], default: str
) -> Iterator[str]:
    """Puts TaskSpecs into the home that its settings do not name; gives what there is to say.

    Args:
        tasks: those of the backup that are in service.
        served: what the settings name, the default task first.
        default: the default task of the backup.
    """
    here = {task.name: task for task in served}
    for task in tasks:
        known = here.get(task.name)
        if known is not None and known.text == task.text:
            continue
        if known is not None and Path(known.settings.task).suffix:
            yield f"{known.settings.task} differs from task {task.name} of the backup"
            continue
        make_private_folder(task.home)
        write_private(task.home / TASK_FILE, task.text.encode())
        yield f"task {task.name}: {task.home / TASK_FILE}"
    if next(iter(here)) != default:
        yield f"the default task of the backup is not FAROL_TASK: set FAROL_TASK={default}"


def _refuse_used_home(home: Path) -> None:
    for folder in (home, *home.glob(f"{TASKS}/*")):
        if LiveModel(folder).stamp() is not None or outbox.waiting(folder / "outbox"):
            raise _used(f"FAROL_HOME={str(home)!r} holds an installation")


def _clear(root: SyncRegistry, root_name: str, manifest: Manifest) -> None:
    """Takes away what opening has left in the databases, once none of them holds anything."""
    recorded = root.run(recorded_databases(root_name))
    names = {
        root_name,
        *(one.database for one in recorded),
        *(installation.database_of(root_name, manifest.first, name) for name in manifest.names),
    }
    opened = {name: root if name == root_name else root.on(name) for name in sorted(names)}
    for name, database in opened.items():
        for collection in (one for one in COLLECTIONS if one not in MADE_AT_OPENING):
            if database.execute(Count(collection, {})):
                raise _used(f"the registry (MONGO_DB={root_name}) holds {collection} in {name}")
    for database in opened.values():
        for collection in MADE_AT_OPENING:
            database.execute(DeleteMany(collection, {}))


def _used(what: str) -> ConfigurationError:
    return ConfigurationError(
        f"{what} already; give an empty FAROL_HOME (and an empty MONGO_DB, where MONGO_URI is set)"
    )
