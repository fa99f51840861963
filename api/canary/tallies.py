"""What the workers of a host have counted of a canary, each in a small file of its own."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from api.canary.guard import CanaryCounts
from model.live.pointer import LivePointer

LOOKS = "looks.json"


class CanaryTallies:
    """The files; making one touches nothing on disk.

    Args:
        folder: of the task on this host.
        slot: this worker's number; its successor goes on with what it counted.
    """

    def __init__(self, folder: Path, slot: int) -> None:
        self._folder = folder
        self._own = folder / f"slot-{slot}.json"

    def tell(self, pointer: LivePointer, counts: CanaryCounts) -> None:
        """Leaves this worker's counts where the guard finds them."""
        self._write(self._own, pointer, counts=asdict(counts))

    def own(self, pointer: LivePointer) -> CanaryCounts:
        """What this worker, or the one whose place it took, has counted of the canary so far."""
        return _counts(self._own, pointer) or CanaryCounts()

    def of_host(self, pointer: LivePointer) -> CanaryCounts:
        """What all workers of the host have counted, those that are gone too."""
        whole = CanaryCounts()
        for path in self._folder.glob("slot-*.json"):
            if (counts := _counts(path, pointer)) is not None:
                whole.add(counts)
        return whole

    def looks(self, pointer: LivePointer) -> int:
        """The number of the last look that the guard of this host took; 0 before the first."""
        found = _read(self._folder / LOOKS, pointer)
        return int(found["looks"]) if found else 0

    def note_look(self, pointer: LivePointer, number: int) -> None:
        """Remembers a look, for another worker may take the next one."""
        self._write(self._folder / LOOKS, pointer, looks=number)

    def _write(self, path: Path, pointer: LivePointer, **content: Any) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f".{path.stem}.new")
        new.write_bytes(orjson.dumps({"canary": _name(pointer), **content}))
        new.replace(path)


def _counts(path: Path, pointer: LivePointer) -> CanaryCounts | None:
    found = _read(path, pointer)
    try:
        return CanaryCounts.read(found["counts"]) if found else None
    except (KeyError, TypeError):
        return None


def _read(path: Path, pointer: LivePointer) -> dict[str, Any] | None:
    """What a file says of this canary; None of another one, and where it cannot be read."""
    try:
        found = orjson.loads(path.read_bytes())
    except (FileNotFoundError, orjson.JSONDecodeError):
        return None
    same = isinstance(found, dict) and found.get("canary") == _name(pointer)
    return found if same else None


def _name(pointer: LivePointer) -> list[str | int]:
    return [pointer.version, pointer.revision]
