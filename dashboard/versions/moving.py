"""Putting a version into service by hand and rolling back, each with a reason."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard.api_client import ApiFailure
from dashboard.context import Context, explain_failure


def show_promote(version: str, champion: str | None, context: Context) -> None:
    """The form that puts this version into service; none for the one that serves."""
    texts = context.texts
    if version == champion:
        return
    with st.form(f"promote-{version}", border=True):
        reason = st.text_input(
            texts("history.reason"), max_chars=300, key=f"promote_reason_{version}"
        )
        asked = st.form_submit_button(texts("versions.promote", version=version))
    if asked:
        act_with(
            reason,
            lambda why: texts("history.done", version=context.api.promote(version, why)),
            context,
        )


def show_rollback(context: Context) -> None:
    """The form that puts the version that served before back."""
    texts = context.texts
    with st.form("rollback", border=True):
        reason = st.text_input(texts("runs.back_reason"), max_chars=300, key="rollback_reason")
        asked = st.form_submit_button(texts("history.rollback"))
    if asked:
        act_with(
            reason,
            lambda why: texts("history.done", version=context.api.rollback(why)),
            context,
        )


def act_with(reason: str, act: Callable[[str], str], context: Context) -> None:
    """Does what was asked for and says so, or says what keeps it from being done."""
    if not reason.strip():
        st.warning(context.texts("history.needs_reason"))
        return
    try:
        st.success(act(reason.strip()))
    except ApiFailure as failure:
        st.error(explain_failure(failure, context))
