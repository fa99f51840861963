"""How the champion does: measured on outcomes, expected before them, and what was served."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard import performance_charts as charts
from dashboard.context import Context, empty
from dashboard.reading.figure import show_figure
from dashboard.reading.findings import hours_finding
from dashboard.reading.table import show_table
from dashboard.texts import Texts
from database.watch.statistics import (
    EstimateRepository,
    HourStatisticsRepository,
    PerformanceRepository,
)
from model.figures import Share
from model.units.disclosure import FEWEST_SHOWN
from model.watch.expected import EstimatedFigures, Unsafe
from model.watch.performance import (
    Degradation,
    LabelledShare,
    Measure,
    PerformanceRecord,
    RealisedFigures,
    Span,
)
from model.watch.served import HourStatistics

ESTIMATES, HOURS = 12, 168
EXPECTED = (Measure.RECALL, Measure.PRECISION, Measure.AUC)
SPANS = (Span.PERIOD, Span.DAY, Span.HOUR)


def show(context: Context) -> None:
    """The page."""
    texts, run = context.texts, context.registry.run
    st.header(texts("page.performance"))
    found = run(PerformanceRepository().current())
    estimates = run(EstimateRepository().newest(ESTIMATES))
    hours = run(HourStatisticsRepository().newest(HOURS))
    if found is None and not estimates and not hours:
        empty(texts, "empty.performance", "python -m retraining.worker")
        return
    if found is not None:
        _verdict(found, texts)
        _measured(found, texts)
    if estimates:
        _expected(estimates, texts)
    if found is not None and found.labelled_shares:
        _labelled(found.labelled_shares, texts)
    if hours:
        _served(hours, texts)
    st.caption(texts("performance.withheld", fewest=FEWEST_SHOWN))


def promised_share(found: PerformanceRecord, measure: Measure) -> Share | None:
    """What was promised of a figure; None where nothing was."""
    return next((one.share for one in found.promised if one.metric is measure), None)


def degradation_line(found: Degradation, texts: Texts) -> str:
    """What is worse than promised, in one sentence."""
    return texts(
        "performance.worse",
        metric=texts(f"metric.{found.metric.value}"),
        measured=_figure(Share(found.measured, found.low, found.high), found.metric, texts),
        promised=_number(found.promised, found.metric, texts),
        n=found.n,
        since=texts.moment(found.since),
    )


def figure_rows(found: PerformanceRecord, texts: Texts) -> list[dict[str, str]]:
    """Each figure as promised and on the newest outcomes."""
    last = found.last
    rows = []
    for measure in Measure:
        promised = promised_share(found, measure)
        now = Share() if last is None else last.share(measure)
        if now.value is None and promised is None:
            continue
        rows.append(
            {
                "": texts(f"metric.{measure.value}"),
                texts("performance.promised"): _figure(promised or Share(), measure, texts),
                texts("performance.measured"): _figure(now, measure, texts),
            }
        )
    return rows


def finding(
    rows: Sequence[RealisedFigures], measure: Measure, promised: Share | None, texts: Texts
) -> str:
    """What a chart over time shows, in one sentence: its title.

    A row is below the promise where its whole interval is; the calibration error, which has none,
    where it is larger by more than chance would show.
    """
    known = [row for row in rows if row.share(measure).value is not None]
    metric = texts(f"metric.{measure.value}")
    if not known:
        return texts("performance.no_rows", metric=metric)
    if promised is None or promised.value is None:
        return texts("performance.no_promise", metric=metric, of=len(known))
    worse = sum(_is_worse(row, measure, promised.value) for row in known)
    if not worse:
        return texts("performance.kept", metric=metric, of=len(known))
    return texts("performance.below", metric=metric, n=worse, of=len(known))


def estimate_line(found: EstimatedFigures, texts: Texts) -> str:
    """What was to be expected of a period and what came, or why nothing is said."""
    about = {"period": found.period, "version": found.model_version}
    if found.withdrawn:
        why = "; ".join(unsafe_line(reason, texts) for reason in found.withdrawn)
        return texts("performance.withdrawn", why=why, **about)
    expected = _figure(found.recall, Measure.RECALL, texts)
    if found.came is None or found.came.recall.value is None:
        return texts("performance.awaited", n=found.n, recall=expected, **about)
    came = _figure(found.came.recall, Measure.RECALL, texts)
    n = found.came.n or 0
    return texts("performance.compared", n=n, recall=expected, came=came, **about)


def unsafe_line(found: Unsafe, texts: Texts) -> str:
    """Why a figure must not be relied on."""
    names = ", ".join(texts.column(name) for name in found.features)
    return texts(
        f"unsafe.{found.reason.value}",
        value=texts.number(found.value, 2 if found.value < 1 else 0),
        limit=texts.number(found.limit, 2 if found.limit < 1 else 0),
        names=names,
    )


def labelled_line(shares: Sequence[LabelledShare], texts: Texts) -> str:
    """How far the outcomes of the newest period are, in one sentence: the chart's title."""
    newest = shares[0]
    if newest.labelled.value is None:
        return texts("performance.labelled_few", period=newest.period)
    share = texts.share(newest.labelled.value)
    return texts("performance.labelled", period=newest.period, share=share, asked=newest.asked)


def hourly_line(hours: Sequence[HourStatistics], column: str, texts: Texts) -> str:
    """Where a column's mean stood in the first and the last hour that tell it."""
    name = texts.column(column)
    means = [
        one.mean
        for hour in reversed(hours)
        for one in hour.columns
        if one.name == column and one.mean is not None
    ]
    if not means:
        return texts("performance.no_hours", name=name)
    first, last = texts.number(means[0]), texts.number(means[-1])
    return texts("performance.hourly", name=name, first=first, last=last, hours=len(means))


def _verdict(found: PerformanceRecord, texts: Texts) -> None:
    if found.degradations:
        lines = [degradation_line(one, texts) for one in found.degradations]
        st.warning("\n\n".join(lines))
    elif found.last is None:
        st.info(texts("performance.no_outcomes", version=found.model_version))
    elif not any(look.model_version == found.model_version for look in found.looks):
        st.info(texts("performance.not_judged", version=found.model_version))
    else:
        st.success(texts("performance.as_promised", version=found.model_version))
    st.caption(texts("performance.when", at=texts.moment(found.at), labelled=found.labelled))
    show_table(figure_rows(found, texts), texts)


def _measured(found: PerformanceRecord, texts: Texts) -> None:
    of_span = {Span.PERIOD: found.periods, Span.DAY: found.days, Span.HOUR: found.hours}
    if not any(of_span.values()):
        return
    st.subheader(texts("performance.over_time"))
    st.caption(texts("performance.over_time_help"))
    span = _choose("performance.by", SPANS, {s: texts(f"span.{s.value}") for s in SPANS}, texts)
    names = {measure: texts(f"metric.{measure.value}") for measure in Measure}
    measure = _choose("performance.figure", tuple(Measure), names, texts)
    promised, rows = promised_share(found, measure), of_span[span]
    title = finding(rows, measure, promised, texts)
    figure = charts.realised_figure(rows, measure, promised, texts)
    show_figure(figure, title, texts, key="performance-realised")


def _expected(estimates: Sequence[EstimatedFigures], texts: Texts) -> None:
    st.subheader(texts("performance.before"))
    st.caption(texts("performance.before_help"))
    for place, one in enumerate(estimates):
        line = estimate_line(one, texts)
        if place == 0 and one.withdrawn:
            st.warning(line)
        else:
            st.markdown(f"- {line}")
    if any(not one.withdrawn for one in estimates):
        names = {measure: texts(f"metric.{measure.value}") for measure in EXPECTED}
        measure = _choose("performance.expected_figure", EXPECTED, names, texts)
        figure = charts.estimated_figure(estimates, measure, texts)
        newest = next(one for one in estimates if not one.withdrawn)
        show_figure(figure, estimate_line(newest, texts), texts, key="performance-expected")


def _labelled(shares: Sequence[LabelledShare], texts: Texts) -> None:
    st.subheader(texts("performance.labelled_title"))
    figure = charts.labelled_figure(shares, texts)
    show_figure(figure, labelled_line(shares, texts), texts, key="performance-labelled")
    if any(one.newest_only for one in shares):
        st.caption(texts("performance.newest_only"))


def _served(hours: Sequence[HourStatistics], texts: Texts) -> None:
    st.subheader(texts("performance.served"))
    columns = tuple(dict.fromkeys(one.name for hour in hours for one in hour.columns))
    names = {name: texts.column(name) for name in columns}
    column = _choose("performance.column", columns, names, texts)
    title = hourly_line(hours, column, texts)
    figure = charts.hourly_figure(hours, column, texts)
    show_figure(figure, title, texts, key="performance-hourly")
    figure = charts.served_figure(hours, texts)
    show_figure(figure, hours_finding(hours, texts), texts, key="performance-served")
    if not all(hour.whole for hour in hours):
        st.caption(texts("performance.not_whole"))


def _choose(key: str, options: Sequence[Any], names: dict[Any, str], texts: Texts) -> Any:
    return st.selectbox(texts(key), options, format_func=lambda one: names[one], width=320, key=key)


def _is_worse(row: RealisedFigures, measure: Measure, promised: float) -> bool:
    share = row.share(measure)
    if measure is Measure.CALIBRATION:
        by_chance = row.calibration_by_chance or 0.0
        return share.value is not None and share.value > max(promised, by_chance) + 0.05
    return share.high is not None and share.high < promised


def _figure(share: Share, measure: Measure, texts: Texts) -> str:
    if share.value is None:
        return ""
    value = _number(share.value, measure, texts)
    if share.low is None or share.high is None:
        return value
    low, high = (_number(end, measure, texts) for end in (share.low, share.high))
    return texts("performance.interval", value=value, low=low, high=high)


def _number(value: float, measure: Measure, texts: Texts) -> str:
    if measure in (Measure.AUC, Measure.CALIBRATION):
        return texts.number(value, 3)
    return texts.share(value)
