"""Outcomes entered by hand, in a list or one by one, and the file of those that are not known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from dashboard.api_client import ApiFailure
from dashboard.context import Context, explain_failure
from dashboard.data import calls, rows
from dashboard.data.calls import WishedOutcomes
from dashboard.data.rows import OutcomeMeaning
from dashboard.data.typed import note, remember, remembered, restore
from dashboard.reading.table import show_table
from dashboard.texts import Texts
from database.students import PeriodRepository

SHOWN = 50
MEGABYTES = 16
UNIT_PIXELS = 90
"""Of a column, so that the list with two of them is whole on a narrow screen."""
LISTED = "data_listed"
"""What is shown stays until it is asked for anew, so that nothing that is typed is lost."""
ROUND = "data_round"
SAID = "data_said"
MEANING = "data_meaning"
ENTERED = "data_entered"
BEFORE = "data_before"

Answer = Mapping[str, Any]


def show_outcomes(context: Context) -> None:
    """Shows the section.

    Raises:
        ApiFailure: the API does not tell what an outcome is, or whose is not known.
    """
    texts = context.texts
    meaning = _meaning(context)
    st.caption(texts("data.outcomes_about", column=meaning.column))
    _say(texts)
    wished = _wished(context, meaning)
    listed = _listed(context, wished)
    _list(context, listed, meaning)
    _files(context, WishedOutcomes(listed["period"], wished.unit))
    _one(context, listed["period"], meaning)


def _meaning(context: Context) -> OutcomeMeaning:
    """How an outcome is entered; asked once, so that the page stands while the API is away."""
    held: tuple[str, OutcomeMeaning] | None = st.session_state.get(MEANING)
    if held is None or held[0] != context.api.url:
        held = (context.api.url, OutcomeMeaning.of(context.api.schema()))
        st.session_state[MEANING] = held
    return held[1]


def _wished(context: Context, meaning: OutcomeMeaning) -> WishedOutcomes:
    texts = context.texts
    columns = st.columns(3 if meaning.units else 2)
    if context.whole:
        known = context.registry.run(PeriodRepository().all())
        period = columns[0].selectbox(
            texts("students.period"),
            ["", *reversed(known)],
            format_func=lambda one: one or texts("data.due_period"),
            key="data_period",
        )
    else:
        period = columns[0].text_input(texts("students.period"), key="data_typed_period")
    search = columns[1].text_input(texts("data.search"), key="data_search", max_chars=128)
    unit = ""
    if meaning.units:
        unit = columns[2].text_input(
            texts("students.unit"), key="data_unit", help=texts("data.unit_help")
        )
    return WishedOutcomes((period or "").strip(), unit.strip(), search.strip())


def _listed(context: Context, wished: WishedOutcomes) -> Answer:
    """Whose outcome is not known, as it was read for this wish.

    Raises:
        ApiFailure: it cannot be read.
    """
    held: tuple[tuple[WishedOutcomes, str], Answer] | None = st.session_state.get(LISTED)
    again = st.button(context.texts("data.read_again"), icon=":material/refresh:")
    asked = (wished, context.api.url)
    if held is None or again or held[0] != asked:
        held = (asked, calls.missing(context.api, wished, SHOWN))
        st.session_state[LISTED] = held
        st.session_state[ROUND] = st.session_state.get(ROUND, 0) + 1
    return held[1]


def _list(context: Context, listed: Answer, meaning: OutcomeMeaning) -> None:
    texts, found = context.texts, rows.missing_rows(listed, meaning, context.texts)
    st.subheader(texts("data.missing", period=listed["period"]))
    if not found:
        st.success(texts("data.none_missing", period=listed["period"]))
        return
    key = f"{ENTERED}_{st.session_state[ROUND]}"
    found = rows.filled_in(found, _before(key), texts)
    st.caption(texts("data.more_missing" if listed["more"] else "data.all_missing", n=len(found)))
    edited = st.data_editor(
        found,
        hide_index=True,
        placeholder="",
        disabled=[name for name in found[0] if name != texts("data.outcome")],
        column_config={
            **{name: st.column_config.Column(width=UNIT_PIXELS) for name in meaning.units},
            texts("data.outcome"): _outcome_column(meaning, texts),
        },
        key=key,
    )
    note(ENTERED, (key, {place: row[texts("data.outcome")] for place, row in enumerate(edited)}))
    labels = rows.entered(edited, listed, meaning, texts)
    st.button(
        texts("data.send", n=len(labels)),
        type="primary",
        icon=":material/send:",
        key="data_send",
        disabled=not labels,
        on_click=_report,
        args=(context, lambda: calls.report(context.api, labels)),
    )


def _before(key: str) -> Mapping[int, Any]:
    """What was entered in this list before its editor was drawn, by place: what is entered in the
    editor now is told as the difference to that."""
    held: tuple[str, Mapping[int, Any]] | None = st.session_state.get(BEFORE)
    if held is None or held[0] != key or key not in st.session_state:
        noted = remembered(ENTERED)
        held = (key, noted[1] if noted is not None and noted[0] == key else {})
        st.session_state[BEFORE] = held
    return held[1]


def _outcome_column(meaning: OutcomeMeaning, texts: Texts) -> Any:
    if meaning.binary:
        options = [texts("data.at_risk"), texts("data.not_at_risk")]
        return st.column_config.SelectboxColumn(options=options)
    return st.column_config.NumberColumn()


def _files(context: Context, wished: WishedOutcomes) -> None:
    texts = context.texts
    left, right = st.columns(2)
    with left:
        st.markdown(texts("data.file_out"))
        st.download_button(
            texts("data.download"),
            lambda: calls.missing_file(context.api, wished, texts.language),
            file_name=f"farol-{wished.period}.csv",
            mime="text/csv",
            icon=":material/download:",
            key="data_file_out",
        )
    with right:
        sent = st.file_uploader(
            texts("data.file_back"), type="csv", max_upload_size=MEGABYTES, key="data_file_back"
        )
        if sent is not None:
            st.button(
                texts("data.send_file"),
                key="data_send_file",
                on_click=_report,
                args=(context, lambda: calls.report_file(context.api, sent.getvalue())),
            )


def _one(context: Context, period: str, meaning: OutcomeMeaning) -> None:
    """One outcome, also one that corrects what is known. No form: what is typed in one is told to
    nobody before it is sent, so it could not be kept."""
    texts = context.texts
    st.subheader(texts("data.one"))
    st.caption(texts("data.one_help"))
    units = [f"data_one_unit_{name}" for name in meaning.units[:1]]
    restore(data_one_student="", data_one_period=period, data_one_value=None)
    restore(**dict.fromkeys(units, ""))
    with st.container(border=True):
        left, middle, right = st.columns(3)
        left.text_input(texts("students.id"), max_chars=128, key="data_one_student")
        middle.text_input(texts("students.period"), key="data_one_period")
        for key in units:
            right.text_input(texts("students.unit"), key=key)
        if meaning.binary:
            options = [texts("data.at_risk"), texts("data.not_at_risk")]
            st.radio(texts("data.outcome"), options, horizontal=True, key="data_one_value")
        else:
            st.number_input(texts("data.outcome"), key="data_one_value")
        remember("data_one_student", "data_one_period", "data_one_value", *units)
        st.button(
            texts("data.send_one"), key="data_one", on_click=_report_one, args=(context, meaning)
        )


def _report_one(context: Context, meaning: OutcomeMeaning) -> None:
    typed = st.session_state
    student, value = typed["data_one_student"].strip(), typed["data_one_value"]
    if not student or value is None:
        typed[SAID] = context.texts("data.nothing_entered")
        return
    units = {name: typed[f"data_one_unit_{name}"].strip() for name in meaning.units[:1]}
    item = rows.outcome_item(
        student, typed["data_one_period"].strip(), units, value, meaning, context.texts
    )
    _report(context, lambda: calls.report(context.api, [item]))
    if LISTED not in typed:  # Accepted.
        typed["data_one_student"], typed["data_one_value"] = "", None


def _report(context: Context, send: Callable[[], Answer]) -> None:
    """Sends outcomes; where none is accepted, what was typed stays where it is."""
    try:
        answer = send()
    except ApiFailure as failure:
        st.session_state[SAID] = explain_failure(failure, context)
        return
    st.session_state[SAID] = answer
    if answer["accepted"]:
        st.session_state.pop(LISTED, None)


def _say(texts: Texts) -> None:
    """What became of what was sent last, said once."""
    said: Answer | str | None = st.session_state.pop(SAID, None)
    if said is None:
        return
    if isinstance(said, str):
        st.error(said)
        return
    if said["accepted"]:
        st.success(" ".join(rows.reported_lines(said, texts)), icon=":material/check:")
    refused = rows.refused_rows(said, texts)
    if refused:
        st.warning(texts("data.refused", n=len(refused)))
        show_table(refused, texts)
