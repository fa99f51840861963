"""Published lists with what became of their students, as the analyses want them; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from model.label import KnownOutcome
from model.lists.published import ListedRow, PublishedList
from preprocessing.lists.draw import band_around
from retraining.helping.helped import Given, was_helped
from retraining.helping.power import Prospects
from retraining.helping.standings import Standings

NEAREST = 20_000
"""Students of a list that are looked at, those nearest: far from the cut nothing is learned."""
BANDS = (0.1, 0.25, 0.5, 1.0)
"""Widths of a lottery that are tried on the newest list."""
AROUND = 0.5
"""Half the width of what is called near the cut, as a share of the places."""

Outcomes = Mapping[tuple[str, str], KnownOutcome]
"""Student and period to the outcome, where it is known."""


@dataclass(frozen=True, slots=True)
class ListWithRows:
    """A published list and its rows, in any order."""

    about: PublishedList
    rows: Sequence[ListedRow]

    def by_lane(self) -> dict[str, list[ListedRow]]:
        """Lane and unit to its rows, the most urgent first."""
        found: dict[str, list[ListedRow]] = defaultdict(list)
        for row in sorted(self.rows, key=lambda row: row.rank):
            found[f"{row.lane.value}:{row.unit}"].append(row)
        return found


@dataclass(frozen=True, slots=True)
class Became:
    """What became of listed students.

    Attributes:
        outcomes: that are known.
        given: all help.
        at_risk: whether an outcome is one of risk.
        today: the last day on which help counts of who has no outcome yet.
    """

    outcomes: Outcomes
    given: Given
    at_risk: Callable[[float], bool]
    today: date

    def risk_of(self, row: ListedRow, period: str) -> float:
        """1.0 at risk then, 0.0 not, NaN where that is not known."""
        found = self.outcomes.get((row.student_id, period))
        return np.nan if found is None else float(self.at_risk(found.outcome))

    def was_helped(self, row: ListedRow, about: PublishedList) -> bool:
        """Whether the student was helped between the list and the outcome."""
        mine = self.given.get(row.student_id)
        if not mine:
            return False
        found = self.outcomes.get((row.student_id, about.period))
        until = self.today if found is None else found.observed_at.date()
        return was_helped(mine, about.at.date(), until)


def in_force_longest(lists: Iterable[PublishedList], now: datetime) -> list[PublishedList]:
    """Of each period the list that schools had longest, oldest period first.

    Which one that is does not depend on what became of anybody.

    Args:
        lists: complete ones, in any order.
        now: until when the newest is in force.
    """
    ordered = sorted(lists, key=lambda one: (one.at, one.list_id))
    ends = [*(one.at for one in ordered), now][1:]
    longest: dict[str, tuple[float, PublishedList]] = {}
    for one, end in zip(ordered, ends, strict=True):
        so_long = (end - one.at).total_seconds()
        if one.period not in longest or so_long > longest[one.period][0]:
            longest[one.period] = (so_long, one)
    return [longest[period][1] for period in sorted(longest)]


def drawn_standings(lists: Iterable[ListWithRows], became: Became) -> Standings:
    """Those who drew lots, each in the first draw of the period that they took part in.

    A draw that is repeated until it pleases would else decide who counts as a winner.
    """
    rows: list[tuple[ListedRow, PublishedList]] = []
    seen: set[tuple[str, str]] = set()
    for one in sorted(lists, key=lambda each: (each.about.at, each.about.list_id)):
        for row in who_drew(one).rows:
            key = row.student_id, one.about.period
            if key not in seen:
                seen.add(key)
                rows.append((row, one.about))
    names = {f"{row.list_id}:{row.stratum}" for row, _ in rows}
    place = {name: number for number, name in enumerate(sorted(names))}
    strata = [place[f"{row.list_id}:{row.stratum}"] for row, _ in rows]
    return _standings(rows, strata, [bool(row.won) for row, _ in rows], became)


def cut_standings(lists: Iterable[ListWithRows], became: Became) -> Standings:
    """Those of lists without lots, where a lane has students on both sides of its cut.

    Whoever is equal to the cut has a place by the order of the ids, and does not count.
    """
    rows = [(row, one.about) for one in lists for row in near_cut(one).rows]
    return _standings(rows, [-1] * len(rows), [row.margin > 0 for row, _ in rows], became)


def near_cut(one: ListWithRows) -> ListWithRows:
    """The same with those rows alone that tell of its cuts, the nearest ones."""
    kept: list[ListedRow] = []
    for lane in one.by_lane().values():
        if len({row.listed for row in lane}) == 2:
            kept += [row for row in lane if row.margin]
    nearest = sorted(kept, key=lambda row: (abs(row.margin), row.row_id))[:NEAREST]
    return ListWithRows(one.about, nearest)


def who_drew(one: ListWithRows) -> ListWithRows:
    """The same with those rows alone whose students drew lots."""
    return ListWithRows(one.about, [row for row in one.rows if row.stratum and row.won is not None])


def prospects_of(newest: ListWithRows) -> list[Prospects]:
    """Who would draw lots on that list, by band."""
    lanes = newest.by_lane().values()
    found = []
    for band in BANDS:
        bands = [_taking_part(lane, band) for lane in lanes]
        children = sum(len(taking) for taking, _ in bands)
        if children:
            found.append(Prospects(band, children, sum(places for _, places in bands)))
    return found


def risk_at_cut(newest: ListWithRows) -> float | None:
    """The mean score of those near the cuts of a list of risks; None where nobody is."""
    lanes = newest.by_lane().values()
    near = [row.score for lane in lanes for row in _taking_part(lane, AROUND)[0]]
    return float(np.mean(near)) if near else None


def _taking_part(lane: Sequence[ListedRow], band: float) -> tuple[Sequence[ListedRow], int]:
    """Who of a lane would draw lots, and for how many places; nobody where there is no cut."""
    margins = np.array([row.margin for row in lane], dtype=np.float64)
    around = band_around(margins, sum(row.listed for row in lane), band)
    return ((), 0) if around.empty else (lane[around.first : around.last], around.places)


def _standings(
    rows: Sequence[tuple[ListedRow, PublishedList]],
    strata: Sequence[int],
    placed: Sequence[bool],
    became: Became,
) -> Standings:
    return Standings(
        students=np.array([row.student_id for row, _ in rows], dtype=np.str_),
        lanes=np.array([row.lane.value for row, _ in rows], dtype=np.str_),
        strata=np.array(strata, dtype=np.intp),
        placed=np.array(placed, dtype=np.bool_),
        margins=np.array([row.margin for row, _ in rows], dtype=np.float64),
        at_risk=np.array([became.risk_of(row, about.period) for row, about in rows], np.float64),
        helped=np.array([became.was_helped(row, about) for row, about in rows], dtype=np.bool_),
    )
