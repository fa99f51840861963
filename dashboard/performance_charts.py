"""How the champion does, as Plotly figures: the same records give the same picture."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import plotly.graph_objects as go

from dashboard.charts import styled
from dashboard.reading.palette import BLUE, GREEN, GREY, RED, pale
from dashboard.reading.shares import reach
from dashboard.texts import Texts
from drift.performance.hourly import begin_of
from model.figures import Share
from model.watch.expected import EstimatedFigures
from model.watch.performance import LabelledShare, Measure, RealisedFigures, Span
from model.watch.served import ColumnStatistics, HourStatistics


def realised_figure(
    rows: Sequence[RealisedFigures], measure: Measure, promised: Share | None, texts: Texts
) -> go.Figure:
    """One figure over time with its intervals, oldest left; the promise is a band.

    Args:
        rows: newest first; those without a value are left out.
        measure: which figure.
        promised: with the interval it was known with; None where nothing was promised.
        texts: the reader's language.
    """
    shown = [row for row in reversed(rows) if row.share(measure).value is not None]
    figure = go.Figure()
    _add_shares(
        figure, [_name(row, texts) for row in shown], [row.share(measure) for row in shown],
        name=texts("performance.measured"), colour=BLUE,
    )  # fmt: skip
    if promised is not None and promised.value is not None:
        if promised.low is not None:
            figure.add_hrect(y0=promised.low, y1=promised.high, fillcolor=pale(GREEN), line_width=0)
        figure.add_hline(
            y=promised.value,
            line={"color": GREEN, "dash": "dash", "width": 1},
            annotation_text=texts("performance.promised"),
        )
    return _of_shares(figure, measure, texts)


def estimated_figure(
    found: Sequence[EstimatedFigures], measure: Measure, texts: Texts
) -> go.Figure:
    """What was to be expected of each period beside what came, oldest left."""
    ordered = [one for one in reversed(found) if not one.withdrawn]
    names = [f"{one.period} · {one.model_version}" for one in ordered]
    figure = go.Figure()
    expected: list[Share] = [getattr(one, measure.value) for one in ordered]
    _add_shares(figure, names, expected, name=texts("performance.expected"), colour=RED)
    came = [Share() if one.came is None else one.came.share(measure) for one in ordered]
    _add_shares(figure, names, came, name=texts("performance.came"), colour=BLUE)
    return _of_shares(figure, measure, texts)


def labelled_figure(shares: Sequence[LabelledShare], texts: Texts) -> go.Figure:
    """Of each period's students that were asked for, how many have an outcome; oldest left."""
    ordered = [one for one in reversed(shares) if one.labelled.value is not None]
    figure = go.Figure()
    figure.add_bar(
        x=[one.period for one in ordered],
        y=[one.labelled.value for one in ordered],
        marker={"color": BLUE},
        hovertemplate="%{x}: %{y:.0%}<extra></extra>",
    )
    figure.update_xaxes(type="category")
    figure.update_yaxes(range=[0, 1], tickformat=".0%", title=texts("performance.labelled_axis"))
    return styled(figure, height=240)


def hourly_figure(hours: Sequence[HourStatistics], column: str, texts: Texts) -> go.Figure:
    """Mean, spread and extremes of a column by the hour, oldest left.

    Args:
        hours: newest first; those in which the column's figures are withheld are left out.
        column: the score, or a feature.
        texts: the reader's language.
    """
    known: list[tuple[datetime, ColumnStatistics]] = [
        (texts.local(begin_of(hour.hour)), one)
        for hour in reversed(hours)
        for one in hour.columns
        if one.name == column and one.mean is not None
    ]
    times = [hour for hour, _ in known]
    columns = [one for _, one in known]
    figure = go.Figure()
    for name, ends, dash in (
        ("performance.extremes", [(one.low, one.high) for one in columns], "dot"),
        ("performance.spread", [_within(one) for one in columns], "dash"),
    ):
        for place in (0, 1):
            figure.add_scatter(
                x=times, y=[end[place] for end in ends], name=texts(name), mode="lines",
                line={"color": GREY, "dash": dash, "width": 1}, showlegend=place == 0,
            )  # fmt: skip
    figure.add_scatter(
        x=times, y=[one.mean for one in columns], name=texts("performance.mean"),
        mode="lines+markers", line={"color": BLUE, "width": 2},
    )  # fmt: skip
    return styled(figure, height=280)


def served_figure(hours: Sequence[HourStatistics], texts: Texts) -> go.Figure:
    """How many predictions were served in each hour, oldest left."""
    figure = go.Figure()
    figure.add_bar(
        x=[texts.local(begin_of(hour.hour)) for hour in reversed(hours)],
        y=[hour.count for hour in reversed(hours)],
        marker={"color": BLUE},
    )
    figure.update_yaxes(title=texts("predictions.count"))
    return styled(figure, height=200)


def _name(row: RealisedFigures, texts: Texts) -> str:
    """The period, the day, or the hour on the school's clock."""
    if row.span is not Span.HOUR:
        return row.name
    return texts.moment(datetime.strptime(row.name, "%Y-%m-%dT%H").replace(tzinfo=UTC))


def _within(one: ColumnStatistics) -> tuple[float | None, float | None]:
    if one.mean is None or one.spread is None:
        return None, None
    return one.mean - one.spread, one.mean + one.spread


def _add_shares(
    figure: go.Figure, names: Sequence[str], shares: Sequence[Share], *, name: str, colour: str
) -> None:
    figure.add_scatter(
        x=names,
        y=[share.value for share in shares],
        name=name,
        mode="markers",
        marker={"color": colour, "size": 8},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [reach(share.value, share.high) for share in shares],
            "arrayminus": [reach(share.low, share.value) for share in shares],
        },
        hovertemplate="%{x}: %{y:.1%}<extra></extra>",
    )


def _of_shares(figure: go.Figure, measure: Measure, texts: Texts) -> go.Figure:
    figure.update_xaxes(type="category", nticks=12)
    figure.update_yaxes(title=texts(f"metric.{measure.value}"), tickformat=".0%")
    return styled(figure, height=300)
