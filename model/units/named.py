"""Units of a task by name: which ones there are, and lists of them that stay short."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from model.student import Units

MOST_NAMED = 200
"""Names of units kept in one list; of more only the number is."""


@dataclass(frozen=True, slots=True)
class UnitNames:
    """A list of units, cut where it is too long.

    Attributes:
        names: as schools write them, in alphabetical order.
        more: how many there are beyond.
    """

    names: tuple[str, ...] = ()
    more: int = 0

    def __len__(self) -> int:
        return len(self.names) + self.more


def listed(names: Iterable[str]) -> UnitNames:
    """The names in alphabetical order, as many as a list keeps.

    >>> listed(["Escola B", "Escola A"])
    UnitNames(names=('Escola A', 'Escola B'), more=0)
    """
    every = sorted(set(names))
    return UnitNames(tuple(every[:MOST_NAMED]), max(0, len(every) - MOST_NAMED))


def spellings(column: str, seen: Iterable[tuple[str, Units]]) -> dict[str, str]:
    """Each unit with the name that most records write; ties by name.

    Args:
        column: the task's first unit column.
        seen: unit (folded, "" unknown) and units as written, of each record.

    >>> seen = [("a", {"escola": "A"}), ("a", {"escola": "a"}), ("a", {"escola": "A"}), ("", {})]
    >>> spellings("escola", seen)
    {'a': 'A'}
    """
    found: dict[str, Counter[str]] = {}
    for unit, written in seen:
        if unit:
            found.setdefault(unit, Counter())[written.get(column) or unit] += 1
    return {unit: min(names, key=lambda n: (-names[n], n)) for unit, names in found.items()}


def name_of(unit: str, names: Mapping[str, str]) -> str:
    """The unit as schools write it; as it is stored where no record tells."""
    return names.get(unit, unit)
