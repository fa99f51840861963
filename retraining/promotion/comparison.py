"""Scores in, evidence out: champion and challenger on the same students at the same capacity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.figures import calibration_error
from preprocessing.task.policies import PromotionPolicy
from retraining.promotion.bootstrap import Metric, Scored, once, paired_resamples, scored
from retraining.promotion.clustered import precision_against, precision_against_chance
from retraining.promotion.evidence import Baseline, BinaryEvidence, Contrast, Gain, Scorecard
from retraining.promotion.group_recall import group_recalls
from retraining.promotion.ranking import Floats, Ties, flags

RESAMPLES = 2000
PROVEN = 0.5
"""Part of the gain asked for that luck must be excluded for; the whole of it must be measured."""
CHAMPION = "champion"


@dataclass(frozen=True, slots=True)
class Answers:
    """One model's calibrated scores, shape (n,), and its operating threshold."""

    version: str
    scores: Floats
    threshold: float


@dataclass(frozen=True, slots=True)
class Cases:
    """The n labelled records that both models are read on.

    Attributes:
        outcome: shape (n,), 1.0 at risk, 0.0 not.
        students: shape (n,), who each record is about.
        periods: shape (n,), the period of the features.
        protected: attribute to n group names, "" where unknown.
        rules: baseline name to n flags (1.0 flagged), NaN nowhere.
        early: how many of the outcomes were observed before their period began.
    """

    outcome: Floats
    students: NDArray[np.str_]
    periods: NDArray[np.str_]
    protected: Mapping[str, NDArray[np.str_]]
    rules: Mapping[str, Floats]
    early: int = 0


class Difference(NamedTuple):
    """One metric of both models, and challenger minus champion in each resample."""

    champion: float
    challenger: float
    resampled: Floats


def flagged_within(outcome: Floats, alert_budget: float | None) -> int:
    """How many students are flagged: the school's budget, or else as many as are at risk.

    >>> flagged_within(np.array([1.0, 0.0, 0.0, 1.0]), None)
    2
    >>> flagged_within(np.array([1.0, 0.0, 0.0, 1.0]), 0.3)
    1
    """
    wanted = outcome.sum() if alert_budget is None else np.floor(alert_budget * len(outcome))
    return max(1, int(wanted))


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
    """
    if not challengers:
        return []
    flagged = flagged_within(cases.outcome, policy.alert_budget)
    ours = [scored(each.scores, cases.outcome, Ties.AGAINST) for each in challengers]
    theirs = champion and scored(champion.scores, cases.outcome, Ties.FAIR)
    theirs_flags = flags(theirs.ranking, flagged) if theirs else None
    found: Sequence[dict[Metric, Difference]] = (
        _differences(cases, ours, theirs, flagged, resamples, seed, metrics)
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
            challenger=_card(answers, model, flagged),
            champion=_card(champion, theirs, flagged) if champion and theirs else None,
            gains=tuple(_gain(m, each, _margin(m, policy)) for m, each in differences.items()),
            groups=group_recalls(
                cases.outcome,
                cases.protected,
                cases.students,
                flags(model.ranking, flagged),
                theirs_flags,
            ),
            baselines=tuple(
                _baseline(name, rule, model, cases.outcome) for name, rule in cases.rules.items()
            ),
            early=cases.early,
            precision=_precision(cases, answers, theirs or None),
        )
        for answers, model, differences in zip(challengers, ours, found, strict=True)
    ]


def _precision(cases: Cases, answers: Answers, champion: Scored | None) -> Contrast | None:
    """Where the challenger draws its own line, against the champion flagging as many."""
    ours = (answers.scores >= answers.threshold).astype(np.float64)
    if champion is None:
        return precision_against_chance(cases.outcome, ours, cases.students)
    theirs = flags(champion.ranking, float(ours.sum()))
    return precision_against(cases.outcome, ours, theirs, cases.students)


def _margin(metric: Metric, policy: PromotionPolicy) -> float:
    """The gain that the confidence in a metric is about."""
    match metric:
        case Metric.RECALL_AROUND:
            return policy.min_recall_gain * PROVEN
        case _:
            return 0.0


def _same_answers(champion: Answers | None, challenger: Answers) -> bool:
    return champion is not None and np.array_equal(champion.scores, challenger.scores)


def _card(answers: Answers, model: Scored, flagged: int) -> Scorecard:
    figures = dict(zip(Metric, once(model, flagged / len(model.outcome)), strict=True))
    high = answers.scores >= answers.threshold
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
    )


def _differences(
    cases: Cases,
    challengers: Sequence[Scored],
    champion: Scored,
    flagged: int,
    resamples: int,
    seed: int,
    metrics: Sequence[Metric],
) -> list[dict[Metric, Difference]]:
    """For each challenger, every metric's difference from the champion."""
    share = flagged / len(cases.outcome)
    models = {CHAMPION: champion} | {str(i): model for i, model in enumerate(challengers)}
    drawn = paired_resamples(
        models, cases.students, share=share, resamples=resamples, seed=seed, metrics=metrics
    )
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


def _baseline(name: str, rule: Floats, ours: Scored, outcome: Floats) -> Baseline:
    positives = max(1.0, float(outcome.sum()))
    return Baseline(
        name=name,
        flagged=float(rule.mean()),
        recall=float(rule @ outcome) / positives,
        challenger=float(flags(ours.ranking, float(rule.sum())) @ outcome) / positives,
    )
