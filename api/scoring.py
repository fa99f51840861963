"""From a checked record to a prediction and its answer; no IO."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime

from api.answers.predictions import ExplainedFields, PredictionAnswer
from api.answers.scales import score_fields
from api.champion import Champion
from api.records.asked import Asked
from api.security import Client
from model.explanation import Explanation
from model.prediction import Assessment, Prediction


def score_one(
    champion: Champion,
    asked: Asked,
    *,
    features: Iterable[str],
    now: datetime,
    client: Client,
    request_id: str,
    prediction_id: str = "",
) -> Prediction:
    """The prediction for one record.

    Args:
        champion: who answers.
        asked: the record.
        features: every feature of the task, to tell which were not given.
        now: aware UTC.
        client: who asks.
        request_id: by which request.
        prediction_id: drawn by lot already; empty draws one.
    """
    found = champion.predictor.assess_one(asked.features)
    return _prediction(champion, asked, found, features, now, client, request_id, prediction_id)


def score_many(
    champion: Champion,
    asked: Sequence[Asked],
    *,
    features: Sequence[str],
    now: datetime,
    client: Client,
    request_id: str,
) -> list[Prediction]:
    """The predictions for n records, scored together.

    Args:
        champion: scores them.
        asked: n records, checked.
        features: what is logged as features, in the task's order.
        now: when they are served.
        client: who asks.
        request_id: by which request.
    """
    assessed = champion.predictor.assess_many([a.features for a in asked])
    return [
        _prediction(champion, a, found, features, now, client, request_id)
        for a, found in zip(asked, assessed, strict=True)
    ]


def answer(prediction: Prediction, sent_id: str | None, latency_ms: float) -> PredictionAnswer:
    """The answer about a prediction, JSON-ready; `sent_id` is the student as it was sent."""
    return {
        "prediction_id": prediction.prediction_id,
        "student_id": sent_id,
        "period": prediction.period,
        **score_fields(prediction.scale, prediction.risk_score, prediction.interval),
        "risk_label": prediction.risk_label,
        "status": prediction.status,
        "threshold": prediction.threshold,
        "model_version": prediction.model_version,
        "imputed": prediction.imputed,
        "unseen": prediction.unseen,
        "known_weight": prediction.known_weight,
        "latency_ms": round(latency_ms, 3),
    }


def explanation(champion: Champion, asked: Asked, score: float) -> ExplainedFields:
    """Why a record got its score."""
    return explained_fields(champion, champion.predictor.explain(asked.features), score)


def explained_fields(champion: Champion, found: Explanation, score: float) -> ExplainedFields:
    """An explanation as it is answered: `base_value` and `reasons`, which sum to the risk's
    log-odds or the predicted value, and how sure a risk is."""
    sure = champion.predictor.bundle.risk_interval
    return {
        "base_value": found.base_value,
        "reasons": found.reasons,
        "risk_interval": None if sure is None else sure.around(score),
    }


def _prediction(
    champion: Champion,
    asked: Asked,
    found: Assessment,
    features: Iterable[str],
    now: datetime,
    client: Client,
    request_id: str,
    prediction_id: str = "",
) -> Prediction:
    thresholds = champion.thresholds
    given, unseen = asked.features, found.unseen
    known = given.keys() - unseen if unseen else given
    return Prediction(
        prediction_id=prediction_id or secrets.token_hex(16),
        student_id=asked.student_id,
        period=asked.period,
        features=given,
        imputed=tuple([name for name in features if name not in known]),
        risk_score=found.score,
        risk_label=found.label,
        status=found.status,
        threshold=champion.predictor.cuts_of(given).operating,
        model_version=champion.version,
        created_at=now,
        client=client.name,
        scale=thresholds.scale,
        known_weight=found.known_weight,
        unseen=unseen,
        interval=found.interval,
        units=asked.units,
        unit=asked.unit,
        key_id=client.key_id,
        request_id=request_id,
    )
