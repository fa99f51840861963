"""What a chart shows, in one sentence: its title."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.texts import Texts
from drift.catalogue import row_of
from model.drift import DriftReport, FeatureDrift
from model.prediction import Prediction
from model.version import ModelVersion
from model.watch.served import HourStatistics


def versions_finding(versions: Sequence[ModelVersion], champion: str, texts: Texts) -> str:
    """What the champion finds, and how many versions there have been."""
    metrics = next((one.metrics for one in versions if one.version == champion), {})
    about = {"version": champion, "n": len(versions)}
    if "recall" in metrics:
        return texts("finding.finds", found=texts.share(metrics["recall"]), **about)
    if "mae" in metrics:
        return texts("finding.errs", error=texts.number(metrics["mae"], 1), **about)
    return texts("finding.versions", **about)


def drift_finding(report: DriftReport, texts: Texts) -> str:
    """How many tests drifted, and the largest effect."""
    largest = max(report.features, key=lambda row: row.times_limit, default=None)
    if largest is None:
        return texts("finding.no_tests")
    drifted = sum(row.drifted for row in report.features)
    return texts(
        "finding.drifted" if drifted else "finding.steady",
        n=drifted,
        of=len(report.features),
        name=drift_row_name(largest, texts),
        times=texts.number(largest.times_limit, 1),
    )


def drift_row_name(row: FeatureDrift, texts: Texts) -> str:
    """What a row of a drift report is about."""
    return row_of(row.test, texts.column(row.feature), texts.language)


def reports_finding(reports: Sequence[DriftReport], texts: Texts) -> str:
    """How many of the reports found drift, and what the newest found."""
    compared = sorted((r for r in reports if r.compared), key=lambda report: report.at)
    drifted = sum(bool(report.drifted) for report in compared)
    newest = len(compared[-1].drifted_features)
    return texts("finding.reports", n=drifted, of=len(compared), newest=newest)


def groups_finding(groups: Sequence[Mapping[str, Any]], texts: Texts) -> str:
    """Where most and where fewest are found, among groups that are large enough."""
    large = sorted(
        (one for one in groups if not one["small"]), key=lambda one: (one["recall"], one["label"])
    )
    if len(large) < 2:
        return texts("finding.one_group")
    least, most = large[0], large[-1]
    return texts(
        "finding.groups",
        most=most["label"],
        high=texts.share(most["recall"]),
        least=least["label"],
        low=texts.share(least["recall"]),
    )


def scores_finding(served: Sequence[Prediction], texts: Texts) -> str:
    """How many of the predictions are on the side of concern of the newest cut-off."""
    newest = max(served, key=lambda one: one.created_at)
    flagged = sum(newest.scale.reached(one.risk_score, newest.threshold) for one in served)
    share = texts.share(flagged / len(served))
    return texts("finding.flagged", n=flagged, of=len(served), share=share)


def days_finding(served: Sequence[Prediction], texts: Texts) -> str:
    """How many predictions there were on the busiest day."""
    days = Counter(texts.local(one.created_at).date() for one in served)
    day, most = max(days.items(), key=lambda one: (one[1], one[0]))
    return texts("finding.days", n=most, day=texts.day(day), total=len(served))


def hours_finding(hours: Sequence[HourStatistics], texts: Texts) -> str:
    """How many predictions there were in the busiest hour."""
    total, most = sum(hour.count for hour in hours), max(hour.count for hour in hours)
    return texts("finding.hours", n=total, hours=len(hours), most=most)
