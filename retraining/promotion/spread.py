"""How far a gain differs between periods, and what the next one is expected to bring.

Resampling the students of one period tells how well its gain is known, and nothing of how another
period's would differ: each year has effects that do not come back. Their spread is learned from
earlier periods as far as there are any, and begins with a stated prior. The figures of the prior
are argued in docs/decisions/0006.

Sources: a random effect between periods with its moment estimate, DerSimonian and Laird (1986),
Controlled Clinical Trials 7; the scaled inverse chi-squared prior of a variance, Gelman et al.
(2013), Bayesian Data Analysis, ch. 2.6; the interval of a further period's effect, Higgins,
Thompson and Spiegelhalter (2009), J. R. Stat. Soc. A 172.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import hypot, sqrt

import numpy as np
from scipy.special import ndtr

from preprocessing.task.policies import PromotionPolicy
from retraining.promotion.evidence import BinaryEvidence, Expected, Gain, Origin, Source
from retraining.promotion.numeric import NumericEvidence

SHARED_SPREAD = 0.0075
"""Spread of a gain between periods where both models learned from the same records."""
UNSHARED_SPREAD = 0.035
"""Spread that is added where they share none of their records; in between, in proportion."""
PRIOR_PERIODS = 4.0
"""The stated spread weighs as much as this many periods."""
PERSISTS = 0.25
"""Share that is expected to persist of what a challenger gains by being alone to know a period."""
PERSISTS_SPREAD = 0.25
"""Standard deviation of that share."""
VARIES = 0.5
"""Standard deviation between periods of a gain, as a share of it, beside the spread without one."""
NORMAL_95 = 1.96


@dataclass(frozen=True, slots=True)
class Pooled:
    """One gain from those of several periods, with the standard error that their spread leaves."""

    gain: float
    error: float


def stated(unshared: float) -> float:
    """The standard deviation of a gain between periods where no earlier period tells it.

    Args:
        unshared: share of the records which either model learned from that only one of them had.

    >>> stated(0.0), round(stated(0.5), 4), round(stated(1.0), 4)
    (0.0075, 0.019, 0.0358)
    """
    return hypot(SHARED_SPREAD, UNSHARED_SPREAD * unshared)


def spread(origins: Sequence[Origin]) -> float:
    """The standard deviation between periods: the stated one, moved by what the origins show.

    The variance of their gains less the part that sampled students explain, never below zero,
    weighs as much as there are origins less one.
    """
    prior = stated(_unshared(origins))
    more = len(origins) - 1
    if more < 1:
        return prior
    sampled = float(np.mean([origin.around_error**2 for origin in origins]))
    seen = max(0.0, float(np.var([origin.around for origin in origins], ddof=1)) - sampled)
    return sqrt((PRIOR_PERIODS * prior**2 + more * seen) / (PRIOR_PERIODS + more))


def pooled(gains: Sequence[float], errors: Sequence[float], deviation: float) -> Pooled:
    """The mean gain over periods, each weighted by how well it tells that mean.

    Args:
        gains: one per period.
        errors: their standard errors.
        deviation: standard deviation between periods.

    >>> found = pooled([0.02, 0.04], [0.01, 0.01], 0.0)
    >>> round(found.gain, 4), round(found.error, 4)
    (0.03, 0.0071)
    """
    weights = 1 / (deviation**2 + np.square(errors) + np.finfo(float).tiny)
    mean = float(weights @ np.asarray(gains) / weights.sum())
    return Pooled(mean, float(1 / np.sqrt(weights.sum())))


def forward(origins: Sequence[Origin], *, around: bool) -> Pooled:
    """The gain of the challenger's recipe over earlier periods, at the budget or around it."""
    deviation = spread(origins)
    if around:
        return pooled([o.around for o in origins], [o.around_error for o in origins], deviation)
    return pooled([o.gain for o in origins], [o.error for o in origins], deviation)


def judged(evidence: BinaryEvidence, *, around: bool) -> Pooled:
    """The gain that decides, at the budget or around it, with all that its error has to hold.

    A refresh is asked only whether the students compared are luck: that more records of the same
    kind do not make a recipe worse in another period is shown once for all, by the study.
    """
    if evidence.source == Source.FORWARD:
        return forward(evidence.origins, around=around)
    gain = evidence.gain("recall_around_budget" if around else "recall_at_budget")
    between = 0.0 if evidence.refresh or not evidence.source else stated(evidence.unshared)
    return Pooled(gain.gain, hypot(gain.error or 0.0, between))


def exceeds(gain: float, error: float, margin: float) -> float:
    """How surely a gain known to that standard error is above the margin, in [0, 1].

    >>> round(exceeds(0.03, 0.015, 0.005), 3), exceeds(0.03, 0.0, 0.005)
    (0.952, 1.0)
    """
    return float(ndtr((gain - margin) / error)) if error > 0 else float(gain > margin)


def expected(gain: Gain, at: Standing) -> Expected:
    """The gain of the next period, with the interval of that period's own gain.

    What more records bring a recipe shrinks as the share of them that is new: its gains in earlier
    periods, where that share was larger, are taken by the square of the ratio. Where origins tell
    of recipes on the same records, some of what the newest period's gain is above theirs persists.

    Args:
        gain: in recall at the budget, measured in the newest period.
        at: how the models stand to that period; where there are origins, they alone tell.
    """
    if at.origins:
        ours = [_next(one, at.unshared) for one in at.origins] if at.refresh else at.origins
        found = forward(ours, around=False)
        between = spread(ours) * stated(at.unshared) / stated(_unshared(ours))
        # Origins on the same records say nothing of the records that the challenger has more.
        more = 0.0 if at.both or _unshared(ours) else gain.gain - found.gain
        error = hypot(found.error, PERSISTS_SPREAD * more)
        return _interval(found.gain + PERSISTS * more, error, between, "origins")
    between, error = stated(at.unshared), gain.error or 0.0
    if not at.both:
        persisting = hypot(PERSISTS_SPREAD * gain.gain, PERSISTS * error)
        return _interval(PERSISTS * gain.gain, persisting, between, "persistence")
    return _interval(gain.gain, hypot(error, between), between, "period")


def _next(one: Origin, unshared: float) -> Origin:
    """What the origin's gain is where only so small a share of the records is new."""
    part = min(1.0, unshared / one.unshared) ** 2 if one.unshared else 1.0
    return replace(
        one,
        gain=one.gain * part,
        error=one.error * part,
        around=one.around * part,
        around_error=one.around_error * part,
        unshared=min(unshared, one.unshared),
    )


def _unshared(origins: Sequence[Origin]) -> float:
    return float(np.mean([origin.unshared for origin in origins]))


@dataclass(frozen=True, slots=True)
class Standing:
    """How champion and challenger stand to the period that they are judged on.

    Attributes:
        both: the champion too learned from most of it.
        refresh: the champion's recipe with more records, most of the period among them.
        origins: both recipes on earlier periods, as `Origin` says.
        unshared: share of records that only one of the models learned from.
    """

    both: bool
    refresh: bool
    origins: tuple[Origin, ...] = ()
    unshared: float = 0.0

    def source(self, policy: PromotionPolicy) -> Source:
        """Where the gain that decides comes from under that policy."""
        measured = self.refresh and policy.refresh != "evidence"
        if self.origins and policy.evidence != "within" and not measured:
            return Source.FORWARD
        return Source.WITHIN_BOTH if self.both else Source.WITHIN_ALONE


def placed(evidence: BinaryEvidence, at: Standing, policy: PromotionPolicy) -> BinaryEvidence:
    """The evidence with where it comes from, and what the next period is expected to bring."""
    if evidence.champion is None:
        return evidence
    gain = evidence.gain("recall_at_budget")
    return replace(
        evidence,
        source=at.source(policy).value,
        refresh=at.refresh and policy.refresh != "evidence",
        origins=at.origins,
        unshared=at.unshared,
        expected=expected(gain, at),
    )


def placed_numeric(evidence: NumericEvidence, at: Standing, _: PromotionPolicy) -> NumericEvidence:
    """The evidence with where it comes from; the next period's error is not foretold."""
    if evidence.champion is None:
        return evidence
    source = Source.WITHIN_BOTH if at.both else Source.WITHIN_ALONE
    return replace(evidence, source=source.value, refresh=at.refresh)


def _interval(gain: float, error: float, between: float, basis: str) -> Expected:
    spread_of_gain = hypot(between, VARIES * gain)
    reach = NORMAL_95 * hypot(error, spread_of_gain)
    return Expected(gain, gain - reach, gain + reach, spread_of_gain, basis)
