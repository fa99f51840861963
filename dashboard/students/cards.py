"""One student of a list on the page: who, how urgent, why, and what can be done about it."""

from __future__ import annotations

import streamlit as st

from dashboard.context import COLOURS, Context, status_name
from dashboard.students.acting import (
    action_form,
    assignment_form,
    done_name,
    is_open,
    quick_buttons,
    show_outcome,
)
from dashboard.students.address import link_to_student, plain
from dashboard.students.rows import ListRow


def show_card(context: Context, row: ListRow, period: str | None, place: str) -> None:
    """Draws one student.

    Args:
        context: of the page.
        row: the student.
        period: of the list.
        place: where on the page, as a student may stand there twice.
    """
    texts = context.texts
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            link_to_student(row.who, texts)
            st.badge(status_name(row.status, texts), color=COLOURS[row.status])
            told = " · ".join(filter(None, (f"**{row.score}**", row.place, plain(row.school))))
            st.markdown(told, width="content")
            if row.done:
                st.badge(done_name(row.done, texts), color="gray", icon=":material/check:")
            if row.assigned:
                st.caption(texts("students.assigned", person=plain(row.assigned)), width="content")
            quick_buttons(context, row.who, period, place)
        if row.reasons:
            st.markdown(plain(row.reasons))
        show_outcome(row.who)
        if is_open(row.who, place):
            action_form(context, row.who, period)
            assignment_form(context, row.who, row.assigned)
