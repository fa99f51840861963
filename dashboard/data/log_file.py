"""The prediction log as a file."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import streamlit as st

from dashboard.context import Context
from dashboard.data import calls

DAYS = 30
FORMS = {"csv": "text/csv", "ndjson": "application/x-ndjson"}
COMMAND = 'curl -fsS -H "Authorization: Bearer $FAROL_KEY" {url}/predictions/log -o predictions.csv'


def show_log_file(context: Context) -> None:
    """Shows the section."""
    texts = context.texts
    st.caption(texts("data.log_about"))
    left, middle, right = st.columns(3)
    day = left.date_input(
        texts("data.since"), value=(context.now - timedelta(days=DAYS)).date(), key="data_since"
    )
    period = middle.text_input(texts("students.period"), key="data_log_period").strip()
    form = right.selectbox(texts("data.form"), list(FORMS), key="data_form")
    since = _since(day, context.now)
    st.download_button(
        texts("data.download"),
        lambda: calls.prediction_log(
            context.api, since=since, period=period, form=form, language=texts.language
        ),
        file_name=f"farol-predictions.{form}",
        mime=FORMS[form],
        icon=":material/download:",
        key="data_log",
    )
    st.caption(texts("data.log_command"))
    st.code(COMMAND.format(url=context.api.url), language="bash")


def _since(day: date, now: datetime) -> str:
    return min(datetime.combine(day, time(), UTC), now).isoformat()
