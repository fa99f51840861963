"""How a challenger treats protected groups, and how it does by unit, as its version keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.units.disclosure import FEWEST_SHOWN, showable
from model.units.figures import counted, shares_by_unit
from model.units.tested import JudgedUnits, UnitFigures
from preprocessing.lanes import new_cases
from preprocessing.task.spec import TaskSpec
from retraining.run.challenge import ScoredChallenger
from training.fairness import (
    GroupErrors,
    GroupFigures,
    group_errors,
    group_figures,
    recall_gaps,
)

Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class JudgedGroups:
    """Attribute to group to figures, and attribute to gap in recall (none if numeric)."""

    figures: Mapping[str, Mapping[str, Figures]]
    gaps: Mapping[str, float]


def recall_by_group(trial: ScoredChallenger, task: TaskSpec) -> JudgedGroups:
    """Every group at the model's own threshold, on the records of the trial."""
    cases = trial.cases
    new = new_cases(cases.records, task)
    groups = group_figures(cases.outcome, cases.protected, _flags(trial), new)
    return JudgedGroups(_by_attribute(groups, _of_figures), recall_gaps(groups))


def errors_by_group(trial: ScoredChallenger, _: TaskSpec) -> JudgedGroups:
    """Every group's errors, on the records of the trial."""
    cases = trial.cases
    errors = group_errors(cases.outcome, cases.protected, trial.scores)
    return JudgedGroups(_by_attribute(errors, _of_errors), {})


def recall_by_unit(trial: ScoredChallenger) -> JudgedUnits:
    """Every unit at the model's own threshold, on the records of the trial."""
    return shares_by_unit(_units(trial), trial.cases.outcome, _flags(trial))


def errors_by_unit(trial: ScoredChallenger) -> JudgedUnits:
    """Every unit's errors, on the records of the trial."""
    units = _units(trial)
    records = counted(units)
    shown = showable({unit: (n,) for unit, n in records.items()})
    errors = group_errors(trial.cases.outcome, {"unit": units}, trial.scores)
    figures = {e.group: UnitFigures(e.group, e.rows, figures=_of_error(e)) for e in errors}
    if "" in shown:
        figures[""] = UnitFigures("", records[""])
    return JudgedUnits(records, {unit: figures[unit] for unit in sorted(shown)})


def _flags(trial: ScoredChallenger) -> NDArray[np.float64]:
    return trial.flags.astype(np.float64)


def _units(trial: ScoredChallenger) -> NDArray[np.str_]:
    units = trial.cases.units
    return np.full(len(trial.cases), "") if units is None else units


def _by_attribute(groups: Iterable[Any], told: Any) -> dict[str, dict[str, Figures]]:
    found: dict[str, dict[str, Figures]] = {}
    for group in groups:
        found.setdefault(group.attribute, {})[group.group] = told(group)
    return found


def _of_figures(group: GroupFigures) -> Figures:
    figures: Figures = {"rows": group.rows, "positives": group.positives, "small": group.small}
    shares = {"recall": group.recall, "precision": group.precision, "flagged": group.flagged}
    if group.new is not None and group.new >= FEWEST_SHOWN:
        shares["new_recall"] = group.new_recall
    for name, share in shares.items():
        figures |= {name: share.value, f"{name}_low": share.low, f"{name}_high": share.high}
    return figures


def _of_errors(group: GroupErrors) -> Figures:
    return {"rows": group.rows, "small": group.small, **_of_error(group)}


def _of_error(group: GroupErrors) -> dict[str, float]:
    return {"mae": group.mae, "mae_low": group.low, "mae_high": group.high, "bias": group.bias}
