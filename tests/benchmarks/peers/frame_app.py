"""The usual app: FastAPI, a DataFrame a request, a scikit-learn pipeline."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from recipe import fitted_pipeline, frame


def create_app() -> FastAPI:
    """The app; the model is fitted at the start of each worker rather than loaded from a pickle."""
    app = FastAPI()
    model = fitted_pipeline()

    @app.post("/predict")
    async def predict(record: dict[str, Any]) -> dict[str, float]:
        return {"risk_score": float(model.predict_proba(frame([record]))[0, 1])}

    return app
