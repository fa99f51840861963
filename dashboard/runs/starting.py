"""Starting a run: with a reason, and what it may do otherwise than the task says."""

from __future__ import annotations

import streamlit as st

from dashboard.api_client import ApiFailure
from dashboard.context import Context, explain_failure


def show_start(context: Context) -> None:
    """The form that asks for a run."""
    texts = context.texts
    with st.form("start", border=True):
        reason = st.text_input(texts("history.reason"), max_chars=300, key="start_reason")
        left, middle, right = st.columns(3, vertical_alignment="bottom")
        window = left.number_input(
            texts("runs.window"),
            min_value=1,
            value=None,
            step=100,
            help=texts("runs.window_help"),
            key="start_window",
        )
        trials = middle.number_input(
            texts("runs.trials"),
            min_value=0,
            value=None,
            step=1,
            help=texts("runs.trials_help"),
            key="start_trials",
        )
        dry = right.checkbox(texts("runs.dry"), help=texts("runs.dry_help"))
        asked = st.form_submit_button(texts("history.train"), icon=":material/model_training:")
    if not asked:
        return
    if not reason.strip():
        st.warning(texts("history.needs_reason"))
        return
    try:
        run_id = context.api.train(
            reason.strip(),
            window=None if window is None else int(window),
            trials=None if trials is None else int(trials),
            dry_run=dry or None,
        )
    except ApiFailure as failure:
        st.error(explain_failure(failure, context))
        return
    st.success(texts("history.trained", run=run_id))
