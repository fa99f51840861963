"""The rights of a student, on the student's page: what to hand out, put right, or stop."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import streamlit as st

from dashboard.api_client import ApiFailure
from dashboard.context import Context, explain_failure
from dashboard.reading.table import show_table
from dashboard.rights.calls import RightsCalls
from dashboard.rights.rows import correction_rows, seer_rows
from dashboard.students.address import plain
from dashboard.students.calls import Subject
from dashboard.students.drafts import forget, remembered, say, typed
from dashboard.students.known import KnownStudent
from dashboard.texts import Texts
from dashboard.trying.record import Field, fields_of, value_told

Json = Mapping[str, Any]
LONGEST_REASON = 1_000
OUTCOME = "outcome"
FORMS = (
    ("html", "text/html", "rights.export_html"),
    ("json", "application/json", "rights.export_json"),
)
"""Forms of what is handed out: with the media type, and the button's words."""


def show_objection(context: Context, found: KnownStudent) -> None:
    """Says on top of the page that the student objects."""
    texts, objection = context.texts, found.objection
    if objection is None:
        return
    since = texts.moment(datetime.fromisoformat(objection["at"]))
    st.warning(texts("rights.objects", at=since), icon=":material/front_hand:")
    if objection["reason"]:
        said = texts("rights.objects_why", reason=objection["reason"], by=objection["by"])
        st.caption(plain(said))


def show_rights(context: Context, found: KnownStudent) -> None:
    """What is handed out, what was put right, who has seen the student, and the objection."""
    texts = context.texts
    st.subheader(texts("rights.title"))
    _downloads(context, found.who)
    if found.corrections:
        show_table(correction_rows(found.corrections, texts), texts)
    with st.expander(texts("rights.correct_title")):
        _correction_form(context, found)
    with st.expander(texts("rights.objection_title")):
        _objection_form(context, found)
    if st.toggle(texts("rights.seen_by"), key=f"seen_by:{found.who.key}"):
        _seen_by(context, found.who)


def _downloads(context: Context, who: Subject) -> None:
    texts = context.texts
    calls, lang = RightsCalls(context.api), texts.language.value
    st.caption(texts("rights.export_help"))
    with st.container(horizontal=True):
        for form, media, label in FORMS:
            st.download_button(
                texts(label),
                partial(calls.export, who, form, lang),
                file_name=f"farol-student-{context.now:%Y-%m-%d}.{form}",
                mime=media,
                key=f"export:{form}:{who.key}",
                on_click="ignore",
                icon=":material/print:" if form == "html" else ":material/download:",
            )


def _correction_form(context: Context, found: KnownStudent) -> None:
    texts, who = context.texts, found.who
    periods = [record["period"] for record in reversed(found.records)]
    if not periods:
        st.info(texts("student.no_records"))
        return
    st.caption(texts("rights.correct_help"))
    inputs = {one.name: one for one in fields_of(found.columns, texts.language)}
    if found.binary:
        inputs[OUTCOME] = Field(OUTCOME, texts("rights.outcome"), "", categories=("1", "0"))
    keys = {name: f"right:{context.person}:{who.key}:{name}" for name in ("period", "field", "why")}
    st.selectbox(texts("rights.period"), periods, key=remembered(keys["period"], periods[0]))
    st.selectbox(
        texts("rights.field"), list(inputs), key=remembered(keys["field"], next(iter(inputs))),
        format_func=lambda name: inputs[name].label,
    )  # fmt: skip
    field = inputs[typed(keys["field"])]
    keys["value"] = f"right:{context.person}:{who.key}:value:{field.name}"
    record = next(one for one in found.records if one["period"] == typed(keys["period"]))
    if field.name != OUTCOME:
        now = value_told(record["features"].get(field.name), texts, field.name)
        st.caption(texts("rights.now", value=now or texts("rights.nothing")))
    _value_input(field, keys["value"], texts)
    st.text_area(
        texts("rights.why_wrong"), key=remembered(keys["why"], ""), max_chars=LONGEST_REASON,
        height=80,
    )  # fmt: skip
    st.button(
        texts("rights.correct"), key=f"correct:{who.key}", type="primary",
        on_click=_correct, args=(context, who, field, keys),
    )  # fmt: skip


def _value_input(field: Field, key: str, texts: Texts) -> None:
    label = texts("rights.value")
    if field.name == OUTCOME:
        st.selectbox(
            label, field.categories, key=remembered(key, field.categories[0]),
            format_func=lambda one: texts("outcome.yes" if one == "1" else "outcome.no"),
        )  # fmt: skip
    elif field.numeric:
        st.number_input(
            label, min_value=field.number(field.low), max_value=field.number(field.high),
            key=remembered(key, None), help=texts("rights.empty"),
        )  # fmt: skip
    elif field.categories:
        st.selectbox(
            label, [None, *field.categories], key=remembered(key, None),
            format_func=lambda one: "" if one is None else texts.category(field.name, one),
            help=texts("rights.empty"),
        )  # fmt: skip
    else:
        st.text_input(label, key=remembered(key, ""), help=texts("rights.empty"))


def _correct(context: Context, who: Subject, field: Field, keys: Mapping[str, str]) -> None:
    held = {name: typed(key) for name, key in keys.items()}
    why = (held["why"] or "").strip()
    if not why:
        say(who.key, context.texts("rights.needs_why"), wrong=True)
        return
    value = float(held["value"]) if field.name == OUTCOME else held["value"] or None
    if field.numeric:
        value = held["value"]
    act = partial(RightsCalls(context.api).correct, who, held["period"], {field.name: value}, why)
    if _done(context, who, act, "rights.corrected"):
        forget((keys["why"], keys["value"]))


def _objection_form(context: Context, found: KnownStudent) -> None:
    texts, who, stands = context.texts, found.who, found.objection is not None
    key = f"objection:{context.person}:{who.key}:{stands}"
    st.caption(texts("rights.lift_help" if stands else "rights.object_help"))
    st.text_area(
        texts("rights.reason"), key=remembered(key, ""), max_chars=LONGEST_REASON, height=80
    )
    st.button(
        texts("rights.lift" if stands else "rights.object"), key=f"object:{who.key}",
        on_click=_object, args=(context, who, key, stands),
    )  # fmt: skip


def _object(context: Context, who: Subject, key: str, stands: bool) -> None:
    reason = (typed(key) or "").strip()
    if not reason:
        say(who.key, context.texts("rights.needs_why"), wrong=True)
        return
    calls = RightsCalls(context.api)
    act = partial(calls.lift if stands else calls.object_to_scoring, who, reason)
    if _done(context, who, act, "rights.lifted" if stands else "rights.objected"):
        forget([key])


def _seen_by(context: Context, who: Subject) -> None:
    texts = context.texts
    try:
        told = RightsCalls(context.api).seen_by(who)
    except ApiFailure as failure:
        st.info(
            texts("rights.seen_by_whom") if failure.needs_key else explain_failure(failure, context)
        )
        return
    seers: Sequence[Json] = told["seers"]
    st.caption(texts("rights.seen_by_help", n=told["total"]))
    show_table(seer_rows(seers, texts), texts)


def _done(context: Context, who: Subject, act: Callable[[], object], words: str) -> bool:
    """Acts and says what came of it; what was typed stays where it failed."""
    try:
        act()
    except ApiFailure as failure:
        say(who.key, explain_failure(failure, context), wrong=True)
        return False
    say(who.key, context.texts(words))
    return True
