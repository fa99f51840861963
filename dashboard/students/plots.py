"""A student over the years against the others, as Plotly figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from dashboard.charts import styled
from dashboard.reading.palette import BLUE, GREY, ORANGE, pale
from dashboard.scales import display
from dashboard.students.history import IndicatorLine, scale_of
from dashboard.texts import Texts
from model.prediction import Scale

PALE = pale(GREY, 0.35)
FIRST = 2
"""Fewer scores than this are no line."""


def indicator_figure(line: IndicatorLine, texts: Texts) -> go.Figure:
    """One indicator over the periods: the student, the middle and the middle half of the others.

    The middle half is a bar at each period, so that one period alone shows it too.
    """
    figure = go.Figure()
    x = list(line.periods)
    figure.add_bar(
        x=x, y=_lengths(line), base=list(line.low), name=texts("student.half"), width=0.35,
        marker={"color": PALE}, hoverinfo="skip",
    )  # fmt: skip
    figure.add_scatter(
        x=x, y=line.middle, mode="lines+markers", name=texts("student.middle"),
        line={"color": GREY, "dash": "dash", "width": 2},
        marker={"size": 12, "symbol": "line-ew-open"},
        hovertemplate="%{x}: %{y:.1f}<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=x, y=line.own, mode="lines+markers", name=texts("student.own"),
        line={"color": BLUE, "width": 3}, marker={"size": 10},
        hovertemplate="%{x}: %{y:.1f}<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(type="category")
    return styled(figure, height=210).update_layout(showlegend=False)


def _lengths(line: IndicatorLine) -> list[float | None]:
    ends = zip(line.low, line.high, strict=True)
    return [None if low is None or high is None else high - low for low, high in ends]


def score_figure(predictions: Sequence[Mapping[str, Any]], texts: Texts) -> go.Figure:
    """The scores that were served, oldest left, with the version that said each.

    Args:
        predictions: as the API tells them, newest first.
        texts: the reader's language.
    """
    ordered = list(reversed(predictions))
    scale = scale_of(ordered[0])
    name = "risk_score" if scale is Scale.RISK else "predicted"
    figure = go.Figure()
    figure.add_scatter(
        x=[one["created_at"] for one in ordered],
        y=[one[name] for one in ordered],
        text=[one["model_version"] for one in ordered],
        mode="lines+markers",
        line={"color": BLUE, "width": 2, "shape": "hv"},
        marker={"size": 8},
        name=texts(display(scale).axis),
        hovertemplate="%{x|%d/%m/%Y}: %{y} (%{text})<extra></extra>",
    )
    figure.add_scatter(
        x=[one["created_at"] for one in ordered],
        y=[one["threshold"] for one in ordered],
        mode="lines",
        line={"color": ORANGE, "dash": "dash", "width": 1},
        name=texts("predictions.threshold"),
        hoverinfo="skip",
    )
    bounded = scale is Scale.RISK
    figure.update_yaxes(range=[0, 1.02] if bounded else None, tickformat=".0%" if bounded else None)
    return styled(figure, height=240)
