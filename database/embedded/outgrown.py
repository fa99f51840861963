"""When a school system has outgrown the embedded server, and what to do then.

It goes on working: nothing is refused. What grows is how long one command keeps the others of its
database waiting, and the memory in which an answer is made ([docs/growth.md] has the figures).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from database.embedded.lifecycle import folder_of

MEASURED_ROWS = 1_000_000
"""Students of one school year up to which `python -m tests.studies.growth` has measured it."""

LIMIT_BYTES = 4_000_000_000
"""What the largest database may hold: what it held in that study with so many students and their
outcomes, and as much as a prediction of each adds."""

WAL = "-wal"


@dataclass(frozen=True, slots=True)
class EmbeddedSize:
    """How large the embedded server's largest database is.

    Attributes:
        home: `FAROL_HOME`.
        database: its name; empty where there is none yet.
        bytes: of its file and of its write-ahead log.
    """

    home: Path
    database: str
    bytes: int

    @property
    def outgrown(self) -> bool:
        """Whether it is beyond what was measured."""
        return self.bytes > LIMIT_BYTES

    def told(self) -> str:
        """What to do about it; empty where nothing is to be done.

        >>> EmbeddedSize(Path("/srv/farol"), "farol", 1_000).told()
        ''
        """
        if not self.outgrown:
            return ""
        return (
            f"this installation has outgrown the embedded registry: {self.database}.db holds "
            f"{self.bytes / 1e9:.1f} GB, and it was measured up to {LIMIT_BYTES / 1e9:.1f} GB, "
            f"{MEASURED_ROWS:,} students with outcomes and predictions (docs/growth.md). It goes "
            "on; to move: stop Farol, python -m deployment.migrate_to_mongo --from "
            f"{self.home} --to URI, then start it with MONGO_URI=URI"
        )


def size_of(home: Path) -> EmbeddedSize:
    """Measures the files of a home's embedded server; asks nobody."""
    sizes = {"": 0}
    for path in folder_of(home).glob("*.db"):
        sizes[path.stem] = _bytes(path) + _bytes(path.with_name(path.name + WAL))
    largest = max(sizes, key=lambda name: (sizes[name], name))
    return EmbeddedSize(home, largest, sizes[largest])


def _bytes(path: Path) -> int:
    """Of a file that may be gone at any moment, as a log is when its server ends."""
    with suppress(FileNotFoundError):
        return path.stat().st_size
    return 0
