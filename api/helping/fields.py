"""Fields of a body, each read and checked by itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from datetime import date
from typing import Any

from model.errors import Faults, InvalidRecord

LONGEST_NOTE = 2_000
LONGEST_NAME = 100
EARLIEST_DAY = date(1990, 1, 1)
YEARS_AHEAD = 3
MOST_OTHERS = 20


def refuse_others(body: Mapping[str, Any], known: Collection[str]) -> None:
    """Makes sure that a body has no other fields.

    Raises:
        InvalidRecord: names those that it has.
    """
    faults = Faults()
    for other in sorted(body.keys() - set(known))[:MOST_OTHERS]:
        faults.note(InvalidRecord(other, f"is not part of this; known are {', '.join(known)}"))
    faults.check()


def read_fields(
    body: Mapping[str, Any], known: Collection[str], readers: Mapping[str, Callable[[], Any]]
) -> dict[str, Any]:
    """Reads the fields of a body.

    Args:
        body: as it was sent.
        known: the fields that it may have.
        readers: of a field, what reads it.

    Raises:
        InvalidRecord: names every field that is wrong or not known.
    """
    faults, found = Faults(), dict[str, Any]()
    with faults.noted():
        refuse_others(body, known)
    for name, read in readers.items():
        with faults.noted():
            found[name] = read()
    faults.check()
    return found


def text(body: Mapping[str, Any], field: str, longest: int, *, default: str | None = None) -> str:
    """A text without blanks around it; it may be empty where it has a default.

    Raises:
        InvalidRecord: it is missing, too long, no text, or holds what no text holds.

    >>> text({"note": " seen "}, "note", 10)
    'seen'
    """
    value = body.get(field)
    if value is None and default is not None:
        return default
    if not isinstance(value, str) or not (default is not None or value.strip()):
        raise InvalidRecord(field, f"must be text of 1 to {longest} characters")
    kept = value.strip()
    if len(kept) > longest:
        raise InvalidRecord(field, f"has {len(kept)} characters; at most {longest} are kept")
    if not all(one.isprintable() or one in "\n\r\t" for one in kept):
        raise InvalidRecord(field, "holds characters that cannot be shown; leave them out")
    return kept


def day(
    body: Mapping[str, Any], field: str, *, earliest: date = EARLIEST_DAY, today: date
) -> date | None:
    """A day, `2024-03-01`; None where there is none.

    Raises:
        InvalidRecord: it is no day, or further away than anybody plans.

    >>> str(day({"start": "2024-03-01"}, "start", today=date(2024, 5, 1)))
    '2024-03-01'
    """
    value = body.get(field)
    if value is None:
        return None
    try:
        found = date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
    except ValueError:
        found = None
    if found is None:
        raise InvalidRecord(field, f"must be a day, such as {today.isoformat()}")
    latest = date(today.year + YEARS_AHEAD, 12, 31)
    if not earliest <= found <= latest:
        raise InvalidRecord(field, f"must lie between {earliest} and {latest}")
    return found


def amount(body: Mapping[str, Any], field: str, most: float) -> float | None:
    """A number of 0 to `most`; None where there is none.

    Raises:
        InvalidRecord: it is no such number.
    """
    value = body.get(field)
    if value is None:
        return None
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or not 0 <= value <= most:
        raise InvalidRecord(field, f"must be a number from 0 to {most:g}")
    return float(value)
