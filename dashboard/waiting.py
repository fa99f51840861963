"""A version that waits for a person, with the two buttons that answer it."""

from __future__ import annotations

import streamlit as st

from dashboard.api_client import ApiFailure
from dashboard.context import Context, explain_failure
from dashboard.decision import headline, show_decision
from dashboard.texts import Texts
from database.decisions import approval
from model.promotion import DecisionStatus, Promotion


def show_waiting(context: Context) -> None:
    """Says which version waits, on what evidence, and lets it be approved or refused.

    One that is tried beside the champion first is named; there is nothing to answer yet.
    """
    texts, days = context.texts, context.approval_days
    pending = context.registry.run(approval.pending())
    if pending is not None and pending.status is DecisionStatus.SHADOW:
        st.info(headline(pending, texts), icon=":material/science:")
        return
    staged = context.registry.run(approval.waiting(days, now=context.now))
    if staged is None:
        return
    st.subheader(texts("waiting.title"))
    st.warning(waiting_line(staged, days, texts), icon=":material/front_hand:")
    show_decision(staged, texts)
    with st.form("answer", border=True):
        reason = st.text_input(texts("history.reason"), max_chars=300, key="waiting_reason")
        left, right = st.columns(2)
        yes = left.form_submit_button(texts("waiting.approve"))
        no = right.form_submit_button(texts("waiting.refuse"))
    if (yes or no) and not reason.strip():
        st.warning(texts("history.needs_reason"))
    elif yes or no:
        _answer(context, staged, reason, approved=yes)


def waiting_line(staged: Promotion, days: int, texts: Texts) -> str:
    """Which version waits since when, whose place it would take, and until when."""
    return texts(
        "waiting.line" if staged.champion else "waiting.line_first",
        version=staged.challenger,
        champion=staged.champion or "",
        since=texts.moment(staged.at),
        until=texts.moment(approval.expires_at(staged, days)),
    )


def _answer(context: Context, staged: Promotion, reason: str, *, approved: bool) -> None:
    texts, act = context.texts, context.api.approve if approved else context.api.refuse
    try:
        version = act(staged.challenger, reason)
    except ApiFailure as failure:
        st.error(explain_failure(failure, context))
        return
    st.success(texts("history.done" if approved else "waiting.refused", version=version))
