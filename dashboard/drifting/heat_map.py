"""Features by checks: how large the shift was each time, as a multiple of its limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from dashboard.charts import styled
from dashboard.reading.palette import RED, SKY, YELLOW, pale
from dashboard.texts import Texts
from model.drift import DriftReport

MOST_CHECKS = 30
MOST_FEATURES = 40
CEILING = 3.0
"""Times the limit from which the colour does not change any more."""

COLOURS = [[0.0, pale(SKY, 0.1)], [1 / CEILING, SKY], [1 / CEILING + 0.001, YELLOW], [1.0, RED]]
"""Pale to blue below the limit, yellow to red from it on: told apart by colour-blind readers."""


@dataclass(frozen=True, slots=True)
class HeatMap:
    """What the map shows.

    Attributes:
        features: canonical names, strongest first.
        checks: what each column is called, oldest first.
        times: largest effect over its limit of each feature and check; None where not compared.
        drifted: the features that drifted, of each check.
    """

    features: tuple[str, ...]
    checks: tuple[str, ...]
    times: tuple[tuple[float | None, ...], ...]
    drifted: tuple[tuple[bool, ...], ...]


def heat_map(reports: Sequence[DriftReport], texts: Texts) -> HeatMap:
    """The newest checks that compared anything, and their features.

    Args:
        reports: in any order.
        texts: the reader's language.
    """
    compared = sorted((r for r in reports if r.compared), key=lambda r: r.at)[-MOST_CHECKS:]
    found = [strengths(report) for report in compared]
    names = {name for one in found for name in one}
    strongest = {
        name: max(one[name][0] for one in found if name in one) for name in names
    }  # fmt: skip
    ordered = sorted(names, key=lambda name: (-strongest[name], name))[:MOST_FEATURES]
    return HeatMap(
        features=tuple(ordered),
        checks=tuple(f"{texts.moment(one.at)} · {one.model_version}" for one in compared),
        times=tuple(
            tuple(one[name][0] if name in one else None for one in found) for name in ordered
        ),
        drifted=tuple(tuple(one.get(name, (0.0, False))[1] for one in found) for name in ordered),
    )


def strengths(report: DriftReport) -> dict[str, tuple[float, bool]]:
    """Of each feature the largest effect as a multiple of its limit, and whether it drifted.

    A feature has several tests; the one that moved most speaks for it.
    """
    found: dict[str, tuple[float, bool]] = {}
    for row in report.features:
        times, drifted = found.get(row.feature, (0.0, False))
        found[row.feature] = (max(times, row.times_limit), drifted or row.drifted)
    return found


def map_title(found: HeatMap, texts: Texts) -> str:
    """What the map shows, in a sentence: its title."""
    newest = [name for name, row in zip(found.features, found.drifted, strict=True) if row[-1]]
    lasting = [
        name
        for name, row in zip(found.features, found.drifted, strict=True)
        if len(row) > 1 and all(row)
    ]
    if not newest:
        return texts("drifting.calm", checks=len(found.checks))
    key = "drifting.lasting" if lasting else "drifting.newest"
    named = lasting or newest
    shown = ", ".join(texts.column(name) for name in named[:5])
    more = f" +{len(named) - 5}" if len(named) > 5 else ""
    return texts(key, names=shown + more, checks=len(found.checks), n=len(newest))


def map_figure(found: HeatMap, texts: Texts) -> go.Figure:
    """The map; a dot stands where a feature drifted: large and more than chance."""
    names = [texts.column(name) for name in found.features]
    figure = go.Figure()
    figure.add_heatmap(
        x=[*found.checks],
        y=names,
        z=[[*row] for row in found.times],
        text=[["●" if drifted else "" for drifted in row] for row in found.drifted],
        texttemplate="%{text}",
        zmin=0.0,
        zmax=CEILING,
        colorscale=COLOURS,
        xgap=2,
        ygap=2,
        hoverongaps=False,
        hovertemplate="%{y}<br>%{x}<br>%{z:.2f}<extra></extra>",
        colorbar={"title": {"text": texts("drift.axis"), "side": "right"}, "thickness": 12},
    )
    figure.update_xaxes(type="category", showticklabels=len(found.checks) <= 12, tickangle=-30)
    figure.update_yaxes(autorange="reversed", automargin=True)
    return styled(figure, height=140 + 24 * len(names))
