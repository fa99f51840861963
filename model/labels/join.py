"""The join of outcomes with features, as a decision about facts.

A label is a pure function of a *set* of facts: the outcomes reported for one student and period,
the predictions served for it, and the school's observation of it. Sets have no order, so whatever
arrives late, twice or after a crash ends in the same label.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from model import horizon
from model.label import Correction, JoinStatus, Label, OrphanLabel
from model.labels.facts import DatedFeatures, JoinDecision, Known, Report
from model.labels.units import candidates, visible_to
from model.student import Observation


def join(report: Report, known: Known) -> JoinDecision:
    """What a further report does to what it may see of what is known already."""
    seen = visible_to(report.unit, known)
    before = view(seen, report.unit)
    reported = with_report(seen, report)
    if before is None:
        return join_of_first(standing(reported))
    after = view(reported, report.unit)
    if after is None or _values(before) == _values(after):
        return JoinDecision(JoinStatus.DUPLICATE, "reported before with the same value")
    if before.outcome == after.outcome:
        return JoinDecision(JoinStatus.CORRECTED, "kept in the history; a later report stands")
    return JoinDecision(JoinStatus.CORRECTED, f"was {before.outcome:g}, is {after.outcome:g}")


def join_of_first(facts: Known | None) -> JoinDecision:
    """What the first report does, where it makes `facts` stand; None where it makes no label."""
    if facts is None:
        return JoinDecision(JoinStatus.ORPHANED, "its features are not here yet")
    return JoinDecision(JoinStatus.JOINED, "joined to the features known when predicting")


def with_report(known: Known, report: Report) -> Known:
    """The same facts and one more report."""
    return replace(known, reports=(*known.reports, report))


def view(known: Known, unit: str = "") -> Label | OrphanLabel | None:
    """The label that the facts make: joined, an orphan without features, or None without reports.

    The report that arrived last stands; those before it, where the value changed, are its history.

    Args:
        known: the facts.
        unit: whose reports make the orphan where no label is made.
    """
    return made_of(known, standing(known), unit) if known.reports else None


def made_of(known: Known, facts: Known | None, unit: str = "") -> Label | OrphanLabel | None:
    """What `view` gives, where `standing(known)` is at hand as `facts`."""
    return _orphan(known, unit) if facts is None else _label(facts, known.observation)


def standing(known: Known) -> Known | None:
    """The facts that make the label, all of one unit; None where no report meets features."""
    for facts in candidates(known):
        if facts.reports and evidence_of(facts) is not None:
            return facts
    return None


def orphans(known: Known, facts: Known | None) -> tuple[OrphanLabel, ...]:
    """What waits for features, by the unit it waits within: the reports that make no label.

    Args:
        known: all facts.
        facts: those that make the label, `standing(known)`.
    """
    joined = set() if facts is None else {facts.unit, ""}
    waiting = sorted({report.unit for report in known.reports} - joined)
    return tuple(orphan for unit in waiting if (orphan := _orphan(known, unit)) is not None)


def _orphan(known: Known, unit: str) -> OrphanLabel | None:
    reports = [report for report in known.reports if report.unit == unit]
    if not reports:
        return None
    stands = _standing(reports)
    current = stands[-1]
    return OrphanLabel(
        student_id=known.student_id,
        period=known.period,
        outcome=current.value,
        observed_at=current.observed_at,
        arrived_at=current.arrived_at,
        source=current.source,
        history=tuple(_correction(r, r.arrived_at) for r in stands[:-1]),
        unit=unit,
    )


def _label(known: Known, observation: Observation | None) -> Label | None:
    """The label of one unit's facts; fairness is checked by the observation, whatever its unit."""
    evidence = evidence_of(known)
    if evidence is None:
        return None
    stands = _standing(known.reports)
    current = stands[-1]
    observed = known.observation.units if known.observation else {}
    return Label(
        student_id=known.student_id,
        period=known.period,
        features=evidence.features,
        outcome=current.value,
        observed_at=current.observed_at,
        arrived_at=max(current.arrived_at, evidence.known_at),
        protected=observation.protected if observation else {},
        source=current.source,
        prediction_id=evidence.prediction_id,
        risk_score=evidence.risk_score,
        model_version=evidence.model_version,
        history=tuple(_correction(r, evidence.known_at) for r in stands[:-1]),
        early=all(
            horizon.is_early(known.period, report.horizon, report.observed_at)
            for report in known.reports
            if _arrival(report) >= _arrival(current)
        ),
        units={**observed, **evidence.units},
        unit=known.unit,
    )


def evidence_of(known: Known) -> DatedFeatures | None:
    """The latest prediction made before the outcome was first observed, else the observation.

    Whatever is reported again later, a prediction made after the first report may rest on features
    from after the fact. An observation counts from its period, whenever its file came.
    """
    if known.predictions:
        first = known.first_observed_at
        before = [served for served in known.predictions if served.known_at <= first]
        if before:
            return max(before, key=lambda e: (e.known_at, e.prediction_id or ""))
    if known.observation is None:
        return None
    observed = known.observation
    return DatedFeatures(
        observed.observed_at, observed.features, units=observed.units, unit=observed.unit
    )


def as_of(label: Label, moment: datetime) -> Label | None:
    """The label as it stood at a moment; None if nothing of it had arrived."""
    if label.arrived_at <= moment:
        return label
    past = [former for former in label.history if former.arrived_at <= moment]
    if not past:
        return None
    stood = past[-1]
    return replace(
        label,
        outcome=stood.former,
        observed_at=stood.observed_at,
        arrived_at=stood.arrived_at,
        source=stood.source,
        history=tuple(past[:-1]),
    )


def _standing(reports: Iterable[Report]) -> list[Report]:
    """The reports that changed the value, in the order of their arrival."""
    stands: list[Report] = []
    for report in sorted(reports, key=_arrival):
        if not stands or stands[-1].value != report.value:
            stands.append(report)
    return stands


def _arrival(report: Report) -> tuple[datetime, int, datetime, float, str]:
    arrived = report.arrived_at, report.position
    return *arrived, report.observed_at, report.value, report.source or ""


def _correction(former: Report, known_at: datetime) -> Correction:
    return Correction(
        former=former.value,
        observed_at=former.observed_at,
        arrived_at=max(former.arrived_at, known_at),
        source=former.source,
    )


def _values(label: Label | OrphanLabel) -> tuple[float, ...]:
    return (*(former.former for former in label.history), label.outcome)
