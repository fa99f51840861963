"""A school file that is kept as it came, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class KeptIn(StrEnum):
    """Where the bytes are."""

    REGISTRY = "registry"
    URL = "url"


@dataclass(frozen=True, slots=True)
class KeptFile:
    """One file.

    Attributes:
        file_id: the SHA-256 of the file as it came, hex.
        name: what it is called.
        digest: the SHA-256 of what is kept of it now; "" where that is to be removed.
        at: when it came (aware UTC).
        place: where its bytes are.
        batches: the ids of the tables that were read of it.
        former: what was kept before and is still to be removed; empty but for a moment.
        erased: rows that were taken out, because their students were erased.
        rewritten_at: when that was last.
        kind: `table` or `oneroster`, what it was read as.
        period: what was said to be its period; "" where it says so itself.
        units: the (folded) units that a row which names none may be of.
        mapping: of a bundle that was read by a mapping of its own, as JSON.
    """

    file_id: str
    name: str
    digest: str
    at: datetime
    place: KeptIn
    batches: tuple[str, ...] = ()
    former: tuple[str, ...] = ()
    erased: int = 0
    rewritten_at: datetime | None = None
    kind: str = "table"
    period: str = ""
    units: tuple[str, ...] = ()
    mapping: str = ""
    revision: int = 0
