"""One look at the list of a period: what its pages, files and publications are made of."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from api.champion import Champion
from api.http.problems import Problem
from api.lists.wanted import ListFilter, Mask, chosen
from api.ranked.kept import KEPT_FROM, KeptList
from api.ranked.reading import Stamp, Whose, data_stamp, objecting_in, read_students
from api.services import Services
from api.units import UnitLimit
from database.driver.commands import Op
from database.helping.actions import ActionRepository
from database.lists.budgets import BudgetRepository
from database.lists.published import ListedRowRepository, PublishedListRepository
from database.students import PeriodRepository
from model.errors import UnknownUnit
from model.helping.action import ActionKind
from model.lists.published import LaneRoom, ListBudget, PublishedList
from model.student import Observation
from preprocessing.lists.ranking import RankedStudents
from preprocessing.lists.scoring import ScoredStudents, score_students
from preprocessing.task.spelling import fold

UNKNOWN_PERIOD = "nothing is known of this period"


@dataclass(frozen=True, slots=True)
class Question:
    """Whose list somebody asks for, and how much of it.

    Attributes:
        limit: the units of the caller's key; None is all.
        period: None is the newest of which anything is known.
        unit: the school, as it was asked for; None is all.
    """

    limit: UnitLimit | None
    period: str | None
    unit: str | None
    wanted: ListFilter

    @property
    def units(self) -> frozenset[str] | None:
        """The (folded) units that the list is about; None is all.

        Raises:
            UnknownUnit: the key is not for the one that was asked for.
        """
        if self.limit is not None:
            return self.limit.chosen(self.unit)
        return None if self.unit is None else frozenset({fold(self.unit)})

    @property
    def told(self) -> frozenset[str] | None:
        """The (folded) units of which the caller may know what was done; None is all."""
        return None if self.limit is None else self.limit.chosen(None)


@dataclass(frozen=True, slots=True)
class ListView:
    """A list as it is now.

    Attributes:
        period: None where nothing is known yet.
        units: that it is about; None is all.
        told: those of which the caller may know what was done; None is all.
        observed: the records of a short list, by student; empty of a long one.
        within: who has a place, shape (n,); by the draw where one stands.
        rooms: of each lane and unit.
        published: the list of the period that was published last.
        objecting: the keys of those who are on no list because they object.
        chosen: positions of the students that are wanted, most urgent first.
    """

    period: str | None
    units: frozenset[str] | None
    told: frozenset[str] | None
    champion: Champion
    observed: Mapping[str, Observation]
    scored: ScoredStudents
    ranked: RankedStudents
    within: Mask
    rooms: tuple[LaneRoom, ...]
    budgets: Sequence[ListBudget]
    published: PublishedList | None
    objecting: tuple[str, ...]
    chosen: NDArray[np.intp]


async def look_at(here: Services, question: Question, *, now: bool = False) -> ListView:
    """The list that somebody asks for.

    Args:
        here: the services of the task.
        question: which list.
        now: it is read now, however long it is.

    Raises:
        Problem: 503 nobody serves; 404 nothing is known of the period; 422 no such feature.
        UnknownUnit: nothing is known of the unit, or the key is not for it.
        RegistryError: the registry does not answer.
    """
    champion, units = here.champion(), question.units
    known = await here.registry.run(PeriodRepository().all())
    asked = question.period
    if asked is not None and asked not in known:
        raise Problem.of_field("period", UNKNOWN_PERIOD, 404)
    period, kept = await _newest_known(here, champion, asked, known, units, now=now)
    beside = await here.registry.run(_beside(period, question))
    nobody = not kept.scored.ids and not beside.objecting
    if asked is not None and question.limit and nobody:
        raise Problem.of_field("period", UNKNOWN_PERIOD, 404)
    if question.unit is not None and nobody:
        raise UnknownUnit("unit")
    return await asyncio.to_thread(_view, here, question, period, kept, beside)


async def _newest_known(
    here: Services,
    champion: Champion,
    asked: str | None,
    known: Sequence[str],
    units: frozenset[str] | None,
    *,
    now: bool,
) -> tuple[str | None, KeptList]:
    """The period that a list is about, and its students.

    Without one it is the newest; for some units, the newest that anything of theirs is known of.
    """
    newest_first = list(reversed(known)) if units is not None else list(known[-1:])
    found: KeptList | None = None
    for candidate in [asked] if asked is not None else newest_first:
        whose = Whose(candidate, units)
        read = partial(_read, here, whose, newest=known[-1:] == (candidate,))
        shared = partial(_read_once, here, whose, read)
        if now:
            found = await read(await stamp_of(here))
        else:
            found = await here.lists.get(whose, shared)
        if found.scored.ids or asked is not None:
            return candidate, found
    if found is None:
        found = KeptList(score_students(champion.predictor, (), here.task), champion, ())
    return (known[-1] if known and units is None else None), found


async def _read_once(
    here: Services, whose: Whose, read: Callable[[Stamp], Awaitable[KeptList]]
) -> KeptList:
    """Reads a list unless another worker of this host has just done so."""
    async with here.shared_lists.turn(whose):
        champion, stamp = here.champion(), await stamp_of(here)
        version = (*stamp, champion.version)
        scored = await asyncio.to_thread(here.shared_lists.load, whose, stamp[0], version)
        if scored is not None:
            return KeptList(scored, champion, stamp)
        found = await read(stamp)
        if len(found.scored.ids) >= KEPT_FROM:
            left, version = found.stamp[0], (*found.stamp, found.champion.version)
            store = partial(here.shared_lists.store, whose, left, version, found.scored)
            await asyncio.to_thread(store)
        return found


def gone(here: Services) -> object:
    """What changes when a student must not be on a list any more, as this worker knows it."""
    return here.erased.state, here.objections.state


async def stamp_of(here: Services) -> Stamp:
    """What would make a list stale; `gone` comes first.

    Raises:
        RegistryError: the registry does not answer.
    """
    return (gone(here), *(await here.registry.run(data_stamp())))


async def _read(here: Services, whose: Whose, stamp: Stamp, *, newest: bool) -> KeptList:
    """Reads a list; its stamp is of before, so what changes meanwhile is read again."""
    champion = here.champion()
    scored, observed = await read_students(
        here.registry, champion, here.task, whose, here.erased, newest=newest
    )
    return KeptList(scored, champion, stamp, observed)


@dataclass(frozen=True, slots=True)
class _Beside:
    """What a list needs besides its students."""

    budgets: Sequence[ListBudget]
    published: PublishedList | None
    drawn: Mapping[str, bool]
    done: Mapping[str, ActionKind]
    objecting: tuple[str, ...]


def _beside(period: str | None, question: Question) -> Op[_Beside]:
    budgets = yield from BudgetRepository().all()
    if period is None:
        return _Beside(budgets, None, {}, {}, ())
    published = yield from PublishedListRepository().latest(period)
    drawn: Mapping[str, bool] = {}
    if published is not None and published.drawn:
        drawn = yield from ListedRowRepository().drawn(published, question.units)
    done: Mapping[str, ActionKind] = {}
    if question.wanted.done is not None:
        done = yield from ActionRepository().kinds_of_period(period, question.told)
    objecting = yield from objecting_in(Whose(period, question.units))
    return _Beside(budgets, published, drawn, done, objecting)


def _view(
    here: Services, question: Question, period: str | None, kept: KeptList, beside: _Beside
) -> ListView:
    whose = Whose(period or "", question.units)
    ranked = here.lists.rank(whose, kept, beside.budgets, here.task.promotion)
    within, rooms = with_draw(kept.scored, ranked, beside.drawn)
    positions = chosen(
        question.wanted, kept.scored, ranked, within, beside.done, here.task, here.pseudonyms
    )
    return ListView(
        period=period,
        units=whose.units,
        told=question.told,
        champion=kept.champion,
        observed=kept.observed,
        scored=kept.scored,
        ranked=ranked,
        within=within,
        rooms=rooms,
        budgets=beside.budgets,
        published=beside.published,
        objecting=beside.objecting,
        chosen=positions,
    )


def with_draw(
    scored: ScoredStudents, ranked: RankedStudents, drawn: Mapping[str, bool]
) -> tuple[Mask, tuple[LaneRoom, ...]]:
    """Who has a place where places were drawn, and how many in each lane and unit.

    What the draw said of a student stands, wherever the score has moved since.

    Args:
        scored: n students.
        ranked: the same.
        drawn: student to what the draw said, of those who took part.
    """
    if not drawn:
        return ranked.within, ranked.rooms
    within = ranked.within.copy()
    for place, student in enumerate(scored.ids):
        if student in drawn:
            within[place] = drawn[student]
    rooms = (replace(one.room, within=int(within[one.members].sum())) for one in ranked.strata)
    return within, tuple(rooms)
