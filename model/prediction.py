"""One served prediction."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from model.student import Features, Units, Value


class RiskLabel(StrEnum):
    """Which side of the operating point a score fell on."""

    HIGH = "high"
    LOW = "low"


class RiskStatus(StrEnum):
    """What a counsellor reads: how urgently somebody should look.

    `INSUFFICIENT`: the record gave too little of what the version's scores rest on, so the score
    says little about this student; somebody should complete the record.
    """

    CRITICAL = "critical"
    ALERT = "alert"
    EXPECTED = "expected"
    INSUFFICIENT = "insufficient"


class Scale(StrEnum):
    """What a score is, and which end of it is of concern.

    `RISK` is a calibrated probability. The other two are values predicted on the outcome's own
    scale: low ones are of concern (a grade), or high ones (days absent).
    """

    RISK = "risk"
    VALUE_LOW = "value_low"
    VALUE_HIGH = "value_high"

    def concern(self, score: float) -> float:
        """The score turned so that more is of more concern; lists are sorted by it.

        >>> Scale.RISK.concern(0.7), Scale.VALUE_LOW.concern(54.0)
        (0.7, -54.0)
        """
        return -score if self is Scale.VALUE_LOW else score

    def reached(self, score: float, cutoff: float) -> bool:
        """Whether a score is beyond a cut-off: at or above it, or below it where low is worse.

        >>> Scale.VALUE_LOW.reached(49.9, 50.0), Scale.VALUE_LOW.reached(50.0, 50.0)
        (True, False)
        """
        return score < cutoff if self is Scale.VALUE_LOW else score >= cutoff


class PredictionSource(StrEnum):
    """Where a prediction was asked for.

    `DASHBOARD`: somebody filled in the form there, to see or to try; without a student it is
    nobody's record, and no cohort counts it.
    """

    API = "api"
    DASHBOARD = "dashboard"


@dataclass(frozen=True, slots=True)
class NewCuts:
    """The cut-offs of those who are not at risk now, and how these are told.

    Attributes:
        operating: where they are flagged (`high`, and the status `alert`).
        critical: where the status is `critical`.
        feature: today's value of what is predicted.
        below: at risk now below it.
        at_least: or at risk now from it on.
        positive: or at risk now with one of these categories.
    """

    operating: float
    critical: float
    feature: str
    below: float | None = None
    at_least: float | None = None
    positive: tuple[str, ...] = ()

    def at_risk_now(self, value: Value | None) -> bool:
        """Whether that value is one of risk; a missing one is not.

        >>> cuts = NewCuts(0.3, 0.8, "lag", below=0.0)
        >>> cuts.at_risk_now(-1.0), cuts.at_risk_now(0.0), cuts.at_risk_now(None)
        (True, False, False)
        """
        if value is None:
            return False
        if isinstance(value, str):
            return value in self.positive
        if self.below is not None:
            return value < self.below
        return self.at_least is not None and value >= self.at_least


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Cut-offs on the score, each reached as its scale says; `critical` lies beyond `alert`.

    Attributes:
        operating: from it on a student is flagged (`high`). Recall is measured here.
        alert: from it on the status is `alert`.
        critical: from it on the status is `critical`.
        scale: what the score is; a risk in [0, 1] in versions of before there were others.
        min_known_weight: below this share of the version's importance the status is
            `insufficient`; 0 in versions of before it was kept.
        new: other cut-offs of those not at risk now, where each lane has its own budget.
    """

    operating: float
    alert: float
    critical: float
    scale: Scale = Scale.RISK
    min_known_weight: float = 0.0
    new: NewCuts | None = None

    def for_record(self, record: Features) -> Thresholds:
        """The cut-offs of the lane that a record is in.

        >>> cuts = Thresholds(0.5, 0.5, 0.8, new=NewCuts(0.3, 0.8, "lag", below=0.0))
        >>> cuts.for_record({"lag": -1.0}).operating, cuts.for_record({"lag": 0.0}).operating
        (0.5, 0.3)
        """
        new = self.new
        if new is None or new.at_risk_now(record.get(new.feature)):
            return self
        return self.of_new

    @property
    def of_new(self) -> Thresholds:
        """The cut-offs of those not at risk now; these themselves where all have one budget."""
        new = self.new
        if new is None:
            return self
        return replace(
            self, operating=new.operating, alert=new.operating, critical=new.critical, new=None
        )

    def label(self, score: float) -> RiskLabel:
        """The label of a score.

        >>> Thresholds(0.5, 0.5, 0.8).label(0.5).value
        'high'
        """
        return RiskLabel.HIGH if self.scale.reached(score, self.operating) else RiskLabel.LOW

    def status(self, score: float, known_weight: float | None = None) -> RiskStatus:
        """The status of a score.

        Args:
            score: of the record.
            known_weight: the share of the version's importance that the record gave; None where
                the version does not know it.

        >>> Thresholds(0.5, 0.5, 0.8).status(0.79).value
        'alert'
        >>> Thresholds(0.5, 0.5, 0.8, min_known_weight=0.2).status(0.79, 0.1).value
        'insufficient'
        """
        if known_weight is not None and known_weight < self.min_known_weight:
            return RiskStatus.INSUFFICIENT
        if self.scale.reached(score, self.critical):
            return RiskStatus.CRITICAL
        reached = self.scale.reached(score, self.alert)
        return RiskStatus.ALERT if reached else RiskStatus.EXPECTED


@dataclass(frozen=True, slots=True)
class IntervalRule:
    """How far outcomes lie from the values predicted, as split conformal prediction measures it.

    Attributes:
        level: share of outcomes that the interval is to hold, 0.9 say.
        width: that share of students held out had an outcome no farther from the prediction.
        low: smallest value the outcome can have, None where there is none.
        high: largest value the outcome can have.
    """

    level: float
    width: float
    low: float | None = None
    high: float | None = None

    def around(self, predicted: float) -> tuple[float, float]:
        """The interval of a predicted value, cut at the outcome's own bounds.

        >>> IntervalRule(0.9, 20.0, 0.0, 100.0).around(91.0)
        (71.0, 100.0)
        """
        low, high = predicted - self.width, predicted + self.width
        if self.low is not None:
            low = min(predicted, max(low, self.low))
        if self.high is not None:
            high = max(predicted, min(high, self.high))
        return low, high


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a version says of one record.

    Attributes:
        score: a risk, or the predicted value, as the version's scale says.
        known_weight: share (0-1) of the version's importance that the record gave; None for
            versions of before importance was kept.
        unseen: features whose category the version never saw; they were filled in.
        interval: of the predicted value; None for a risk.
    """

    score: float
    label: RiskLabel
    status: RiskStatus
    known_weight: float | None = None
    unseen: tuple[str, ...] = ()
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Prediction:
    """One served prediction: the features as seen, the answer, and who asked.

    `student_id` is None when the caller gave none; such a prediction can still be labelled by its
    `prediction_id`.

    Attributes:
        imputed: features that were filled in, because the record lacked them or their category
            was never seen.
        risk_score: the version's score: a risk in [0, 1], or the predicted value, as `scale` says.
        threshold: where `high` begins, on the same scale.
        known_weight: share (0-1) of the version's importance that the record gave, None where the
            version did not know it.
        unseen: features whose category the version never saw.
        interval: of the predicted value; None for a risk.
        units: where the student is, as the record gave it.
        unit: what access and the join of labels go by, `TaskSpec.unit_of(units)`; "" is unknown.
        source: where it was asked for.
        client: the name of the key, token or person that asked.
        key_id: of the key, or what stands for a token; "" of a person, and of releases before.
        request_id: of the request that asked, as its answer and the log tell it; "" of releases
            before.
    """

    prediction_id: str
    student_id: str | None
    period: str
    features: Features
    imputed: tuple[str, ...]
    risk_score: float
    risk_label: RiskLabel
    status: RiskStatus
    threshold: float
    model_version: str
    created_at: datetime
    client: str | None = None
    scale: Scale = Scale.RISK
    known_weight: float | None = None
    unseen: tuple[str, ...] = ()
    interval: tuple[float, float] | None = None
    units: Units = field(default_factory=dict)
    unit: str = ""
    source: PredictionSource = PredictionSource.API
    key_id: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class AskedFor:
    """Whom a prediction was asked for, without what was said of them.

    Attributes:
        student_id: None where the caller gave none.
        unit: folded, "" unknown; `units` are as the record gave them.
    """

    prediction_id: str
    student_id: str | None
    period: str
    unit: str = ""
    units: Units = field(default_factory=dict)
