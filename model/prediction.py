"""One served prediction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from model.student import Features


class RiskLabel(StrEnum):
    """Which side of the operating point a score fell on."""

    HIGH = "high"
    LOW = "low"


class RiskStatus(StrEnum):
    """What a counsellor reads: how urgently somebody should look."""

    CRITICAL = "critical"
    ALERT = "alert"
    EXPECTED = "expected"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Cut-offs on the calibrated score, all in [0, 1], `critical >= alert`.

    Attributes:
        operating: at or above it a student is flagged (`high`). Recall is measured here.
        alert: at or above it the status is `alert`.
        critical: at or above it the status is `critical`.
    """

    operating: float
    alert: float
    critical: float

    def label(self, score: float) -> RiskLabel:
        """The label of a score.

        >>> Thresholds(0.5, 0.5, 0.8).label(0.5).value
        'high'
        """
        return RiskLabel.HIGH if score >= self.operating else RiskLabel.LOW

    def status(self, score: float) -> RiskStatus:
        """The status of a score.

        >>> Thresholds(0.5, 0.5, 0.8).status(0.79).value
        'alert'
        """
        if score >= self.critical:
            return RiskStatus.CRITICAL
        return RiskStatus.ALERT if score >= self.alert else RiskStatus.EXPECTED


@dataclass(frozen=True, slots=True)
class Prediction:
    """One served prediction: the features as seen, the answer, and who asked.

    `student_id` is None when the caller gave none; such a prediction can still be labelled by its
    `prediction_id`.
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
