"""The floor: FastAPI validating the same body and returning a constant. Nothing real is faster."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

Score = Annotated[float, Field(ge=0, le=10)] | None


class Record(BaseModel):
    """The default task's features, as FastAPI's own documentation would write them."""

    model_config = ConfigDict(extra="forbid")

    student_id: str | None = None
    period: str | None = None
    inde: Score = None
    iaa: Score = None
    ieg: Score = None
    ips: Score = None
    ipp: Score = None
    ida: Score = None
    ipv: Score = None
    ian: Score = None
    mat: Score = None
    por: Score = None
    ing: Score = None
    fase: Annotated[int, Field(ge=0, le=9)] | None = None
    fase_ideal: Annotated[int, Field(ge=0, le=9)] | None = None
    defasagem: Annotated[int, Field(ge=-9, le=9)] | None = None
    idade: Annotated[int, Field(ge=4, le=40)] | None = None
    anos_programa: Annotated[int, Field(ge=0, le=40)] | None = None
    n_avaliacoes: Annotated[int, Field(ge=0, le=20)] | None = None
    pedra: Literal["quartzo", "agata", "ametista", "topazio"] | None = None
    instituicao: str | None = None


app = FastAPI()


@app.post("/predict")
async def predict(record: Record) -> dict[str, Any]:
    """Always the same answer."""
    return {
        "prediction_id": "00000000000000000000000000000000",
        "student_id": record.student_id,
        "period": record.period,
        "risk_score": 0.5,
        "risk_label": "high",
        "status": "alert",
        "threshold": 0.5,
        "model_version": "v1",
        "imputed": ["ieg", "ida"],
        "latency_ms": 0.1,
    }
