"""Every measured difference with its interval, in one picture."""

from __future__ import annotations

import plotly.graph_objects as go

from dashboard.charts import styled
from dashboard.reading.palette import BLUE, GREY
from dashboard.texts import Texts
from model.helping.effect import EffectReport, EffectSize


def differences(report: EffectReport, texts: Texts) -> list[tuple[str, EffectSize]]:
    """Name and difference of all that is known, the surest first."""
    lot, cut = report.lottery[0], report.cut
    named = (
        ("helping.row_place", lot.place),
        ("helping.row_help", lot.help),
        ("helping.row_listed", cut.listed),
        ("helping.row_cut_help", cut.help),
    )
    return [(texts(key), found) for key, found in named if found.known]


def effect_figure(report: EffectReport, texts: Texts) -> go.Figure:
    """Differences in points, the surest on top; right of zero the help helps."""
    rows = differences(report, texts)[::-1]
    values = [(found.value or 0.0) * 100 for _, found in rows]
    figure = go.Figure()
    figure.add_scatter(
        x=values,
        y=[name for name, _ in rows],
        mode="markers",
        marker={"color": BLUE, "size": 10},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [
                (found.high or 0.0) * 100 - value
                for (_, found), value in zip(rows, values, strict=True)
            ],
            "arrayminus": [
                value - (found.low or 0.0) * 100
                for (_, found), value in zip(rows, values, strict=True)
            ],
        },
        hovertemplate="%{y}: %{x:.0f}<extra></extra>",
    )
    figure.add_vline(x=0, line={"color": GREY, "dash": "dash", "width": 1})
    figure.update_xaxes(title=texts("helping.axis"))
    figure.update_yaxes(automargin=True)
    return styled(figure, height=120 + 50 * len(rows))
