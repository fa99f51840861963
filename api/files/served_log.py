"""The log of predictions as a file, in the order of their ids, written while it is read.

That order says nothing of time, `created_at` does: any other one makes every part cost as much as
all before it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Literal

import orjson

from api.answers.scales import score_fields
from api.files.guarded_text import CsvLanguage, CsvLines, Plain
from api.files.walk import TRIES, walked
from api.services import Services
from database.driver.commands import Op
from database.predictions import PredictionRepository
from model.prediction import Prediction, Scale
from preprocessing.student_ids import sent_id
from preprocessing.task.spec import TaskSpec

LogForm = Literal["csv", "ndjson"]
"""How the log is written."""

LOG_TYPES: Mapping[LogForm, str] = {"csv": "text/csv", "ndjson": "application/x-ndjson"}


async def log_pieces(
    here: Services,
    units: Collection[str] | None,
    period: str | None,
    since: datetime | None,
    *,
    form: LogForm,
    language: CsvLanguage,
) -> AsyncIterator[bytes]:
    """The file, piece by piece.

    Args:
        here: the services of the task.
        units: only predictions of these (folded) units; None is all.
        period: only those of this period's features.
        since: none served before.
        form: how it is written.
        language: of a CSV, whose spreadsheet opens it.

    Raises:
        RegistryError: the registry went away; what was written until then is no whole file.
    """

    def page(skip: int, limit: int) -> Op[list[Prediction]]:
        return PredictionRepository().by_id(skip=skip, limit=limit)

    def wanted(one: Prediction) -> bool:
        own = units is None or one.unit in units
        return own and period in (None, one.period) and (since is None or one.created_at >= since)

    write = _CsvLog(here.task, language) if form == "csv" else _NdjsonLog(here.task)
    yield write.begin()
    async for part in walked(here.registry, page, lambda served: served.prediction_id, TRIES):
        yield await asyncio.to_thread(write.take, [one for one in part if wanted(one)])


class _NdjsonLog:
    """One JSON object a line, with the names of `GET /students/{student_id}`."""

    def __init__(self, task: TaskSpec) -> None:
        self._task = task

    def begin(self) -> bytes:
        return b""

    def take(self, served: Sequence[Prediction]) -> bytes:
        return b"".join(
            orjson.dumps(_told(one, self._task), option=orjson.OPT_APPEND_NEWLINE) for one in served
        )


def _told(served: Prediction, task: TaskSpec) -> dict[str, object]:
    return {
        "created_at": served.created_at,
        "prediction_id": served.prediction_id,
        "student_id": served.student_id and sent_id(task, served.student_id),
        "units": dict(served.units),
        "period": served.period,
        **score_fields(served.scale, served.risk_score, served.interval),
        "risk_label": served.risk_label,
        "status": served.status,
        "threshold": served.threshold,
        "known_weight": served.known_weight,
        "model_version": served.model_version,
        "client": served.client,
        "key_id": served.key_id,
        "request_id": served.request_id,
        "imputed": served.imputed,
        "unseen": served.unseen,
        "features": dict(served.features),
    }


class _CsvLog:
    """One row a prediction: what was answered, then the features by their names."""

    def __init__(self, task: TaskSpec, language: CsvLanguage) -> None:
        self._task = task
        self._units = [column.name for column in task.unit]
        score = ("risk_score",) if task.scale is Scale.RISK else ("predicted", "low", "high")
        # A feature may have the name of one of the others; the place tells them apart.
        names = (
            "created_at", "prediction_id", "student_id", *self._units, "period", *score,
            "risk_label", "status", "threshold", "known_weight", "model_version", "client",
            "key_id", "request_id", "imputed", "unseen", *task.feature_names,
        )  # fmt: skip
        self._lines = CsvLines(names, language)

    def begin(self) -> bytes:
        return self._lines.take()

    def take(self, served: Sequence[Prediction]) -> bytes:
        return self._lines.take(map(self._row, served))

    def _row(self, served: Prediction) -> list[Plain]:
        low, high = served.interval or (None, None)
        return [
            f"{served.created_at:%Y-%m-%d %H:%M:%S}",
            served.prediction_id,
            served.student_id and sent_id(self._task, served.student_id),
            *(served.units.get(name) for name in self._units),
            served.period,
            served.risk_score,
            *(() if self._task.scale is Scale.RISK else (low, high)),
            served.risk_label.value,
            served.status.value,
            served.threshold,
            served.known_weight,
            served.model_version,
            served.client,
            served.key_id,
            served.request_id,
            ", ".join(served.imputed),
            ", ".join(served.unseen),
            *(served.features.get(name) for name in self._task.feature_names),
        ]
