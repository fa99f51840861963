"""One served prediction."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from model.student import Features, Units


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
    """

    operating: float
    alert: float
    critical: float
    scale: Scale = Scale.RISK
    min_known_weight: float = 0.0

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
