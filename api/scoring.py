"""From a checked record to a prediction and its answer; no IO."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from api.champion import Champion
from api.payload import Asked
from model.prediction import Prediction


def score_one(
    champion: Champion, asked: Asked, *, features: Iterable[str], now: datetime, client: str
) -> Prediction:
    """The prediction for one record.

    Args:
        champion: who answers.
        asked: the record.
        features: every feature of the task, to tell which were not given.
        now: aware UTC.
        client: who asks.
    """
    risk = champion.predictor.score_one(asked.features)
    return _prediction(champion, asked, risk, features, now, client)


def score_many(
    champion: Champion,
    asked: Sequence[Asked],
    *,
    features: Sequence[str],
    now: datetime,
    client: str,
) -> list[Prediction]:
    """The predictions for n records, scored together."""
    if not asked:
        return []
    risks = champion.predictor.score_many([a.features for a in asked]).tolist()
    return [
        _prediction(champion, a, risk, features, now, client)
        for a, risk in zip(asked, risks, strict=True)
    ]


def answer(prediction: Prediction, latency_ms: float) -> dict[str, Any]:
    """The answer about a prediction, JSON-ready."""
    return {
        "prediction_id": prediction.prediction_id,
        "student_id": prediction.student_id,
        "period": prediction.period,
        "risk_score": prediction.risk_score,
        "risk_label": prediction.risk_label,
        "status": prediction.status,
        "threshold": prediction.threshold,
        "model_version": prediction.model_version,
        "imputed": prediction.imputed,
        "latency_ms": round(latency_ms, 3),
    }


def explanation(champion: Champion, asked: Asked) -> dict[str, Any]:
    """Why: `base_value` and `reasons`, which sum to the score's log-odds."""
    found = champion.predictor.explain(asked.features)
    return {
        "base_value": found.base_value,
        "reasons": [
            {"feature": r.feature, "value": r.value, "contribution": r.contribution}
            for r in found.reasons
        ],
    }


def _prediction(
    champion: Champion,
    asked: Asked,
    risk: float,
    features: Iterable[str],
    now: datetime,
    client: str,
) -> Prediction:
    thresholds = champion.thresholds
    given = asked.features
    return Prediction(
        prediction_id=secrets.token_hex(16),
        student_id=asked.student_id,
        period=asked.period,
        features=given,
        imputed=tuple([name for name in features if name not in given]),
        risk_score=risk,
        risk_label=thresholds.label(risk),
        status=thresholds.status(risk),
        threshold=thresholds.operating,
        model_version=champion.version,
        created_at=now,
        client=client,
    )
