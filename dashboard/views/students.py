"""Who needs attention first, and why: two lanes, and what can be done about each student."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import streamlit as st

from dashboard.api_client import ApiFailure
from dashboard.context import TRY, Context, empty, explain_failure
from dashboard.reasons import glossary, indicators
from dashboard.students.address import plain
from dashboard.students.budget import show_budget
from dashboard.students.calls import StudentCalls
from dashboard.students.downloads import show_downloads
from dashboard.students.filters import ListFilters, choose, schools_of
from dashboard.students.lane import ALL, show_lane
from dashboard.students.log import show_log
from dashboard.students.rows import LaneTotal, Setting, lane_totals
from database.predictions import PredictionRepository
from model.prediction import Scale


def show(context: Context) -> None:
    """Shows the page: the list of students by lane, with reasons, places and what was done."""
    texts = context.texts
    st.header(texts("students.title"))
    wanted = choose(context)
    try:
        shown = _lists(context, wanted)
    except ApiFailure as failure:
        st.warning(explain_failure(failure, context))
        shown = context.whole and show_log(context, wanted)
    if shown:
        return
    if not context.whole or context.registry.run(PredictionRepository().count()):
        st.info(texts("empty.filter"))
    else:
        empty(texts, "empty.predictions", TRY.format(url=context.api.url))


def _lists(context: Context, wanted: ListFilters) -> bool:
    """Draws every lane; False where nobody is on any."""
    calls, texts = StudentCalls(context.api), context.texts
    first = calls.at_risk(**wanted.asked, limit=1)
    schema, scale = calls.schema(), Scale(first["scale"])
    among = indicators(schema, texts.language, scale)
    published = first.get("published")
    setting = Setting(
        scale, among, texts,
        by_unit=schema["unique_within"] is not None, published=bool(published),
    )  # fmt: skip
    lanes = lane_totals(first.get("lanes", ())) or [LaneTotal(ALL, first["total"], None, 0)]
    _heading(context, first, lanes)
    show_budget(context, [one.lane for one in lanes], _own_units(context, first))
    if not first["total"]:
        return False
    for lane in lanes:
        show_lane(context, wanted, lane, setting, heading=len(lanes) > 1)
    show_downloads(context, wanted.asked)
    with st.expander(texts("students.glossary")):
        st.markdown("\n".join(glossary(among, texts)))
        st.caption(texts("reason.middle_means"))
    return True


def _own_units(context: Context, first: Mapping[str, Any]) -> dict[str, str]:
    """The (folded) units that the reader may set places for; "" stands for all others."""
    if context.whole:
        return {"": "", **schools_of(context)}
    return {one["unit"]: one["unit"] for one in first.get("lanes", ()) if one["unit"]}


def _heading(context: Context, first: Mapping[str, Any], lanes: list[LaneTotal]) -> None:
    texts, published = context.texts, first.get("published")
    told = [
        texts("students.lane_told", lane=texts(f"lane.{one.lane}"), n=one.students)
        if one.places is None
        else texts(
            "students.lane_places", lane=texts(f"lane.{one.lane}"), n=one.students,
            places=one.places, within=one.within,
        )
        for one in lanes
    ]  # fmt: skip
    st.markdown("  \n".join(told))
    if (silent := first.get("objecting")) and silent["students"]:
        names = ", ".join(map(plain, silent["ids"]))
        said = texts("students.objecting", n=silent["students"], names=names)
        st.info(said, icon=":material/front_hand:")
    if published and published.get("at"):
        st.caption(
            texts(
                "students.compared_with", at=texts.moment(datetime.fromisoformat(published["at"]))
            )
        )
