"""Of how many students the outcome is known, by period and by unit: pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dashboard.reading.shares import share_told
from dashboard.texts import Texts
from model.units.disclosure import FEWEST_SHOWN
from model.units.history import UnitHistory, UnitPeriod
from model.watch.performance import LabelledShare

PERIODS = 4
"""Columns: the newest periods."""


def period_rows(shares: Sequence[LabelledShare], texts: Texts) -> list[dict[str, Any]]:
    """One table row a period, newest first."""
    return [
        {
            texts("history.period"): one.period,
            texts("manager.scored"): f"< {FEWEST_SHOWN}" if one.asked is None else str(one.asked),
            texts("manager.known"): share_told(one.labelled, texts) or texts("units.hidden"),
        }
        for one in shares
    ]


def unit_rows(counted: UnitHistory, texts: Texts) -> list[dict[str, Any]]:
    """One table row a unit with a column for each of the newest periods, least known first."""
    periods = sorted({row.period for row in counted.rows}, reverse=True)[:PERIODS]
    by_unit: dict[str, dict[str, UnitPeriod]] = {}
    for row in counted.rows:
        if row.period in periods:
            by_unit.setdefault(row.unit, {})[row.period] = row
    ordered = sorted(by_unit, key=lambda unit: (_known(by_unit[unit], periods), unit))
    return [
        {
            texts("units.unit"): unit or texts("units.not_known"),
            **{period: cell(by_unit[unit].get(period), texts) for period in periods},
        }
        for unit in ordered
    ]


def cell(row: UnitPeriod | None, texts: Texts) -> str:
    """How many outcomes are known of how many students that were scored.

    >>> from dashboard.texts import Language, load_texts
    >>> english = load_texts(Language.EN)
    >>> cell(UnitPeriod("a", "2024", 200, 120, 150), english)
    '120 of 150 (80%)'
    >>> cell(UnitPeriod("a", "2024", 200, None, 150), english), cell(None, english)
    ('withheld', '')
    >>> cell(UnitPeriod("a", "2024", 200, 145, 150), english)
    '145, nearly all'
    """
    if row is None:
        return ""
    if row.labels is None:
        return texts("units.hidden")
    if not row.students or row.labels > row.students:
        return str(row.labels)
    if 0 < row.students - row.labels < FEWEST_SHOWN:
        # How many lack one would tell of a handful of students.
        return texts("manager.nearly", labels=row.labels)
    share = texts.share(row.labels / row.students)
    return texts("manager.of", labels=row.labels, students=row.students, share=share)


def _known(periods: dict[str, UnitPeriod], order: Sequence[str]) -> float:
    """The share known in the newest period of which it can be told; 2 where in none."""
    for period in order:
        row = periods.get(period)
        if row is not None and row.labels is not None and row.students:
            return row.labels / row.students
    return 2.0
