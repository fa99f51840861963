"""Columns compared with the reference profile, and which of them drifted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drift.benjamini_hochberg import adjust
from drift.contract import DriftResult, DriftTest
from drift.policy import DriftPolicy
from model.profile import (
    CATEGORY,
    NUMERIC,
    RECENT_GRID,
    SCORE,
    CategoryProfile,
    ColumnProfile,
    profile_column,
)
from model.student import Features, Value


@dataclass(frozen=True, slots=True)
class Finding:
    """A result before it is known how many others were looked at."""

    feature: str
    test: DriftTest
    result: DriftResult
    reference: ColumnProfile
    current: ColumnProfile


def profile_now(
    reference: Mapping[str, ColumnProfile],
    records: Sequence[Features],
    scores: NDArray[np.float64],
) -> dict[str, ColumnProfile]:
    """The recent profile of every column the reference knows, exact where the reference is."""
    recent = {
        name: _recent(name, [record.get(name) for record in records], column)
        for name, column in reference.items()
        if name != SCORE
    }
    if scores.size and SCORE in reference:
        recent[SCORE] = _recent(SCORE, scores.tolist(), reference[SCORE])
    return recent


def unknown_to(reference: Mapping[str, ColumnProfile], records: Sequence[Features]) -> list[str]:
    """Names that records give and the reference lacks."""
    return sorted({name for record in records for name in record} - reference.keys())


def _recent(name: str, values: Sequence[Value | None], reference: ColumnProfile) -> ColumnProfile:
    if isinstance(reference, CategoryProfile):
        return profile_column(name, values, CATEGORY)
    return profile_column(name, values, NUMERIC, grid=RECENT_GRID, exact_at=reference.values)


def findings_of(
    reference: Mapping[str, ColumnProfile],
    recent: Mapping[str, ColumnProfile],
    policy: DriftPolicy,
    seed: int,
) -> Iterator[Finding]:
    """What the policy's tests find in each recent column, where the records can answer."""
    for name, column in recent.items():
        for test in policy.tests_of(column):
            result = test.run(reference[name], column, seed)
            if result.enough:
                yield Finding(name, test, result, reference[name], column)


def q_values(findings: Sequence[Finding]) -> Iterator[float | None]:
    """The q-value of each; a test that only measures has none and is none of those corrected."""
    adjusted = iter(adjust([p for f in findings if (p := f.result.p_value) is not None]))
    for finding in findings:
        yield None if finding.result.p_value is None else next(adjusted)


def drifted(finding: Finding, q_value: float | None, policy: DriftPolicy) -> bool:
    """Whether the difference is significant and large."""
    large = finding.result.effect >= policy.limit_of(finding.test)
    return q_value is not None and q_value <= policy.alpha and large
