"""A version's figures as table rows: pure."""

from __future__ import annotations

from typing import Any

from dashboard.reading.shares import share_told
from dashboard.texts import Texts
from model.dropped import DroppedStudy
from model.prediction import Scale
from model.version import ModelVersion

COUNTS = frozenset({"n", "positives", "new_positives"})


def metric_rows(version: ModelVersion, texts: Texts) -> list[dict[str, Any]]:
    """One table row a metric."""
    return [
        {
            texts("versions.metric"): texts.or_name(f"metric.{name}", name.replace("_", " ")),
            texts("versions.figure"): texts.count(round(value))
            if name in COUNTS
            else texts.number(value, 3),
        }
        for name, value in version.metrics.items()
    ]


def status_rows(version: ModelVersion, texts: Texts) -> list[dict[str, Any]]:
    """One table row a status: whom it meant among the judged records, and how many of them ended
    up at risk (or their mean outcome)."""
    risk = version.thresholds.scale is Scale.RISK
    return [
        {
            texts("versions.status"): texts(f"status.{found.status}"),
            texts("versions.records"): str(found.students),
            texts("versions.status_risk" if risk else "versions.status_mean"): (
                share_told(found.at_risk, texts) if risk else texts.number(found.mean, 2)
            ),
        }
        for found in version.statuses
    ]


def dropped_rows(study: DroppedStudy, risk: bool, texts: Texts) -> list[dict[str, Any]]:
    """One table row per column that was left out.

    Args:
        study: of a version.
        risk: whether its scores are risks, so that what is lost are students found.
        texts: of the reader's language.
    """
    scale, digits = (100, 1) if risk else (1, 3)
    return [
        {
            texts("versions.dropped_feature"): ", ".join(texts.column(f) for f in found.features),
            texts("versions.dropped_recall" if risk else "versions.dropped_error"): (
                texts.number(found.brings * scale, digits)
            ),
            texts("versions.dropped_deviation"): texts.number(found.error * scale, digits),
        }
        for found in study.dropped
    ]


def target_rows(version: ModelVersion, texts: Texts) -> list[dict[str, Any]]:
    """One table row per share to be found: how many to look at, and how many of them are right."""
    return [
        {
            texts("versions.to_find"): texts.share(one.target),
            texts("versions.look_at"): str(one.students),
            texts("metric.precision"): share_told(one.precision, texts),
            texts("metric.new_recall"): _share(one.new_recall, texts),
        }
        for one in version.recall_targets
    ]


def at_k_rows(version: ModelVersion, texts: Texts) -> list[dict[str, Any]]:
    """One table row per number of students looked at."""
    return [
        {
            texts("versions.look_at"): str(one.k),
            texts("metric.precision"): texts.share(one.precision),
            texts("metric.recall"): texts.share(one.recall),
            texts("metric.new_recall"): _share(one.new_recall, texts),
        }
        for one in version.at_k
    ]


def report_rows(version: ModelVersion, texts: Texts) -> list[dict[str, Any]]:
    """One table row per class, then their means."""
    return [
        {
            texts("versions.class"): texts(f"class.{one.name}"),
            texts("metric.precision"): texts.number(one.precision, 3),
            texts("metric.recall"): texts.number(one.recall, 3),
            "F1": texts.number(one.f1, 3),
            texts("versions.records"): str(one.support),
        }
        for one in version.report
    ]


def _share(value: float | None, texts: Texts) -> str:
    return "" if value is None else texts.share(value)


def leakage_lines(version: ModelVersion, texts: Texts) -> list[str]:
    """The features that the task accepts against the guard, with what was measured."""
    check = version.leakage
    if check is None:
        told = version.lineage.leakage_override
        return [told or texts("versions.leakage_unknown")]
    if not check.accepted:
        return [texts("versions.leakage_none")]
    return [
        "- "
        + (
            texts(
                "versions.accepted",
                feature=feature,
                figure=texts.number(check.alone[feature], 3),
                metric=check.metric.upper(),
                reason=reason,
            )
            if feature in check.alone
            else texts("versions.accepted_unmeasured", feature=feature, reason=reason)
        )
        for feature, reason in sorted(check.accepted.items())
    ]
