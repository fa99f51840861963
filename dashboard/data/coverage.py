"""How many students have an outcome, by period and by unit."""

from __future__ import annotations

import streamlit as st

from dashboard.context import Context, empty
from dashboard.data.rows import coverage_rows
from dashboard.reading.table import show_table
from database.watch.coverage import SUBJECT, CoverageRepository
from model.units.disclosure import FEWEST_SHOWN


def show_coverage(context: Context) -> None:
    """Shows the section; it is about all units together."""
    texts = context.texts
    if not context.whole:
        st.info(texts("data.whole_only"))
        return
    found = context.registry.run(CoverageRepository().find(SUBJECT))
    if found is None:
        empty(texts, "empty.coverage", "python -m retraining.worker")
        return
    st.caption(texts("data.coverage_about", at=texts.moment(found.at)))
    show_table(coverage_rows(found.periods, texts, units=False), texts)
    if found.units:
        st.subheader(texts("data.by_unit"))
        st.caption(texts("data.by_unit_help", fewest=FEWEST_SHOWN))
        show_table(coverage_rows(found.units, texts, units=True), texts)
    if found.more:
        st.caption(texts("units.more_rows", n=found.more))
