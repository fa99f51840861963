"""The floor: FastAPI validating the same body and returning a constant. No model, no log."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import FastAPI, Response
from pydantic import BaseModel, ConfigDict, Field, create_model

from preprocessing.task.columns import Kind
from preprocessing.task.spec import load_task

ANSWER: dict[str, Any] = {
    "prediction_id": "0" * 32,
    "student_id": None,
    "period": "2024",
    "risk_score": 0.5,
    "risk_label": "high",
    "status": "alert",
    "threshold": 0.5,
    "model_version": "v1",
    "imputed": [],
    "latency_ms": 0.1,
}


def _body() -> type[BaseModel]:
    fields: dict[str, Any] = {"student_id": (str | None, None), "period": (str | None, None)}
    for column in load_task("pede_lag").features:
        kind = (
            Annotated[float, Field(ge=column.low, le=column.high)]
            if column.kind is Kind.NUMERIC
            else str
        )
        fields[column.name] = (kind | None, None)
    return create_model("Body", __config__=ConfigDict(extra="forbid"), **fields)


def create_app() -> FastAPI:
    """The app; started with uvicorn's `--factory`."""
    app = FastAPI()
    body = _body()

    async def predict(record: body) -> Response:  # type: ignore[valid-type]
        return Response(orjson.dumps(ANSWER), media_type="application/json")

    predict.__annotations__ = {"record": body, "return": Response}
    app.post("/predict")(predict)
    return app
