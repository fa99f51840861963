"""The school files that were read, and the rows of each that could not be used."""

from __future__ import annotations

import streamlit as st

from dashboard.context import Context, empty
from dashboard.data import calls, rows
from dashboard.reading.table import show_table


def show_read_files(context: Context) -> None:
    """Shows the section.

    Raises:
        ApiFailure: the API does not tell them.
    """
    texts = context.texts
    found = calls.batches(context.api)["batches"]
    if not found:
        empty(texts, "empty.data", "python -m preprocessing.ingest FILE...")
        return
    st.caption(texts("data.batches_about"))
    show_table(rows.batch_rows(found, texts), texts)
    rejected = {one["batch_id"]: one for one in found if one["rejected"]}
    if not rejected:
        return
    chosen = st.selectbox(
        texts("data.rejects_of"),
        list(rejected),
        format_func=lambda key: f"{rejected[key]['source']} ({rejected[key]['period']})",
        key="data_batch",
    )
    told = calls.rejects(context.api, chosen)
    st.caption(texts("data.rejects", n=told["rejected"]))
    show_table(rows.reject_rows(told["rejects"], texts), texts)
    st.download_button(
        texts("data.download"),
        lambda: calls.rejects_file(context.api, chosen, texts.language),
        file_name=f"farol-{told['period']}-{chosen[:8]}.csv",
        mime="text/csv",
        icon=":material/download:",
    )
