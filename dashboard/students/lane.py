"""One lane of the list, page by page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard.context import Context
from dashboard.students.calls import StudentCalls
from dashboard.students.cards import show_card
from dashboard.students.filters import ListFilters
from dashboard.students.rows import LaneTotal, Setting, list_row
from model.lists.published import Lane
from model.prediction import RiskStatus

PAGE = 10
ALL = Lane.ALL.value


def show_lane(
    context: Context, wanted: ListFilters, lane: LaneTotal, setting: Setting, *, heading: bool
) -> None:
    """Draws a page of a lane, and what leads to the others.

    Args:
        context: of the page.
        wanted: what the reader asks for.
        lane: which one.
        setting: what the rows share.
        heading: whether the lane is named over it.

    Raises:
        ApiFailure: the list is not answered.
    """
    texts = context.texts
    state = f"page:{lane.lane}:{wanted!r}"
    page = int(st.session_state.get(state, 1))
    asked = wanted.asked | ({"lane": lane.lane} if lane.lane != ALL else {}) | {"limit": PAGE}
    answer = StudentCalls(context.api).at_risk(**asked, offset=(page - 1) * PAGE)
    total = int(answer["total"])
    pages = -(-total // PAGE)
    if 0 < pages < page:  # There are fewer students than when the page was chosen.
        page = st.session_state[state] = pages
        answer = StudentCalls(context.api).at_risk(**asked, offset=(page - 1) * PAGE)
    if heading:
        st.subheader(texts(f"lane.{lane.lane}"))
        st.caption(texts(f"lane.{lane.lane}_help"))
    if not total:
        st.caption(texts("empty.filter"))
        return
    _cards(context, answer, lane, setting)
    if pages > 1:
        st.pagination(pages, key=state)
    start = (page - 1) * PAGE + 1
    st.caption(texts("students.rows", first=start, last=min(start + PAGE - 1, total), total=total))


def _cards(context: Context, answer: Mapping[str, Any], lane: LaneTotal, setting: Setting) -> None:
    """The students of a page, with a line where the places end and where too little is known."""
    texts = context.texts
    ended = unknown = False
    for student in answer["students"]:
        row = list_row(student, setting)
        if row.status is RiskStatus.INSUFFICIENT and not unknown:
            unknown = True
            st.markdown(f"**{texts('students.unknown')}**")
            st.caption(texts("students.unknown_help"))
        elif row.within is False and not ended and not unknown and lane.places is not None:
            ended = True
            st.caption(texts("students.places_end"))
        show_card(context, row, answer["period"], lane.lane)
