"""What is known of an outcome and of the records that it may belong to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from model.anonymous import anonymous
from model.label import JoinStatus
from model.prediction import Prediction
from model.student import Features, Observation, Units


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
        unit: the unit that it joins within; "" may join the records of any.
    """

    value: float
    observed_at: datetime
    arrived_at: datetime
    source: str | None = None
    position: int = 0
    horizon: int | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class DatedFeatures:
    """Features as they were known at a moment: those of a prediction, or of an observation."""

    known_at: datetime
    features: Features
    prediction_id: str | None = None
    risk_score: float | None = None
    model_version: str | None = None
    units: Units = field(default_factory=dict)
    unit: str = ""

    @classmethod
    def of_prediction(cls, served: Prediction) -> DatedFeatures:
        """What a prediction was made from."""
        return cls(
            known_at=served.created_at,
            features=served.features,
            prediction_id=served.prediction_id,
            risk_score=served.risk_score,
            model_version=served.model_version,
            units=served.units,
            unit=served.unit,
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
        unit: the unit whose facts these are, where they are narrowed to one.
    """

    student_id: str
    period: str
    reports: tuple[Report, ...] = ()
    predictions: tuple[DatedFeatures, ...] = ()
    observation: Observation | None = None
    unit: str = ""

    @property
    def first_observed_at(self) -> datetime:
        """When the outcome was first observed, over all its reports."""
        return min(report.observed_at for report in self.reports)


def subject_of(served: Prediction) -> tuple[str, str]:
    """The student and period that the outcome of a prediction belongs to."""
    return served.student_id or anonymous(served.prediction_id), served.period
