"""What Farol learns from: outcomes, school files, how much is known, and what was served."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from dashboard.api_client import ApiFailure
from dashboard.context import Context, explain_failure
from dashboard.data.coverage import show_coverage
from dashboard.data.log_file import show_log_file
from dashboard.data.outcomes import show_outcomes
from dashboard.data.read_files import show_read_files
from dashboard.data.sending import show_sending

SECTIONS: Mapping[str, Callable[[Context], None]] = {
    "outcomes": show_outcomes,
    "sending": show_sending,
    "batches": show_read_files,
    "coverage": show_coverage,
    "log": show_log_file,
}
"""One is shown at a time, so that a page asks for what it shows alone."""


def show(context: Context) -> None:
    """Shows the page: the section that was chosen."""
    texts = context.texts
    st.header(texts("page.data"))
    chosen = st.segmented_control(
        texts("data.sections"),
        list(SECTIONS),
        default="outcomes",
        format_func=lambda name: texts(f"section.{name}"),
        label_visibility="collapsed",
        required=True,
        key="data_section",
    )
    try:
        SECTIONS[chosen or "outcomes"](context)
    except ApiFailure as failure:
        st.error(explain_failure(failure, context))
