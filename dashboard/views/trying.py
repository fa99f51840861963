"""A prediction for a record that somebody fills in, and what it would be if a value were another.

It is logged like every other, with the dashboard as its source. Without a student's id it is
nobody's: no outcome is joined to it and no cohort counts it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from dashboard.api_client import ApiFailure
from dashboard.context import Context, explain_failure, status_name
from dashboard.reading.table import show_table
from dashboard.reasons import label_of
from dashboard.students.calls import StudentCalls, Subject
from dashboard.texts import Texts
from dashboard.trying.record import (
    Field,
    Record,
    changed,
    fields_of,
    moved_by,
    newest_record,
    reason_rows,
    record_of,
    score_of,
)
from model.prediction import RiskStatus

TRIED = "tried"
"""Begins the session's key of a task's newest answers with their records, the last at the end."""

COLUMNS = 3


def show(context: Context) -> None:
    """Shows the page."""
    texts = context.texts
    st.header(texts("page.trying"))
    st.caption(texts("trying.help"))
    try:
        schema = context.api.schema()
    except ApiFailure as failure:
        st.error(explain_failure(failure, context))
        return
    features = fields_of(schema["features"], texts.language)
    task = str(schema["task"])
    _start_from(features, task, context)
    record = _form(features, fields_of(schema.get("units", ()), texts.language), texts)
    if record is not None:
        _ask(record, task, context)
    named = (*schema["features"], *schema.get("derived", ()))
    labels = {one["name"]: label_of(one, texts.language) for one in named}
    _result(st.session_state.get(_tried(task), []), labels, texts)


def _start_from(features: Sequence[Field], task: str, context: Context) -> None:
    """Fills the form with what is known of a student; the prediction stays nobody's."""
    texts = context.texts
    with st.form("start-from", border=True):
        left, right = st.columns([3, 1], vertical_alignment="bottom")
        student = left.text_input(
            texts("trying.student"), help=texts("trying.student_help"), key="try_student"
        )
        asked = right.form_submit_button(texts("trying.fill"))
    if not asked or not student.strip():
        return
    try:
        known = newest_record(StudentCalls(context.api).dossier(Subject(student.strip())), task)
    except ApiFailure as failure:
        st.error(explain_failure(failure, context))
        return
    if not known:
        st.info(texts("trying.unknown"))
        return
    for one in features:
        st.session_state[_key(one)] = one.filled(known.get(one.name))
    st.session_state[_tried(task)] = []


def _form(features: Sequence[Field], units: Sequence[Field], texts: Texts) -> Record | None:
    """The form; gives what was filled in when it is sent."""
    with st.form("try", border=True):
        columns = st.columns(COLUMNS)
        values = {}
        for place, one in enumerate(features):
            with columns[place % COLUMNS]:
                values[one.name] = _input(one, texts)
        with st.expander(texts("trying.whose")):
            st.caption(texts("trying.whose_help"))
            values["student_id"] = st.text_input(texts("students.id"), key="try-student_id")
            values["period"] = st.text_input(texts("students.period"), key="try-period")
            for one in units:
                values[one.name] = _input(one, texts)
        asked = st.form_submit_button(texts("trying.ask"), icon=":material/psychology:")
    return record_of(values) if asked else None


def _input(one: Field, texts: Texts) -> Any:
    """The input of one field, empty at first."""
    key = _key(one)
    if one.numeric:
        return st.number_input(
            one.label,
            min_value=one.number(one.low),
            max_value=one.number(one.high),
            value=None,
            step=1 if one.integer else 0.1,
            help=one.about,
            key=key,
        )
    if one.categories:
        return st.selectbox(
            one.label,
            one.categories,
            index=None,
            format_func=lambda category: texts.category(one.name, category),
            placeholder=texts("trying.choose"),
            help=one.about,
            key=key,
        )
    return st.text_input(one.label, value=None, help=one.about, key=key)


def _ask(record: Record, task: str, context: Context) -> None:
    try:
        answer = dict(context.api.try_out(record))
    except ApiFailure as failure:
        st.error(explain_failure(failure, context))
        return
    before = st.session_state.get(_tried(task), [])
    st.session_state[_tried(task)] = [*before[-1:], (record, answer)]


def _result(
    tried: Sequence[tuple[Record, Mapping[str, Any]]], labels: Mapping[str, str], texts: Texts
) -> None:
    """The last answer, beside the one before it."""
    if not tried:
        return
    record, answer = tried[-1]
    before = tried[-2] if len(tried) > 1 else None
    status = status_name(RiskStatus(answer["status"]), texts)
    st.subheader(texts("trying.result", status=status))
    st.metric(
        texts("students.score" if "risk_score" in answer else "students.predicted"),
        score_of(answer, texts),
        None if before is None else moved_by(before[1], answer, texts),
        delta_color="off",
        border=True,
    )
    if before is not None and (rows := changed(before[0], record, labels, texts)):
        st.markdown(texts("trying.changed"))
        show_table(rows, texts)
        st.caption(texts("trying.no_cause"))
    if answer["imputed"]:
        names = ", ".join(labels.get(name, name) for name in answer["imputed"])
        st.caption(texts("trying.imputed", names=names))
    st.markdown(texts("trying.reasons"))
    show_table(reason_rows(answer["reasons"], labels, texts), texts)
    st.caption(
        texts("trying.logged", prediction=answer["prediction_id"], version=answer["model_version"])
    )


def _tried(task: str) -> str:
    return f"{TRIED}-{task}"


def _key(one: Field) -> str:
    return f"try-{one.name}"
