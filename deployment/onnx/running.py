"""Scores of an ONNX file, by ONNX Runtime."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deployment.onnx.library import runtime
from model.student import Features, Value

TEXT = "tensor(string)"


class OnnxScorer:
    """A file that was written by `deployment.onnx.writing`, ready to score.

    Args:
        data: the file.

    Raises:
        ConfigurationError: the extra is not installed.
    """

    def __init__(self, data: bytes) -> None:
        library = runtime()
        self._session = library.InferenceSession(data, providers=["CPUExecutionProvider"])
        self._inputs: dict[str, str] = {one.name: one.type for one in self._session.get_inputs()}

    @property
    def features(self) -> tuple[str, ...]:
        """What the file asks of a record."""
        return tuple(self._inputs)

    def score_many(self, records: Sequence[Features]) -> NDArray[np.float64]:
        """The scores of n records, shape (n,)."""
        given = {name: _column(name, kind, records) for name, kind in self._inputs.items()}
        (scores,) = self._session.run(None, given)
        return np.asarray(scores, dtype=np.float64)[:, 0]


def _column(name: str, kind: str, records: Sequence[Features]) -> NDArray[Any]:
    values = [record.get(name) for record in records]
    if kind == TEXT:
        return np.array([[_text(value)] for value in values], dtype=object).reshape(-1, 1)
    numbers = [np.nan if value is None else value for value in values]
    return np.array(numbers, dtype=np.float64)[:, None]


def _text(value: Value | None) -> str:
    return value if isinstance(value, str) else ""
