"""Who needs attention first, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from dashboard.api_client import ApiFailure
from dashboard.context import (
    TRY,
    Context,
    empty,
    explain_failure,
    percents,
    risk_columns,
    status_name,
)
from dashboard.reasons import glossary, main_reasons
from dashboard.texts import Texts
from database import predictions, students
from model.prediction import Prediction, RiskStatus

SHOWN = 200


def show(context: Context) -> None:
    """The page."""
    texts = context.texts
    st.header(texts("students.title"))
    status, period = _choose(context)
    try:
        answer = context.api.at_risk(period=period, status=status, limit=SHOWN)
        rows, total = [api_row(s, texts) for s in answer["students"]], answer["total"]
    except ApiFailure as failure:
        st.warning(explain_failure(failure, context))
        st.caption(texts("students.from_log"))
        served = context.registry.run(predictions.recent(SHOWN))
        rows = log_rows([p for p in served if status in (None, p.status)], texts)
        total = len(rows)
    if rows:
        _table(rows, total, context)
    elif context.registry.run(predictions.count()):
        st.info(texts("empty.filter"))
    else:
        empty(texts, "empty.predictions", TRY.format(url=context.api.url))


def api_row(student: Mapping[str, Any], texts: Texts) -> dict[str, Any]:
    """One student of the API's list as a table row."""
    return {
        texts("students.status"): [status_name(RiskStatus(student["status"]), texts)],
        texts("students.id"): student["student_id"],
        texts("students.score"): percents(student["risk_score"]),
        texts("students.reasons"): main_reasons(student.get("reasons", ()), texts),
        texts("students.version"): student["model_version"],
    }


def log_rows(served: Sequence[Prediction], texts: Texts) -> list[dict[str, Any]]:
    """The latest prediction of each student, highest risk first, as table rows.

    Args:
        served: predictions, newest first.
        texts: the reader's language.
    """
    latest = {p.student_id or p.prediction_id: p for p in reversed(served)}.values()
    return [
        {
            texts("students.status"): [status_name(p.status, texts)],
            texts("students.id"): p.student_id or f"({p.prediction_id[:8]})",
            texts("students.score"): percents(p.risk_score),
            texts("students.at"): texts.moment(p.created_at),
            texts("students.version"): p.model_version,
        }
        for p in sorted(latest, key=lambda p: (-p.risk_score, p.prediction_id))
    ]


def _choose(context: Context) -> tuple[RiskStatus | None, str | None]:
    texts = context.texts
    known = context.registry.run(students.periods())
    left, right = st.columns([1, 3])
    period = left.selectbox(texts("students.period"), known[::-1]) if known else None
    status = right.segmented_control(
        texts("students.status"),
        list(RiskStatus),
        format_func=lambda status: status_name(status, texts),
    )
    return (RiskStatus(status) if status else None), period


def _table(rows: list[dict[str, Any]], total: int, context: Context) -> None:
    texts = context.texts
    st.caption(texts("students.shown", n=len(rows), total=total))
    wide = {texts("students.reasons"): st.column_config.TextColumn(width="large")}
    st.dataframe(
        rows,
        hide_index=True,
        column_config=risk_columns(texts) | wide,
        height=min(len(rows), 16) * 35 + 38,
    )
    try:
        lines = glossary(context.api.schema(), texts.language)
    except ApiFailure:
        return  # The warning above has said so.
    with st.expander(texts("students.glossary")):
        st.markdown("\n".join(lines))
