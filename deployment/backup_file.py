"""The file of a backup: a compressed tar of plain members, and last a manifest with their digests.

`manifest.json`                   what follows, counted, with the SHA-256 of every member
`keys/data.key`                   recognises erased students; `keys/signing.key` only if asked for
`host/keys.json`                  API keys that the host has seen revoked
`tasks/TASK/task.yaml`            the TaskSpec of each task
`tasks/TASK/outbox/00001`         predictions that waited on the host, BSON as the registry has them
`tasks/TASK/registry/NAME/00001`  documents of a further task's collection, BSON one after the other
`registry/NAME/00001`             the same of the root database, which is also the first task's

In format 1, of releases that knew one task, `task.yaml` and `outbox/` are at the top. The manifest
of format 3 tells the format of the documents too.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from database import installation
from model.errors import ConfigurationError

FORMAT = 3
READABLE = (1, 2, FORMAT)
MANIFEST = "manifest.json"
TASK = "task.yaml"
TASKS = "tasks/"
DATA_KEY = "keys/data.key"
SIGNING_KEY = "keys/signing.key"
REVOKED = "host/keys.json"
REGISTRY = "registry/"
OUTBOX = "outbox/"
LARGEST = 256 * 2**20
"""Bytes of a member; a page of documents is far smaller."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds.

    Attributes:
        made_at: when it was begun (ISO 8601, UTC).
        task: the default task's name.
        collections: collection of the root database to its number of documents.
        members: name to its SHA-256.
        first_task: whose records are in the root database; that of format 1 is the only one.
        tasks: each task, to what of its own is counted: its outbox, and its collections where it
            has a database of its own.
        registry: the format of its documents (`database.installation.FORMAT`); of a release of
            before they were numbered the first.
    """

    made_at: str
    task: str
    collections: Mapping[str, int] = field(default_factory=dict)
    members: Mapping[str, str] = field(default_factory=dict)
    format: int = FORMAT
    first_task: str = ""
    tasks: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    registry: int = 1

    @property
    def first(self) -> str:
        """The task whose records are in the root database."""
        return self.first_task or self.task

    @property
    def names(self) -> tuple[str, ...]:
        """Every task in it."""
        return tuple(self.tasks) or (self.task,)

    def spec_of(self, task: str) -> str:
        """The member that holds a task's TaskSpec."""
        return f"{TASKS}{task}/{TASK}" if self.tasks else TASK

    @property
    def has_signing_key(self) -> bool:
        """Whether the signing key is in it."""
        return SIGNING_KEY in self.members


@dataclass(frozen=True, slots=True)
class Place:
    """Where the documents of a member belong.

    Attributes:
        task: whose database; empty for the root database.
        collection: OUTBOX for predictions that waited on the host.
    """

    task: str
    collection: str


def place_of(member: str) -> Place | None:
    """Where a member's documents belong; None for one that holds none.

    >>> place_of("tasks/scores/registry/labels/00001")
    Place(task='scores', collection='labels')
    >>> place_of("outbox/00001"), place_of("keys/data.key")
    (Place(task='', collection='outbox/'), None)
    """
    match member.split("/"):
        case ["registry", collection, _]:
            return Place("", collection)
        case ["outbox", _]:
            return Place("", OUTBOX)
        case ["tasks", task, "registry", collection, _]:
            return Place(task, collection)
        case ["tasks", task, "outbox", _]:
            return Place(task, OUTBOX)
    return None


class Writer:
    """Adds members; the manifest is written by `finish`."""

    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive
        self._members: dict[str, str] = {}

    def add(self, name: str, content: bytes) -> None:
        """Adds one member to the archive, and its digest to the manifest."""
        self._members[name] = hashlib.sha256(content).hexdigest()
        self._put(name, content)

    def finish(self, draft: Manifest) -> Manifest:
        """Writes the manifest, with the members that were added, and gives it."""
        manifest = replace(draft, members=self._members)
        self._put(MANIFEST, json.dumps(asdict(manifest), indent=1).encode())
        return manifest

    def _put(self, name: str, content: bytes) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode = len(content), 0o600
        self._archive.addfile(info, io.BytesIO(content))


@contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """A backup that appears under its name once it is whole; readable by its owner only.

    Raises:
        ConfigurationError: it cannot be written there.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name}-")
    except OSError as error:
        raise _unwritable(path, error) from error
    fresh = Path(name)  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            with tarfile.open(fileobj=file, mode="w:gz", compresslevel=6) as archive:
                yield Writer(archive)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        with suppress(FileNotFoundError):
            fresh.unlink()


def read(path: Path) -> Iterator[tuple[str, bytes]]:
    """Every member in order, the manifest last.

    Raises:
        ConfigurationError: no such file, or no backup.
    """
    try:
        with tarfile.open(path, "r:gz") as archive:
            for info in archive:
                file = archive.extractfile(info) if info.isreg() else None
                if file is None or info.size > LARGEST:
                    raise ConfigurationError(f"{path}: {info.name} belongs in no backup")
                yield info.name, file.read()
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise ConfigurationError(
            f"{path} is no whole backup of Farol ({type(error).__name__})"
        ) from error
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read ({error.strerror or error})") from error


def verified(path: Path) -> Manifest:
    """The manifest, after every member was compared with it.

    Raises:
        ConfigurationError: no backup, of a newer release, not whole, or changed.
    """
    found: dict[str, str] = {}
    manifest: Manifest | None = None
    for name, content in read(path):
        if name == MANIFEST:
            manifest = _manifest(path, content)
        else:
            found[name] = hashlib.sha256(content).hexdigest()
    if manifest is None:
        raise ConfigurationError(f"{path} is no whole backup of Farol: it has no manifest")
    if found != dict(manifest.members):
        differ = sorted(found.items() ^ manifest.members.items())
        raise ConfigurationError(f"{path} is not as it was written: {differ[0][0]} differs")
    if not {DATA_KEY, *map(manifest.spec_of, manifest.names)} <= found.keys():
        raise ConfigurationError(f"{path} is no whole backup of Farol: task or data key are absent")
    return manifest


def _manifest(path: Path, content: bytes) -> Manifest:
    try:
        told: dict[str, Any] = json.loads(content)
        if told["format"] not in READABLE:
            raise ConfigurationError(
                f"{path} has format {told['format']!r}, this release reads up to {FORMAT}; "
                "restore it with the release that made it, or a newer one"
            )
        if told.get("registry", 1) > installation.FORMAT:
            raise ConfigurationError(
                f"{path} holds documents of format {told['registry']!r}, this release knows "
                f"{installation.FORMAT} at most; restore it with the release that made it, or "
                "with a newer one"
            )
        return Manifest(**told)
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{path} is no backup of Farol: its manifest is none") from error


def _unwritable(path: Path, error: OSError) -> ConfigurationError:
    return ConfigurationError(f"--to {path}: cannot be written ({error.strerror})")
