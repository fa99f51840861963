"""What was served, by the hour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ColumnStatistics:
    """One feature, or the score, over an hour's predictions.

    Attributes:
        name: the feature, or `risk_score`.
        known: predictions with a value.
        mean: of numbers; None of categories, and of fewer than ten values, like all that follows.
        spread: standard deviation.
        low: smallest.
        high: largest.
    """

    name: str
    known: int
    mean: float | None = None
    spread: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class HourStatistics:
    """The predictions served in one hour.

    Attributes:
        hour: UTC, `20261127T03`, its key; the embedded server finds no key that begins as a date
            with hyphens does.
        at: when it was computed (aware UTC).
        count: predictions that were looked at.
        whole: False where the hour held more than are looked at; then these are its latest.
        newest: when the latest of them was served.
        versions: that answered, by name.
        columns: the score first, then features by name.
    """

    hour: str
    at: datetime
    count: int
    whole: bool
    newest: datetime
    versions: tuple[str, ...] = ()
    columns: tuple[ColumnStatistics, ...] = ()


@dataclass(frozen=True, slots=True)
class ServedScore:
    """What is read of one served prediction."""

    prediction_id: str
    at: datetime
    period: str
    score: float
    model_version: str
    features: Mapping[str, float | str]
