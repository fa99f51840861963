"""Which units a caller's key is for, and what that makes of a record.

What belongs to another unit is told as if nobody knew it: the same status and the same words as for
what is not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from api.security import Client
from model.errors import InvalidRecord, UnknownUnit
from model.student import Units
from preprocessing.task.spec import TaskSpec
from preprocessing.task.spelling import fold


@dataclass(frozen=True, slots=True)
class UnitLimit:
    """The units of one task that a key is for.

    Attributes:
        column: the task's first unit column.
        spellings: folded unit to how the key writes it.
    """

    column: str
    spellings: Mapping[str, str]

    @classmethod
    def of(cls, client: Client, task: TaskSpec) -> UnitLimit | None:
        """The limit of a client's key; None where it is for all units."""
        if not client.units:
            return None
        return cls(task.unit[0].name, {fold(unit): unit for unit in client.units})

    def admits(self, unit: str) -> bool:
        """Whether something of that (folded) unit may be seen; what is of no known unit may not.

        >>> limit = UnitLimit("escola", {"escola a": "Escola A"})
        >>> limit.admits("escola a"), limit.admits("escola b"), limit.admits("")
        (True, False, False)
        """
        return unit in self.spellings

    @property
    def default(self) -> Units:
        """The units of a record that names none: the key's own, where it is for one only.

        >>> UnitLimit("escola", {"escola a": "Escola A"}).default
        {'escola': 'Escola A'}
        """
        if len(self.spellings) > 1:
            return {}
        return {self.column: next(iter(self.spellings.values()))}

    def check(self, units: Units) -> None:
        """Makes sure that a record is of a unit of the key.

        Raises:
            UnknownUnit: it is of another one.
            InvalidRecord: it names none, and the key is for several.
        """
        named = units.get(self.column)
        if named is None:
            raise InvalidRecord(self.column, "is missing; this API key is for several units")
        if not self.admits(fold(named)):
            raise UnknownUnit(self.column)

    def chosen(self, asked: str | None) -> frozenset[str]:
        """The (folded) units that a list is about.

        Args:
            asked: the one that was asked for; None is all of the key's.

        Raises:
            UnknownUnit: it is another one.
        """
        if asked is None:
            return frozenset(self.spellings)
        if not self.admits(fold(asked)):
            raise UnknownUnit("unit")
        return frozenset({fold(asked)})


def units_asked(limit: UnitLimit | None, asked: str | None) -> frozenset[str] | None:
    """The (folded) units that a list is about; None is all.

    Args:
        limit: of the caller's key.
        asked: the unit that was asked for; None is all that the key is for.

    Raises:
        UnknownUnit: the key is not for the one that was asked for.
    """
    if limit is not None:
        return limit.chosen(asked)
    return None if asked is None else frozenset({fold(asked)})


def without_units(tasks: Iterable[TaskSpec]) -> list[str]:
    """The names of the tasks that tell no units apart; a key for some units opens none of them."""
    return [task.name for task in tasks if not task.unit]
