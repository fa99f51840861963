"""What is live on this host's disk: immutable version folders, and a pointer to the champion.

Publish, then point: a version is unpacked into a folder of its own, and only then does
`champion.json` change, replaced whole by `os.replace`. Readers need no lock. A second pointer,
`challenger.json`, names the version that answers a share of the requests, while there is one.

The lock file is never deleted: a process that waits for the old file and one that made a new file
of the same name would both believe that they hold the lock.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import asdict
from pathlib import Path

from filelock import FileLock

from model.archive import unpack
from model.bundle import load_bundle
from model.errors import BundleError
from model.live.pointer import (
    LivePointer,
    Quarantine,
    read_pointer,
    read_record,
    signed_anew,
    write_record,
)
from model.manifest import read_manifest
from model.trust.statement import Statement
from model.version import version_name

POINTER = "champion.json"
CHALLENGER_POINTER = "challenger.json"
QUARANTINE: Mapping[str, str] = {
    POINTER: "quarantine.json",
    CHALLENGER_POINTER: "challenger-quarantine.json",
}
"""What is refused as a challenger is no word about the champion, nor the reverse."""

KEPT = 3
"""Version folders kept besides those that are pointed to and their predecessors'."""


class LiveModel:
    """The folder `home/model/live`; making one touches nothing on disk.

    Args:
        home: of the task.
        pointer: which of the two is followed.
    """

    def __init__(self, home: Path, pointer: str = POINTER) -> None:
        self.root = home / "model" / "live"
        self.pointer_path = self.root / pointer
        self._pointer_lock = self.root / "pointer.lock"
        self._quarantine_path = self.root / QUARANTINE[pointer]
        self._of_champion = pointer == POINTER

    def prepare(self) -> None:
        """Makes the folders, for their owner only."""
        (self.root / "versions").mkdir(parents=True, exist_ok=True)

    def folder(self, version: str) -> Path:
        """Where that version lies, or would lie.

        Raises:
            BundleError: the name is not `v<number>`.
        """
        return self.root / "versions" / version_name(version)

    def refresher_lock(self) -> FileLock:
        """The lock whose holder follows the registry for all processes of this host."""
        return _lock(self.root / "refresh.lock")

    def stamp(self) -> tuple[int, int] | None:
        """Changes whenever the pointer does; None before the first publication."""
        try:
            found = self.pointer_path.stat()
        except FileNotFoundError:
            return None
        return found.st_mtime_ns, found.st_ino

    def current(self) -> LivePointer | None:
        """The pointer, or None before the first publication.

        Raises:
            BundleError: the pointer file is not readable as one, or names no version.
        """
        return read_pointer(self.pointer_path)

    def readable(self) -> LivePointer | None:
        """The pointer; None where it cannot be read, too, as it is to be published anew then."""
        try:
            return self.current()
        except BundleError:
            return None

    def publish(
        self,
        statement: Statement,
        signature: str,
        archive: bytes,
        revision: int,
        *,
        provisional: bool = False,
        share: float = 0.0,
        against: str = "",
        check: Callable[[Path], object] = load_bundle,
    ) -> LivePointer:
        """Unpacks a version beside the others, checks it, and points to it.

        Args:
            statement: what the version claims to be; its signature was verified already.
            signature: kept in the pointer so that every reader can verify it.
            archive: the bundle as `model.bundle.pack` made it.
            revision: the alias revision that asked for it.
            provisional: that of the alias.
            share: of a challenger, see `LivePointer`.
            against: of a challenger.
            check: trusts the unpacked folder or raises BundleError.

        Raises:
            BundleError: a name that is no version's, another digest, an unsafe archive, or what
                `check` raises. The pointer and the folders are as before.
        """
        target = self.folder(statement.version)
        if hashlib.sha256(archive).hexdigest() != statement.artifact:
            raise BundleError(f"{statement.version}: the archive is not the one that was signed")
        self.prepare()
        with self._staging() as space:
            staged = space / statement.version
            unpack(archive, staged)
            read_manifest(staged, statement.bundle)
            check(staged)
            with _lock(self._pointer_lock):
                self._install(staged, target)
                pointer = self._point(
                    LivePointer(
                        signature=signature,
                        revision=revision,
                        previous=self._previous(statement.version),
                        provisional=provisional,
                        share=share,
                        against=against,
                        **asdict(statement),
                    )
                )
                self._prune(self._needed(QUARANTINE.keys()))
                return pointer

    def withdraw(self) -> None:
        """Points to nothing; the folders stay."""
        self.prepare()
        with _lock(self._pointer_lock):
            self.pointer_path.unlink(missing_ok=True)

    def stop(self, version: str, reason: str, revision: int) -> None:
        """Quarantines a version for this revision, and points to it no longer.

        The quarantine comes first, so that nobody publishes it again in between.
        """
        self.prepare()
        with _lock(self._pointer_lock):
            self.quarantine(version, reason, revision)
            now = self.readable()
            if now is None or (now.version, now.revision) == (version, revision):
                self.pointer_path.unlink(missing_ok=True)

    def origin(self, version: str) -> LivePointer | None:
        """The pointer that was written when that version was last published as the champion."""
        try:
            return read_pointer(self._origin_path(version))
        except BundleError:
            return None

    def quarantine(self, version: str, reason: str, revision: int = 0) -> None:
        """Remembers that a version is not to be tried again for this revision of the alias."""
        self.prepare()
        write_record(self._quarantine_path, asdict(Quarantine(version, revision, reason)))

    def quarantine_as_of(
        self, stamp: tuple[int, int] | None, version: str, reason: str, revision: int
    ) -> bool:
        """Quarantines what the pointer of that stamp names; whether it did.

        A publication that came later than the pointer which was judged stands.
        """
        self.prepare()
        with _lock(self._pointer_lock):
            if self.stamp() != stamp:
                return False
            self.quarantine(version, reason, revision)
            return True

    def quarantined(self) -> Quarantine | None:
        """The version that was refused last and has not been replaced since."""
        try:
            return read_record(self._quarantine_path.read_bytes(), Quarantine)
        except (FileNotFoundError, BundleError):
            return None

    def sign_anew(self, key: bytes) -> int:
        """Signs the pointers of this folder with the key that signs now; gives how many.

        Args:
            key: the installation's chain (`model.trust.keychain`); what none of it signed is left
                as it is.
        """
        if not self.root.is_dir():
            return 0
        done = 0
        with _lock(self._pointer_lock):
            for path in (self.pointer_path, *(self.root / "origins").glob("*.json")):
                signed = signed_anew(path, key)
                if signed is not None:
                    write_record(path, asdict(signed))
                    done += 1
        return done

    def forgive(self) -> None:
        """Forgets the quarantine, so that the version may be tried again."""
        self._quarantine_path.unlink(missing_ok=True)

    def _point(self, pointer: LivePointer) -> LivePointer:
        if self._of_champion:
            (self.root / "origins").mkdir(exist_ok=True)
            write_record(self._origin_path(pointer.version), asdict(pointer))
        write_record(self.pointer_path, asdict(pointer))
        self.forgive()
        return pointer

    def _previous(self, version: str) -> str | None:
        former = self.readable()
        if former is None:
            return None
        return former.previous if former.version == version else former.version

    def _origin_path(self, version: str) -> Path:
        return self.root / "origins" / f"{version_name(version)}.json"

    def _install(self, staged: Path, target: Path) -> None:
        """Puts the folder in its place; one of that name is replaced by the same content.

        A challenger never takes a folder from under the champion's pointer: a worker that loads it
        at that moment would find none, and quarantine the champion.
        """
        if target.exists() and not self._of_champion and target.name in self._needed({POINTER}):
            return
        with self._staging() as away:
            if target.exists():
                target.rename(away / target.name)
            staged.rename(target)

    def _needed(self, pointers: Set[str]) -> set[str | None]:
        """The versions that these pointers name."""
        needed: set[str | None] = set()
        for name in pointers:
            with contextlib.suppress(BundleError):
                if (pointer := read_pointer(self.root / name)) is not None:
                    needed |= {pointer.version, pointer.previous}
        return needed

    def _prune(self, needed: Set[str | None]) -> None:
        """Removes the oldest folders; the registry still has what is in them."""
        folders = [f for f in (self.root / "versions").iterdir() if f.name not in needed]
        for folder in sorted(folders, key=lambda f: f.stat().st_mtime)[:-KEPT]:
            shutil.rmtree(folder, ignore_errors=True)

    @contextlib.contextmanager
    def _staging(self) -> Iterator[Path]:
        folder = Path(tempfile.mkdtemp(dir=self.root, prefix=".staging-"))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _lock(path: Path) -> FileLock:
    return FileLock(path, thread_local=False, preserve_lock_file=True)
