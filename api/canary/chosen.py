"""Whom a challenger answers: a share of the students, by a hash, the same ones every time."""

from __future__ import annotations

from hashlib import blake2b

import orjson

from api.records.asked import Asked

BITS = 64
WHOLE = 1 << BITS


def number_of(version: str, asked: Asked) -> int:
    """A number below 2^64 that depends on the version and the student alone.

    With the version in it, the same students are not the first ones of every trial. A record of no
    student counts by what it says, so that asking once more brings the same answer.
    """
    who = asked.student_id
    what = who.encode() if who is not None else orjson.dumps(asked.features, option=_SORTED)
    digest = blake2b(what, digest_size=BITS // 8, person=version.encode()).digest()
    return int.from_bytes(digest, "big")


def is_chosen(number: int, share: float) -> bool:
    """Whether a number is among that share of all numbers.

    >>> is_chosen(0, 0.1), is_chosen(WHOLE // 9, 0.1), is_chosen(WHOLE - 1, 1.0)
    (True, False, True)
    """
    return number < share * WHOLE


_SORTED = orjson.OPT_SORT_KEYS
