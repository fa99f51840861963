"""Whether the help helps, as last measured: by lot, at the cut of lists, and what could be seen.

Differences are turned so that above zero the help helps: so many fewer of a hundred at risk.
Nothing here names a student, and nothing is told of fewer than ten.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

SUBJECT = "effects"


class Silence(StrEnum):
    """Why nothing can be said.

    `NO_LIST`: no list was published. `NO_DRAW`: on none of them was anybody drawn by lot.
    `NO_CUT`: all had room for everybody or drew lots, so that nobody stands just beyond a cut.
    `NO_OUTCOMES`: nobody's outcome is known. `FEW`: too few are. `NOT_INSTALLED`: the extra
    `effects` is not there. `NO_FIT`: the records allow no estimate.
    """

    NO_LIST = "no_list"
    NO_DRAW = "no_draw"
    NO_CUT = "no_cut"
    NO_OUTCOMES = "no_outcomes"
    FEW = "few"
    NOT_INSTALLED = "not_installed"
    NO_FIT = "no_fit"


@dataclass(frozen=True, slots=True)
class EffectSize:
    """A difference of two shares with its 95 % interval; all None where it is not known."""

    value: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def known(self) -> bool:
        """Whether there is one."""
        return self.value is not None

    @property
    def clear(self) -> bool:
        """Whether its interval leaves out zero."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high


UNKNOWN = EffectSize()


@dataclass(frozen=True, slots=True)
class PlaceSide:
    """Those with a place, or those without one.

    Attributes:
        students: who took part.
        known: of them, those whose outcome is known; the counts below are of these.
        at_risk: were at risk then; None is withheld.
        helped: were helped; None is withheld.
    """

    students: int = 0
    known: int = 0
    at_risk: int | None = None
    helped: int | None = None


@dataclass(frozen=True, slots=True)
class LotteryEffect:
    """What a place brought, where places were drawn by lot.

    Attributes:
        group: the lane; "" is all together.
        draws: how many lots were drawn, each among equals of its own lane, unit and list.
        won: those who got a place.
        lost: those who did not.
        place: how many fewer of those with a place were at risk, helped or not (intention to
            treat): the Mantel-Haenszel difference with its stratified score interval.
        p_value: the chance of as large a difference if places did nothing to anybody (exact).
        given: how much more often those with a place were helped.
        help: what the help did for those who were helped because they got a place.
        lacking_p: the chance of so unequal shares without an outcome; small is a warning.
        silent: why nothing is said.
    """

    group: str
    draws: int = 0
    won: PlaceSide = PlaceSide()
    lost: PlaceSide = PlaceSide()
    place: EffectSize = UNKNOWN
    p_value: float | None = None
    given: EffectSize = UNKNOWN
    help: EffectSize = UNKNOWN
    lacking_p: float | None = None
    silent: Silence | None = None

    @property
    def provisional(self) -> bool:
        """Whether the outcome of one in five, or more, is not known yet."""
        asked = self.won.students + self.lost.students
        return self.won.known + self.lost.known < SETTLED * asked


SETTLED = 0.8
"""From this share of known outcomes on a lottery's result is no longer called provisional."""


@dataclass(frozen=True, slots=True)
class CutEffect:
    """What standing just within the cut of the lists brought, where nobody drew lots.

    Attributes:
        lists: that it was measured on, the first one of each period.
        within: those within the cut.
        beyond: those beyond it.
        near_within: of those within with a known outcome, how many are near enough to count.
        near_beyond: the same beyond.
        listed: how many fewer of those just within were at risk than of those just beyond.
        p_value: the chance of as large a jump if there is none.
        given: how much more often those just within were helped.
        help: what the help did at the cut (fuzzy); unknown where the list hardly decided who was
            helped.
        density_p: the chance of so unequal numbers just within and beyond; small is a warning.
        silent: why nothing is said.
    """

    lists: int = 0
    within: PlaceSide = PlaceSide()
    beyond: PlaceSide = PlaceSide()
    near_within: int = 0
    near_beyond: int = 0
    listed: EffectSize = UNKNOWN
    p_value: float | None = None
    given: EffectSize = UNKNOWN
    help: EffectSize = UNKNOWN
    density_p: float | None = None
    silent: Silence | None = None


@dataclass(frozen=True, slots=True)
class NeededChildren:
    """How many children have to draw lots until an effect can be seen.

    Attributes:
        effect: so many fewer of those helped at risk, as a share.
        children: in the draw, if the lot alone decides who is helped; None: no effect of that size
            is possible, for fewer are at risk.
        partly: in the draw, if of those with a place `PowerTable.helped_won` are helped, and of the
            others `helped_lost`.
        at_cut: near the cut without a lottery, as `partly`; the least.
    """

    effect: float
    children: int | None
    partly: int | None
    at_cut: int | None


@dataclass(frozen=True, slots=True)
class BandOutlook:
    """What a lottery of a given width would show, on the newest list.

    Attributes:
        band: half the width, as a share of the places.
        children: who would draw lots.
        won: places among them.
        effect: the smallest effect of the help that would be seen in four of five years; None where
            none would.
    """

    band: float
    children: int
    won: int
    effect: float | None


@dataclass(frozen=True, slots=True)
class PowerTable:
    """What could be seen, before the year begins.

    Attributes:
        at_risk: of those near the cut the share at risk without help, that the table assumes.
        measured: whether that is from the newest list's scores; otherwise one half, the worst case.
        helped_won: share helped of those with a place.
        helped_lost: share helped of those without one.
        power: the chance that an effect of that size is seen.
        level: the chance that one is seen where there is none.
        needed: by effect, the smallest first.
        outlook: by band, the narrowest first; empty without a list.
    """

    at_risk: float
    measured: bool
    helped_won: float
    helped_lost: float
    power: float
    level: float
    needed: tuple[NeededChildren, ...] = ()
    outlook: tuple[BandOutlook, ...] = ()


@dataclass(frozen=True, slots=True)
class EffectReport:
    """Whether the help helps, as last measured.

    Attributes:
        subject: its key.
        at: when it was measured (aware UTC).
        lists: published lists that were looked at.
        periods: of them, oldest first.
        lottery: all lots together first, then by lane.
        cut: what the lists show where nobody drew lots.
        power: what could be seen.
        seen: what the newest label, list and help were; nothing is measured again while they are
            the same.
    """

    subject: str
    at: datetime
    lists: int
    periods: tuple[str, ...]
    lottery: tuple[LotteryEffect, ...]
    cut: CutEffect
    power: PowerTable
    seen: str = ""
