"""How a score is shown on each scale: a risk in per cent, or a value with its interval."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from dashboard.reading.palette import BLUE
from dashboard.texts import Texts
from model.prediction import Scale

Span = tuple[float, float] | None
Cells = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Display:
    """What tables, charts and captions say of a score.

    Attributes:
        cells: from score, interval and texts to the table columns that carry the score.
        axis: key of the name of the score's axis.
        spread: key of the heading over the histogram.
        bins: of the histogram, where the scale is bounded; else they follow the data.
    """

    cells: Callable[[float, Span, Texts], Cells]
    axis: str
    spread: str
    bins: Mapping[str, float] | None


def display(scale: Scale) -> Display:
    """How scores of a scale are shown."""
    return DISPLAYS[scale]


def score_columns(texts: Texts) -> dict[str, Any]:
    """How tables show the columns of `cells`, of every scale: a name is of one scale only."""
    risk, value = texts("students.score"), texts("students.predicted")
    return {
        risk: st.column_config.ProgressColumn(
            risk, min_value=0, max_value=100, format="%d %%", color=BLUE
        ),
        value: st.column_config.NumberColumn(value, format="localized"),
    }


def percents(share: float) -> int:
    """A share as whole percents.

    >>> percents(0.876)
    88
    """
    return round(share * 100)


def _risk_cells(score: float, _: Span, texts: Texts) -> Cells:
    return {texts("students.score"): percents(score)}


def _value_cells(score: float, interval: Span, texts: Texts) -> Cells:
    ends = [] if interval is None else [texts.number(end, 1) for end in interval]
    return {
        texts("students.predicted"): round(score, 1),
        texts("students.interval"): " - ".join(ends),
    }


_VALUE = Display(_value_cells, "students.predicted", "predictions.values", None)

DISPLAYS: Mapping[Scale, Display] = {
    Scale.RISK: Display(
        _risk_cells,
        "students.score",
        "predictions.scores",
        {"start": 0.0, "end": 1.0, "size": 0.05},
    ),
    Scale.VALUE_LOW: _VALUE,
    Scale.VALUE_HIGH: _VALUE,
}
