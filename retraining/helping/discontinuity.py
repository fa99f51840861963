"""What standing just within the cut brought, where nobody drew lots.

Those just within the cut and those just beyond are alike but for their place on the list. How far
the outcome jumps at the cut is therefore what the place brought there. The jump is measured along
the margin, which is finer than the calibrated risk: there, many students share one value.

`rdrobust` is by those who devised the method and under the GPL; nothing else needs it, so it is an
extra.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import numpy as np
from scipy.stats import binomtest

from model.helping.effect import CutEffect, EffectSize, Silence
from model.units.disclosure import FEWEST_SHOWN
from retraining.helping.standings import Standings
from retraining.helping.tables import Floats, Mask

EXTRA = "rdrobust"
FEWEST = 50
"""Known outcomes on either side; with fewer the intervals of `rdrobust` miss too often."""
FEWEST_NEAR = 20
"""Students nearest the cut by whom its density is checked, at the least."""
CLEAR_JUMP = 3.2
"""Standard errors by which help must jump: their square is above 10, so that the ratio's interval
can be relied on (Stock and Yogo 2005; Feir, Lemieux and Marmer 2016)."""
LEAST_ERROR = 1e-9
"""A jump with a smaller standard error is one between students of whom all became the same."""


class _NoFitError(Exception):
    """The library cannot measure a jump on these records."""


def installed() -> bool:
    """Whether the extra `effects` is there."""
    return find_spec(EXTRA) is not None


def cut_effect(standings: Standings, lists: int) -> CutEffect:
    """The jump of the outcome at the cut of all lists together, each student's margin from its own.

    Args:
        standings: of lists that drew no lots.
        lists: how many they are.

    Source: Calonico, Cattaneo and Titiunik (2014), Robust nonparametric confidence intervals for
    regression-discontinuity designs; over several cuts Cattaneo, Titiunik, Vazquez-Bare and Keele
    (2016).
    """
    if not len(standings):
        return CutEffect(lists, silent=Silence.NO_CUT)
    known = standings.take(standings.known)
    within = int(known.placed.sum())
    told = min(within, len(known) - within) >= FEWEST
    effect = CutEffect(
        lists,
        within=standings.side(True, told=told),
        beyond=standings.side(False, told=told),
    )
    if not told:
        silent = Silence.FEW if len(known) else Silence.NO_OUTCOMES
        return replace(effect, silent=silent)
    if not installed():
        return replace(effect, silent=Silence.NOT_INSTALLED)
    try:
        measured = _measured(effect, known, standings.margins)
    except _NoFitError:
        return replace(effect, silent=Silence.NO_FIT)
    try:
        return _with_help(measured, known)
    except _NoFitError:
        return measured


def _measured(effect: CutEffect, known: Standings, margins: Floats) -> CutEffect:
    listed = _jump(known.well, known)
    return replace(
        effect,
        near_within=int(listed.N_h[1]),
        near_beyond=int(listed.N_h[0]),
        listed=_difference(listed),
        p_value=float(listed.pv.iloc[2, 0]),
        density_p=_density(margins),
    )


def _with_help(effect: CutEffect, known: Standings) -> CutEffect:
    """The same with what the help did; where the list alone decided it, that is the list's jump."""
    if not known.helped.any() or known.helped.all():
        return effect
    if np.array_equal(known.helped, known.placed):
        return replace(effect, given=EffectSize(1.0, 1.0, 1.0), help=effect.listed)
    given = _jump(known.helped.astype(np.float64), known)
    effect = replace(effect, given=_difference(given))
    if abs(float(given.z.iloc[2, 0])) < CLEAR_JUMP:
        return effect
    return replace(effect, help=_difference(_jump(known.well, known, known.helped)))


def _jump(values: Floats, known: Standings, helped: Mask | None = None) -> Any:
    """`rdrobust` on the margins; a student of several periods counts as one cluster.

    Raises:
        _NoFitError: it cannot, or fewer than ten students on a side are near enough to tell of.
    """
    from rdrobust import rdrobust

    several = len(np.unique(known.students)) < len(known)
    clusters = np.unique(known.students, return_inverse=True)[1] if several else None
    with warnings.catch_warnings():
        # Of few clusters, and of choices that it makes itself.
        warnings.simplefilter("ignore")
        try:
            found = rdrobust(
                values,
                known.margins,
                fuzzy=None if helped is None else helped.astype(np.float64),
                cluster=clusters,
                masspoints="adjust",
            )
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001  the library raises no narrower one
            # From None, for what it says may quote the records.
            raise _NoFitError from None
    robust = [float(table.iloc[2, 0]) for table in (found.coef, found.se, found.z, found.pv)]
    if not np.isfinite([*robust, *found.ci.iloc[2]]).all() or robust[1] < LEAST_ERROR:
        raise _NoFitError
    if min(found.N_h) < FEWEST_SHOWN:
        raise _NoFitError
    return found


def _difference(found: Any) -> EffectSize:
    """The bias-corrected jump with its robust interval, within ±1."""
    value = float(found.coef.iloc[2, 0])
    low, high = (float(end) for end in found.ci.iloc[2])
    return EffectSize(*(min(1.0, max(-1.0, x)) for x in (value, low, high)))


def _density(margins: Floats) -> float:
    """The chance of so unequal numbers just within and just beyond the cut.

    Where the density goes on across the cut, of the few students nearest to it each is within with
    a chance of one half.

    Source: Bugni and Canay (2021), Testing continuity of a density via g-order statistics in the
    regression discontinuity design.
    """
    near = max(FEWEST_NEAR, round(math.sqrt(len(margins))))
    nearest = margins[np.argsort(np.abs(margins), kind="stable")][:near]
    return float(binomtest(int((nearest >= 0).sum()), len(nearest)).pvalue)
