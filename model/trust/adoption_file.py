"""This host's copy of the list of adopted versions, `FAROL_HOME/adopted.json`."""

from __future__ import annotations

from pathlib import Path

from model.trust.private import write_private


class AdoptionFile:
    """The copy; making one touches nothing on disk."""

    def __init__(self, home: Path) -> None:
        self.path = home / "adopted.json"

    def read(self) -> bytes | None:
        """The copy, or None if this host has none."""
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return None

    def write(self, content: bytes) -> None:
        """Replaces the copy whole, readable by its owner only, and on disk when this returns."""
        write_private(self.path, content)
