"""For whoever answers for the school: what was promised, what came, for whom, and what is known."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.context import Context, empty
from dashboard.manager.by_year import year_rows, years, years_figure, years_title
from dashboard.manager.coverage import period_rows, unit_rows
from dashboard.manager.done import show_done
from dashboard.manager.fairness import (
    attributes_of,
    fairness_figure,
    fairness_rows,
    fairness_title,
    served_in_order,
)
from dashboard.manager.finds import finds, finds_line
from dashboard.promises import show_promises
from dashboard.reading.figure import show_figure
from dashboard.reading.table import show_table
from dashboard.texts import Texts
from database.aliases import CHAMPION, AliasRepository
from database.promotions import PromotionRepository
from database.unit_history import SUBJECT, UnitHistoryRepository
from database.versions import ModelVersionRepository
from database.watch.statistics import EstimateRepository, PerformanceRepository
from model.prediction import Scale
from model.promotion import DecisionStatus
from model.units.disclosure import FEWEST_SHOWN
from model.version import ModelVersion
from model.watch.performance import Measure, PerformanceRecord

EVERY = 0
"""No limit: there is a promotion a year, or a few."""

ESTIMATES = 50


def show(context: Context) -> None:
    """Shows the page."""
    texts, read = context.texts, context.registry.run
    st.header(texts("manager.title"))
    alias = read(AliasRepository().find(CHAMPION))
    if alias is None:
        empty(texts, "empty.champion", "python -m retraining.pipeline")
        return
    promoted = read(PromotionRepository().with_status(DecisionStatus.PROMOTED, EVERY))
    estimates = read(EstimateRepository().newest(ESTIMATES))
    wanted = {alias.version, *served_in_order(promoted), *(e.model_version for e in estimates)}
    versions = read(ModelVersionRepository().get_many(wanted))
    champion = versions[alias.version]
    measured = read(PerformanceRepository().current())
    _finds(champion, measured, texts)
    found = years(measured, estimates, versions)
    st.subheader(years_title(found, texts))
    if found:
        figure, finding = years_figure(found, texts), years_title(found, texts)
        show_figure(figure, finding, texts, key="years", titled=False)
        show_table(year_rows(found, texts), texts)
        st.caption(texts("manager.years_help"))
    else:
        st.caption(texts("manager.no_year_help"))
    show_promises(context)
    _coverage(measured, context)
    _fairness([versions[v] for v in served_in_order(promoted) if v in versions], texts)
    show_done(context)
    st.subheader(texts("manager.helping"))
    _link("helping", texts("manager.helping_link"))


def _finds(champion: ModelVersion, measured: PerformanceRecord | None, texts: Texts) -> None:
    """The one figure, and what it means."""
    if champion.thresholds.scale is not Scale.RISK:
        st.markdown(texts("manager.values"))
        return
    every = finds(champion, measured)
    new = finds(champion, measured, Measure.NEW_RECALL)
    left, right = st.columns(2)
    for column, found, key in ((left, every, "recall"), (right, new, "new_recall")):
        share = found.shown.value
        column.metric(
            texts(f"metric.{key}"),
            texts("manager.unknown") if share is None else texts.share(share),
            help=texts(f"metric.{key}_help"),
            border=True,
        )
    st.markdown(finds_line(every, "manager.finds", texts))
    if new.shown.value is not None:
        st.markdown(finds_line(new, "manager.finds_new", texts))
    st.caption(texts("manager.finds_help", version=champion.version))


def _coverage(measured: PerformanceRecord | None, context: Context) -> None:
    """Of how many the outcome is known."""
    texts = context.texts
    st.subheader(texts("manager.coverage"))
    shares = measured.labelled_shares if measured is not None else ()
    counted = context.registry.run(UnitHistoryRepository().find(SUBJECT))
    if not shares and counted is None:
        st.caption(texts("manager.coverage_none"))
        return
    st.caption(texts("manager.coverage_help", fewest=FEWEST_SHOWN))
    if shares:
        show_table(period_rows(shares, texts), texts)
    if counted is not None and counted.rows:
        st.markdown(texts("manager.by_unit", at=texts.moment(counted.at)))
        show_table(unit_rows(counted, texts), texts)


def _fairness(served: Sequence[ModelVersion], texts: Texts) -> None:
    """How the versions that served treated each group."""
    st.subheader(texts("manager.fairness"))
    attributes = attributes_of(served)
    if not attributes:
        st.caption(texts("versions.no_groups"))
        return
    st.caption(texts("manager.fairness_help"))
    for attribute in attributes:
        title = fairness_title(served, attribute, texts)
        st.markdown(f"**{title}**")
        rows = fairness_rows(served, attribute, texts)
        if any(version.thresholds.scale is Scale.RISK for version in served):
            figure = fairness_figure(served, attribute, texts)
            show_figure(figure, title, texts, key=f"fairness-{attribute}", titled=False)
        show_table(rows, texts)


def _link(page: str, label: str) -> None:
    """A link to another page of the frame, within the same session."""
    st.page_link(st.Page(_elsewhere, url_path=page), label=label, icon=":material/arrow_forward:")


def _elsewhere() -> None:
    """Stands for a page that the frame shows: Streamlit knows a page by its path alone."""
