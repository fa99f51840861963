"""The join of outcomes with features, as a decision about facts.

A label is a pure function of a *set* of facts: the outcomes reported for one student and period,
the predictions served for it, and the school's observation of it. Sets have no order, so whatever
arrives late, twice or after a crash ends in the same label.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from model import horizon
from model.anonymous import anonymous
from model.label import Correction, JoinStatus, Label, OrphanLabel, Outcome
from model.prediction import Prediction
from model.student import Features, Observation


@dataclass(frozen=True, slots=True)
class JoinDecision:
    """What became of one reported outcome, and why.

    Attributes:
        early: it was observed before its period began.
    """

    status: JoinStatus
    reason: str
    early: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """One report of an outcome. The same value observed at the same moment is the same report.

    Attributes:
        position: its place in the call it came with; of two that arrived together the later counts.
        horizon: periods from the features to the outcome, where the reporter knew the task.
    """

    value: float
    observed_at: datetime
    arrived_at: datetime
    source: str | None = None
    position: int = 0
    horizon: int | None = None


@dataclass(frozen=True, slots=True)
class DatedFeatures:
    """Features as they were known at a moment: those of a prediction, or of an observation."""

    known_at: datetime
    features: Features
    prediction_id: str | None = None
    risk_score: float | None = None
    model_version: str | None = None

    @classmethod
    def of_prediction(cls, served: Prediction) -> DatedFeatures:
        """What a prediction was made from."""
        return cls(
            known_at=served.created_at,
            features=served.features,
            prediction_id=served.prediction_id,
            risk_score=served.risk_score,
            model_version=served.model_version,
        )


@dataclass(frozen=True, slots=True)
class Filed:
    """A report under the student and period it is about.

    Attributes:
        stated_student: whom the reporter named beside a prediction that was not known yet.
        stated_period: the period named beside it.
        after_horizon: it is nobody's label when it was observed before its period began.
    """

    student_id: str
    period: str
    report: Report
    prediction_id: str | None = None
    stated_student: str | None = None
    stated_period: str | None = None
    after_horizon: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """Every fact about one student and period.

    Attributes:
        predictions: features that predictions were made from, in any order.
        observation: what the school reported, or None.
    """

    student_id: str
    period: str
    reports: tuple[Report, ...] = ()
    predictions: tuple[DatedFeatures, ...] = ()
    observation: Observation | None = None

    @property
    def first_observed_at(self) -> datetime:
        """When the outcome was first observed, over all its reports."""
        return min(report.observed_at for report in self.reports)


def file_outcome(
    outcome: Outcome, named: Prediction | None, now: datetime, position: int = 0
) -> Filed | JoinDecision:
    """Files an outcome under its student and period, or rejects it with the reason.

    An outcome that names a prediction nobody knows yet is filed under that prediction, without a
    period, until the prediction arrives.

    Args:
        outcome: as reported.
        named: the prediction it names, if it names one that is known.
        now: when it arrived.
        position: its place in the call it came with.

    >>> from datetime import UTC
    >>> noon = datetime(2024, 1, 1, 12, tzinfo=UTC)
    >>> file_outcome(Outcome(1.0, noon, student_id="a"), None, noon).reason
    'names neither a prediction nor a student and a period'
    """
    reason = _objection(outcome, named, now)
    if reason:
        return JoinDecision(JoinStatus.REJECTED, reason)
    student_id, period = _subject(outcome, named)
    report = Report(
        outcome.value, outcome.observed_at, now, outcome.source, position, outcome.horizon
    )
    filed = Filed(student_id, period, report, outcome.prediction_id)
    if period:
        return filed
    return replace(
        filed,
        stated_student=outcome.student_id,
        stated_period=outcome.period,
        after_horizon=outcome.after_horizon,
    )


def subject_of(served: Prediction) -> tuple[str, str]:
    """The student and period that the outcome of a prediction belongs to."""
    return served.student_id or anonymous(served.prediction_id), served.period


def may_join(waiting: Filed, served: Prediction) -> bool:
    """Whether an outcome that waited for a prediction may be its label; by the rules of arrival."""
    report = waiting.report
    outcome = Outcome(
        value=report.value,
        observed_at=report.observed_at,
        prediction_id=served.prediction_id,
        student_id=waiting.stated_student,
        period=waiting.stated_period,
        horizon=report.horizon,
        after_horizon=waiting.after_horizon,
    )
    return not _objection(outcome, served, report.arrived_at)


def is_early(filed: Filed) -> bool:
    """Whether an outcome was observed before its period began, as far as that is known."""
    return horizon.is_early(filed.period, filed.report.horizon, filed.report.observed_at)


def join(report: Report, known: Known) -> JoinDecision:
    """What a further report does to what is known already."""
    before = view(known)
    after = view(with_report(known, report))
    if before is None:
        if isinstance(after, OrphanLabel):
            return JoinDecision(JoinStatus.ORPHANED, "its features are not here yet")
        return JoinDecision(JoinStatus.JOINED, "joined to the features known when predicting")
    if after is None or _values(before) == _values(after):
        return JoinDecision(JoinStatus.DUPLICATE, "reported before with the same value")
    if before.outcome == after.outcome:
        return JoinDecision(JoinStatus.CORRECTED, "kept in the history; a later report stands")
    return JoinDecision(JoinStatus.CORRECTED, f"was {before.outcome:g}, is {after.outcome:g}")


def with_report(known: Known, report: Report) -> Known:
    """The same facts and one more report."""
    return replace(known, reports=(*known.reports, report))


def view(known: Known) -> Label | OrphanLabel | None:
    """The label that the facts make: joined, an orphan without features, or None without reports.

    The report that arrived last stands; those before it, where the value changed, are its history.
    """
    if not known.reports:
        return None
    stands = _standing(known.reports)
    current = stands[-1]
    evidence = evidence_of(known)
    if evidence is None:
        return OrphanLabel(
            student_id=known.student_id,
            period=known.period,
            outcome=current.value,
            observed_at=current.observed_at,
            arrived_at=current.arrived_at,
            source=current.source,
            history=tuple(_correction(r, r.arrived_at) for r in stands[:-1]),
        )
    return Label(
        student_id=known.student_id,
        period=known.period,
        features=evidence.features,
        outcome=current.value,
        observed_at=current.observed_at,
        arrived_at=max(current.arrived_at, evidence.known_at),
        protected=known.observation.protected if known.observation else {},
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
    )


def evidence_of(known: Known) -> DatedFeatures | None:
    """The latest prediction made before the outcome was first observed, else the observation.

    Whatever is reported again later, a prediction made after the first report may rest on features
    from after the fact. An observation counts from its period, whenever its file came.
    """
    first = known.first_observed_at
    before = [served for served in known.predictions if served.known_at <= first]
    if before:
        return max(before, key=lambda e: (e.known_at, e.prediction_id or ""))
    if known.observation is None:
        return None
    return DatedFeatures(known.observation.observed_at, known.observation.features)


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


def _objection(outcome: Outcome, named: Prediction | None, now: datetime) -> str:
    if not math.isfinite(outcome.value):
        return "the outcome is not a number"
    if outcome.prediction_id is None and (not outcome.student_id or not outcome.period):
        return "names neither a prediction nor a student and a period"
    if outcome.observed_at > now:
        return "was observed in the future"
    if named is not None and outcome.observed_at < named.created_at:
        return "was observed before the prediction it names"
    if named is not None and (contradiction := _contradiction(outcome, named)):
        return contradiction
    period = named.period if named is not None else outcome.period
    if not period:
        return ""
    return horizon.implausible(period, outcome.observed_at, now) or _refused_early(outcome, period)


def _contradiction(outcome: Outcome, named: Prediction) -> str:
    """What else the outcome names and the prediction does not; a student may be added to none."""
    if outcome.student_id and named.student_id and outcome.student_id != named.student_id:
        return "student_id: the prediction is about another student"
    if outcome.period and outcome.period != named.period:
        return f"period: the prediction is about {named.period}"
    return ""


def _refused_early(outcome: Outcome, period: str) -> str:
    early = horizon.is_early(period, outcome.horizon, outcome.observed_at)
    if not early or not outcome.after_horizon:
        return ""
    due = int(period) + (outcome.horizon or 0)
    return f"observed_at: lies before {due}, whose outcome it is; report it once that has begun"


def _subject(outcome: Outcome, named: Prediction | None) -> tuple[str, str]:
    if named is not None:
        return subject_of(named)
    if outcome.prediction_id is not None:
        return anonymous(outcome.prediction_id), ""
    return outcome.student_id or "", outcome.period or ""


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
