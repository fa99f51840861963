"""Where a reported outcome belongs: under which student and period, or why it is refused."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime

from model import horizon
from model.anonymous import anonymous
from model.label import JoinStatus, Outcome
from model.labels.facts import Filed, JoinDecision, Report, subject_of
from model.prediction import Prediction


def file_outcome(
    outcome: Outcome, named: Prediction | None, now: datetime, position: int = 0
) -> Filed | JoinDecision:
    """Files an outcome under its student and period, or rejects it with the reason.

    An outcome that names a prediction nobody knows yet is filed under that prediction, without a
    period, until the prediction arrives. One of another unit is not known to it, now or later.

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
    if named is not None and not _is_known_to(outcome.unit, named):
        named = None
    reason = _objection(outcome, named, now)
    if reason:
        return JoinDecision(JoinStatus.REJECTED, reason)
    student_id, period = _subject(outcome, named)
    report = Report(
        value=outcome.value,
        observed_at=outcome.observed_at,
        arrived_at=now,
        source=outcome.source,
        position=position,
        horizon=outcome.horizon,
        unit=outcome.unit,
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


def may_join(waiting: Filed, served: Prediction) -> bool:
    """Whether an outcome that waited for a prediction may be its label; by the rules of arrival."""
    report = waiting.report
    if not _is_known_to(report.unit, served):
        return False
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


def _is_known_to(unit: str, named: Prediction) -> bool:
    return unit in {"", named.unit}


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
