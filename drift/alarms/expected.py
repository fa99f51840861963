"""How many false alarms a year to expect while nothing changes.

A growing cohort is looked at again and again, and each look holds most of the students of the look
before. So neither does one alarm in twenty looks come of a level of 5 %, nor does it square with
two looks in a row. What is worked out here is the run of looks itself: a test's statistic is a
standard normal number whose correlation from one look to the next is that of a mean over n and over
m > n of the same students, sqrt(n / m), and an alarm is so many looks in a row beyond the level.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from drift.alarms.rule import AlarmRule
from model.watch.alarm import FalseAlarms

WIDEST = 6.0
STEP = 0.05
"""Of the grid on which the statistic is followed, in standard deviations."""
SAME = 0.02
"""Looks whose spread differs by less are taken to be alike."""
MOST_LOOKS = 400
"""More looks a year than that change a cohort by less than the grid can tell apart."""


@dataclass(frozen=True, slots=True)
class Growth:
    """How the cohorts of a year come in.

    Attributes:
        first: students at the first look.
        last: students of a full cohort.
        looks: checks while it grows from one to the other, evenly.
        cohorts: how many such cohorts a year.
        whole: each comes in one piece, and is judged once.
    """

    first: int
    last: int
    looks: int
    cohorts: float
    whole: bool


def expected_false_alarms(
    rule: AlarmRule, growth: Growth, *, tests: int, checks_a_year: int
) -> FalseAlarms:
    """An upper bound of the expected number of alarms a year in which nothing changes.

    An alarm needs so many looks in a row at one level and one of them at the level of alarms, so
    either alone bounds how many there are. Each test is counted for itself at the level that
    Benjamini-Hochberg leaves to one of many, and no credit is given for effects that must be large.

    Args:
        rule: what makes an alarm.
        growth: how cohorts come in.
        tests: p-values of one report.
        checks_a_year: of the schedule.
    """
    once = min(rule.alarm_alpha, rule.alpha)
    by_cohort = once
    if not growth.whole and tests:
        in_a_row = _alarms(growth, rule.alpha / tests, rule.checks, rule.checks)
        strong = _alarms(growth, once / tests, 1, rule.checks)
        # Once it grows no more it is judged as it stands, so each cohort has that look in any case.
        by_cohort = max(once, tests * min(in_a_row, strong))
    return FalseAlarms(
        a_year=float(growth.cohorts * by_cohort),
        checks_a_year=checks_a_year,
        tests=tests,
        at_once=growth.whole,
    )


def _alarms(growth: Growth, level: float, looks: int, calm: int) -> float:
    """Expected alarms of one test while a cohort grows.

    Args:
        growth: of the cohort.
        level: two-sided.
        looks: looks in a row beyond the level that make an alarm.
        calm: looks in a row within it that end one.
    """
    points, beyond = _grid(float(norm.isf(level / 2)))
    # Distributions of the statistic's absolute value: row i of `waiting` after i looks in a row
    # beyond the level, of `alarmed` after i looks in a row within it.
    waiting: NDArray[np.float64] = np.zeros((looks, points.size))
    alarmed: NDArray[np.float64] = np.zeros((calm, points.size))
    waiting[0] = _normalised(np.exp(-0.5 * points**2) * np.where(points > 0, 2.0, 1.0))
    waiting, alarmed, alarms = _look(waiting, alarmed, beyond)
    used, moves = 0.0, np.eye(points.size)
    for correlation in _correlations(growth):
        spread = math.sqrt(max(1.0 - correlation**2, STEP**2))
        if abs(spread - used) > SAME * used:
            used, moves = spread, _moves(points, correlation, spread)
        waiting, alarmed, more = _look(waiting @ moves, alarmed @ moves, beyond)
        alarms += more
    return alarms


def _look(
    waiting: NDArray[np.float64], alarmed: NDArray[np.float64], beyond: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """One look: the rows after it, and the probability of a new alarm."""
    out, within = np.where(beyond, waiting, 0.0), np.where(beyond, 0.0, waiting)
    still, calmer = np.where(beyond, alarmed, 0.0), np.where(beyond, 0.0, alarmed)
    waiting, alarmed = np.zeros_like(waiting), np.zeros_like(alarmed)
    waiting[1:] = out[:-1]
    waiting[0] += within.sum(axis=0) + calmer[-1]
    alarmed[1:] = calmer[:-1]
    alarmed[0] += still.sum(axis=0) + out[-1]
    return waiting, alarmed, float(out[-1].sum())


def _grid(limit: float) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Middles of cells from 0 on, one edge of which is the limit; which of them lie beyond it."""
    cells = round(limit / STEP + 0.5)
    width = limit / (cells - 0.5)
    places = np.arange(math.ceil(WIDEST / width) + 1)
    return np.asarray(places * width, dtype=np.float64), places >= cells


def _moves(points: NDArray[np.float64], correlation: float, spread: float) -> NDArray[np.float64]:
    """From where (rows) to where (columns) the absolute value goes in one look."""
    meant = correlation * points[:, None]
    same = np.exp(-0.5 * ((points[None, :] - meant) / spread) ** 2)
    other = np.exp(-0.5 * ((points[None, :] + meant) / spread) ** 2)
    return _normalised(same + np.where(points > 0, other, 0.0))


def _normalised(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def _correlations(growth: Growth) -> Iterator[float]:
    """Of each look's statistic with that of the look before."""
    first = max(1, min(growth.first, growth.last))
    looks = max(1, min(growth.looks, MOST_LOOKS, 1 + growth.last - first))
    sizes = np.linspace(first, max(growth.last, first), looks)
    yield from np.sqrt(sizes[:-1] / sizes[1:]).tolist()
