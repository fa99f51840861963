"""The kinds of records that age, each with what finds and what removes the old ones.

The name is the key of a task's `retention` without `_days`, and `retention.<name>` in the
dashboard's texts. `tests/ageing/test_every_kind.py` names what an entry lacks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from database.ageing import files, others, outcomes, predictions, students
from database.driver.commands import Op
from model.ageing.record import OldRecords


@dataclass(frozen=True, slots=True)
class AgeingKind:
    """One kind.

    Attributes:
        name: of it.
        old: finds how many records came before a moment.
        remove: removes them, and gives how many; may be run again where it was stopped.
    """

    name: str
    old: Callable[[datetime], Op[OldRecords]]
    remove: Callable[[datetime], Op[int]]


KINDS: tuple[AgeingKind, ...] = (
    AgeingKind("predictions", predictions.old_predictions, predictions.thin_predictions),
    AgeingKind("outcomes", outcomes.old_outcomes, outcomes.remove_outcomes),
    AgeingKind("students", students.old_records, students.remove_records),
    AgeingKind("actions", others.counted(others.old_actions), others.removed(others.old_actions)),
    AgeingKind("lists", others.old_lists, others.remove_lists),
    AgeingKind("drift", others.counted(others.old_reports), others.removed(others.old_reports)),
    AgeingKind("files", files.old_files, files.remove_files),
    AgeingKind("rejects", others.old_rejects, others.remove_rejects),
)
