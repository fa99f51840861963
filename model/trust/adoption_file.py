"""This host's copy of the list of adopted versions, `FAROL_HOME/adopted.json`."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


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
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=".new-")  # mode 0600
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(self.path)
