"""The drift alarms of the champion: which stand, who knows of them, and a button to say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

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
    for line, level in alarm_lines(state, texts).items():
        if level is AlarmLevel.ALARMED:
            st.warning(line, icon=":material/notifications_active:")
        else:
            st.info(line)
    if all(alarm.level is AlarmLevel.QUIET for alarm in state.features):
        st.success(texts("alarms.none"))
    for line in about_lines(state, texts):
        st.caption(line)
    if state.alarmed:
        _acknowledging(state, context)


def alarm_lines(state: WatchState, texts: Texts) -> dict[str, AlarmLevel]:
    """A line for all features of which the same is to be said, to their level; none for quiet ones.

    A year that changed changes most features at once, which is one thing to read and not twenty.
    """
    alike: dict[FeatureAlarm, list[str]] = {}
    for alarm in state.features:
        if alarm.level is not AlarmLevel.QUIET:
            said = replace(alarm, feature="", strength=0.0, q_value=1.0, acknowledged_strength=0.0)
            alike.setdefault(said, []).append(alarm.feature)
    return {_line(names, alarm, state, texts): alarm.level for alarm, names in alike.items()}


def _line(features: Sequence[str], alarm: FeatureAlarm, state: WatchState, texts: Texts) -> str:
    """Since when features drift, how often that was seen, and who knows of it."""
    known_at = alarm.acknowledged_at
    key = f"alarms.{'calm' if alarm.calm else alarm.level.value}"
    return texts(
        key,
        feature=", ".join(texts.column(name) for name in features),
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
            format_func=lambda name: texts.column(name),
        )
        reason = st.text_input(texts("history.reason"), max_chars=300, key="alarms_reason")
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
