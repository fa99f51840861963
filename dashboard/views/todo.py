"""What is due, and whom nobody has looked at yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard.api_client import ApiFailure
from dashboard.context import Context, explain_failure
from dashboard.reasons import indicators
from dashboard.students.acting import (
    action_form,
    done_name,
    is_open,
    quick_buttons,
    show_outcome,
)
from dashboard.students.address import link_to_student, plain
from dashboard.students.calls import StudentCalls, Subject
from dashboard.students.filters import ListFilters
from dashboard.students.history import day_told
from dashboard.students.lane import ALL, show_lane
from dashboard.students.rows import LaneTotal, Setting, lane_totals
from dashboard.texts import Texts
from model.prediction import Scale

DUE = "due"
WAITING = "waiting"


def show(context: Context) -> None:
    """Shows the page: what is due, then the students with a place whom nobody has seen."""
    texts = context.texts
    st.header(texts("todo.title"))
    try:
        person = _person(context)
        schema = StudentCalls(context.api).schema()
        _due(context, person, by_unit=schema["unique_within"] is not None)
        _unseen(context, schema)
    except ApiFailure as failure:
        st.warning(explain_failure(failure, context))


def _person(context: Context) -> str | None:
    """Whose things are shown; None is whoever looks."""
    texts = context.texts
    name = st.text_input(
        texts("todo.whose"), value=context.person, key="todo_person", width=260,
        placeholder=texts("todo.mine"),
    )  # fmt: skip
    return name.strip() or None


def _due(context: Context, person: str | None, *, by_unit: bool) -> None:
    texts = context.texts
    answer = StudentCalls(context.api).todo(person)
    st.subheader(texts("todo.due", n=answer["total"]))
    if not answer["students"]:
        st.caption(texts("todo.nothing_due"))
    for student in answer["students"]:
        _card(context, student, DUE, by_unit=by_unit)
    if answer["waiting"]:
        st.subheader(texts("todo.waiting", n=answer["waiting_total"]))
        for student in answer["waiting"]:
            _card(context, student, WAITING, by_unit=by_unit)


def _card(context: Context, student: Mapping[str, Any], place: str, *, by_unit: bool) -> None:
    texts, last = context.texts, student["last"] or {}
    who = Subject(student["student_id"], last.get("unit", "") if by_unit else "")
    period = last.get("period")
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center"):
            link_to_student(who, texts)
            st.markdown(due_told(student, context.now.date().isoformat(), texts), width="content")
            if student["assigned"]:
                person = plain(student["assigned"])
                st.caption(texts("students.assigned", person=person), width="content")
            quick_buttons(context, who, period, place)
        if last.get("note"):
            st.markdown(plain(last["note"]))
        show_outcome(who)
        if is_open(who, place):
            action_form(context, who, period)


def due_told(student: Mapping[str, Any], today: str, texts: Texts) -> str:
    """When somebody wanted to look again, and what was done last."""
    day, last = student["next_on"] or "", student["last"]
    key = "todo.overdue" if day < today else "todo.today" if day == today else "todo.on"
    told = texts(key, day=day_told(day, texts)) if day else ""
    return " · ".join(filter(None, (told, done_name(last["kind"], texts) if last else "")))


def _unseen(context: Context, schema: Mapping[str, Any]) -> None:
    """Those with a place whom nobody has looked at, lane by lane, the new first."""
    texts, calls = context.texts, StudentCalls(context.api)
    asked = ListFilters(done=False, within=True).asked
    first = calls.at_risk(**asked, limit=1)
    scale = Scale(first["scale"])
    setting = Setting(
        scale, indicators(schema, texts.language, scale), texts,
        by_unit=schema["unique_within"] is not None, published=bool(first.get("published")),
    )  # fmt: skip
    st.subheader(texts("todo.unseen", n=first["total"]))
    st.caption(texts("todo.unseen_help") if first["total"] else texts("todo.all_seen"))
    lanes = lane_totals(first.get("lanes", ())) or [LaneTotal(ALL, first["total"], None, 0)]
    for lane in lanes if first["total"] else ():
        show_lane(
            context, ListFilters(done=False, within=True), lane, setting, heading=len(lanes) > 1
        )
