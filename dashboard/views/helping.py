"""Whether the help helps: by lot, at the cut of the lists, and what could be seen."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.context import Context, empty
from dashboard.helping import lines
from dashboard.helping.chart import differences, effect_figure
from dashboard.reading.figure import show_figure
from dashboard.reading.table import show_table
from dashboard.texts import Texts
from database.helping.effects import EffectRepository
from database.watch.statistics import PerformanceRepository
from model.helping.effect import EffectReport, PowerTable
from model.watch.performance import PerformanceRecord


def show(context: Context) -> None:
    """The page."""
    texts, run = context.texts, context.registry.run
    st.header(texts("page.helping"))
    report = run(EffectRepository().current())
    if report is None:
        empty(texts, "empty.helping", "python -m retraining.worker")
        return
    st.markdown(f"**{lines.verdict_line(report, texts)}**")
    st.caption(texts("helping.when", at=texts.moment(report.at), lists=report.lists))
    _drawn(report, texts)
    _by_lot(report, texts)
    _at_cut(report, texts)
    _recall(run(PerformanceRepository().current()), texts)
    _power(report.power, texts)


def _drawn(report: EffectReport, texts: Texts) -> None:
    if not differences(report, texts):
        return
    figure, finding = effect_figure(report, texts), lines.verdict_line(report, texts)
    show_figure(figure, finding, texts, key="helping-effects", titled=False)


def _by_lot(report: EffectReport, texts: Texts) -> None:
    of_all = report.lottery[0]
    st.subheader(texts("helping.lot_title"))
    _said(lines.lottery_lines(of_all, texts), lines.lottery_doubts(of_all, texts))
    if len(report.lottery) > 1 and of_all.silent is None:
        show_table(lines.lane_rows(report.lottery, texts), texts)


def _at_cut(report: EffectReport, texts: Texts) -> None:
    st.subheader(texts("helping.cut_title"))
    _said(lines.cut_lines(report.cut, texts), lines.cut_doubts(report.cut, texts))


def _recall(found: PerformanceRecord | None, texts: Texts) -> None:
    if found is None or found.last is None or not found.last.helped:
        return
    said = lines.recall_line(found.last.helped, found.last.helped_recall, texts)
    if said is not None:
        st.subheader(texts("helping.recall_title"))
        st.markdown(said)
        st.caption(texts("helping.recall_about"))


def _power(power: PowerTable, texts: Texts) -> None:
    st.subheader(texts("helping.power_title"))
    st.markdown(lines.power_line(power, texts))
    show_table(lines.power_rows(power, texts), texts)
    if power.outlook:
        st.markdown(texts("helping.outlook"))
        show_table(lines.outlook_rows(power, texts), texts)
    st.caption(
        texts(
            "helping.power_about",
            power=texts.share(power.power),
            level=texts.share(power.level),
        )
    )


def _said(found: Sequence[str], doubts: Sequence[str]) -> None:
    st.markdown("\n".join(f"- {line}" for line in found))
    for doubt in doubts:
        st.warning(doubt)
