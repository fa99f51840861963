"""The hashed ids by which a version's list names the records that it learned from.

Lists are keyed with the installation's data key: who has a list alone cannot try ids against it.
Those of releases before this one are plain hashes, and are still read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Set
from dataclasses import dataclass
from functools import cached_property

from model.errors import ConfigurationError
from model.trust.tombstone import TombstoneKey

PLAIN = 16
"""Hex digits of an id without a key; one with a key has twice as many."""


def record_id(student_id: str, period: str) -> str:
    """The hashed id of one labelled record, without a key: 16 hex digits.

    >>> record_id("RA-1", "2022") == record_id("RA-1", "2022") != record_id("RA-1", "2023")
    True
    """
    return hashlib.sha256(f"{student_id}\x1f{period}".encode()).hexdigest()[:PLAIN]


def ids_of(student_id: str, period: str, key: TombstoneKey) -> tuple[str, str]:
    """Under which ids a list may name the record: of this release, and of those before it."""
    return key.of_record(student_id, period), record_id(student_id, period)


@dataclass(frozen=True)
class Learned:
    """The records that versions learned from.

    Attributes:
        ids: as their lists have them, of both kinds.
        key: the installation's data key; None where every list is without one.
    """

    ids: Set[str] = frozenset()
    key: TombstoneKey | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def __or__(self, other: Learned) -> Learned:
        return Learned(self.ids | other.ids, self.key or other.key)

    def holds(self, student_id: str, period: str) -> bool:
        """Whether one of them is that student's of that period.

        >>> key = TombstoneKey(b"k")
        >>> Learned({key.of_record("RA-1", "2022")}, key).holds("RA-1", "2022")
        True

        Raises:
            ConfigurationError: a list is keyed, and the data key is not known.
        """
        keyed, plain = self._kinds
        if plain and record_id(student_id, period) in self.ids:
            return True
        if not keyed:
            return False
        if self.key is None:
            raise ConfigurationError(
                "FAROL_DATA_KEY: the list of what a version learned from is keyed with the data "
                "key, and this registry was opened without one"
            )
        return self.key.of_record(student_id, period) in self.ids

    @cached_property
    def _kinds(self) -> tuple[bool, bool]:
        lengths = {len(one) for one in self.ids}
        return any(length > PLAIN for length in lengths), PLAIN in lengths


def listed(records: Iterable[tuple[str, str]], key: TombstoneKey | None) -> bytes:
    """The list of a version as it is stored: one id a line, sorted.

    Args:
        records: student and period of each.
        key: the installation's data key; None, of a registry without one, makes a plain list.
    """
    ids = (record_id(s, p) if key is None else key.of_record(s, p) for s, p in records)
    return "\n".join(sorted(ids)).encode()


def listed_with(content: bytes, learned: Learned) -> bytes:
    r"""The list of a version that goes on from another: what either learned from.

    >>> listed_with(b"a\nb", Learned({"b", "c"})).decode().split()
    ['a', 'b', 'c']
    """
    return "\n".join(sorted({*content.decode("ascii").splitlines(), *learned.ids})).encode()


def read_list(content: bytes, key: TombstoneKey | None) -> Learned:
    """What `listed` wrote, and what releases before it did."""
    return Learned(frozenset(content.decode("ascii").splitlines()), key)
