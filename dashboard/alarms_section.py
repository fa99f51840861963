"""The drift alarms of the champion: which stand, who knows of them, and a button to say so."""

from __future__ import annotations

import streamlit as st

from dashboard.api_client import ApiFailure
from dashboard.context import Context, explain_failure
from dashboard.texts import Texts
from database.watch.alarms import AlarmRepository
from model.watch.alarm import AlarmLevel, FalseAlarms, FeatureAlarm, WatchState


def show_alarms(context: Context) -> None:
    """The state of every feature that is not quiet; nothing before the first check."""
    texts = context.texts
    state = context.registry.run(AlarmRepository().current())
    if state is None:
        return
    st.subheader(texts("alarms.title", version=state.model_version))
    for alarm in state.features:
        if alarm.level is AlarmLevel.ALARMED:
            st.warning(alarm_line(alarm, state, texts), icon=":material/notifications_active:")
        elif alarm.level is not AlarmLevel.QUIET:
            st.info(alarm_line(alarm, state, texts))
    if all(alarm.level is AlarmLevel.QUIET for alarm in state.features):
        st.success(texts("alarms.none"))
    for line in about_lines(state, texts):
        st.caption(line)
    if state.alarmed:
        _acknowledging(state, context)


def alarm_line(alarm: FeatureAlarm, state: WatchState, texts: Texts) -> str:
    """Since when a feature drifts, how often it was seen, and who knows of it."""
    known_at = alarm.acknowledged_at
    key = f"alarms.{'calm' if alarm.calm else alarm.level.value}"
    return texts(
        key,
        feature=texts.or_name(f"feature.{alarm.feature}", alarm.feature),
        since=texts.moment(alarm.since),
        checks=alarm.checks,
        calm=alarm.calm,
        needed=state.needed,
        by=alarm.acknowledged_by,
        at=texts.moment(known_at) if known_at else "",
        reason=alarm.reason,
    )


def about_lines(state: WatchState, texts: Texts) -> list[str]:
    """Whether the newest check looked at anything new, and how many false alarms to expect."""
    lines = []
    if state.digest_at is not None and state.digest_at < state.at:
        lines.append(texts("alarms.unchanged", at=texts.moment(state.digest_at)))
    if state.expected is not None:
        lines.append(_expected(state.expected, texts))
    return lines


def _expected(expected: FalseAlarms, texts: Texts) -> str:
    key = "alarms.expected_once" if expected.at_once else "alarms.expected"
    a_year = texts.number(expected.a_year, 2)
    return texts(key, a_year=a_year, checks=expected.checks_a_year, tests=expected.tests)


def _acknowledging(state: WatchState, context: Context) -> None:
    texts = context.texts
    with st.form("acknowledge", border=True):
        feature = st.selectbox(
            texts("alarms.which"),
            state.alarmed,
            format_func=lambda name: texts.or_name(f"feature.{name}", name),
        )
        reason = st.text_input(texts("history.reason"), max_chars=300)
        asked = st.form_submit_button(texts("alarms.acknowledge"))
    if asked and not reason.strip():
        st.warning(texts("history.needs_reason"))
    elif asked and feature:
        try:
            context.api.acknowledge(feature, reason)
        except ApiFailure as failure:
            st.error(explain_failure(failure, context))
            return
        st.success(texts("alarms.done"))
