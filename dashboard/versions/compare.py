"""Any two versions on the same records: asked for here, made by the worker, shown when it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from dashboard.api_client import ApiFailure
from dashboard.charts import styled
from dashboard.context import Context, explain_failure
from dashboard.reading.figure import show_figure
from dashboard.reading.palette import BLUE, GREY, ORANGE
from dashboard.reading.table import show_table
from dashboard.texts import Texts
from dashboard.versions.decided import show_decided
from database.comparing.comparisons import ComparisonRepository
from model.comparing.comparison import (
    ComparedFigure,
    ComparisonFinding,
    ComparisonStatus,
    FigureRange,
    NotComparable,
    VersionComparison,
)

KEPT = 50
NOT_SHARES = frozenset({"auc", "average_precision", "brier", "mae", "rmse"})


def show_comparisons(names: Sequence[str], champion: str | None, context: Context) -> None:
    """The form, and the comparisons that were made, the newest first.

    Args:
        names: of the versions, newest first.
        champion: who serves.
        context: of the page.
    """
    texts = context.texts
    st.subheader(texts("compare.title"))
    st.caption(texts("compare.help"))
    if len(names) < 2:
        st.caption(texts("compare.one"))
        return
    _form(names, champion, context)
    made = context.registry.run(ComparisonRepository().newest(KEPT))
    if not made:
        return
    chosen = st.selectbox(
        texts("compare.choose"),
        made,
        format_func=lambda one: title_of(one, texts),
        # A new one is shown when it comes, unless the reader chose one of these very ones.
        key=f"comparison-{made[0].comparison_id}",
    )
    show_comparison(chosen, texts)
    if chosen.why is NotComparable.LEARNED:
        show_decided(chosen.first, chosen.second, context)


def show_comparison(one: VersionComparison, texts: Texts) -> None:
    """One comparison: how far it is, or what it showed."""
    if one.finding is None:
        (st.error if one.status is ComparisonStatus.FAILED else st.info)(state_line(one, texts))
        return
    st.markdown(f"**{headline(one, one.finding, texts)}**")
    st.caption(about_line(one.finding, texts))
    show_figure(
        difference_chart(one, one.finding.figures, texts),
        headline(one, one.finding, texts),
        texts,
        key=f"difference-{one.comparison_id}",
        titled=False,
    )
    show_table(figure_rows(one, one.finding.figures, texts), texts)
    if one.finding.flagged:
        st.caption(overlap_line(one, one.finding, texts))
    if one.finding.by_period:
        st.markdown(texts("compare.periods"))
        show_table(period_rows(one, one.finding, texts), texts)


def title_of(one: VersionComparison, texts: Texts) -> str:
    """Which two, when, and how far it is."""
    status = texts(f"compared.{one.status.value}")
    return f"{one.first} · {one.second}, {texts.moment(one.at)} ({status})"


def state_line(one: VersionComparison, texts: Texts) -> str:
    """Why there are no figures: it waits, there is nothing to compare, or it failed."""
    both = {"first": one.first, "second": one.second}
    if one.status is ComparisonStatus.WAITING:
        return texts("compare.waits", **both)
    if one.why is not None:
        return texts(f"uncompared.{one.why.value}", n=one.found, **both)
    return texts("compare.failed", why=one.error, **both)


def headline(one: VersionComparison, found: ComparisonFinding, texts: Texts) -> str:
    """What the comparison showed, in one sentence: who is ahead beyond chance, and in what."""
    both = {"first": one.first, "second": one.second}
    if found.same_scores:
        return texts("compare.same", **both)
    ahead = [
        ", ".join(_metric(figure, texts) for figure in found.figures if figure.better == place)
        for place in (1, 2)
    ]
    if not any(ahead):
        return texts("compare.no_difference", **both)
    told = [
        texts("compare.ahead", version=version, metrics=metrics)
        for version, metrics in zip((one.first, one.second), ahead, strict=True)
        if metrics
    ]
    return " ".join(told)


def about_line(found: ComparisonFinding, texts: Texts) -> str:
    """On which records, and that nothing follows from it."""
    key = "compare.about" if found.positives else "compare.about_values"
    return texts(
        key,
        rows=found.rows,
        students=found.students,
        positives=found.positives,
        periods=", ".join(found.periods),
        newest="" if found.newest is None else texts.moment(found.newest),
        learned=found.learned,
        resamples=found.resamples,
    )


def overlap_line(one: VersionComparison, found: ComparisonFinding, texts: Texts) -> str:
    """How many of those that either flags both flag."""
    share = texts.share(found.both_flagged / found.flagged)
    return texts(
        "compare.overlap", first=one.first, second=one.second, n=found.flagged, share=share
    )


def figure_rows(
    one: VersionComparison, figures: Sequence[ComparedFigure], texts: Texts
) -> list[dict[str, Any]]:
    """One table row a metric: both versions and their difference, each with its interval."""
    return [
        {
            texts("versions.metric"): _metric(figure, texts),
            one.first: _range(figure.first, figure, texts),
            one.second: _range(figure.second, figure, texts),
            texts("compare.difference"): _difference(figure, texts),
            texts("compare.better"): {0: "", 1: one.first, 2: one.second}[figure.better],
        }
        for figure in figures
    ]


def period_rows(
    one: VersionComparison, found: ComparisonFinding, texts: Texts
) -> list[dict[str, Any]]:
    """One table row per period and figure."""
    return [
        {
            texts("history.period"): part.period,
            texts("versions.records"): str(part.rows),
            **row,
        }
        for part in found.by_period
        for row in figure_rows(one, part.figures, texts)
    ]


def difference_chart(
    one: VersionComparison, figures: Sequence[ComparedFigure], texts: Texts
) -> go.Figure:
    """The difference in each metric with its interval, turned so that right is the second ahead."""
    turned = [(figure, -1.0 if figure.less_is_better else 1.0) for figure in figures]
    figure = go.Figure()
    figure.add_scatter(
        x=[sign * each.difference.value for each, sign in turned],
        y=[_metric(each, texts) for each, _ in turned],
        mode="markers",
        marker={
            "size": 11,
            "color": [BLUE if each.better else ORANGE for each, _ in turned],
            "symbol": ["diamond" if each.better else "circle-open" for each, _ in turned],
        },
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [_reach(each, sign)[1] for each, sign in turned],
            "arrayminus": [_reach(each, sign)[0] for each, sign in turned],
        },
        hovertemplate="%{y}: %{x:.3f}<extra></extra>",
    )
    figure.add_vline(x=0.0, line={"color": GREY, "dash": "dash", "width": 1})
    figure.update_yaxes(autorange="reversed", automargin=True)
    figure.update_xaxes(title=texts("compare.axis", first=one.first, second=one.second))
    return styled(figure, height=110 + 30 * len(figures))


def _form(names: Sequence[str], champion: str | None, context: Context) -> None:
    texts = context.texts
    default = names.index(champion) if champion in names else len(names) - 1
    with st.form("compare", border=True):
        left, right = st.columns(2)
        first = left.selectbox(texts("compare.first"), names, index=default)
        second = right.selectbox(texts("compare.second"), names, index=0 if default else 1)
        asked = st.form_submit_button(texts("compare.ask"), icon=":material/balance:")
    if not asked:
        return
    if first == second:
        st.warning(texts("compare.two"))
        return
    try:
        context.api.compare(str(first), str(second))
    except ApiFailure as failure:
        st.error(explain_failure(failure, context))
        return
    st.success(texts("compare.asked"))


def _metric(figure: ComparedFigure, texts: Texts) -> str:
    return texts.or_name(f"metric.{figure.metric}", figure.metric.replace("_", " "))


def _range(found: FigureRange, figure: ComparedFigure, texts: Texts) -> str:
    if figure.metric in NOT_SHARES:
        value, low, high = (texts.number(one, 3) for one in (found.value, found.low, found.high))
    else:
        value, low, high = (texts.share(one) for one in (found.value, found.low, found.high))
    return f"{value} ({low} - {high})"


def _difference(figure: ComparedFigure, texts: Texts) -> str:
    found, times = figure.difference, 1 if figure.metric in NOT_SHARES else 100
    value, low, high = (_signed(one * times, times, texts) for one in (
        found.value, found.low, found.high,
    ))  # fmt: skip
    return texts("compare.between", value=value, low=low, high=high)


def _signed(value: float, times: int, texts: Texts) -> str:
    digits = 3 if times == 1 else 1
    return f"{'+' if value >= 0 else ''}{texts.number(value, digits)}"


def _reach(figure: ComparedFigure, sign: float) -> tuple[float, float]:
    """How far the interval of the turned difference reaches to the left and to the right."""
    found = figure.difference
    below, above = found.value - found.low, found.high - found.value
    return (below, above) if sign > 0 else (above, below)
