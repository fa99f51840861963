"""A school file: what would be read of it, before it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from dashboard.context import Context
from dashboard.data import calls, rows
from dashboard.reading.table import show_table
from dashboard.texts import Texts

KINDS = ("csv", "xlsx", "xls", "ods", "parquet", "zip")
MEGABYTES = 64
READ = "data_read"
KEPT = "data_kept"

Answer = Mapping[str, Any]


def show_sending(context: Context) -> None:
    """Shows the section.

    Raises:
        ApiFailure: the API refuses the file, or does not answer.
    """
    texts = context.texts
    st.caption(texts("data.send_about"))
    period = st.text_input(
        texts("data.file_period"), key="data_file_period", help=texts("data.file_period_help")
    ).strip()
    sent = st.file_uploader(
        texts("data.choose_file"), type=KINDS, max_upload_size=MEGABYTES, key="data_file"
    )
    if sent is None:
        return
    account = _read(context, sent, period)
    for table in account["tables"]:
        _table(table, texts)
    for reason in account["refused"]:
        st.warning(texts("data.sheet_refused", why=reason))
    kept: tuple[str, Answer] | None = st.session_state.get(KEPT)
    if kept is not None and kept[0] == sent.file_id:
        _done(kept[1], texts)
    elif st.button(texts("data.keep"), type="primary", icon=":material/save:", key="data_keep"):
        with st.spinner(texts("data.keeping")):
            answer = _send(context, sent, period, keep=True)
        st.session_state[KEPT] = (sent.file_id, answer)
        _done(answer, texts)


def _read(context: Context, sent: UploadedFile, period: str) -> Answer:
    """What would be read; asked once for each file and period, not at every run of the page."""
    held: tuple[tuple[str, str], Answer] | None = st.session_state.get(READ)
    if held is None or held[0] != (sent.file_id, period):
        with st.spinner(context.texts("data.reading")):
            held = ((sent.file_id, period), _send(context, sent, period, keep=False))
        st.session_state[READ] = held
    return held[1]


def _send(context: Context, sent: UploadedFile, period: str, *, keep: bool) -> Answer:
    return calls.read_school_file(
        context.api, sent.getvalue(), name=sent.name, period=period, keep=keep
    )


def _table(table: Answer, texts: Texts) -> None:
    st.subheader(texts("data.table", source=table["source"], period=table["period"]))
    st.markdown(rows.table_line(table, texts))
    if table["known"]:
        st.info(texts("data.known", source=table["source"]))
    show_table(rows.column_rows(table, texts), texts)
    for line in (rows.protected_line(table, texts), rows.absent_line(table, texts)):
        if line is not None:
            st.caption(line)
    unused, rejected = rows.unused_rows(table, texts), rows.reject_rows(table["rejects"], texts)
    if unused:
        with st.expander(texts("data.unused", n=len(unused))):
            show_table(unused, texts)
    if rejected:
        count = table["rows_read"] - table["rows_kept"]
        with st.expander(texts("data.rejects", n=count), expanded=True):
            show_table(rejected, texts)


def _done(answer: Answer, texts: Texts) -> None:
    lines = [line for table in answer["tables"] for line in rows.kept_lines(table, texts)]
    st.success("  \n".join(lines), icon=":material/check:")
