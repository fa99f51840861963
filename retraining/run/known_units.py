"""Which units (schools) a task knows of, beside those whose records a version is judged on."""

from __future__ import annotations

from collections.abc import Sequence

from database.driver.commands import Op
from database.labels import LabelRepository
from database.students import StudentRepository
from model.label import Label
from model.units.named import spellings
from model.units.tested import KnownUnits
from preprocessing.task.spec import TaskSpec


def known_units(task: TaskSpec, window: Sequence[Label]) -> Op[KnownUnits | None]:
    """Every unit of the feature store and of the labels; None where the task has no units.

    Args:
        task: which column tells the unit.
        window: the labels of the run, for how schools write their names.
    """
    if not task.unit:
        return None
    column = task.unit[0].name
    filed = yield from StudentRepository().units()
    counted = yield from LabelRepository().count_by_unit()
    labelled = frozenset(unit for unit, _ in counted if unit)
    names = spellings(column, [*filed.items(), *((label.unit, label.units) for label in window)])
    return KnownUnits(column, {unit: unit for unit in labelled} | names, labelled)
