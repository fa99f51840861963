"""The next step of an installation that serves nothing yet, above every page."""

from __future__ import annotations

import streamlit as st

from dashboard.beginning.steps import NextStep, held_by, next_step, step_told
from dashboard.context import Context

COMMANDS = {
    NextStep.FIRST_FILE: "python -m preprocessing.ingest FILE...",
    NextStep.TRAIN: "python -m retraining.pipeline",
}
"""Of the steps that a page has no button for, or that many do from a shell."""


def show_next_step(context: Context) -> None:
    """Says what to do next; nothing once a version serves, or to who sees some units only.

    Raises:
        RegistryError: the registry cannot be read.
    """
    if not context.whole:
        return
    held = held_by(context.registry.run)
    step = next_step(held, context.needs)
    if step is None:
        return
    st.info(step_told(step, held, context.needs, context.texts), icon=":material/flag:")
    if step in COMMANDS:
        st.code(COMMANDS[step], language="bash")
