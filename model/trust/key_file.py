"""What a host remembers about API keys, whatever the registry says later: `home/keys.json`."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
from filelock import FileLock

from model.errors import ConfigurationError
from model.trust.private import write_private

NAME = "keys.json"


@dataclass(frozen=True, slots=True)
class KeyNotes:
    """A host's notes.

    Attributes:
        adopted: keys without a signature are no longer adopted on this host.
        revoked: ids of keys that this host has seen revoked.
    """

    adopted: bool = False
    revoked: frozenset[str] = frozenset()


class KeyFile:
    """The notes of one home; making one touches nothing on disk."""

    def __init__(self, home: Path) -> None:
        self._path = home / NAME
        self._lock = home / "keys.lock"

    def read(self) -> KeyNotes:
        """The notes; empty ones before the first.

        Raises:
            ConfigurationError: the file cannot be read. It is not taken for empty: that would bring
                revoked keys back.
        """
        try:
            told = orjson.loads(self._path.read_bytes())
            return KeyNotes(bool(told["adopted"]), frozenset(map(str, told["revoked"])))
        except FileNotFoundError:
            return KeyNotes()
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigurationError(
                f"{self._path} cannot be read ({type(error).__name__}). It lists the API keys that "
                "were revoked; restore it from a backup, or remove it and revoke these keys again"
            ) from error

    def add(self, *, adopted: bool = False, revoked: Set[str] = frozenset()) -> KeyNotes:
        """Adds to the notes and gives them; nothing is ever taken out.

        Raises:
            ConfigurationError: as `read`.
            OSError: it cannot be written.
        """
        with FileLock(self._lock, preserve_lock_file=True):
            known = self.read()
            notes = KeyNotes(known.adopted or adopted, known.revoked | revoked)
            if notes != known:
                self._write(notes)
            return notes

    def _write(self, notes: KeyNotes) -> None:
        content = orjson.dumps({**asdict(notes), "revoked": sorted(notes.revoked)})
        write_private(self._path, content)
