"""Versions, decisions and reports as they are answered: without figures of a few students."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from api.withheld.groups import shown_evidence, shown_groups
from model.drift import DriftReport
from model.figures import ClassFigures
from model.lists.finds import LaneCurve
from model.promotion import Promotion
from model.statuses import StatusFigures
from model.units.disclosure import FEWEST_SHOWN, showable, split
from model.version import ModelVersion

NEW = "new_"
"""Begins the figures that are taken of those who were not at risk before."""

HIGH = "high"
"""The status that holds others: whoever is flagged."""


def shown_version(version: ModelVersion) -> ModelVersion:
    """A version without figures of fewer than ten records, or from which such would follow."""
    few_new = (version.metrics.get("new_positives") or 0) < FEWEST_SHOWN
    return replace(
        version,
        metrics=without_new(version.metrics) if few_new else version.metrics,
        fairness={name: shown_groups(groups) for name, groups in version.fairness.items()},
        statuses=tuple(shown_statuses(version.statuses)),
        by_lane=tuple(shown_lanes(version.by_lane)),
        report=tuple(shown_classes(version.report)),
        recall_targets=tuple(
            replace(one, new_recall=None) if few_new else one for one in version.recall_targets
        ),
        at_k=tuple(replace(one, new_recall=None) if few_new else one for one in version.at_k),
    )


def shown_promotion(promotion: Promotion) -> Promotion:
    """A decision without groups of a few in its evidence."""
    return replace(promotion, evidence=shown_evidence(promotion.evidence))


def shown_report(report: DriftReport) -> DriftReport:
    """A drift report; what came of its records is told of ten at risk and ten who were not."""
    found = report.realised
    if "n" not in found:
        return report
    n, positives = round(found["n"]), round(found.get("positives", found["n"]))
    binary = "positives" in found
    if n < FEWEST_SHOWN or (binary and min(split(n, positives)) < FEWEST_SHOWN):
        return replace(report, realised={})
    if round(found.get("new_positives", FEWEST_SHOWN)) < FEWEST_SHOWN:
        return replace(report, realised=without_new(found))
    return report


def without_new(metrics: Mapping[str, float]) -> dict[str, float]:
    """Metrics without those of new cases.

    >>> without_new({"recall": 0.8, "new_recall": 0.5, "new_positives": 4.0})
    {'recall': 0.8}
    """
    return {name: value for name, value in metrics.items() if not name.startswith(NEW)}


def shown_statuses(statuses: Sequence[StatusFigures]) -> list[StatusFigures]:
    """The statuses that ten students have or more; `high` where no other one is left out."""
    apart = {one.status: (one.students,) for one in statuses if one.status != HIGH and one.students}
    shown = showable(apart)
    every = shown == apart.keys()
    return [
        one
        for one in statuses
        if one.status in shown
        or not one.students
        or (one.status == HIGH and every and one.students >= FEWEST_SHOWN)
    ]


def shown_lanes(curves: Sequence[LaneCurve]) -> list[LaneCurve]:
    """The lanes in which ten were at risk in the end, and ten were not."""
    shown = showable({one.lane: split(one.students, one.at_risk) for one in curves})
    return [one for one in curves if one.lane in shown]


def shown_classes(report: Sequence[ClassFigures]) -> Sequence[ClassFigures]:
    """The classification report, where both classes hold ten records or more."""
    return report if all(one.support >= FEWEST_SHOWN for one in report) else ()
