"""One student: how things stand, why, over the years, and what was done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard.api_client import ApiFailure
from dashboard.context import COLOURS, Context, explain_failure, known_share, status_name
from dashboard.reading.figure import show_figure
from dashboard.reading.table import show_table
from dashboard.reasons import (
    Weight,
    glossary,
    known,
    sorted_reasons,
    told,
)
from dashboard.rights.section import show_objection, show_rights
from dashboard.students.acting import (
    action_form,
    assignment_form,
    end_button,
    help_name,
    intervention_form,
    show_outcome,
)
from dashboard.students.address import STUDENT, kept, link, named_in_address, plain
from dashboard.students.history import (
    done_rows,
    line_of,
    line_told,
    numeric_names,
    outcome_rows,
    score_rows,
    since_rows,
)
from dashboard.students.known import KnownStudent, gather
from dashboard.students.plots import FIRST, indicator_figure, score_figure
from dashboard.students.rows import score_told
from dashboard.texts import Texts
from model.people.looked import Looked
from model.prediction import RiskStatus, Scale

SHOWN = 6
CHANGES = 3
Json = Mapping[str, Any]


def show(context: Context) -> None:
    """Shows the page of the student that the address names, or asks for one."""
    texts = context.texts
    link("students", texts, texts("student.back"), icon=":material/arrow_back:")
    who = named_in_address()
    if who is None:
        _ask(texts)
        return
    try:
        found = gather(context, who)
    except ApiFailure as failure:
        st.header(plain(who.student_id))
        unknown = failure.status in (404, 410)
        st.warning(texts("student.unknown") if unknown else explain_failure(failure, context))
        return
    context.saw(Looked.STUDENT, context.known_as(who.key))
    _heading(context, found)
    show_objection(context, found)
    show_outcome(who)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _assessment(context, found)
    with right:
        _acting(context, found)
    _over_the_years(context, found)
    _done(context, found)
    _scores(context, found)
    show_rights(context, found)
    _glossary(found, texts)


def _ask(texts: Texts) -> None:
    """Nobody is named: asks whom to show."""
    st.header(texts("page.student"))
    asked = st.text_input(texts("student.ask"), key="student_asked")
    if asked and asked.strip():
        st.query_params.from_dict(kept(texts) | {STUDENT: asked.strip()})
        st.rerun()


def _heading(context: Context, found: KnownStudent) -> None:
    texts, now = context.texts, found.now
    st.header(texts("student.title", student=plain(found.who.student_id)))
    newest = found.records[-1] if found.records else None
    with st.container(horizontal=True, vertical_alignment="center"):
        if now is not None:
            status = RiskStatus(now["status"])
            st.badge(status_name(status, texts), color=COLOURS[status])
            st.markdown(f"**{score_told(now, found.scale, texts)}**", width="content")
            if now["lane"] != "all":
                st.badge(texts(f"lane.{now['lane']}"), color="gray")
        if newest is not None:
            units = " · ".join(map(plain, newest["units"].values()))
            st.markdown(" · ".join(filter(None, (newest["period"], units))), width="content")


def _assessment(context: Context, found: KnownStudent) -> None:
    """Why the score is what it is, and what would change it."""
    texts, now = context.texts, found.now
    st.subheader(texts("student.why"))
    if now is None:
        if found.objection is None:
            st.info(texts("student.not_assessed"))
        return
    share = known_share(now["known_weight"], texts)
    st.caption(texts("student.said_by", version=now["model_version"], period=now["period"]))
    if now["status"] == RiskStatus.INSUFFICIENT:
        st.warning(texts("student.little_known", share=share))
    by_weight = sorted_reasons(now["reasons"], found.among, found.scale, texts)
    for weight in Weight:
        if by_weight[weight]:
            heading = texts(f"weight.{weight.value}")
            st.markdown(f"**{heading}**")
            st.markdown("\n".join(f"- {plain(one)}" for one in by_weight[weight][:SHOWN]))
    _sure(now, texts)
    st.subheader(texts("student.changes"))
    for change in now["changes"][:CHANGES]:
        st.markdown(f"- {plain(_change_told(change, found, texts))}")
    st.caption(texts("student.no_cause" if now["changes"] else "student.no_changes"))


def _sure(now: Json, texts: Texts) -> None:
    ends = now.get("risk_interval")
    if ends:
        low, high = (texts.share(end) for end in ends)
        st.caption(texts("student.sure", low=low, high=high))


def _change_told(change: Json, found: KnownStudent, texts: Texts) -> str:
    name = "risk_score" if found.scale is Scale.RISK else "predicted"
    return texts(
        "student.change",
        label=known(change["feature"], found.among).label,
        before=told(change["from"], texts, change["feature"]),
        after=told(change["to"], texts, change["feature"]),
        score=score_told({name: change["score_after"]}, found.scale, texts),
    )


def _acting(context: Context, found: KnownStudent) -> None:
    texts, who = context.texts, found.who
    st.subheader(texts("student.acting"))
    period = found.records[-1]["period"] if found.records else None
    assignment_form(context, who, found.assigned)
    with st.container(border=True):
        action_form(context, who, period)
    with st.expander(texts("act.help_title")):
        intervention_form(context, who, found.kinds)
    for one in found.given:
        if not one.get("end"):
            end_button(context, who, one, help_name(one["kind"], found.kinds, texts))


def _over_the_years(context: Context, found: KnownStudent) -> None:
    """The indicators against those of the others, those that the reasons name first."""
    texts = context.texts
    st.subheader(texts("student.years"))
    names = numeric_names(found.records)
    if not names:
        st.info(texts("student.no_records"))
        return
    strongest = [r["feature"] for r in (found.now or {}).get("reasons", ())]
    ordered = sorted(names, key=lambda n: strongest.index(n) if n in strongest else len(strongest))
    chosen = st.multiselect(
        texts("student.indicators"), ordered, default=ordered[:SHOWN],
        format_func=lambda name: known(name, found.among).label, key=f"lines:{found.who.key}",
    )  # fmt: skip
    st.caption(texts("student.years_help"))
    with st.container(horizontal=True):
        for name in chosen:
            line = line_of(name, found.records, found.cohort, found.among)
            with st.container(width=290):
                key = f"line:{found.who.key}:{name}"
                show_figure(
                    indicator_figure(line, texts), plain(line_told(line, texts)), texts, key=key
                )


def _done(context: Context, found: KnownStudent) -> None:
    texts = context.texts
    st.subheader(texts("student.done"))
    rows = done_rows(found.actions, found.given, found.kinds, texts)
    if not rows:
        st.caption(texts("student.nothing_done"))
        return
    show_table(rows, texts)
    since = since_rows(found.given, found.kinds, found.among, texts)
    if since:
        st.subheader(texts("student.since"))
        show_table(since, texts)
        st.caption(texts("student.since_no_cause"))
    elif found.given:
        st.caption(texts("student.since_later"))


def _scores(context: Context, found: KnownStudent) -> None:
    texts = context.texts
    st.subheader(texts("student.scores"))
    if len(found.predictions) >= FIRST:
        newest, oldest = found.predictions[0], found.predictions[-1]
        first, last = (score_told(one, found.scale, texts) for one in (oldest, newest))
        finding = texts("student.scores_told", first=first, last=last)
        show_figure(score_figure(found.predictions, texts), finding, texts, key="scores")
    if found.predictions:
        show_table(score_rows(found.predictions, texts), texts)
    else:
        st.caption(texts("student.never_scored"))
    st.subheader(texts("student.outcomes"))
    if found.labels:
        show_table(outcome_rows(found.labels, texts, binary=found.binary), texts)
    else:
        st.caption(texts("student.no_outcomes"))


def _glossary(found: KnownStudent, texts: Texts) -> None:
    with st.expander(texts("students.glossary")):
        st.markdown("\n".join(glossary(found.among, texts)))
        st.caption(texts("reason.middle_means"))
