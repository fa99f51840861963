"""Whether what is known of a student moves from period to period as the task says it must.

A year older every year, born in one year only: such rules need no outcome and find errors that
every single file hides, an age that a spreadsheet turned into a date, say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from model.batch import Implausible
from model.student import Observation, Student, Value
from preprocessing.task.columns import Column
from preprocessing.task.spec import TaskSpec


@dataclass(frozen=True, slots=True)
class _Step:
    """What one column does between two periods of one student."""

    column: str
    earlier: str
    later: str
    asked: int
    moved: float | None
    kept: bool
    row: int


def implausible(
    task: TaskSpec,
    observed: Sequence[Observation],
    known: Mapping[str, Student],
    row_of: Mapping[str, int],
) -> tuple[Implausible, ...]:
    """Which columns of a table contradict the nearest periods known of the same students.

    Args:
        task: says how columns move, `over_periods`.
        observed: of one period, at most one a student.
        known: what is known of these students, by id; their other periods are looked at.
        row_of: student id to the row of the table.

    Returns:
        One entry a column and pair of periods in which any student breaks the rule.
    """
    columns = [c for c in (*task.features, *task.protected, *task.checked) if c.over_periods]
    steps: dict[tuple[str, str, str], list[_Step]] = {}
    for observation in observed:
        student = known.get(observation.student_id)
        if student is None:
            continue
        for column in columns:
            for step in _steps(column, observation, student, row_of[observation.student_id]):
                steps.setdefault((step.column, step.earlier, step.later), []).append(step)
    counted = (_counted(same) for same in steps.values())
    return tuple(one for one in counted if one is not None)


def _steps(column: Column, own: Observation, student: Student, row: int) -> Iterator[_Step]:
    """From the nearest earlier period with a value, and to the nearest later one."""
    if _value(column, own) is None:
        return
    told = [o for o in student.observations if _value(column, o) is not None]
    order = sorted(told, key=lambda o: (len(o.period), o.period))
    here = (len(own.period), own.period)
    before = [o for o in order if (len(o.period), o.period) < here]
    after = [o for o in order if (len(o.period), o.period) > here]
    if before:
        yield from _step(column, before[-1], own, row)
    if after:
        yield from _step(column, own, after[0], row)


def _step(column: Column, first: Observation, second: Observation, row: int) -> Iterator[_Step]:
    asked = 0
    if column.over_periods == "plus_one":
        if not (first.period.isdecimal() and second.period.isdecimal()):
            return  # How many periods lie between them is not known.
        asked = int(second.period) - int(first.period)
    was, becomes = _value(column, first), _value(column, second)
    moved = None
    if isinstance(was, float) and isinstance(becomes, float):
        moved = becomes - was
    kept = was == becomes if moved is None else moved == asked
    yield _Step(column.name, first.period, second.period, asked, moved, kept, row)


def _value(column: Column, observation: Observation) -> Value | None:
    for values in (observation.features, observation.protected, observation.checked):
        if column.name in values:
            return values[column.name]
    return None


def _counted(steps: Sequence[_Step]) -> Implausible | None:
    broken = [step for step in steps if not step.kept]
    if not broken:
        return None
    example = min(broken, key=lambda step: step.row)
    return Implausible(
        column=example.column,
        earlier=example.earlier,
        later=example.later,
        asked=example.asked,
        students=len(steps),
        broken=len(broken),
        row=example.row,
        moved=example.moved,
    )


def told(one: Implausible) -> str:
    """A sentence with counts and a row, and no student or value in it.

    >>> told(Implausible("idade", "2022", "2023", 1, 246, 215, 17, 0.0))
    'idade: 215 of 246 students (87 %) do not move by 1 from 2022 to 2023 (row 17: by 0)'
    >>> told(Implausible("genero", "2022", "2023", 0, 600, 12, 3))
    'genero: 12 of 600 students (2 %) do not stay the same from 2022 to 2023 (row 3)'
    """
    rule = f"move by {one.asked}" if one.asked else "stay the same"
    example = f"row {one.row}" if one.moved is None else f"row {one.row}: by {one.moved:g}"
    percent = 100 * one.broken / one.students
    share = f"{percent:.0f}" if percent >= 1 else "under 1"
    return (
        f"{one.column}: {one.broken} of {one.students} students ({share} %) do not {rule} "
        f"from {one.earlier} to {one.later} ({example})"
    )
