"""One run: how far it is, its steps, what it told meanwhile, and what it decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard.context import Context
from dashboard.decision import show_decision
from dashboard.reading.retold import retold
from dashboard.reading.table import show_table
from dashboard.runs.rows import progress_line, progress_of, step_rows, usual_time
from dashboard.texts import Texts
from database.promotions import PromotionRepository
from database.watch.run_logs import RunLogRepository
from model.options import RunOptions
from model.run import Run
from model.watch.run_log import RunLog

LINES = 200
"""Of the log, the newest."""


def show_run(run: Run, recent: Sequence[Run], context: Context) -> None:
    """Shows one run.

    Args:
        run: which.
        recent: the newest runs, from which it is known how long one usually takes.
        context: of the page.
    """
    texts, read = context.texts, context.registry.run
    st.progress(progress_of(run), progress_line(run, usual_time(recent), context.now, texts))
    if run.reason:
        st.markdown(texts("runs.because", who=run.requested_by, reason=run.reason))
    if run.error:
        st.error(run.error)
    if asked := own_options(run):
        told = ", ".join(f"{name} {value}" for name, value in asked.items())
        st.caption(texts("runs.options", options=told))
    if run.steps:
        show_table(step_rows(run, texts), texts)
    _log(read(RunLogRepository().find(run.run_id)), texts)
    decided = read(PromotionRepository().find(run.run_id))
    if decided is not None:
        st.subheader(texts("versions.decision"))
        show_decision(decided, texts)
    elif run.reasons:
        st.markdown("\n".join(f"- {retold(reason, texts)}" for reason in run.reasons))


def own_options(run: Run) -> dict[str, Any]:
    """What a run was asked to do otherwise than every run does.

    >>> from datetime import datetime
    >>> from model.run import RunStatus
    >>> options = {"seed": 0, "dry_run": False, "window": 500}
    >>> own_options(Run("r", RunStatus.KEPT, "cli", datetime(2026, 1, 1), options=options))
    {'window': 500}
    """
    usual = RunOptions().to_mapping()
    return {name: value for name, value in run.options.items() if value != usual.get(name)}


def log_text(log: RunLog, texts: Texts) -> str:
    """The newest lines of a log, one below the other, with the number of those left out."""
    shown = log.lines[-LINES:]
    left_out = log.dropped + len(log.lines) - len(shown)
    lines = [texts("runs.earlier", n=left_out)] if left_out else []
    return "\n".join([*lines, *(f"{texts.local(line.at):%H:%M:%S}  {line.text}" for line in shown)])


def _log(log: RunLog | None, texts: Texts) -> None:
    with st.expander(texts("runs.log"), icon=":material/terminal:"):
        if log is None:
            st.caption(texts("runs.no_log"))
        else:
            st.code(log_text(log, texts), language=None, wrap_lines=True)
