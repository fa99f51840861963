"""Retraining runs: starting one, how each went, and answering what it decided."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.context import Context, empty
from dashboard.reading.table import show_table
from dashboard.runs.detail import show_run
from dashboard.runs.rows import run_rows
from dashboard.runs.starting import show_start
from dashboard.texts import Texts
from dashboard.versions.moving import show_rollback
from dashboard.waiting import show_waiting
from database.runs import RunRepository
from model.run import Run

KEPT = 100


def show(context: Context) -> None:
    """Shows the page."""
    texts = context.texts
    st.header(texts("page.runs"))
    show_waiting(context)
    recent = context.registry.run(RunRepository().newest(KEPT))
    if recent:
        show_run(_choose(recent, texts), recent, context)
    else:
        empty(texts, "empty.history", "python -m retraining.pipeline")
    st.subheader(texts("runs.start"))
    st.caption(texts("runs.start_help"))
    show_start(context)
    st.subheader(texts("runs.back"))
    st.caption(texts("runs.back_help"))
    show_rollback(context)
    if recent:
        st.subheader(texts("history.runs"))
        show_table(run_rows(recent, texts), texts)


def _choose(recent: Sequence[Run], texts: Texts) -> Run:
    return st.selectbox(
        texts("runs.choose"),
        recent,
        format_func=lambda run: (
            f"{texts.moment(run.requested_at)} · {texts(f'run.{run.status.value}')} · "
            f"{run.requested_by}"
        ),
        # A new run is shown when it comes, unless the reader chose one of these very runs.
        key=f"run-{recent[0].run_id}",
    )
