"""The usual app: FastAPI, a DataFrame a request, a scikit-learn pipeline."""

from __future__ import annotations

from typing import Any

import pandas as pd
from fastapi import FastAPI

from recipe import FEATURES, fitted_pipeline


def create_app() -> FastAPI:
    """The app; the model is fitted at the start of each worker rather than loaded from a pickle."""
    app = FastAPI()
    model = fitted_pipeline()

    @app.post("/predict")
    async def predict(record: dict[str, Any]) -> dict[str, float]:
        frame = pd.DataFrame([record], columns=list(FEATURES)).astype(float)
        return {"risk_score": float(model.predict_proba(frame)[0, 1])}

    return app
