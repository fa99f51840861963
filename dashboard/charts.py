"""Records to Plotly figures: pure functions, the same records give the same picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import plotly.graph_objects as go

from dashboard.measured import measured_on
from dashboard.reading.findings import drift_row_name
from dashboard.reading.palette import BLUE, GREEN, GREY, LINES, RED
from dashboard.scales import display
from dashboard.texts import Texts
from model.drift import DriftReport
from model.prediction import Prediction, Scale
from model.version import ModelVersion

BINS = 20
MOST_DAYS = 60


def metric_history(
    versions: Sequence[ModelVersion], champion: str | None, metrics: Sequence[str], texts: Texts
) -> go.Figure:
    """Points of a metric over the versions, oldest left; the champion is marked.

    No line joins them: each version was measured on other records, so that what lies between two
    of them is not a change. Two versions are compared on the same records by a comparison.
    """
    ordered = sorted(versions, key=lambda version: version.number)
    names = [version.version for version in ordered]
    figure = go.Figure()
    for metric, colour in zip(metrics, LINES, strict=False):
        figure.add_scatter(
            x=names,
            y=[version.metrics.get(metric) for version in ordered],
            name=texts.or_name(f"metric.{metric}", metric),
            mode="markers",
            marker={
                "color": colour,
                "size": [13 if name == champion else 7 for name in names],
            },
            customdata=[measured_on(version.metrics_on, texts) for version in ordered],
            hovertemplate="%{x}: %{y:.3f}<br>%{customdata}<extra></extra>",
        )
    if champion in names:
        figure.add_vline(x=champion, line={"color": GREY, "dash": "dot", "width": 1})
    return styled(figure, height=300)


def drift_bars(report: DriftReport, texts: Texts) -> go.Figure:
    """One bar a test: the effect as a multiple of its limit, largest on top."""
    rows = sorted(report.features, key=lambda row: row.times_limit)
    figure = go.Figure()
    for drifted, colour, name in ((True, RED, "drift.drifted"), (False, GREY, "drift.stable")):
        chosen = [row for row in rows if row.drifted is drifted]
        figure.add_bar(
            x=[row.times_limit for row in chosen],
            y=[drift_row_name(row, texts) for row in chosen],
            orientation="h",
            name=texts(name),
            marker={"color": colour},
            hovertemplate="%{y}: %{x:.2f}<extra></extra>",
        )
    figure.add_vline(x=1.0, line={"color": GREY, "dash": "dash", "width": 1})
    order = [drift_row_name(row, texts) for row in rows]
    figure.update_yaxes(categoryorder="array", categoryarray=order, automargin=True)
    figure.update_xaxes(title=texts("drift.axis"), rangemode="tozero")
    return styled(figure, height=110 + 24 * len(rows))


def drift_history(reports: Sequence[DriftReport], texts: Texts) -> go.Figure:
    """How many features had drifted, report by report; those that compared nothing are no point."""
    ordered = sorted((r for r in reports if r.compared), key=lambda report: report.at)
    figure = go.Figure()
    figure.add_scatter(
        x=[texts.local(report.at) for report in ordered],
        y=[len(report.drifted_features) for report in ordered],
        text=[report.model_version for report in ordered],
        mode="lines+markers",
        line={"color": BLUE, "width": 2, "shape": "hv"},
        marker={"size": 8, "color": [RED if report.drifted else GREEN for report in ordered]},
        hovertemplate="%{x|%-d %b %Y}: %{y} (%{text})<extra></extra>",
    )
    figure.update_yaxes(title=texts("drift.count"), rangemode="tozero", nticks=6)
    return styled(figure, height=240)


def group_recalls(groups: Sequence[Mapping[str, Any]], texts: Texts) -> go.Figure:
    """Recall of each group with its interval, first on top; small groups are pale.

    Args:
        groups: `label`, `recall`, `recall_low`, `recall_high` and `small` of each.
        texts: the reader's language.
    """
    figure = go.Figure()
    figure.add_bar(
        x=[group["recall"] for group in groups],
        y=[group["label"] for group in groups],
        orientation="h",
        marker={"color": [GREY if group["small"] else BLUE for group in groups]},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [group["recall_high"] - group["recall"] for group in groups],
            "arrayminus": [group["recall"] - group["recall_low"] for group in groups],
        },
        hovertemplate="%{y}: %{x:.0%}<extra></extra>",
    )
    figure.update_yaxes(autorange="reversed", automargin=True)
    figure.update_xaxes(title=texts("metric.recall"), range=[0, 1], tickformat=".0%")
    return styled(figure, height=100 + 34 * len(groups))


def score_histogram(predictions: Sequence[Prediction], texts: Texts) -> go.Figure:
    """How the scores are spread, with the newest operating threshold."""
    newest = max(predictions, key=lambda p: p.created_at, default=None)
    shown = display(newest.scale if newest else Scale.RISK)
    figure = go.Figure()
    figure.add_histogram(
        x=[prediction.risk_score for prediction in predictions],
        xbins=shown.bins,
        nbinsx=None if shown.bins else BINS,
        marker={"color": BLUE},
    )
    if newest:
        figure.add_vline(
            x=newest.threshold,
            line={"color": RED, "dash": "dash", "width": 2},
            annotation_text=texts("predictions.threshold"),
        )
    figure.update_xaxes(title=texts(shown.axis), range=[0, 1] if shown.bins else None)
    figure.update_yaxes(title=texts("predictions.count"))
    return styled(figure, height=280)


def predictions_by_day(predictions: Sequence[Prediction], texts: Texts) -> go.Figure:
    """How many predictions were served on each of the school's days, those without any too."""
    served = Counter(texts.local(one.created_at).date() for one in predictions)
    first, last = min(served, default=None), max(served, default=None)
    days = []
    if first and last:
        days = [first + timedelta(days=i) for i in range((last - first).days + 1)][-MOST_DAYS:]
    figure = go.Figure()
    figure.add_bar(
        x=[f"{day:%d/%m}" for day in days],
        y=[served[day] for day in days],
        width=0.6 if len(days) > 3 else 0.2,
        marker={"color": BLUE},
    )
    figure.update_xaxes(type="category", nticks=8)
    figure.update_yaxes(title=texts("predictions.count"))
    return styled(figure, height=280)


def styled(figure: go.Figure, *, height: int) -> go.Figure:
    """The figure as all of the dashboard's look, so many pixels high."""
    figure.update_layout(
        height=height,
        margin={"l": 10, "r": 10, "t": 30, "b": 10},
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0},
        bargap=0.25,
    )
    return figure
