"""The conditions of a promotion, one function each: evidence and policy in, a Guard out."""

from __future__ import annotations

import math

from model.promotion import Guard
from preprocessing.task.policies import PromotionPolicy
from retraining.promotion.evidence import Evidence, GroupRecall

MIN_NEGATIVES = 10
"""Fewer students who turned out well than this cannot show how often a model cries wolf."""

UNBUDGETED_EXCESS = 1.25
"""Without a budget of the school's own, a model may flag a quarter more than are at risk."""


def enough_labelled(rows: int, policy: PromotionPolicy) -> Guard:
    """Whether there are labelled records enough to compare on."""
    passed = rows >= policy.min_labelled
    reason = (
        f"{rows} new labelled records to judge on"
        if passed
        else f"only {rows} new labelled records to judge on; {policy.min_labelled} are needed"
    )
    return Guard("min_labelled", passed, reason, rows, policy.min_labelled)


def enough_cases(positives: int, negatives: int, policy: PromotionPolicy) -> Guard:
    """Whether both kinds of students are there in sufficient number."""
    passed = positives >= policy.min_positives and negatives >= MIN_NEGATIVES
    reason = f"{positives} of them at risk and {negatives} not"
    if not passed:
        reason += f"; {policy.min_positives} at risk and {MIN_NEGATIVES} not are needed"
    return Guard("min_positives", passed, reason, positives, policy.min_positives)


def different_model(same: bool) -> Guard:
    """Whether the challenger is anything new."""
    if same:
        return Guard("different_model", False, "challenger and champion are the same model")
    return Guard("different_model", True, "the challenger answers differently from the champion")


def selective(evidence: Evidence, policy: PromotionPolicy) -> Guard:
    """Whether the challenger tells students apart at all."""
    card = evidence.challenger
    if card.distinct < 2:
        return Guard("selective", False, "the challenger gives every student the same score")
    if card.flagged >= 1:
        return Guard("selective", False, "the challenger flags everybody", 1.0, 1.0)
    if card.flagged <= 0:
        return Guard("selective", False, "the challenger flags nobody", 0.0, 0.0)
    return Guard("selective", True, f"the challenger flags {card.flagged:.1%}", card.flagged)


def alert_budget(evidence: Evidence, policy: PromotionPolicy) -> Guard:
    """Whether the challenger's own threshold flags no more students than can be helped.

    The threshold was set on other students, so on these it may overshoot by chance: two standard
    errors are let pass.
    """
    budget = policy.alert_budget
    wanted = evidence.positives / evidence.rows * UNBUDGETED_EXCESS if budget is None else budget
    wanted = min(wanted, 1.0)
    limit = min(1.0, wanted + 2 * math.sqrt(wanted * (1 - wanted) / evidence.rows))
    flagged = evidence.challenger.flagged
    meant = "a quarter more than are at risk" if budget is None else f"the budget of {budget:.1%}"
    return Guard(
        "alert_budget",
        flagged <= limit,
        f"its threshold flags {flagged:.1%} of students; {meant} allows {limit:.1%}, "
        "chance included",
        flagged,
        limit,
    )


def recall_gain(evidence: Evidence, policy: PromotionPolicy) -> Guard:
    """Whether more of those at risk are caught with as many flags."""
    gain = evidence.gain("recall_at_budget")
    return Guard(
        "min_recall_gain",
        gain.gain > policy.min_recall_gain,
        f"with {evidence.flagged} of {evidence.rows} students flagged by both, recall goes from "
        f"{gain.champion:.1%} to {gain.challenger:.1%}: {_points(gain.gain)} "
        f"({_points(gain.low)} to {_points(gain.high)} at 95 %); "
        f"more than {_points(policy.min_recall_gain)} is asked",
        gain.gain,
        policy.min_recall_gain,
    )


def confidence(evidence: Evidence, policy: PromotionPolicy) -> Guard:
    """Whether luck is excluded well enough as the reason of the gain."""
    gain = evidence.gain("recall_around_budget")
    sure = gain.confidence
    return Guard(
        "confidence",
        sure >= policy.confidence,
        f"in {sure:.1%} of {evidence.resamples} resamples of these students recall around the "
        f"budget gains more than {_points(gain.margin)}; {policy.confidence:.0%} is asked",
        sure,
        policy.confidence,
    )


def precision_floor(evidence: Evidence, policy: PromotionPolicy) -> Guard:
    """Whether enough of the challenger's alarms are true."""
    precision = evidence.challenger.precision
    return Guard(
        "precision_floor",
        precision >= policy.precision_floor,
        f"{precision:.1%} of its alarms are true; the floor is {policy.precision_floor:.0%}",
        precision,
        policy.precision_floor,
    )


def ranking(evidence: Evidence, policy: PromotionPolicy) -> Guard:
    """Whether the order of all students, not only of the flagged, has not become worse."""
    if evidence.champion is None:
        raise ValueError("there is no champion to compare the ranking with")
    loss = evidence.champion.auc - evidence.challenger.auc
    return Guard(
        "max_auc_loss",
        loss <= policy.max_auc_loss,
        f"AUC goes from {evidence.champion.auc:.3f} to {evidence.challenger.auc:.3f}; "
        f"a loss of {policy.max_auc_loss:.3f} is tolerated",
        loss,
        policy.max_auc_loss,
    )


def calibration(evidence: Evidence, policy: PromotionPolicy) -> Guard:
    """Whether a score means what it says, or at least no less than the champion's does."""
    error = evidence.challenger.calibration_error
    now = evidence.champion.calibration_error if evidence.champion else 0.0
    limit = max(policy.max_calibration_error, now)
    reason = f"its scores are {_points(error, signed=False)} off on average; "
    reason += (
        f"{_points(policy.max_calibration_error, signed=False)} is tolerated"
        if limit == policy.max_calibration_error
        else f"the champion's are {_points(now, signed=False)} off"
    )
    return Guard("max_calibration_error", error <= limit, reason, error, limit)


def subgroup_gap(evidence: Evidence, policy: PromotionPolicy) -> Guard:
    """Whether the challenger misses one group much more than another, and more than now."""
    gaps = [
        (_gap(groups, "challenger"), _gap(groups, "champion"), attribute)
        for attribute, groups in _judged(evidence).items()
        if len(groups) > 1
    ]
    if not gaps:
        return Guard("max_subgroup_gap", True, "no two groups are large enough to compare")
    gap, now, attribute = max(gaps, key=lambda g: (g[0] - max(policy.max_subgroup_gap, g[1]), g[2]))
    limit = max(policy.max_subgroup_gap, now)
    reason = f"recall differs by {_points(gap, signed=False)} between groups of {attribute}; " + (
        f"{_points(policy.max_subgroup_gap, signed=False)} is tolerated"
        if limit == policy.max_subgroup_gap
        else f"the champion's differs by {_points(now, signed=False)}"
    )
    return Guard("max_subgroup_gap", gap <= limit, reason, gap, limit)


def first_auc(evidence: Evidence, policy: PromotionPolicy) -> Guard:
    """Whether a first model ranks well enough to be let in at all."""
    auc = evidence.challenger.auc
    return Guard(
        "first_min_auc",
        auc >= policy.first_min_auc,
        f"AUC {auc:.3f}; a first model needs {policy.first_min_auc:.3f}",
        auc,
        policy.first_min_auc,
    )


def beats_baselines(evidence: Evidence, policy: PromotionPolicy) -> tuple[Guard, ...]:
    """Whether a first model catches more than rules that need no model, with as many flags."""
    return tuple(
        Guard(
            f"beats_{rule.name}",
            rule.challenger > rule.recall,
            f"with as many flags as the {rule.name} rule ({rule.flagged:.1%}) it catches "
            f"{rule.challenger:.1%} of those at risk; the rule catches {rule.recall:.1%}",
            rule.challenger,
            rule.recall,
        )
        for rule in evidence.baselines
    )


def _judged(evidence: Evidence) -> dict[str, list[GroupRecall]]:
    judged: dict[str, list[GroupRecall]] = {}
    for group in evidence.groups:
        if not group.small:
            judged.setdefault(group.attribute, []).append(group)
    return judged


def _gap(groups: list[GroupRecall], model: str) -> float:
    recalls = [r for g in groups if (r := getattr(g, model)) is not None]
    return max(recalls) - min(recalls) if recalls else 0.0


def _points(share: float, *, signed: bool = True) -> str:
    """A difference of shares in percentage points.

    >>> _points(0.0123), _points(0.1, signed=False)
    ('+1.2 points', '10.0 points')
    """
    return f"{share * 100:+.1f} points" if signed else f"{share * 100:.1f} points"
