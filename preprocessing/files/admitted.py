"""Of which units a file may hold rows, where whoever sends it speaks for some of them only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from model.errors import ConfigurationError, InvalidRecord, UnknownUnit
from model.student import Units
from preprocessing.task.spec import TaskSpec
from preprocessing.task.spelling import fold


@dataclass(frozen=True, slots=True)
class AdmittedUnits:
    """The units whose rows are read.

    Attributes:
        column: the task's first unit column.
        spellings: folded unit to how it is written.
    """

    column: str
    spellings: Mapping[str, str]

    @classmethod
    def of(cls, task: TaskSpec, units: Sequence[str]) -> AdmittedUnits | None:
        """The rule of some units; None where all are read.

        Raises:
            ConfigurationError: the task tells no units apart.
        """
        if not units:
            return None
        if not task.unit:
            raise ConfigurationError(f"--unit: the task {task.name} has no `unit` columns")
        return cls(task.unit[0].name, {fold(unit): unit for unit in units})

    def placed(self, units: Units) -> Units:
        """The units of a row; one that names none is of the only unit that is read.

        >>> one = AdmittedUnits("escola", {"escola a": "Escola A"})
        >>> one.placed({"turma": "1B"}), one.placed({"escola": "ESCOLA A"})
        ({'escola': 'Escola A', 'turma': '1B'}, {'escola': 'ESCOLA A'})

        Raises:
            UnknownUnit: the row is of another unit.
            InvalidRecord: it names none, and several are read.
        """
        named = units.get(self.column)
        if named is None:
            if len(self.spellings) > 1:
                raise InvalidRecord(self.column, "is missing; rows of several units are read")
            return {self.column: next(iter(self.spellings.values())), **units}
        if fold(named) not in self.spellings:
            raise UnknownUnit(self.column)
        return units
