"""A bundle as MLflow loads it: a table of records in, a table of assessments out.

MLflow imports this module by its name where the model is loaded, and calls `_load_pyfunc`; it comes
with the model (`deployment.mlflow.model_files`), with what it imports of ours. Nothing is pickled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from model.bundle import load_bundle
from model.prediction import Assessment, Scale
from model.student import Features, Value
from preprocessing.predictor import Predictor


class BundleModel:
    """What MLflow wraps.

    Args:
        predictor: of the bundle.
    """

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor

    def predict(self, model_input: Any, params: Mapping[str, Any] | None = None) -> pd.DataFrame:
        """What the version says of each record, in their order.

        Args:
            model_input: a DataFrame, or a list of records, with the task's canonical names and
                categories; what is missing or empty counts as not given.
            params: none is known.
        """
        records = [_record(row) for row in _rows(model_input)]
        found = self._predictor.assess_many(records)
        return pd.DataFrame(
            [self._told(*pair) for pair in zip(records, found, strict=True)],
            columns=[*answered(self._predictor)],
        )

    def _told(self, record: Features, said: Assessment) -> dict[str, Any]:
        cuts = self._predictor.cuts_of(record)
        interval = said.interval or (None, None)
        told = {
            **dict.fromkeys(("risk_score", "predicted"), said.score),
            "interval_low": interval[0],
            "interval_high": interval[1],
            "risk_label": said.label.value,
            "status": said.status.value,
            "threshold": cuts.operating,
            "known_weight": said.known_weight,
        }
        return {name: told[name] for name in answered(self._predictor)}


def answered(predictor: Predictor) -> tuple[str, ...]:
    """The columns of what is answered, named as in the API."""
    risk = predictor.thresholds.scale is Scale.RISK
    score = ("risk_score",) if risk else ("predicted", "interval_low", "interval_high")
    return (*score, "risk_label", "status", "threshold", "known_weight")


def _load_pyfunc(path: str) -> BundleModel:
    """Called by MLflow with the folder of the bundle.

    Raises:
        BundleError: a file is not as the manifest says, or the libraries of this environment score
            the bundle's own records otherwise.
    """
    predictor = Predictor(load_bundle(Path(path)))
    predictor.self_test()
    return BundleModel(predictor)


def _rows(model_input: Any) -> Sequence[Mapping[str, Any]]:
    if isinstance(model_input, pd.DataFrame):
        rows: list[dict[str, Any]] = model_input.to_dict(orient="records")  # type: ignore[assignment]
        return rows
    return list(model_input)


def _record(row: Mapping[str, Any]) -> Features:
    return {name: _value(value) for name, value in row.items() if not _is_missing(value)}


def _value(value: Any) -> Value:
    return value if isinstance(value, str) else float(value)


def _is_missing(value: Any) -> bool:
    return value is None or value is pd.NA or value == "" or value != value
