"""The records of a chunk's predictions, as the outbox keeps them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import orjson

from api.bulk.order import Origin
from preprocessing.columnar.assessing import Assessments
from preprocessing.columnar.tables import CheckedRows

ID_BYTES = 16


def prediction_ids(number: int) -> list[str]:
    """New ids, as those of `/predict`; asking for the randomness once is what costs."""
    digits = secrets.token_hex(ID_BYTES * number)
    return [digits[at : at + 2 * ID_BYTES] for at in range(0, len(digits), 2 * ID_BYTES)]


def record_bodies(
    rows: CheckedRows, found: Assessments, ids: Sequence[str], origin: Origin
) -> list[bytes]:
    """The JSON of each prediction: that of a `Prediction` of the same fields, in its order.

    The objects themselves are not made; a million of them would cost more than scoring.
    """
    names = origin.features
    thresholds = origin.champion.thresholds
    columns = [rows.columns.values(name) for name in names]
    given = zip(*columns, strict=True)
    return [
        orjson.dumps({
            "prediction_id": prediction_id,
            "student_id": rows.students[row],
            "period": rows.periods[row],
            "features": {n: v for n, v in zip(names, values) if v is not None},  # noqa: B905  speed
            "imputed": pattern.imputed,
            "risk_score": score,
            "risk_label": label,
            "status": status,
            "threshold": thresholds.operating,
            "model_version": origin.champion.version,
            "created_at": origin.at,
            "client": origin.client,
            "scale": thresholds.scale,
            "known_weight": pattern.known_weight,
            "unseen": pattern.unseen,
            "interval": interval,
        })
        for row, prediction_id, values, pattern, score, label, status, interval in zip(
            rows.kept.tolist(), ids, given, found.patterns, found.scores, found.labels,
            found.statuses, found.intervals, strict=True,
        )
    ]  # fmt: skip
