"""What a host remembers about API keys, whatever the registry says later: `home/keys.json`."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
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
        ends: ids of keys that this host has seen replaced by another, and until when they count.
    """

    adopted: bool = False
    revoked: frozenset[str] = frozenset()
    ends: Mapping[str, datetime] = field(default_factory=dict)


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
            return notes_in(self._path.read_bytes())
        except FileNotFoundError:
            return KeyNotes()
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ConfigurationError(
                f"{self._path} cannot be read ({type(error).__name__}). It lists the API keys that "
                "were revoked; restore it from a backup, or remove it and revoke these keys again"
            ) from error

    def add(
        self,
        *,
        adopted: bool = False,
        revoked: Set[str] = frozenset(),
        ends: Mapping[str, datetime] | None = None,
    ) -> KeyNotes:
        """Adds to the notes and gives them; nothing is ever taken out, and no end put off.

        Raises:
            ConfigurationError: as `read`.
            OSError: it cannot be written.
        """
        with FileLock(self._lock, preserve_lock_file=True):
            known = self.read()
            told = {
                key_id: min(at, known.ends.get(key_id, at)) for key_id, at in (ends or {}).items()
            }
            notes = KeyNotes(
                known.adopted or adopted, known.revoked | revoked, {**known.ends, **told}
            )
            if notes != known:
                self._write(notes)
            return notes

    def _write(self, notes: KeyNotes) -> None:
        told = {"adopted": notes.adopted, "revoked": sorted(notes.revoked), "ends": notes.ends}
        write_private(self._path, orjson.dumps(told))


def notes_in(content: bytes) -> KeyNotes:
    """The notes in a file.

    Raises:
        ValueError: it is none.
        KeyError: it lacks a part.
        TypeError: a part is of another kind.
    """
    told = orjson.loads(content)
    # A file of before keys ended by themselves tells no ends.
    ends = {str(key_id): datetime.fromisoformat(at) for key_id, at in told.get("ends", {}).items()}
    return KeyNotes(bool(told["adopted"]), frozenset(map(str, told["revoked"])), ends)
