"""From the profiles that a report compared to what its page draws."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import numpy as np

from drift.contract import Said
from drift.naming.at_risk_now import AT_RISK_NOW
from drift.page.bars import bars_of
from drift.page.task_words import TaskWords
from model.profile import SCORE, CategoryProfile, ColumnProfile, NumericProfile
from model.watch.picture import DriftPicture, FeaturePicture

MOST_FEATURES = 300
"""Columns drawn; a document of the registry is bounded."""

QUARTERS = (0.25, 0.5, 0.75)
SCORES = Said("The model's risk score.", "Nota de risco do modelo.")
PRESENT = Said("At risk already.", "Em risco já agora.")
UNKNOWN = Said("", "")


def picture_of(
    reference: Mapping[str, ColumnProfile],
    recent: Mapping[str, ColumnProfile],
    words: TaskWords,
    *,
    report_id: str,
    now: datetime,
    compared_with: str = "",
) -> DriftPicture:
    """What the page of a report shows of the profiles that it compared.

    Args:
        reference: by column.
        recent: of columns that the reference has.
        words: the task's.
        report_id: the report's.
        now: aware UTC.
        compared_with: name of the file that the reference is; empty for the champion's profile.
    """
    both = {name: (reference[name], column) for name, column in recent.items()}
    scores = both.get(SCORE) if words.probabilities else None
    return DriftPicture(
        report_id=report_id,
        at=now,
        title=words.title.en,
        title_pt=words.title.pt,
        rows_then=max((column.rows for column in reference.values()), default=0),
        features=tuple(
            feature_picture(name, *columns, words.features.get(name, _known(name)))
            for name, columns in list(both.items())[:MOST_FEATURES]
        ),
        reference=compared_with,
        expected_then=scores and _mean(scores[0]),
        expected_now=scores and _mean(scores[1]),
    )


def feature_picture(
    name: str, reference: ColumnProfile, current: ColumnProfile, said: Said
) -> FeaturePicture:
    """One column before and now."""
    bars = bars_of(reference, current)
    return FeaturePicture(
        feature=name,
        description=said.en,
        description_pt=said.pt or said.en,
        labels=bars.labels,
        values=bars.values,
        edges=bars.edges,
        then=bars.then,
        now=bars.now,
        others=bars.others,
        quartiles_then=_quartiles(reference),
        quartiles_now=_quartiles(current),
        known_then=reference.present,
        known_now=current.present,
        missing_then=_missing(reference),
        missing_now=_missing(current),
    )


def _known(name: str) -> Said:
    return {SCORE: SCORES, AT_RISK_NOW: PRESENT}.get(name, UNKNOWN)


def _missing(column: ColumnProfile) -> float:
    return column.missing / column.rows if column.rows else 0.0


def _quartiles(column: ColumnProfile) -> tuple[float, ...]:
    if isinstance(column, CategoryProfile) or not column.values:
        return ()
    return tuple(column.quantile(share) for share in QUARTERS)


def _mean(column: ColumnProfile) -> float | None:
    """The mean of a number; values that were not kept count as halfway between those that were."""
    if not isinstance(column, NumericProfile) or not column.values:
        return None
    values, below = np.asarray(column.values), np.asarray(column.below)
    upto = np.asarray(column.upto)
    between = below - np.concatenate([[0], upto[:-1]])
    middle = (values + np.concatenate([values[:1], values[:-1]])) / 2
    return float((values @ (upto - below) + middle @ between) / column.present)
