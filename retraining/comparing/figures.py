"""Two versions' scores of the same records, as figures with intervals: pure.

Both are read alike, ties shared fairly, by the same draws of students; neither is the challenger.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from model.comparing.comparison import ComparedFigure, ComparedPeriod, FigureRange
from model.units.disclosure import FEWEST_SHOWN, showable, split
from preprocessing.task.policies import PromotionPolicy
from retraining.promotion.bootstrap import Metric, Scored, once, paired_resamples, scored
from retraining.promotion.cases import Answers, Cases, flagged_within, lanes_in
from retraining.promotion.drawing import student_weights
from retraining.promotion.ranking import Floats, Ties, flags

RESAMPLES = 2_000
FIRST, SECOND = "first", "second"

METRICS = (Metric.RECALL, Metric.PRECISION, Metric.AUC, Metric.AVERAGE_PRECISION, Metric.BRIER)
ERRORS = frozenset({Metric.BRIER.value, "mae", "rmse"})
"""Of these less is better."""

NEW_RECALL = "new_recall_at_budget"
OWN = ("recall", "new_recall", "precision", "flagged")
"""What each version's own cut-offs do."""

Pair = tuple[Answers, Answers]


def risk_figures(
    cases: Cases, pair: Pair, policy: PromotionPolicy, *, seed: int, resamples: int = RESAMPLES
) -> tuple[ComparedFigure, ...]:
    """The figures of two versions that give risks, those of them that tell of ten records or more.

    Args:
        cases: n records, ten at least at risk and ten not.
        pair: the two versions' answers.
        policy: its alert budget (None flags as many as are at risk) and its lanes.
        seed: draws the students.
        resamples: how often.
    """
    flagged = flagged_within(cases.outcome, policy.budget)
    share = flagged / len(cases.outcome)
    models = {
        name: _ranked(cases, one, policy) for name, one in zip((FIRST, SECOND), pair, strict=True)
    }
    drawn = paired_resamples(
        models, cases.students,
        share=share, resamples=resamples, seed=seed, metrics=METRICS,
    )  # fmt: skip
    now = {name: once(model, share, METRICS) for name, model in models.items()}
    thin = {Metric.PRECISION} if flagged < FEWEST_SHOWN else frozenset[Metric]()
    found = [
        _figure(
            metric.value,
            float(now[FIRST][row]), float(now[SECOND][row]),
            drawn[FIRST][row], drawn[SECOND][row],
        )
        for row, metric in enumerate(METRICS)
        if metric not in thin
    ]  # fmt: skip
    at_budget = [flags(models[name].ranking, flagged) for name in (FIRST, SECOND)]
    own = [answers.high.astype(np.float64) for answers in pair]
    shares = _shares(cases, at_budget, own)
    found += _of_shares(shares, cases.students, seed=seed, resamples=resamples)
    return tuple(found)


def value_figures(
    cases: Cases, pair: Pair, *, seed: int, resamples: int = RESAMPLES
) -> tuple[ComparedFigure, ...]:
    """The figures of two versions that predict values: their errors.

    Args:
        cases: n records.
        pair: the two versions' answers.
        seed: draws the students.
        resamples: how often.
    """
    errors = [np.abs(answers.scores - cases.outcome) for answers in pair]
    everybody = np.ones(len(cases.outcome))
    figures = _of_shares(
        {
            "mae": ((errors[0], everybody), (errors[1], everybody)),
            "rmse": ((errors[0] ** 2, everybody), (errors[1] ** 2, everybody)),
        },
        cases.students,
        seed=seed,
        resamples=resamples,
        root=frozenset({"rmse"}),
    )
    return tuple(figures)


def both_flagged(cases: Cases, pair: Pair, policy: PromotionPolicy) -> tuple[int, float]:
    """How many either version flags at the budget, and how many of them both do."""
    flagged = flagged_within(cases.outcome, policy.budget)
    first, second = (flags(_ranked(cases, one, policy).ranking, flagged) for one in pair)
    return flagged, float(np.minimum(first, second).sum())


def by_period(
    cases: Cases, pair: Pair, policy: PromotionPolicy, *, two_valued: bool, seed: int
) -> tuple[ComparedPeriod, ...]:
    """The main figures within each period of which they may be told beside all, oldest first.

    Args:
        cases: n records.
        pair: the two versions' answers.
        policy: of the task.
        two_valued: whether some are at risk and others are not.
        seed: draws the students.
    """
    inside_of = {str(one): cases.periods == one for one in np.unique(cases.periods)}
    at_risk = (cases.outcome == 1) if two_valued else np.zeros(len(cases.outcome), dtype=np.bool_)
    bases = {
        name: (int(mask.sum()), int((mask & at_risk).sum())) for name, mask in inside_of.items()
    }
    shown_of = showable({
        name: split(n, positives) if two_valued else (n,) for name, (n, positives) in bases.items()
    })  # fmt: skip
    found = []
    for period, inside in inside_of.items():
        if period not in shown_of:
            continue
        part, both = cases.take(inside), (pair[0].take(inside), pair[1].take(inside))
        if two_valued:
            shown = {Metric.RECALL.value, NEW_RECALL}
            figures = risk_figures(part, both, policy, seed=seed)
        else:
            shown, figures = {"mae"}, value_figures(part, both, seed=seed)
        main = tuple(one for one in figures if one.metric in shown)
        found.append(ComparedPeriod(period, *bases[period], main))
    return tuple(found)


def _ranked(cases: Cases, answers: Answers, policy: PromotionPolicy) -> Scored:
    return scored(answers.scores, cases.outcome, Ties.FAIR, lanes_in(cases, policy))


Share = tuple[Floats, Floats]
"""Of each record what it adds to the numerator and to the denominator, each of shape (n,)."""


def _shares(
    cases: Cases, at_budget: Sequence[Floats], own: Sequence[Floats]
) -> Mapping[str, tuple[Share, Share]]:
    """Figures that are a sum over a sum. Whom a version flags stays as it is in every draw."""
    outcome, everybody = cases.outcome, np.ones(len(cases.outcome))
    of_new = None if cases.new is None else outcome * cases.new
    told_new = of_new is not None and _told(split(int(outcome.sum()), int(of_new.sum())))
    shares: dict[str, tuple[Share, Share]] = {}

    def both(name: str, flagged: Sequence[Floats], of: Floats) -> None:
        shares[name] = ((flagged[0] * of, of), (flagged[1] * of, of))

    if of_new is not None and told_new:
        both(NEW_RECALL, at_budget, of_new)
    both("recall", own, outcome)
    if of_new is not None and told_new:
        both("new_recall", own, of_new)
    if all(one.sum() >= FEWEST_SHOWN for one in own):
        shares["precision"] = ((own[0] * outcome, own[0]), (own[1] * outcome, own[1]))
    both("flagged", own, everybody)
    return shares


def _told(bases: tuple[int, int]) -> bool:
    """Whether a part may be told of beside the whole: it, and the rest if any, are enough."""
    part, rest = bases
    return part >= FEWEST_SHOWN and (not rest or rest >= FEWEST_SHOWN)


def _of_shares(
    shares: Mapping[str, tuple[Share, Share]],
    students: NDArray[np.str_],
    *,
    seed: int,
    resamples: int,
    root: frozenset[str] = frozenset(),
) -> list[ComparedFigure]:
    """The figures of sums over sums, all by the same draws."""
    drawn: dict[str, list[tuple[Floats, Floats]]] = {name: [] for name in shares}
    for weights in student_weights(students, resamples, seed):
        for name, (first, second) in shares.items():
            drawn[name].append((_ratio(weights, first), _ratio(weights, second)))
    once_each = np.ones((1, len(students)), dtype=np.int32)
    found = []
    for name, (first, second) in shares.items():
        turn = np.sqrt if name in root else np.asarray
        ours, theirs = (
            turn(np.concatenate([pair[side] for pair in drawn[name]])) for side in (0, 1)
        )
        now, then = (float(turn(_ratio(once_each, one))[0]) for one in (first, second))
        found.append(_figure(name, now, then, ours, theirs))
    return found


def _ratio(weights: NDArray[np.int32], share: Share) -> Floats:
    """The share in each draw, NaN in one without anybody it could be taken of."""
    above, below = weights @ share[0], weights @ share[1]
    found: Floats = np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)
    return found


def _figure(
    metric: str, first: float, second: float, drawn_first: Floats, drawn_second: Floats
) -> ComparedFigure:
    return ComparedFigure(
        metric=metric,
        first=_range(first, drawn_first),
        second=_range(second, drawn_second),
        difference=_range(second - first, drawn_second - drawn_first),
        less_is_better=metric in ERRORS,
    )


def _range(value: float, drawn: Floats) -> FigureRange:
    known = drawn[~np.isnan(drawn)]
    low, high = np.quantile(known, (0.025, 0.975)) if len(known) else (value, value)
    return FigureRange(value, float(low), float(high))
