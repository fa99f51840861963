"""What a place brought, where places were drawn by lot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from scipy.stats import fisher_exact

from model.helping.effect import EffectSize, LotteryEffect, Silence
from model.units.disclosure import FEWEST_SHOWN, showable
from retraining.helping.complier import complier_effect
from retraining.helping.randomisation import chance_of
from retraining.helping.score_interval import score_interval
from retraining.helping.standings import Standings
from retraining.helping.tables import Tables, tables_of

ALL = ""


def lottery_effects(standings: Standings) -> tuple[LotteryEffect, ...]:
    """All who drew lots together, then by lane where there are several.

    Args:
        standings: those who drew no lot are left out.
    """
    drawn = standings.take(standings.strata >= 0)
    if not len(drawn):
        return (LotteryEffect(ALL, silent=Silence.NO_DRAW),)
    lanes = {str(lane): drawn.take(drawn.lanes == lane) for lane in np.unique(drawn.lanes)}
    shown = _shown(lanes)
    of_all = _effect(ALL, drawn, told=_enough(drawn))
    if len(lanes) == 1:
        return (of_all,)
    return (of_all, *(_effect(lane, one, told=lane in shown) for lane, one in lanes.items()))


def _shown(lanes: Mapping[str, Standings]) -> frozenset[str]:
    """The lanes of which figures may be told beside those of all."""
    return showable({lane: _bases(one) for lane, one in lanes.items()})


def _enough(drawn: Standings) -> bool:
    return min(_bases(drawn)) >= FEWEST_SHOWN


def _bases(drawn: Standings) -> tuple[int, int]:
    """How many with a known outcome are compared: those of draws with some on both sides."""
    known = drawn.take(drawn.known)
    tables = tables_of(known.strata, known.placed, known.helped)
    return (0, 0) if tables is None else (int(tables.placed.sum()), int(tables.others.sum()))


def _effect(group: str, drawn: Standings, *, told: bool) -> LotteryEffect:
    effect = LotteryEffect(
        group,
        draws=len(np.unique(drawn.strata)),
        won=drawn.side(True, told=told),
        lost=drawn.side(False, told=told),
    )
    known = drawn.take(drawn.known)
    well = tables_of(known.strata, known.placed, known.well > 0.5)
    given = tables_of(known.strata, known.placed, known.helped)
    if not told or well is None or given is None:
        silent = Silence.FEW if len(known) else Silence.NO_OUTCOMES
        return replace(effect, silent=silent)
    return replace(
        effect,
        place=_difference(well),
        p_value=chance_of(well),
        given=_difference(given),
        help=complier_effect(known.strata, known.placed, known.well, known.helped),
        lacking_p=_lacking(drawn),
    )


def _difference(tables: Tables) -> EffectSize:
    return EffectSize(tables.difference, *score_interval(tables))


def _lacking(drawn: Standings) -> float:
    """The chance of so unequal shares without an outcome (Fisher's exact test)."""
    counts = [
        [int((drawn.placed == placed)[drawn.known == known].sum()) for known in (True, False)]
        for placed in (True, False)
    ]
    return float(fisher_exact(counts).pvalue)
