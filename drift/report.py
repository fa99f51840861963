"""One drift report: every column compared, corrected for how many were looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drift.contract import LEAST_VALUES
from drift.findings import Finding, drifted, findings_of, profile_now, q_values, unknown_to
from drift.missingness import Missingness
from drift.naming.at_risk_now import PresentState, at_risk_now
from drift.naming.missing import missing_where
from drift.naming.values import changed_values
from drift.performance import estimated_performance
from drift.policy import DriftPolicy
from drift.psi import psi
from model.drift import DriftReport, FeatureDrift, LeftOut
from model.errors import NotEnoughData
from model.profile import SCORE, ColumnProfile, read_profile
from model.student import Features
from model.watch.changes import NamedChanges

FEW_ROWS = 100


def drift_report(
    profile: Mapping[str, Any],
    records: Sequence[Features],
    scores: NDArray[np.float64],
    *,
    report_id: str,
    now: datetime,
    model_version: str,
    periods: Sequence[str],
    policy: DriftPolicy,
    seed: int,
    threshold: float | NDArray[np.float64] | None = None,
    realised: Mapping[str, float] | None = None,
    notes: Sequence[str] = (),
    left_out: Sequence[LeftOut] = (),
    present: PresentState | None = None,
    against: str = "",
) -> DriftReport:
    """Compares recent records with a profile: the champion's training data, or what is named.

    Args:
        profile: what `model.profile.build_profile` wrote at training time.
        records: n recent records, one a student.
        scores: shape (n,), the champion's scores of them, or empty where there are none.
        report_id: the report's id.
        now: aware UTC.
        model_version: whose profile it is.
        periods: the periods the records come from.
        policy: which tests run, and what counts as drift.
        seed: of the tests that draw.
        threshold: the operating threshold of calibrated scores, or each record's own, shape (n,);
            None gives no estimate.
        realised: metrics on outcomes that came in, empty before they do.
        notes: sentences on how the records were chosen.
        left_out: records that were counted and are not among these.
        present: how the task tells who is at risk now; then that is compared too.
        against: what the profile is of, where it is not the champion's training data.

    Raises:
        NotEnoughData: no records.
        InvalidRecord: text where a number belongs.
    """
    if not records:
        raise NotEnoughData("there are no recent records to compare with the training data")
    reference = read_profile(profile)
    return report_of_profiles(
        reference,
        profile_now(reference, records, scores),
        rows=len(records),
        report_id=report_id,
        now=now,
        model_version=model_version,
        periods=periods,
        policy=policy,
        seed=seed,
        realised=realised,
        estimated=(
            estimated_performance(scores, threshold)
            if threshold is not None and scores.size
            else None
        ),
        notes=notes,
        left_out=left_out,
        present=present,
        against=against,
        records=records,
    )


def report_of_profiles(
    reference: Mapping[str, ColumnProfile],
    recent: Mapping[str, ColumnProfile],
    *,
    rows: int,
    report_id: str,
    now: datetime,
    model_version: str,
    periods: Sequence[str],
    policy: DriftPolicy,
    seed: int,
    realised: Mapping[str, float] | None = None,
    estimated: Mapping[str, float] | None = None,
    notes: Sequence[str] = (),
    left_out: Sequence[LeftOut] = (),
    present: PresentState | None = None,
    against: str = "",
    records: Sequence[Features] = (),
) -> DriftReport:
    """Compares two sets of profiles, whoever made them, column by column.

    Args:
        reference: by column.
        recent: of columns that the reference has, exact where it keeps a value
            (`NumericPart.profile` with `exact_at`).
        rows: recent records.
        report_id: the report's id.
        now: aware UTC.
        model_version: whose profile the reference is.
        periods: the periods the recent records come from.
        policy: which tests run, and what counts as drift.
        seed: of the tests that draw.
        realised: metrics on outcomes that came in, empty before they do.
        estimated: metrics expected before outcomes come.
        notes: sentences on how the records were chosen.
        left_out: records that were counted and are not among these.
        present: how the task tells who is at risk now; then that is compared too.
        against: what the reference is of, where it is not the champion's training data.
        records: the recent records, where they are at hand; where something is missing is told of
            them alone.
    """
    notes = (*notes, *_notes(reference, recent, rows, unknown_to(reference, records)))
    reference, recent = with_state(present, reference), with_state(present, recent)
    features = compared_profiles(reference, recent, policy, seed)
    values = changed_values(reference, recent)
    return DriftReport(
        report_id=report_id,
        at=now,
        model_version=model_version,
        rows=rows,
        periods=tuple(periods),
        features=features,
        drifted=any(row.drifted for row in features),
        realised=dict(realised or {}),
        estimated=dict(estimated or {}),
        notes=notes,
        left_out=tuple(left_out),
        named=NamedChanges(
            values=values,
            missing=missing_where(set(_missing_more(features)), values, recent, records),
            at_risk=at_risk_now(reference, recent) if present is not None else None,
        ),
        against=against,
    )


def with_state(
    present: PresentState | None, columns: Mapping[str, ColumnProfile]
) -> Mapping[str, ColumnProfile]:
    """The profiles with that of who is at risk now, where the task tells it."""
    return columns if present is None else present.added_to(columns)


def compared_profiles(
    reference: Mapping[str, ColumnProfile],
    recent: Mapping[str, ColumnProfile],
    policy: DriftPolicy,
    seed: int,
) -> tuple[FeatureDrift, ...]:
    """One row per test and recent column, corrected for all of them."""
    findings = list(findings_of(reference, recent, policy, seed))
    return tuple(
        _row(finding, q, policy) for finding, q in zip(findings, q_values(findings), strict=True)
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


def _row(finding: Finding, q_value: float | None, policy: DriftPolicy) -> FeatureDrift:
    result, test = finding.result, finding.test
    return FeatureDrift(
        feature=finding.feature,
        test=test.about.name,
        statistic=result.statistic,
        p_value=result.p_value,
        q_value=q_value,
        effect=result.effect,
        effect_limit=policy.limit_of(test),
        psi=psi(test.bins(finding.reference, finding.current)),
        drifted=drifted(finding, q_value, policy),
        missing=finding.current.missing / finding.current.rows,
        reference_missing=finding.reference.missing / finding.reference.rows,
        unseen=result.unseen,
    )


def _missing_more(rows: Sequence[FeatureDrift]) -> Iterator[str]:
    """The features of which more is missing than was, beyond chance and by much."""
    for row in rows:
        more = row.missing > row.reference_missing
        if row.test == Missingness.about.name and row.drifted and more:
            yield row.feature


def _notes(
    reference: Mapping[str, ColumnProfile],
    recent: Mapping[str, ColumnProfile],
    rows: int,
    unknown: Sequence[str],
) -> Iterator[str]:
    """What a reader should know before believing the figures."""
    if rows < FEW_ROWS:
        yield f"only {rows} records: nothing but a large shift can be told from chance"
    for name, column in recent.items():
        then, now = reference[name].present, column.present
        if min(then, now) < LEAST_VALUES:
            yield f"{name}: values not compared, {then} known in training and {now} now"
    if SCORE in reference and SCORE not in recent:
        yield "the scores were not compared: none were given"
    if unknown:
        yield f"not in the training profile and not compared: {', '.join(unknown)}"
