"""What was promised and what came, period by period: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from dashboard.charts import styled
from dashboard.manager.finds import promised_of
from dashboard.measured import held_out_periods
from dashboard.reading.palette import BLUE, GREY, ORANGE
from dashboard.reading.shares import reach, share_told
from dashboard.texts import Texts
from model.figures import Share
from model.version import ModelVersion
from model.watch.expected import EstimatedFigures
from model.watch.performance import Measure, PerformanceRecord, RealisedFigures


@dataclass(frozen=True, slots=True)
class YearFigures:
    """One version on the outcomes of one period that it did not learn from.

    Attributes:
        promised: by the version when it was made.
        came: on the outcomes of the period.
        new_promised: the same of the new cases.
        new_came: the same of the new cases.
        records: with an outcome; None where that is not told.
        promised_there: the promise was measured on records of this very period.
    """

    period: str
    version: str
    promised: Share
    came: Share
    new_promised: Share
    new_came: Share
    records: int | None
    promised_there: bool = False

    @property
    def kept(self) -> bool | None:
        """Whether as much came as was promised, but for chance; None where one is not known, and
        where the same records made the promise."""
        if self.promised_there:
            return None
        if self.promised.value is None or self.came.value is None or self.came.high is None:
            return None
        return self.came.high >= self.promised.value


def years(
    measured: PerformanceRecord | None,
    estimates: Sequence[EstimatedFigures],
    versions: Mapping[str, ModelVersion],
) -> list[YearFigures]:
    """Every period and version of which outcomes came, newest period first.

    Args:
        measured: the champion, as last measured.
        estimates: what was expected of periods; of versions of before it is known here what came.
        versions: by name; one that is not among them has promised nothing that is known.
    """
    came: dict[tuple[str, str], RealisedFigures] = {
        (one.period, one.model_version): one.came for one in estimates if one.came is not None
    }
    if measured is not None:
        came |= {(row.name, measured.model_version): row for row in measured.periods}
    ordered = sorted(came, key=lambda key: (key[0], _number(key[1], versions)), reverse=True)
    return [_year(key, came[key], versions.get(key[1])) for key in ordered]


def year_rows(found: Sequence[YearFigures], texts: Texts) -> list[dict[str, Any]]:
    """One table row per period and version."""
    return [
        {
            texts("history.period"): one.period,
            texts("students.version"): one.version,
            texts("versions.records"): "" if one.records is None else str(one.records),
            texts("promise.promised"): share_told(one.promised, texts),
            texts("promise.came"): share_told(one.came, texts),
            texts("promise.kept"): {True: "✓", False: "✗", None: ""}[one.kept],
            texts("manager.new_promised"): share_told(one.new_promised, texts),
            texts("promise.new"): share_told(one.new_came, texts),
        }
        for one in found
    ]


def years_title(found: Sequence[YearFigures], texts: Texts) -> str:
    """What the chart shows, in a sentence: its title."""
    judged = [one for one in found if one.kept is not None]
    if not judged:
        return texts("manager.no_year")
    kept = sum(one.kept is True for one in judged)
    return texts("manager.years", kept=kept, of=len(judged))


def years_figure(found: Sequence[YearFigures], texts: Texts) -> go.Figure:
    """What was promised and what came of each period, as points with intervals.

    Nothing joins them: each is of other students, and often of another version.
    """
    ordered = [one for one in reversed(found) if one.came.value is not None]
    names = [f"{one.period} · {one.version}" for one in ordered]
    figure = go.Figure()
    for name, shares, colour, symbol in (
        ("promise.promised", [one.promised for one in ordered], GREY, "line-ew-open"),
        ("promise.came", [one.came for one in ordered], BLUE, "circle"),
        ("promise.new", [one.new_came for one in ordered], ORANGE, "diamond"),
    ):
        if all(share.value is None for share in shares):
            continue
        came = colour != GREY
        figure.add_scatter(
            x=names,
            y=[share.value for share in shares],
            name=texts(name),
            mode="markers",
            marker={
                "color": colour,
                "size": 11 if came else 34,
                "symbol": symbol,
                "line": {"width": 3, "color": colour},
            },
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [reach(share.value, share.high) for share in shares],
                "arrayminus": [reach(share.low, share.value) for share in shares],
                "visible": came,
            },
            hovertemplate="%{x}: %{y:.0%}<extra></extra>",
        )
    figure.update_xaxes(type="category")
    figure.update_yaxes(title=texts("metric.recall"), range=[0, 1], tickformat=".0%")
    return styled(figure, height=320)


def _year(key: tuple[str, str], came: RealisedFigures, version: ModelVersion | None) -> YearFigures:
    period, name = key
    promised, new = (
        Share() if version is None else promised_of(version, measure)
        for measure in (Measure.RECALL, Measure.NEW_RECALL)
    )
    return YearFigures(
        period=period,
        version=name,
        promised=promised,
        came=came.recall,
        new_promised=new,
        new_came=came.new_recall,
        records=came.n,
        promised_there=version is not None and period in held_out_periods(version.metrics_on),
    )


def _number(version: str, versions: Mapping[str, ModelVersion]) -> int:
    found = versions.get(version)
    return 0 if found is None else found.number
