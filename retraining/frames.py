"""What Farol keeps, as pandas tables for whoever works in a notebook.

Nothing that serves, ingests or trains imports this module: see docs/decisions/0004.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Literal

import pandas as pd

from model.drift import DriftReport
from model.version import ModelVersion
from preprocessing.dataset import TrainingSet


def training_set_frame(data: TrainingSet) -> pd.DataFrame:
    """A training set, one row per labelled record.

    Returns:
        Index (`student`, `period`); a column per feature under its canonical name, one named
        `protected.<attribute>` per protected attribute (None where unknown), and `outcome`.
    """
    index = pd.MultiIndex.from_arrays([data.students, data.periods], names=["student", "period"])
    frame = pd.DataFrame(list(data.records), index=index)
    for attribute, groups in data.protected.items():
        frame[f"protected.{attribute}"] = [str(group) or None for group in groups]
    return frame.assign(outcome=data.outcome)


def evidence_frame(
    evidence: Mapping[str, Any], part: Literal["gains", "groups", "baselines"] = "gains"
) -> pd.DataFrame:
    """One part of the evidence of a promotion.

    Args:
        evidence: as the ledger keeps it (`Promotion.evidence`), or `Evidence.to_mapping()`.
        part: `gains` has one row per metric, `groups` one per protected group, `baselines` one
            per rule that needs no model.

    Returns:
        Indexed by metric, by (attribute, group) or by name; empty where nothing was compared.
    """
    keys = {"gains": ["metric"], "groups": ["attribute", "group"], "baselines": ["name"]}[part]
    return _indexed(evidence.get(part, ()), keys)


def drift_report_frame(report: DriftReport) -> pd.DataFrame:
    """A drift report, one row per feature and test, as `model.drift.FeatureDrift` names them."""
    return _indexed(map(asdict, report.features), ["feature", "test"])


def history_frame(versions: Iterable[ModelVersion]) -> pd.DataFrame:
    """Registered versions, oldest first, one row each.

    Returns:
        Indexed by version: `created_at`, `family`, `rows` of the training window, `parent` (the
        champion at the time), and one column per metric; a metric that a version lacks is NaN.
    """
    rows = (
        {
            "version": one.version,
            "created_at": one.created_at,
            "family": one.family,
            "rows": one.window.rows,
            "parent": one.lineage.parent,
            **one.metrics,
        }
        for one in sorted(versions, key=lambda one: one.number)
    )
    return _indexed(rows, ["version"])


def _indexed(rows: Iterable[Mapping[str, Any]], keys: list[str]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows))
    return frame if frame.empty else frame.set_index(keys)
