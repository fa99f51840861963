"""A list as it is published: first what it is and how it will be drawn, then its rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from model.lists.published import ListBudget, ListedRow, PublishedList, row_key
from preprocessing.lists.draw import DrawBand, band_around, winners
from preprocessing.lists.ranking import RankedStudents, Stratum
from preprocessing.lists.scoring import ScoredStudents


@dataclass(frozen=True, slots=True)
class Lottery:
    """How places at the margin are drawn.

    Attributes:
        band: half the width of the band, as a share of a stratum's places; in (0, 1].
        seed: of the draw.
    """

    band: float
    seed: int


@dataclass(frozen=True, slots=True)
class Occasion:
    """What list is published: its id, of whom, when and by whom."""

    list_id: str
    period: str
    version: str
    at: datetime
    by: str
    replaces: str = ""


def announced(
    occasion: Occasion,
    scored: ScoredStudents,
    ranked: RankedStudents,
    budgets: Sequence[ListBudget],
    lottery: Lottery | None = None,
) -> PublishedList:
    """What is recorded before anything is drawn: budgets, places, band and seed.

    Args:
        occasion: which list it is.
        scored: whom it is about.
        ranked: the same, ranked.
        budgets: that it was cut by.
        lottery: how places at the margin are drawn; None: they go by rank.
    """
    band = 0.0 if lottery is None else lottery.band
    bands = ((one, _band(one, scored, band)) for one in ranked.strata)
    return PublishedList(
        list_id=occasion.list_id,
        period=occasion.period,
        version=occasion.version,
        at=occasion.at,
        by=occasion.by,
        budgets=tuple(budgets),
        places=tuple((one.room.stratum, drawn.places) for one, drawn in bands if not drawn.empty),
        band=band,
        seed=0 if lottery is None else lottery.seed,
        students=sum(one.ranked for one in ranked.strata),
        lanes=ranked.rooms,
        replaces=occasion.replaces,
    )


def rows_of(
    published: PublishedList, scored: ScoredStudents, ranked: RankedStudents
) -> Iterator[ListedRow]:
    """The rows of an announced list, drawn as it says; by unit, lane and rank.

    Of whom too little is known the score says little, so these students have none.

    Args:
        published: as it was announced, of the same students.
        scored: whom it is about.
        ranked: the same, ranked.
    """
    for one in ranked.strata:
        yield from _rows(published, one, scored)


def _rows(
    published: PublishedList, stratum: Stratum, scored: ScoredStudents
) -> Iterator[ListedRow]:
    band, name = _band(stratum, scored, published.band), stratum.room.stratum
    members = stratum.members.tolist()
    taking = [] if band.empty else [scored.ids[m] for m in members[band.first : band.last]]
    won = winners(published.list_id, published.seed, name, taking, band.places)
    drawn = frozenset(taking)
    for number, member in enumerate(members[: stratum.ranked]):
        student = scored.ids[member]
        takes_part = student in drawn
        yield ListedRow(
            row_id=row_key(published.list_id, student),
            list_id=published.list_id,
            student_id=student,
            lane=stratum.room.lane,
            unit=stratum.room.unit,
            score=float(scored.scores[member]),
            margin=float(scored.concern[member]) - stratum.cut,
            rank=number + 1,
            listed=student in won if takes_part else number < stratum.room.within,
            stratum=name if takes_part else "",
            won=student in won if takes_part else None,
        )


def _band(stratum: Stratum, scored: ScoredStudents, band: float) -> DrawBand:
    concern = scored.concern[stratum.members[: stratum.ranked]]
    return band_around(concern, stratum.room.within, band)
