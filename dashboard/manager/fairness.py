"""How the versions that served treated each group, one after the other: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from dashboard.charts import styled
from dashboard.fairness_section import is_shown, share_told
from dashboard.measured import measured_on
from dashboard.reading.palette import LINES
from dashboard.reading.shares import reach
from dashboard.texts import Texts
from model.promotion import Promotion
from model.version import ModelVersion

SYMBOLS = ("circle", "diamond", "square", "triangle-up", "x")


def served_in_order(promoted: Sequence[Promotion]) -> list[str]:
    """The versions that ever served, in the order in which each did first.

    Args:
        promoted: decisions that promoted, in any order.
    """
    ordered = sorted(promoted, key=lambda one: (one.revision or 0, one.at))
    return list(dict.fromkeys(one.challenger for one in ordered))


def attributes_of(versions: Sequence[ModelVersion]) -> list[str]:
    """Every protected attribute that any of them was judged by."""
    return sorted({name for version in versions for name in version.fairness})


def fairness_rows(
    versions: Sequence[ModelVersion], attribute: str, texts: Texts
) -> list[dict[str, Any]]:
    """One table row a version: the gap, and what it finds in each group, with intervals."""
    return [
        {
            texts("students.version"): version.version,
            texts("manager.gap"): _gap(version, attribute, texts),
            **{
                texts.category(attribute, group): share_told(figures, "recall", texts)
                for group, figures in _groups(version, attribute).items()
            },
            texts("manager.measured_on"): measured_on(version.metrics_on, texts),
        }
        for version in versions
        if attribute in version.fairness
    ]


def fairness_title(versions: Sequence[ModelVersion], attribute: str, texts: Texts) -> str:
    """What the newest version does, in a sentence: the chart's title."""
    name = texts.column(attribute)
    told = [v for v in versions if v.fairness_gaps.get(attribute) is not None]
    if not told:
        return texts("versions.no_gap", attribute=name)
    points = texts.number(told[-1].fairness_gaps[attribute] * 100, 1)
    return texts("manager.fair", attribute=name, version=told[-1].version, points=points)


def fairness_figure(versions: Sequence[ModelVersion], attribute: str, texts: Texts) -> go.Figure:
    """What each version finds in each group, as points with intervals; nothing joins versions."""
    judged = [version for version in versions if attribute in version.fairness]
    names = list(dict.fromkeys(g for v in judged for g in _groups(v, attribute)))
    figure = go.Figure()
    for place, group in enumerate(names):
        found = [_groups(version, attribute).get(group, {}) for version in judged]
        figure.add_scatter(
            x=[version.version for version in judged],
            y=[one.get("recall") for one in found],
            name=texts.category(attribute, group),
            mode="markers",
            offsetgroup=str(place),
            marker={
                "color": LINES[place % len(LINES)],
                "symbol": SYMBOLS[place % len(SYMBOLS)],
                "size": 10,
            },
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [reach(one.get("recall"), one.get("recall_high")) for one in found],
                "arrayminus": [reach(one.get("recall_low"), one.get("recall")) for one in found],
            },
            hovertemplate="%{x}: %{y:.0%}<extra></extra>",
        )
    figure.update_layout(scattermode="group", scattergap=0.6)
    figure.update_xaxes(type="category")
    figure.update_yaxes(title=texts("metric.recall"), range=[0, 1], tickformat=".0%")
    return styled(figure, height=300)


def _groups(version: ModelVersion, attribute: str) -> dict[str, Mapping[str, Any]]:
    """The groups of a version that may be told and whose recall is known."""
    groups = version.fairness.get(attribute, {})
    return {
        group: figures
        for group, figures in groups.items()
        if is_shown(figures) and figures.get("recall") is not None
    }


def _gap(version: ModelVersion, attribute: str, texts: Texts) -> str:
    gap = version.fairness_gaps.get(attribute)
    return "" if gap is None else texts("manager.points", points=texts.number(gap * 100, 1))
