"""The same comparison for each unit (school) of the cohort, corrected for all of them together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drift.findings import Finding, drifted, findings_of, profile_now, q_values
from drift.policy import DriftPolicy
from model.profile import ColumnProfile, read_profile
from model.student import Features
from model.units.disclosure import showable
from model.units.drifted import DriftByUnit, UnitDrift
from model.units.figures import counted
from model.units.named import UnitNames, listed, name_of
from model.units.tested import JudgedUnits

MOST_COMPARED = 200
"""Units compared, the largest first; `docs/drift.md` says how long so many take."""

MOST_LISTED = 100


@dataclass(frozen=True, slots=True)
class UnitCohort:
    """The units of a cohort of n records.

    Attributes:
        column: the task's unit column.
        of_records: shape (n,), the unit of each record, folded; "" where unknown.
        names: units as schools write them.
        labelled: units with any label.
        outcomes: the champion on labels it was not trained on, by unit.
        needed: fewest records of a unit that is compared.
    """

    column: str
    of_records: NDArray[np.str_]
    names: Mapping[str, str]
    labelled: frozenset[str]
    outcomes: JudgedUnits
    needed: int


def drift_by_unit(
    cohort: UnitCohort,
    profile: Mapping[str, Any],
    records: Sequence[Features],
    scores: NDArray[np.float64],
    policy: DriftPolicy,
    seed: int,
) -> DriftByUnit:
    """Compares each unit's records with the training profile of all units.

    Args:
        cohort: whose records they are.
        profile: the champion's, as `model.profile.build_profile` wrote it.
        records: n recent records.
        scores: shape (n,), the champion's scores of them, or empty.
        policy: which tests run, and what counts as drift.
        seed: of the tests that draw.
    """
    counts = counted(cohort.of_records)
    known = sorted(counts.keys() - {""}, key=lambda unit: (-counts[unit], unit))
    compared = [unit for unit in known if counts[unit] >= cohort.needed][:MOST_COMPARED]
    found = _features(cohort, compared, read_profile(profile), records, scores, policy, seed)
    shown = showable({unit: (n,) for unit, n in counts.items()})
    rows = [
        UnitDrift(
            unit=name_of(unit, cohort.names),
            records=counts[unit] if unit in shown else None,
            features=found.get(unit),
            outcomes=cohort.outcomes.shown.get(unit),
        )
        for unit in known
    ]
    told = [row for row in rows if row.features is not None or row.outcomes]
    told.sort(key=lambda row: (-len(row.features or ()), -(row.records or 0), row.unit))
    unknown = counts.get("", 0)
    return DriftByUnit(
        column=cohort.column,
        needed=cohort.needed,
        compared=len(compared),
        units=tuple(told[:MOST_LISTED]),
        more=max(0, len(told) - MOST_LISTED),
        too_small=_names(cohort, [u for u in known if counts[u] < cohort.needed]),
        unlabelled=_names(cohort, [u for u in known if u not in cohort.labelled]),
        unknown=unknown if not unknown or "" in shown else None,
    )


def _features(
    cohort: UnitCohort,
    compared: Sequence[str],
    reference: Mapping[str, ColumnProfile],
    records: Sequence[Features],
    scores: NDArray[np.float64],
    policy: DriftPolicy,
    seed: int,
) -> dict[str, tuple[str, ...]]:
    """Unit to the features that drifted there, one correction over all units and features."""
    findings: list[tuple[str, Finding]] = []
    for unit in compared:
        places = np.flatnonzero(cohort.of_records == unit).tolist()
        now = profile_now(
            reference, [records[i] for i in places], scores[places] if scores.size else scores
        )
        findings += [(unit, one) for one in findings_of(reference, now, policy, seed)]
    found: dict[str, dict[str, None]] = {unit: {} for unit in compared}
    q_of = q_values([one for _, one in findings])
    for (unit, one), q_value in zip(findings, q_of, strict=True):
        if drifted(one, q_value, policy):
            found[unit][one.feature] = None
    return {unit: tuple(features) for unit, features in found.items()}


def _names(cohort: UnitCohort, units: Sequence[str]) -> UnitNames:
    return listed(name_of(unit, cohort.names) for unit in units)
