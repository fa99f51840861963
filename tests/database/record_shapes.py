"""The fields of all records that are stored: `python -m tests.database.record_shapes` writes them.

An older release drops the fields that it does not know of a document as it writes it anew, so a
change of them is one of the registry's format (`database.installation.FORMAT`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

from database import installation
from database.repositories import REPOSITORIES

FILE = Path(__file__).with_name("record_shapes.txt")


def shapes() -> str:
    """The format, and a line for each record with the names of its fields."""
    records = {getattr(kind, "record", None) for kind in REPOSITORIES} - {None}
    known: dict[str, Any] = {}
    for record in records:
        known |= {one.__name__: one for one in _parts(record, frozenset())}
    lines = [f"{name}: {', '.join(sorted(f.name for f in fields(known[name])))}" for name in known]
    return "\n".join([f"format {installation.FORMAT}", *sorted(lines), ""])


def _parts(kind: Any, seen: frozenset[Any]) -> Iterator[Any]:
    """A record and the dataclasses that its fields are made of."""
    if is_dataclass(kind) and kind not in seen:
        yield kind
        for hint in get_type_hints(kind).values():
            yield from _parts(hint, seen | {kind})
    for argument in get_args(kind):
        yield from _parts(argument, seen)


def main() -> None:
    """Writes the file."""
    FILE.write_text(shapes(), encoding="utf-8")


if __name__ == "__main__":
    main()
