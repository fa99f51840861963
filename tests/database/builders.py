"""Records as tests want them: everything that does not matter has a value."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from model.label import Outcome
from model.prediction import Prediction, RiskLabel, RiskStatus, Thresholds
from model.promotion import DecisionStatus, Guard, Promotion
from model.run import Run, RunStatus
from model.student import Observation, Value
from model.version import Lineage, ModelVersion, Window
from model.watch.notice import Notice, Severity, Telling

START = datetime(2024, 3, 1, 12, 0, tzinfo=UTC)


def at(days: float) -> datetime:
    """That many days after the start."""
    return START + timedelta(days=days)


def prediction(
    prediction_id: str = "p1",
    student_id: str | None = "RA-1",
    period: str = "2023",
    created_at: datetime = START,
    features: Mapping[str, Value] | None = None,
) -> Prediction:
    return Prediction(
        prediction_id=prediction_id,
        student_id=student_id,
        period=period,
        features={"inde": 7.5, "fase": "3"} if features is None else features,
        imputed=("ieg",),
        risk_score=0.25,
        risk_label=RiskLabel.LOW,
        status=RiskStatus.EXPECTED,
        threshold=0.5,
        model_version="v1",
        created_at=created_at,
        client="school",
    )


def observation(
    student_id: str = "RA-1",
    period: str = "2023",
    observed_at: datetime = START,
    features: Mapping[str, Value] | None = None,
) -> Observation:
    return Observation(
        student_id=student_id,
        period=period,
        features={"inde": 6.0} if features is None else features,
        observed_at=observed_at,
        protected={"gender": "F"},
        batch_id="b1",
    )


def outcome(
    value: float = 1.0,
    observed_at: datetime = START,
    *,
    prediction_id: str | None = None,
    student_id: str | None = "RA-1",
    period: str | None = "2023",
) -> Outcome:
    named = prediction_id is not None
    return Outcome(
        value=value,
        observed_at=observed_at,
        prediction_id=prediction_id,
        student_id=None if named else student_id,
        period=None if named else period,
        source="school",
    )


def model_version(number: int = 1, **changes: Any) -> ModelVersion:
    values: dict[str, Any] = {
        "version": f"v{number}",
        "number": number,
        "task": "pede_lag",
        "family": "random_forest",
        "created_at": START,
        "params": {"n_estimators": 300, "max_features": "sqrt"},
        "metrics": {"recall": 0.7, "auc": 0.88},
        "metrics_on": "forward holdout 2023",
        "thresholds": Thresholds(0.4, 0.4, 0.8),
        "window": Window(("2022", "2023"), 600, 250, "d" * 64, START),
        "lineage": Lineage("run-1", 7, None, "0.1.0", {"scikit-learn": "1.7.2"}),
        "features": ("inde", "ieg"),
        "reference": {"inde": {"edges": [1.0, 2.5], "counts": [3, 4]}},
        "artifact": "a" * 64,
        "trained_on": "b" * 64,
        "signature": "c" * 64,
        "candidates": ({"family": "xgboost", "recall": 0.69},),
        "fairness": {"gender": {"F": 0.7, "M.": 0.6}},
    }
    return ModelVersion(**{**values, **changes})


def promotion(
    promotion_id: str = "run-1",
    challenger: str = "v1",
    champion: str | None = None,
    moment: datetime = START,
    status: DecisionStatus = DecisionStatus.PROMOTED,
) -> Promotion:
    return Promotion(
        promotion_id=promotion_id,
        at=moment,
        actor="pipeline",
        action="train",
        status=status,
        challenger=challenger,
        champion=champion,
        reasons=("recall rose by 0.03",),
        guards=(Guard("auc", True, "as good as before", 0.88, 0.87),),
        evidence={"gain": 0.03, "students": [1, 2]},
    )


def run(run_id: str = "run-1", status: RunStatus = RunStatus.RUNNING, token: int | None = 1) -> Run:
    return Run(
        run_id=run_id,
        status=status,
        requested_by="cli",
        requested_at=START,
        started_at=START,
        token=token,
        options={"window": 5000},
    )


def notice(name: str = "alarm:v1/ieg", number: int = 1, **changes: Any) -> Notice:
    values: dict[str, Any] = {
        "notice_id": f"{name}#{number}",
        "topic": name,
        "kind": name.split(":")[0],
        "severity": Severity.WARNING,
        "at": START,
        "found_at": START,
        "title": {"pt": "Os dados mudaram", "en": "The data have changed"},
        "text": {"pt": "ieg 5.0 $ 50 %", "en": "ieg"},
        "state": Telling.DUE,
        "next_at": START,
        "standing": True,
    }
    return Notice(**{**values, **changes})
