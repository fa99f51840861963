"""What moved since the champion was trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from model.units.drifted import DriftByUnit
from model.watch.changes import NamedChanges


class Unjudged(StrEnum):
    """Why records were not compared."""

    FUTURE = "future"
    FEW = "few"
    UNFILED = "unfiled"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Records of one period that were counted and not compared, try-out calls say.

    Attributes:
        records: distinct students.
        reason: a future period, fewer than make a cohort, or predictions for students whom the
            period's school files do not hold.
        needed: how many would have been compared; 0 where the number is not the reason.
    """

    period: str
    records: int
    reason: Unjudged
    needed: int = 0


@dataclass(frozen=True, slots=True)
class FeatureDrift:
    """One feature (or the score) compared with the reference profile.

    Attributes:
        feature: canonical name, or `risk_score`.
        test: its name in `drift.catalogue`.
        statistic: the test's statistic.
        p_value: unadjusted; None where the test only measures.
        q_value: adjusted over the report's tests (Benjamini-Hochberg).
        effect: effect size; the test says which.
        effect_limit: from which effect on it counts as large.
        psi: population stability index.
        drifted: significant *and* large.
        missing: share missing now.
        reference_missing: share missing when the champion was trained.
        unseen: categories that the champion never saw.
    """

    feature: str
    test: str
    statistic: float
    p_value: float | None
    q_value: float | None
    effect: float
    effect_limit: float
    psi: float
    drifted: bool
    missing: float
    reference_missing: float
    unseen: tuple[str, ...] = ()

    @property
    def times_limit(self) -> float:
        """The effect as a multiple of its limit: from 1 on it is large."""
        return self.effect / self.effect_limit


@dataclass(frozen=True, slots=True)
class DriftReport:
    """One comparison of recent records with the champion's training profile.

    Attributes:
        rows: recent records compared.
        drifted: whether anything drifted.
        compared: False where no period held a cohort: then nothing was judged, neither way.
        left_out: records that were not compared.
        realised: metrics on labels that came in for these records, empty before they do.
        estimated: metrics estimated from calibrated scores, before labels come.
        by_unit: the same for each unit (school); None where the task has none, and in reports of
            before it was looked at.
        named: values that came or went, where something is missing, who is at risk now; None in
            reports of before these were looked at.
        against: what the records were compared with; empty is the champion's training data.
        digest: of the compared records and of how they were compared; empty where alarms do not
            follow from the report.
        whole: the records are those of school files with as many students as a cohort usually has.
    """

    report_id: str
    at: datetime
    model_version: str
    rows: int
    periods: tuple[str, ...]
    features: tuple[FeatureDrift, ...]
    drifted: bool
    realised: Mapping[str, float] = field(default_factory=dict)
    estimated: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    compared: bool = True
    left_out: tuple[LeftOut, ...] = ()
    by_unit: DriftByUnit | None = None
    named: NamedChanges | None = None
    against: str = ""
    digest: str = ""
    whole: bool = False

    @property
    def drifted_features(self) -> tuple[str, ...]:
        """The features that drifted, each once however many of its tests say so."""
        return tuple(dict.fromkeys(row.feature for row in self.features if row.drifted))

    @property
    def by_strength(self) -> list[FeatureDrift]:
        """Drifted rows first, then by how many times their limit the effect is."""
        return sorted(self.features, key=lambda row: (not row.drifted, -row.times_limit))
