"""Synthetic school files of any task, for trying Farol without anybody's data.

All that is known of a task's data is its TaskSpec, so that is what rows are drawn from: kinds,
bounds, categories and directions. A student has a strength that no column shows; features and the
outcome follow it with noise, so there is something to learn and nothing that gives it away. PEDE
has cohorts of its own that look like its survey (`preprocessing.cohorts`).
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from math import sqrt
from pathlib import Path
from statistics import NormalDist

import numpy as np

from model.errors import ConfigurationError
from model.student import Value
from preprocessing.task.columns import Column, Kind, OutcomeRule
from preprocessing.task.spec import TaskSpec
from preprocessing.task.spelling import fold

STUDENTS = 600
FIRST_PERIOD = 2022
AT_RISK = 0.35
"""Share of the students whose outcome is the one to warn of."""
FOLLOWS = 0.6
"""Correlation of a feature with a student's strength."""
OUTCOME_FOLLOWS = 0.8
"""Correlation of the outcome with the strength."""
MISSING = 0.03
"""Share of the cells that are left empty."""
TRIES = 16
"""Raw outcomes that are drawn to take one from."""
SHOWN = 8
"""Features of the example; as many as a line of a terminal takes."""


def write_samples(task: TaskSpec, folder: Path, *, seed: int = 0) -> list[tuple[Path, str]]:
    """Writes one CSV a period, oldest first: enough periods for outcomes to follow features.

    Args:
        task: what the columns are.
        folder: made if it is not there; files of the same name are replaced.
        seed: the same seed writes the same bytes.

    Returns:
        Each file with the period of its rows.

    Raises:
        ConfigurationError: the task's periods are no years, so none can be made up.
    """
    folder.mkdir(parents=True, exist_ok=True)
    years = [str(FIRST_PERIOD + i) for i in range(task.outcome.horizon + 2)]
    if not all(map(task.is_period, years)):
        raise ConfigurationError(
            f"task {task.name}: sample rows need periods that are years, and {task.periods} are "
            "none; give files of your own with DATA=folder"
        )
    rng = np.random.default_rng(seed)
    school = [_Pupil(f"S{number + 1:04d}", rng, task) for number in range(STUDENTS)]
    written = []
    for number, year in enumerate(years):
        path = folder / f"synthetic_{task.name}_{year}.csv"
        rows = [pupil.row(number, rng) for pupil in school]
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        written.append((path, year))
    return written


def example_record(task: TaskSpec) -> dict[str, Value]:
    """A record to try: the task's own, or its first features in the middle of their bounds.

    >>> from preprocessing.task.spec import load_task
    >>> example_record(load_task("uci_student"))["g1"]
    10
    """
    given = {name: _whole(value) for name, value in task.example.items()}
    return given or {column.name: _middle(column) for column in task.reported[:SHOWN]}


def _middle(column: Column) -> Value:
    if column.kind is Kind.CATEGORY:
        return _names(column)[0]
    return _whole(_between(column, 0.0))


def _whole(value: Value) -> Value:
    """A whole number without a decimal point, as people write it."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class _Pupil:
    """One made-up student."""

    def __init__(self, name: str, rng: np.random.Generator, task: TaskSpec) -> None:
        self._name, self._task = name, task
        self._strength = float(rng.normal())
        self._kept = {
            c.name: self._drawn(c, rng)
            for c in (*task.reported, *task.protected, *task.checked, *task.unit)
            if c.over_periods or c.kind is Kind.CATEGORY
        }

    def row(self, number: int, rng: np.random.Generator) -> dict[str, str]:
        """The row of the period of that number, header to cell."""
        task = self._task
        cells = {task.id.name: self._name}
        taken: set[str] = set()
        for column in (*task.reported, *task.protected, *task.checked):
            # A protected attribute may be read from the column of a feature.
            names = {fold(name) for name in (column.name, *column.aliases)}
            if names & taken:
                continue
            taken |= names
            value = self._value(column, number, rng)
            cells[column.name] = "" if rng.random() < MISSING else _cell(column, value, number)
        cells |= {c.name: str(self._kept[c.name]) for c in task.unit}
        raw = _outcome(task.outcome, self._strength, rng)
        return cells | {task.outcome.column.name: _cell(task.outcome.column, raw, number)}

    def _value(self, column: Column, number: int, rng: np.random.Generator) -> Value:
        kept = self._kept.get(column.name)
        if kept is None:
            return self._drawn(column, rng)
        if column.over_periods != "plus_one" or not isinstance(kept, float):
            return kept
        return min(kept + number, _bounds(column)[1])

    def _drawn(self, column: Column, rng: np.random.Generator) -> Value:
        # Who is strong does not depend on what fairness is checked by.
        strength = self._strength if column.name in self._task.feature_names else 0.0
        # What counts more as better (`monotone: -1`) rises with strength; by default all does.
        direction = -1.0 if column.monotone == 1 else 1.0
        place = direction * FOLLOWS * strength + sqrt(1 - FOLLOWS**2) * float(rng.normal())
        if column.kind is Kind.NUMERIC:
            return _between(column, place)
        names = _names(column)
        return names[min(int(NormalDist().cdf(place) * len(names)), len(names) - 1)]


def _between(column: Column, place: float) -> float:
    """The value at that many standard deviations from the middle of a column's bounds."""
    low, high = _bounds(column)
    return _rounded(column, (low + high) / 2 + place * (high - low) / 6)


def _rounded(column: Column, value: float) -> float:
    """The value as a school would write it, within the column's bounds."""
    low, high = _bounds(column)
    return min(max(round(value, 0 if column.integer else 1) + 0.0, low), high)


def _outcome(rule: OutcomeRule, strength: float, rng: np.random.Generator) -> Value:
    """A raw outcome: of the kind that the strength and some luck decide."""
    luck = float(rng.normal())
    place = OUTCOME_FOLLOWS * strength + sqrt(1 - OUTCOME_FOLLOWS**2) * luck
    if not rule.form.two_valued:
        return _between(rule.column, place)
    wanted = float(place < NormalDist().inv_cdf(AT_RISK))
    fits = [raw for raw in _any_of(rule, rng) if rule.value_of(raw) == wanted]
    return fits[int(rng.integers(len(fits)))]


def _any_of(rule: OutcomeRule, rng: np.random.Generator) -> list[Value]:
    """Raw values of both kinds of outcome."""
    column = rule.column
    if column.kind is Kind.CATEGORY:
        return list(column.categories)
    low, high = _bounds(column)
    drawn = [_rounded(column, float(value)) for value in rng.uniform(low, high, TRIES)]
    edges = {low, high, *(edge for edge in (rule.below, rule.at_least) if edge is not None)}
    return [*drawn, *sorted(edges)]


def _bounds(column: Column) -> tuple[float, float]:
    low = column.low if column.low is not None else (column.high or 10.0) - 10.0
    return low, column.high if column.high is not None else low + 10.0


def _names(column: Column) -> Sequence[str]:
    return tuple(column.categories) or ("a", "b", "c")


def _cell(column: Column, value: Value, number: int) -> str:
    if isinstance(value, str):
        return value
    if column.reader == "years_since":
        return f"{FIRST_PERIOD + number - value:g}"
    return f"{value:g}"
