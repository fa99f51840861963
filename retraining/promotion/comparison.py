"""Scores in, evidence out: champion and challenger on the same students at the same capacity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.computing.pool import HERE, Pool
from model.figures import calibration_error, new_case_figures
from preprocessing.task.policies import PromotionPolicy
from retraining.promotion.bootstrap import Metric, Scored, once, paired_resamples, scored
from retraining.promotion.cases import Answers, Cases, flagged_within, lanes_in
from retraining.promotion.clustered import precision_against, precision_against_chance
from retraining.promotion.cohorts import CohortFigures, cohort_figures
from retraining.promotion.evidence import Baseline, BinaryEvidence, Contrast, Gain, Scorecard
from retraining.promotion.group_recall import group_recalls
from retraining.promotion.ranking import Floats, Ties, flags

RESAMPLES = 2000
PROVEN = 0.5
"""Part of the gain asked for that luck must be excluded for; the whole of it must be measured."""
CHAMPION = "champion"
CHALLENGER = "challenger"


class Difference(NamedTuple):
    """One metric of both models, and challenger minus champion in each resample."""

    champion: float
    challenger: float
    resampled: Floats


def compare(
    cases: Cases,
    challenger: Answers,
    champion: Answers | None,
    policy: PromotionPolicy,
    *,
    seed: int,
    resamples: int = RESAMPLES,
    metrics: Sequence[Metric] = tuple(Metric),
    same_bundle: bool = False,
    challenger_scored: str = "out_of_fold",
    pool: Pool = HERE,
) -> BinaryEvidence:
    """Reads both models on the same records.

    The confidence in a gain of recall is that in more than half of what is asked, read around the
    budget; see docs/promotion.md for what that does to chance and power.

    Args:
        cases: at least one record.
        challenger: scored on records it did not train on; its ties count against it.
        champion: scored from its stored bundle; its ties are shared fairly. None at first.
        policy: its alert budget (None flags as many as are at risk) and the gain it asks for.
        seed: draws the resamples.
        resamples: how many.
        metrics: which gains are bootstrapped.
        same_bundle: the two bundles have the same digest.
        challenger_scored: how the challenger came by its scores.
        pool: reads the models on the resamples.
    """
    (evidence,) = compare_many(
        cases,
        [challenger],
        champion=champion,
        policy=policy,
        seed=seed,
        resamples=resamples,
        metrics=metrics,
        same_bundle=same_bundle,
        challenger_scored=challenger_scored,
        pool=pool,
    )
    return evidence


def compare_many(
    cases: Cases,
    challengers: Sequence[Answers],
    *,
    champion: Answers | None,
    policy: PromotionPolicy,
    seed: int,
    resamples: int = RESAMPLES,
    metrics: Sequence[Metric] = tuple(Metric),
    same_bundle: bool = False,
    challenger_scored: str = "out_of_fold",
    pool: Pool = HERE,
) -> list[BinaryEvidence]:
    """What `compare` finds of each challenger, by the same resamples drawn once.

    Args:
        cases: at least one record.
        challengers: m models' scores of the cases.
        champion: None at first.
        policy: its alert budget and the gain it asks for.
        seed: draws the resamples.
        resamples: how many.
        metrics: which gains are bootstrapped.
        same_bundle: whether the bundles have the same digest.
        challenger_scored: how the challengers were scored, told in the evidence.
        pool: reads the models on the resamples.
    """
    if not challengers:
        return []
    flagged = flagged_within(cases.outcome, policy.budget)
    lanes = lanes_in(cases, policy)
    ours = [scored(each.scores, cases.outcome, Ties.AGAINST, lanes) for each in challengers]
    theirs = champion and scored(champion.scores, cases.outcome, Ties.FAIR, lanes)
    theirs_flags = flags(theirs.ranking, flagged) if theirs else None
    found: Sequence[dict[Metric, Difference]] = (
        _differences(cases, ours, theirs, flagged, resamples, seed, metrics, pool)
        if theirs
        else [{} for _ in ours]
    )
    return [
        BinaryEvidence(
            rows=len(cases.outcome),
            students=len(np.unique(cases.students)),
            positives=int(cases.outcome.sum()),
            periods=tuple(str(p) for p in np.unique(cases.periods)),
            flagged=flagged,
            challenger_scored=challenger_scored,
            resamples=resamples,
            seed=seed,
            same_model=same_bundle or _same_answers(champion, answers),
            challenger=_card(answers, model, flagged, cases.new),
            champion=_card(champion, theirs, flagged, cases.new) if champion and theirs else None,
            gains=tuple(_gain(m, each, _margin(m, policy)) for m, each in differences.items()),
            groups=group_recalls(
                cases.outcome,
                cases.protected,
                cases.students,
                flags(model.ranking, flagged),
                theirs_flags,
            ),
            baselines=tuple(
                _baseline(name, rule, model, cases) for name, rule in cases.rules.items()
            ),
            early=cases.early,
            precision=_precision(cases, answers, theirs or None),
            cohorts=(
                *(_cohorts(CHAMPION, champion, Ties.FAIR, cases, policy) if champion else ()),
                *_cohorts(CHALLENGER, answers, Ties.AGAINST, cases, policy),
            ),
        )
        for answers, model, differences in zip(challengers, ours, found, strict=True)
    ]


def _precision(cases: Cases, answers: Answers, champion: Scored | None) -> Contrast | None:
    """Where the challenger draws its own line, against the champion flagging as many."""
    ours = answers.high.astype(np.float64)
    if champion is None:
        return precision_against_chance(cases.outcome, ours, cases.students)
    theirs = flags(champion.ranking, float(ours.sum()))
    return precision_against(cases.outcome, ours, theirs, cases.students)


def _cohorts(
    name: str, answers: Answers, ties: Ties, cases: Cases, policy: PromotionPolicy
) -> tuple[CohortFigures, ...]:
    return cohort_figures(
        name, answers.scores, cases.outcome, cases.periods,
        budget=policy.budget, ties=ties, new=cases.new, lanes=lanes_in(cases, policy),
    )  # fmt: skip


def _margin(metric: Metric, policy: PromotionPolicy) -> float:
    """The gain that the confidence in a metric is about."""
    match metric:
        case Metric.RECALL_AROUND:
            return policy.min_recall_gain * PROVEN
        case _:
            return 0.0


def _same_answers(champion: Answers | None, challenger: Answers) -> bool:
    return champion is not None and np.array_equal(champion.scores, challenger.scores)


def _card(
    answers: Answers, model: Scored, flagged: int, new: NDArray[np.bool_] | None
) -> Scorecard:
    figures = dict(zip(Metric, once(model, flagged / len(model.outcome)), strict=True))
    high = answers.high
    caught = float(model.outcome[high].sum())
    return Scorecard(
        version=answers.version,
        recall_at_budget=float(figures[Metric.RECALL]),
        precision_at_budget=float(figures[Metric.PRECISION]),
        auc=float(figures[Metric.AUC]),
        average_precision=float(figures[Metric.AVERAGE_PRECISION]),
        brier=float(figures[Metric.BRIER]),
        calibration_error=calibration_error(model.outcome, answers.scores),
        threshold=answers.threshold,
        recall=caught / max(1.0, float(model.outcome.sum())),
        precision=caught / max(1, int(high.sum())),
        flagged=float(high.mean()),
        distinct=len(np.unique(answers.scores)),
        **_new_cases(model, flagged, high, new),
    )


def _new_cases(
    model: Scored, flagged: int, high: NDArray[np.bool_], new: NDArray[np.bool_] | None
) -> dict[str, Any]:
    """The scorecard's figures of those not at risk now."""
    if new is None:
        return {}
    served = new_case_figures(model.outcome, high.astype(np.float64), new)
    budget = new_case_figures(model.outcome, flags(model.ranking, flagged), new)
    return {
        "new_positives": int(served["new_positives"]),
        "new_recall": served.get("new_recall"),
        "new_recall_at_budget": budget.get("new_recall"),
    }


def _differences(
    cases: Cases,
    challengers: Sequence[Scored],
    champion: Scored,
    flagged: int,
    resamples: int,
    seed: int,
    metrics: Sequence[Metric],
    pool: Pool,
) -> list[dict[Metric, Difference]]:
    """For each challenger, every metric's difference from the champion."""
    share = flagged / len(cases.outcome)
    models = {CHAMPION: champion} | {str(i): model for i, model in enumerate(challengers)}
    drawn = paired_resamples(
        models, cases.students,
        share=share, resamples=resamples, seed=seed, metrics=metrics, pool=pool,
    )  # fmt: skip
    now = once(champion, share, metrics)
    return [
        {
            metric: Difference(
                float(now[row]), float(new[row]), drawn[str(i)][row] - drawn[CHAMPION][row]
            )
            for row, metric in enumerate(metrics)
        }
        for i, new in enumerate(once(model, share, metrics) for model in challengers)
    ]


def _gain(metric: Metric, difference: Difference, margin: float) -> Gain:
    sign = -1.0 if metric is Metric.BRIER else 1.0
    resampled = sign * difference.resampled
    low, high = np.quantile(resampled, (0.025, 0.975))
    return Gain(
        metric=metric.value,
        champion=difference.champion,
        challenger=difference.challenger,
        gain=sign * (difference.challenger - difference.champion),
        low=float(low),
        high=float(high),
        margin=margin,
        confidence=float((resampled > margin).mean()),
        error=float(resampled.std()),
    )


def _baseline(name: str, rule: Floats, ours: Scored, cases: Cases) -> Baseline:
    outcome, new = cases.outcome, cases.new
    positives = max(1.0, float(outcome.sum()))
    as_many = flags(ours.ranking, float(rule.sum()))
    theirs, mine = (
        {} if new is None else new_case_figures(outcome, each, new) for each in (rule, as_many)
    )
    return Baseline(
        name=name,
        flagged=float(rule.mean()),
        recall=float(rule @ outcome) / positives,
        challenger=float(as_many @ outcome) / positives,
        new_recall=theirs.get("new_recall"),
        new_challenger=mine.get("new_recall"),
    )
