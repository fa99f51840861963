"""One drift report: every column compared, corrected for how many were looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drift.benjamini_hochberg import adjust
from drift.chi_square import ChiSquare
from drift.contract import LEAST_VALUES, DriftTest, P, Shift
from drift.ks import KolmogorovSmirnov
from drift.missingness import Missingness
from drift.new_categories import NewCategories, unseen_counts
from drift.performance import estimated_performance
from drift.psi import missing_psi, psi, unseen_psi
from model.drift import DriftReport, FeatureDrift, LeftOut
from model.errors import NotEnoughData
from model.profile import (
    CATEGORY,
    NUMERIC,
    SCORE,
    CategoryProfile,
    ColumnProfile,
    NumericProfile,
    profile_column,
    read_profile,
)
from model.student import Features

FEW_ROWS = 100


@dataclass(frozen=True, slots=True)
class DriftPolicy:
    """When a column counts as drifted: `q_value <= alpha` and the effect at its test's limit."""

    alpha: float = 0.05
    numeric: DriftTest[NumericProfile] = field(default_factory=KolmogorovSmirnov)
    category: DriftTest[CategoryProfile] = field(default_factory=ChiSquare)
    new_categories: DriftTest[CategoryProfile] = field(default_factory=NewCategories)
    missing: DriftTest[ColumnProfile] = field(default_factory=Missingness)

    @property
    def titles(self) -> dict[str, str]:
        """Every test's name to its title."""
        tests = (self.numeric, self.category, self.new_categories, self.missing)
        return {test.name: test.title for test in tests}


@dataclass(frozen=True, slots=True)
class _Finding:
    """A shift before it is known how many others were looked at."""

    feature: str
    test: str
    limit: float
    shift: Shift
    psi: float
    reference: ColumnProfile
    recent: ColumnProfile
    unseen: tuple[str, ...] = ()


def drift_report(
    profile: Mapping[str, Any],
    records: Sequence[Features],
    scores: NDArray[np.float64],
    *,
    report_id: str,
    now: datetime,
    model_version: str,
    periods: Sequence[str],
    threshold: float | None = None,
    realised: Mapping[str, float] | None = None,
    notes: Sequence[str] = (),
    left_out: Sequence[LeftOut] = (),
    policy: DriftPolicy | None = None,
) -> DriftReport:
    """Compares recent records with the champion's training profile.

    Args:
        profile: what `model.profile.build_profile` wrote at training time.
        records: n recent records, one a student.
        scores: shape (n,), the champion's scores of them, or empty where there are none.
        report_id: the report's id.
        now: aware UTC.
        model_version: whose profile it is.
        periods: the periods the records come from.
        threshold: the operating threshold of calibrated scores; None gives no estimate.
        realised: metrics on outcomes that came in, empty before they do.
        notes: sentences on how the records were chosen.
        left_out: records that were counted and are not among these.
        policy: what counts as drift.

    Raises:
        NotEnoughData: no records.
        InvalidRecord: text where a number belongs.
    """
    if not records:
        raise NotEnoughData("there are no recent records to compare with the training data")
    policy = policy or DriftPolicy()
    reference = read_profile(profile)
    recent = _profile_now(reference, records, scores)
    findings = [
        finding
        for name, column in recent.items()
        for finding in _compare(name, reference[name], column, policy)
    ]
    q_values = adjust([finding.shift.p_value for finding in findings])
    features = tuple(
        _row(finding, q, policy.alpha) for finding, q in zip(findings, q_values, strict=True)
    )
    return DriftReport(
        report_id=report_id,
        at=now,
        model_version=model_version,
        rows=len(records),
        periods=tuple(periods),
        features=features,
        drifted=any(row.drifted for row in features),
        realised=dict(realised or {}),
        estimated=(
            estimated_performance(scores, threshold)
            if threshold is not None and scores.size
            else {}
        ),
        notes=(*notes, *_notes(reference, recent, records)),
        left_out=tuple(left_out),
    )


def nothing_compared(
    *, report_id: str, now: datetime, model_version: str, left_out: Sequence[LeftOut]
) -> DriftReport:
    """The report of a check that found no cohort to judge: neither drift nor its absence."""
    return DriftReport(
        report_id=report_id,
        at=now,
        model_version=model_version,
        rows=0,
        periods=(),
        features=(),
        drifted=False,
        compared=False,
        left_out=tuple(left_out),
    )


def _profile_now(
    reference: Mapping[str, ColumnProfile],
    records: Sequence[Features],
    scores: NDArray[np.float64],
) -> dict[str, ColumnProfile]:
    """The recent profile of every column the reference knows, all values kept."""
    recent = {
        name: profile_column(
            name,
            [record.get(name) for record in records],
            CATEGORY if isinstance(column, CategoryProfile) else NUMERIC,
        )
        for name, column in reference.items()
        if name != SCORE
    }
    if scores.size and SCORE in reference:
        recent[SCORE] = profile_column(SCORE, scores.tolist(), NUMERIC)
    return recent


def _compare(
    name: str, reference: ColumnProfile, recent: ColumnProfile, policy: DriftPolicy
) -> Iterator[_Finding]:
    """The column's findings: its values if both sides have some, and what is missing if any is."""
    if min(reference.present, recent.present) >= LEAST_VALUES:
        yield from _compare_values(name, reference, recent, policy)
    if reference.missing or recent.missing:
        yield _found(name, policy.missing, reference, recent, missing_psi(reference, recent))


def _compare_values(
    name: str, reference: ColumnProfile, recent: ColumnProfile, policy: DriftPolicy
) -> Iterator[_Finding]:
    index = psi(reference, recent)
    if isinstance(reference, CategoryProfile) and isinstance(recent, CategoryProfile):
        yield _found(name, policy.category, reference, recent, index)
        # Tested also where nothing is new: which tests are made must not depend on their result.
        new = _found(name, policy.new_categories, reference, recent, unseen_psi(reference, recent))
        yield replace(new, unseen=tuple(c for c, _ in unseen_counts(reference, recent)))
    elif isinstance(reference, NumericProfile) and isinstance(recent, NumericProfile):
        yield _found(name, policy.numeric, reference, recent, index)


def _found(name: str, test: DriftTest[P], reference: P, recent: P, index: float) -> _Finding:
    shift = test.compare(reference, recent)
    return _Finding(name, test.name, test.limit, shift, index, reference, recent)


def _row(finding: _Finding, q_value: float, alpha: float) -> FeatureDrift:
    shift = finding.shift
    return FeatureDrift(
        feature=finding.feature,
        test=finding.test,
        statistic=shift.statistic,
        p_value=shift.p_value,
        q_value=q_value,
        effect=shift.effect,
        effect_limit=finding.limit,
        psi=finding.psi,
        drifted=q_value <= alpha and shift.effect >= finding.limit,
        missing=finding.recent.missing / finding.recent.rows,
        reference_missing=finding.reference.missing / finding.reference.rows,
        unseen=finding.unseen,
    )


def _notes(
    reference: Mapping[str, ColumnProfile],
    recent: Mapping[str, ColumnProfile],
    records: Sequence[Features],
) -> Iterator[str]:
    """What a reader should know before believing the figures."""
    if len(records) < FEW_ROWS:
        yield f"only {len(records)} records: nothing but a large shift can be told from chance"
    for name, column in recent.items():
        then, now = reference[name].present, column.present
        if min(then, now) < LEAST_VALUES:
            yield f"{name}: values not compared, {then} known in training and {now} now"
    if SCORE in reference and SCORE not in recent:
        yield "the scores were not compared: none were given"
    unknown = sorted({name for record in records for name in record} - reference.keys())
    if unknown:
        yield f"not in the training profile and not compared: {', '.join(unknown)}"
